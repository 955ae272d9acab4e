"""Drawings by ordinary operators are those of the other backends, in value and gradient."""

from dataclasses import replace

import pytest
import torch

from vectorae import Layout, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer import traceable
from vectorae.scene import Scene

DRAWN = ["circle", "ellipse", "line", "rectangle", "rounded_rectangle", "square", "squircle", "triangle"]


def limits(layout: Layout) -> tuple[traceable.Limits, ...]:
    ends = torch.tensor([-40.0, 40.0])[:, None].expand(-1, layout.raw_size)
    return tuple(map(traceable.limits_of, layout(ends, crisp=True).groups))


def test_what_can_be_drawn() -> None:
    layouts = {kind: Layout([kind], count=1) for kind in sorted(KINDS)}
    groups = {kind: layout(torch.zeros(1, layout.raw_size)).groups[0] for kind, layout in layouts.items()}
    assert [kind for kind, group in groups.items() if traceable.is_traceable(group)] == DRAWN
    for paint in ("stroke", "both", {"fill": "linear"}):
        layout = Layout(["circle"], count=1, paint=paint)
        assert not traceable.is_traceable(layout(torch.zeros(1, layout.raw_size)).groups[0])


@pytest.mark.parametrize("ordering", ["slot", "depth"])
@pytest.mark.parametrize("kind", DRAWN)
def test_value_and_gradient_are_those_of_the_reference(kind: str, ordering: str) -> None:
    layout = Layout([kind], count=5, ordering=ordering).double()
    raw = layout.random_raw(4, seed=0).double().requires_grad_()
    weight = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    scene: Scene = layout(raw, crisp=True)
    images = [
        traceable.rasterize(scene, 16, 16, limits(layout)),
        rasterize(scene, 16, 16, coverage="ramp", backend="reference"),
    ]
    found, expected = (torch.autograd.grad((image * weight).sum(), raw, retain_graph=True)[0] for image in images)
    # The reference moves corners of triangles by a ten-millionth.
    torch.testing.assert_close(images[0], images[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_ink_that_adds_up() -> None:
    layout = Layout(["circle", "square"], count=6)
    scene = layout(layout.random_raw(2, seed=0), crisp=True)
    expected = rasterize(scene, 16, 16, coverage="ramp", compositing="soft_or")
    found = traceable.rasterize(replace(scene, compositing="soft_or"), 16, 16, limits(layout))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
