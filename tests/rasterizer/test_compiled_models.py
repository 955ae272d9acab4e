"""``torch.compile`` of models around the CPU backend."""

import shutil
from typing import Any

import pytest
import torch
from helpers.scenes import CLOSED_KINDS, leaves_of
from torch import Tensor

from vectorae import Layout, Scene, rasterize
from vectorae.primitives import KINDS

NEEDS_COMPILER = pytest.mark.skipif(
    not (shutil.which("c++") or shutil.which("g++")), reason="torch's inductor needs a compiler of C++ on the CPU"
)


@pytest.fixture(autouse=True)
def _nothing_compiled() -> None:
    torch._dynamo.reset()


class Drawer(torch.nn.Module):
    """From raw numbers to an image."""

    def __init__(self) -> None:
        super().__init__()
        self.layout = Layout(["circle", "line"], count=4)
        self.linear = torch.nn.Linear(4, self.layout.raw_size)

    def forward(self, features: Tensor, softness: float = 0.05) -> Tensor:
        return rasterize(self.layout(self.linear(features)), 8, 8, softness=softness)

    def gradient(self, image: Tensor) -> Tensor:
        """The gradient of a loss by the weights."""
        return torch.autograd.grad(image.square().sum(), self.linear.weight)[0]


@pytest.mark.parametrize(
    ("layout", "drawing"),
    [
        ({"kinds": list(KINDS)}, {"coverage": "sigmoid"}),
        ({"kinds": CLOSED_KINDS, "paint": "stroke"}, {"coverage": "ramp", "compositing": "soft_or"}),
        ({"kinds": ["circle", "polygon", "line"], "ordering": "depth"}, {"temperature": 0.1}),
        ({"kinds": ["circle", "blob", "line"], "paint": {"fill": "radial", "stroke": "linear"}}, {"coverage": "ramp"}),
    ],
)
def test_every_kind_is_drawn_as_without_the_compiler(layout: dict[str, Any], drawing: dict[str, Any]) -> None:
    made = Layout(**layout, count=len(layout["kinds"]), fields={"softness": "learned"})
    scene, leaves = leaves_of(made(made.random_raw(2, 0)))

    def draw(scene: Scene) -> Tensor:
        return rasterize(scene, 13, 9, softness=0.03, **drawing)

    compiled = torch.compile(draw, backend="aot_eager", fullgraph=True)
    images, gradients = [], []
    for one in (draw, compiled):
        images.append(one(scene))
        loss = images[-1].square().sum()
        gradients.append(torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True))
    assert images[1].requires_grad and torch.equal(*images)
    # Where several strokes share a number, the compiler adds up in another order.
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
    with torch.no_grad():
        assert torch.equal(compiled(scene), images[0]) and not compiled(scene).requires_grad


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=NEEDS_COMPILER)])
def test_a_model_around_it_compiles(backend: str) -> None:
    torch.manual_seed(0)
    model, features = Drawer(), torch.randn(2, 4)
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    found, expected = compiled(features), model(features)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.gradient(found), model.gradient(expected), atol=1e-4, rtol=1e-4)


def test_it_is_not_compiled_for_every_softness_and_batch() -> None:
    torch.manual_seed(0)
    model, graphs = Drawer(), []

    def count(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Any:
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(model, backend=count, fullgraph=True)
    for number in range(2, 8):
        features, softness = torch.randn(number, 4), 0.01 * number
        torch.testing.assert_close(compiled(features, softness), model(features, softness))
    assert len(graphs) == 2  # once for these numbers, and once for any
