"""Layouts never make a GPU wait: starts, ranges and indices are buffers."""

from typing import Any

import pytest
import torch
from helpers.scenes import PAINTED
from helpers.waiting import no_waiting
from torch import Tensor

from vectorae import Layout, RoundedBox
from vectorae.geometry.canvas import canvas_size
from vectorae.layout import MARGIN, LayoutBase, OverlayLayout, SceneLayout
from vectorae.primitives import KINDS

OPTIONS: list[dict[str, Any]] = [{"kinds": [kind], "paint": paint} for kind, paint in PAINTED] + [
    {"kinds": list(KINDS), "ordering": "depth", "fields": {"softness": "learned", "roundness": 0.2}},
    {"kinds": ["squircle", "cubic"], "options": {"smooth": True, "segments": 2}, "background": [0.1, 0.5, 1.0]},
    {"kinds": ["quadratic", "catmull_rom"], "options": {"smooth": True, "segments": 3, "spacing": "chordal"}},
]


def assert_nothing_waits(layout: LayoutBase) -> None:
    raw = layout.random_raw(2, seed=0).requires_grad_()
    layout(raw)  # fills the caches of indices
    for crisp in (False, True):
        sums: list[Tensor] = []

        def add(tensor: Tensor, sums: list[Tensor] = sums) -> Tensor:
            sums.append(tensor.square().sum())
            return tensor

        with no_waiting():
            layout(raw, crisp=crisp).map(add)
            torch.autograd.grad(torch.stack(sums).sum(), raw)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join([*options["kinds"][:2], *list(options)[1:]]))
def test_no_layout_waits(options: dict[str, Any]) -> None:
    layout = Layout(count=2 * len(options["kinds"]), **options)
    assert_nothing_waits(layout)
    scene = layout(layout.random_raw(1, seed=3), crisp=True)
    assert_nothing_waits(SceneLayout(scene))
    assert_nothing_waits(SceneLayout(scene, fixed=["color", "points", "center", "background"]))
    if layout.ordering == "slot":
        assert_nothing_waits(OverlayLayout(SceneLayout(scene), Layout(["line", "circle"], count=3)))


@pytest.mark.parametrize("ordering", ["slot", "depth"])
def test_everything_a_layout_needs_is_a_buffer(ordering: str) -> None:
    """Moved to another device, here torch's meta device, a layout holds no tensor on the old one."""
    devices: set[str] = set()

    def note(tensor: Tensor) -> Tensor:
        devices.add(tensor.device.type)
        return tensor

    layout = Layout(list(KINDS), count=2 * len(KINDS), ordering=ordering)
    scene = layout(layout.random_raw(1, seed=3))
    for each in (layout, SceneLayout(scene), SceneLayout(scene, fixed=["color", "opacity", "background"])):
        each.to("meta")(torch.zeros(2, each.raw_size, device="meta")).map(note)
    assert devices == {"meta"}


@pytest.mark.parametrize("aspect", [1.0, 1.3, 0.7])
def test_ranges_have_the_precision_of_the_raw_numbers(aspect: float) -> None:
    layout = Layout(["circle"], count=1, aspect=aspect)
    raw = torch.full((1, layout.raw_size), 50.0, dtype=torch.float64)
    outline = layout(raw).groups[0].outline
    assert isinstance(outline, RoundedBox)
    expected = torch.tensor(canvas_size(aspect)).double() + MARGIN
    torch.testing.assert_close(outline.center[0, 0], expected, atol=1e-12, rtol=0)
