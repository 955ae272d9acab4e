"""Layouts whose starting arrangement is a drawing that is there already."""

from typing import Any

import pytest
import torch
from helpers.scenes import PAINTED, box, line, paint, white_on_black
from torch import Tensor

import vectorae
from vectorae import Layout, Path, RoundedBox, Scene, UserError, rasterize
from vectorae.layout import OverlayLayout, SceneLayout, Seeds


def drawn(scene: Scene) -> torch.Tensor:
    return rasterize(scene, 32, 48, coverage="ramp")


def of_kind(kind: str, paint: Any, count: int = 4, **options: object) -> Scene:
    layout = Layout([kind], count=count, aspect=1.5, paint=paint, **options)  # type: ignore[arg-type]
    return layout(layout.random_raw(1, seed=3), crisp=True)


@pytest.mark.parametrize(("kind", "paint"), PAINTED)
def test_zeros_are_the_drawing_and_every_number_changes_it(kind: str, paint: Any) -> None:
    scene = of_kind(kind, paint)
    layout = SceneLayout(scene, aspect=1.5)
    raw = torch.zeros(2, layout.raw_size, requires_grad=True)
    again = layout(raw)
    assert (again.batch, again.count, layout.count) == (2, 4, 4)
    torch.testing.assert_close(drawn(again), drawn(scene).expand(2, -1, -1, -1), atol=2e-3, rtol=0)
    soft = rasterize(layout(raw), 32, 48, softness=0.05)
    ((soft * torch.rand(soft.shape, generator=torch.Generator().manual_seed(0))).sum()).backward()
    assert raw.grad is not None
    assert raw.grad.isfinite().all()
    named = dict(zip(layout.field_names(), range(layout.raw_size), strict=False))
    assert len(layout.field_names()) == layout.raw_size
    assert set(named) == set(layout.quantities())


def test_a_circle_stays_a_circle_and_an_ellipse_is_free() -> None:
    circle, ellipse = (SceneLayout(of_kind(kind, "fill")) for kind in ("circle", "ellipse"))
    assert {"radius", "center"} <= set(circle.field_names())
    assert {"half_extents", "angle"} <= set(ellipse.field_names())
    outline = circle(torch.randn(3, circle.raw_size)).groups[0].outline
    assert isinstance(outline, RoundedBox)
    assert torch.equal(outline.half_extents[..., 0], outline.half_extents[..., 1])


def test_what_is_fixed_stays_as_it_is() -> None:
    scene = of_kind("line", "fill")
    layout = SceneLayout(scene, aspect=1.5, fixed=["color", "opacity", "stroke_width", "background"])
    assert set(layout.field_names()) == {"points"}
    moved = layout(torch.randn(1, layout.raw_size))
    assert torch.equal(moved.color, scene.color)
    assert torch.equal(moved.ground, scene.ground)
    assert torch.equal(moved.groups[0].stroke_width, scene.groups[0].stroke_width)  # type: ignore[arg-type]


def test_shapes_beyond_what_ours_may_be_are_kept() -> None:
    outlines: list[tuple[RoundedBox | Path, Tensor | None]] = [
        (box(-2, 0.5, 3, 0.1), None),
        (box(0.5, 0.5, 0, 0), None),
        (line([(9, 9), (0.1, 0.1)]), torch.ones(1, 1)),
    ]
    scene = paint(outlines, torch.rand(1, 3, 3), torch.zeros(1, 3)).to(torch.float32)
    layout = SceneLayout(scene)
    again = layout(torch.zeros(1, layout.raw_size))
    for one, other in zip(again.groups, scene.groups, strict=True):
        for name, value in vars(one.outline).items():
            if isinstance(value, torch.Tensor):
                torch.testing.assert_close(value, getattr(other.outline, name), atol=2e-3, rtol=1e-3)
    assert layout(torch.full((1, layout.raw_size), 3.0)).groups[0].outline.half_extents.min() >= 0


def test_new_shapes_lie_on_top_and_are_the_only_ones_that_are_put_elsewhere() -> None:
    below = SceneLayout(of_kind("circle", "fill"), aspect=1.5)
    above = Layout(["square", "line"], count=3, aspect=1.5)
    stack = OverlayLayout(below, above)
    raw = torch.randn(2, stack.raw_size, generator=torch.Generator().manual_seed(1))
    scene = stack(raw)
    assert (scene.count, list(stack.seedable)) == (7, [4, 5, 6])
    end = below.kind_blocks[-1].end
    torch.testing.assert_close(drawn(scene.select(0, 4)), drawn(below(torch.cat([raw[:, :end], raw[:, -3:]], 1))))
    assert len(stack.field_names()) == stack.raw_size
    seeds = Seeds(torch.full((2, 1, 2), 0.3), torch.full((2, 1), 0.2), torch.zeros(2, 1), torch.full((2, 1, 3), 0.5))
    placed = stack.with_seeds(raw, [6], seeds)
    changed = (placed != raw).any(0).nonzero().flatten()
    assert set(changed.tolist()) <= set(stack.indices_of([6]).tolist())
    assert changed.min() >= end
    outline = stack(placed).select(6, 7).groups[0].outline
    assert isinstance(outline, RoundedBox)
    torch.testing.assert_close(outline.center, torch.full((2, 1, 2), 0.3))


def test_what_does_not_fit_together_is_refused() -> None:
    scene = of_kind("circle", "fill")
    with pytest.raises(UserError, match=r"^channels: the drawing has 3"):
        OverlayLayout(SceneLayout(scene), Layout(["circle"], count=1, channels=1))
    with pytest.raises(UserError, match=r"^primitives.ordering: new shapes lie on top"):
        OverlayLayout(SceneLayout(scene), Layout(["circle"], count=1, ordering="depth"))
    with pytest.raises(UserError, match=r"^drawing: a scene of one drawing, not of 2"):
        SceneLayout(Layout(["circle"], count=1)(torch.zeros(2, Layout(["circle"], count=1).raw_size)))


def test_a_grey_drawing() -> None:
    scene = of_kind("circle", "fill").grey()
    assert (scene.channels, scene.ground.shape) == (1, (1, 1))
    assert scene.grey() is scene
    layout = SceneLayout(scene, aspect=1.5)
    assert layout(torch.zeros(1, layout.raw_size)).channels == 1
    assert white_on_black(box(0, 0, 1, 1)).grey().channels == 1


def test_what_is_painted_as_one_stays_so() -> None:
    discs = [vectorae.circle((x, 0.5), 0.2, fill=0.2, opacity=0.9) for x in (0.4, 0.6)]
    clip = vectorae.rectangle((0.5, 0.4), 0.5, 0.3)
    scene = Scene.of(
        [vectorae.circle((0.5, 0.5), 0.4, fill=0.7, opacity=0.9), vectorae.composite(discs, 0.5, clip)], 0.4
    )
    layout = SceneLayout(scene, aspect=1.5, movable=True)
    assert not layout.seedable
    raw = torch.zeros(3, layout.raw_size)
    torch.testing.assert_close(drawn(layout(raw)), drawn(scene).expand(3, -1, -1, -1), atol=2e-3, rtol=0)
    above = OverlayLayout(layout, Layout(["circle"], count=2, aspect=1.5, channels=1))
    (one,) = above(torch.zeros(2, above.raw_size)).composites
    assert (one.start, one.stop, one.opacity.tolist()) == (1, 3, [0.5, 0.5])


@pytest.mark.parametrize("kind", ["circle", "ellipse", "triangle", "cubic", "blob", "line"])
def test_shapes_of_a_movable_drawing_are_put_elsewhere_and_raised(kind: str) -> None:
    made = Layout([kind], count=5, aspect=1.5)
    scene = made(made.random_raw(1, seed=2, spread=0.3), crisp=True)
    assert not SceneLayout(scene, aspect=1.5).seedable
    layout = SceneLayout(scene, aspect=1.5, movable=True)
    assert list(layout.seedable) == [0, 1, 2, 3, 4]
    raw = 0.2 * torch.randn(1, layout.raw_size, generator=torch.Generator().manual_seed(1))
    seeds = Seeds(torch.tensor([[[0.3, 0.4], [1.2, 0.7]]]), torch.tensor([[0.2, 0.1]]), torch.zeros(1, 2))
    placed = layout.with_seeds(raw, [3, 1], seeds)
    bounds = layout(placed).bounds()
    torch.testing.assert_close(bounds.center[:, [3, 1]], seeds.center, atol=0.03, rtol=0)
    assert (bounds.half_extents[0, [3, 1]].amax(-1) <= torch.tensor([0.12, 0.06]) + 0.08).all()
    unchanged = torch.ones(layout.raw_size, dtype=torch.bool)
    unchanged[layout.indices_of([1, 3])] = False
    assert torch.equal(placed[0, unchanged], raw[0, unchanged])

    chosen = torch.tensor([[True, False, False, False, False]])
    index, offset, origin = layout.raised(list(layout.seedable), chosen)
    assert origin.tolist() == [[1, 2, 3, 4, 0]]
    before, after = layout(raw), layout(raw.gather(1, index) + offset)
    torch.testing.assert_close(after.color, before.color[:, origin[0]])
    torch.testing.assert_close(after.bounds().center, before.bounds().center[:, origin[0]], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.bounds().half_extents, before.bounds().half_extents[:, origin[0]])


def test_opaque_stays_opaque_and_white_stays_white_and_both_can_be_left() -> None:
    """A drawing is begun with exactly, also at the ends of ranges, which can be left and come back to."""
    ink = vectorae.linear_gradient((0.2, 0.2), (0.8, 0.2), ["#fff", "#f00", "#000"])
    shapes = [
        vectorae.circle((0.4, 0.5), 0.3, fill="#fff"),
        vectorae.line([(0.1, 0.1), (0.9, 0.4)], stroke="#000", stroke_width=1e-5),
        vectorae.rectangle((0.5, 0.7), 0.3, 0.2, fill=ink),
    ]
    scene = Scene.of(shapes, "#0f0")
    layout = SceneLayout(scene)
    raw = torch.zeros(1, layout.raw_size, requires_grad=True)
    again = layout(raw)
    torch.testing.assert_close(again.opacity, torch.ones(1, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(again.color, scene.color, atol=1e-6, rtol=0)
    torch.testing.assert_close(again.ground, scene.ground, atol=1e-6, rtol=0)
    torch.testing.assert_close(again.groups[1].stroke_width, scene.groups[1].stroke_width, atol=0, rtol=1e-3)
    (gradient,) = torch.autograd.grad(again.opacity.sum() + again.color.sum(), raw)
    named = [name for name in layout.field_names() if name in ("opacity", "color")]
    assert int((gradient != 0).sum()) == len(named)
    pushed, pulled = (layout(torch.full((1, layout.raw_size), by)) for by in (9.0, -1.0))
    assert pushed.opacity.eq(1).all() and pulled.opacity.lt(1).all()


def test_all_of_a_gradient_is_learned_but_what_is_fixed() -> None:
    ink = vectorae.linear_gradient((0.2, 0.2), (0.8, 0.2), ["#fff", "#f00", "#000"])
    scene = Scene.of([vectorae.circle((0.4, 0.5), 0.3, fill=ink)])
    assert {"stop_offset", "gradient", "stop_opacity", "color_3"} <= set(SceneLayout(scene).field_names())
    fixed = SceneLayout(scene, fixed=["gradient"])
    assert not {"stop_offset", "gradient"} & set(fixed.field_names())
