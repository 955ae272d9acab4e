"""Layouts: the starting arrangement, and what raw numbers mean."""

from typing import Any

import pytest
import torch
from helpers.models import composed
from torch import Tensor

from vectorae import Group, Layout, Path, RoundedBox, Scene, rasterize
from vectorae.layout import MARGIN
from vectorae.layout.formations import FORMATIONS
from vectorae.primitives import KINDS, POINTS
from vectorae.training.build import build_model


def zeros(layout: Layout, batch: int = 1) -> Tensor:
    return torch.zeros(batch, layout.raw_size)


def indices_of(kind: str, channels: int = 3) -> int:
    """How many raw numbers a shape takes where nothing is fixed."""
    return sum(
        channels if field.size is None else field.size for field in KINDS[kind].fields().values() if field.learned
    )


def places(scene: Scene) -> Tensor:
    """The centre of every shape, in painter's order: ``[B, N, 2]``."""
    found: dict[int, Tensor] = {}
    for group in scene.groups:
        outline = group.outline
        centers = (
            outline.center if isinstance(outline, RoundedBox) else outline.points[..., :: outline.degree, :].mean(-2)
        )
        found |= {slot: centers[:, i] for i, slot in enumerate(group.slots)}
    return torch.stack([found[slot] for slot in range(scene.count)], dim=1)


def tolerance(kind: str) -> float:
    """Of places: the mean of several points is about the centre, and those beyond the margin are kept at it."""
    return 0.05 if any(field.quantity is POINTS for field in KINDS[kind].fields().values()) else 1e-4


def checkerboard(radius: float, side: float) -> Scene:
    """The starting arrangement of shapes_4x4 by hand: circles where row + column is even, squares elsewhere."""
    cells = [(row, column) for row in range(4) for column in range(4)]
    groups = []
    for odd, half, roundness in ((0, radius, 1.0), (1, side / 2, 0.0)):
        slots = tuple(slot for slot, (row, column) in enumerate(cells) if (row + column) % 2 == odd)
        centers = torch.tensor([[[(cells[slot][1] + 0.5) / 4, (cells[slot][0] + 0.5) / 4] for slot in slots]])
        ones = torch.ones(1, len(slots))
        box = centers, torch.full((1, len(slots), 2), half), 0 * ones, roundness * ones
        outline = RoundedBox(*box, circular=roundness == 1)
        groups.append(Group(outline, slots))
    color, opacity = torch.full((1, 16, 3), 0.7), torch.full((1, 16), 0.8)
    return Scene(tuple(groups), color, opacity, torch.ones(1, 16), torch.full((1, 3), 0.3))


@pytest.mark.parametrize("crisp", [False, True])
@pytest.mark.parametrize("coverage", ["ramp", "sigmoid"])
def test_zeros_are_circles_and_squares_in_a_grid(coverage: str, crisp: bool) -> None:
    layout = build_model(composed("primitives=shapes_4x4")).layout
    scene = layout(zeros(layout, 2), crisp=crisp)
    cells = KINDS["circle"].fields()["radius"].start, KINDS["square"].fields()["side"].start
    assert isinstance(cells[0], float) and isinstance(cells[1], float)
    expected = checkerboard(cells[0] / 4, cells[1] / 4)
    pictures = [
        rasterize(each, 64, 64, coverage=coverage, softness=0.02, backend="reference") for each in (scene, expected)
    ]
    torch.testing.assert_close(pictures[0], pictures[1].expand(2, -1, -1, -1), atol=2e-5, rtol=0)
    # Circles and squares that one can tell apart, neither touching its neighbour nor lost in its cell.
    assert 0.25 < 2 * cells[0] < 1
    assert 0.25 < cells[1] < 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", FORMATIONS)
@pytest.mark.parametrize("aspect", [1.0, 1.5, 0.5])
def test_every_formation_and_kind(start: str, kind: str, aspect: float) -> None:
    layout = Layout([kind], count=7, start=start, aspect=aspect)
    scene = layout(zeros(layout))
    expected = places_in_grid(7, aspect) if start == "grid" else FORMATIONS[start](1, 7, aspect)[0]
    torch.testing.assert_close(places(scene)[0], expected, atol=tolerance(kind), rtol=0)
    assert rasterize(scene, 16, 16, coverage="ramp", backend="reference").std() > 0


def places_in_grid(count: int, aspect: float) -> Tensor:
    """Row by row in the fewest columns that are at least as many as the rows would ask for."""
    columns = next(n for n in range(1, count + 1) if n * n >= count * aspect)
    rows = next(n for n in range(1, count + 1) if n * columns >= count)
    width, height = max(aspect, 1.0), max(1 / aspect, 1.0)
    cells = [((x + 0.5) * width / columns, (y + 0.5) * height / rows) for y in range(rows) for x in range(columns)]
    return torch.tensor(cells[:count])


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_start_at_a_list_of_places(kind: str) -> None:
    wanted = [[0.1, 0.2], [0.9, 0.5], [0.3, 0.7]]
    layout = Layout([kind], count=3, start=wanted)
    torch.testing.assert_close(places(layout(zeros(layout)))[0], torch.tensor(wanted), atol=tolerance(kind), rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] + [list(KINDS)])
def test_raw_size(kinds: list[str], channels: int) -> None:
    layout = Layout(kinds, count=2 * len(kinds), channels=channels)
    assert layout.raw_size == 2 * sum(indices_of(kind, channels) for kind in kinds) + channels
    for name in ("color", "opacity"):
        fixed = Layout(kinds, count=2 * len(kinds), channels=channels, fields={name: 0.5})
        assert layout.raw_size - fixed.raw_size == 2 * len(kinds) * (channels if name == "color" else 1)
    assert Layout(kinds, count=2 * len(kinds), channels=channels, background=0).raw_size == layout.raw_size - channels
    softer = Layout(kinds, count=2 * len(kinds), channels=channels, fields={"softness": "learned"})
    assert softer.raw_size == layout.raw_size + 2 * len(kinds)


def test_raw_of_a_wrong_length_is_refused() -> None:
    layout = Layout(["circle"], count=2)
    with pytest.raises(ValueError, match=rf"takes a tensor \[B, {layout.raw_size}\]"):
        layout(torch.zeros(1, 3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", [-50.0, 50.0, -1e30, 1e30])
def test_ranges_hold_however_large_the_raw_numbers(kind: str, raw: float) -> None:
    layout = Layout([kind], count=3, aspect=2.0, fields={"softness": "learned"})
    scene = layout(torch.full((1, layout.raw_size), raw))
    assert ((scene.color >= 0) & (scene.color <= 1)).all()
    assert ((scene.opacity >= 0) & (scene.opacity <= 1)).all()
    assert ((scene.softness >= 0.249) & (scene.softness <= 4.001)).all()
    assert ((scene.background >= 0) & (scene.background <= 1)).all()
    (group,) = scene.groups
    outline = group.outline
    points = outline.center[:, :, None] if isinstance(outline, RoundedBox) else outline.points
    # Positions reach the end of the canvas and a margin, and no further.
    end = torch.tensor([2.0, 1.0]) + MARGIN if raw > 0 else torch.full((2,), -MARGIN)
    if kind not in ("regular_polygon", "ring"):  # which lie around a centre
        torch.testing.assert_close(points, end.expand_as(points), atol=1e-5, rtol=0)
    if isinstance(outline, RoundedBox):
        assert (outline.half_extents >= 0).all()
        assert (outline.half_extents <= 0.751).all()
        assert ((outline.roundness >= 0) & (outline.roundness <= 1)).all()
        assert outline.angle.isfinite().all()
    if group.stroke_width is not None:
        assert ((group.stroke_width >= 0) & (group.stroke_width <= 0.2501)).all()


def test_any_place_on_the_canvas_can_be_reached() -> None:
    """From the first cell of a grid to the opposite corner, and the way back is open: the gradient does not vanish."""
    layout = Layout(["circle"], rows=4, columns=4)
    raw = zeros(layout)
    raw[:, :2] = 4.0
    raw.requires_grad_()
    place = places(layout(raw))[0, 0]
    assert (place > 0.9).all()
    (gradient,) = torch.autograd.grad(place.sum(), raw)
    assert (gradient[0, :2] > 1e-3).all()


def test_angles_know_no_bounds() -> None:
    layout = Layout(["square"], count=1)
    raw = zeros(layout)
    raw[0, list(KINDS["square"].fields()).index("angle") + 1] = 50.0  # a point takes two numbers
    outline = layout(raw).groups[0].outline
    assert isinstance(outline, RoundedBox)
    assert float(outline.angle) == 50.0


@pytest.mark.parametrize("channels", [1, 3])
def test_colours(channels: int) -> None:
    layout = Layout(["circle", "line"], count=4, channels=channels)
    scene = layout(layout.random_raw(2, 0))
    assert scene.color.shape == (2, 4, channels)
    assert scene.background.shape == (2, channels)
    assert rasterize(scene, 8, 8, backend="reference").shape == (2, channels, 8, 8)


def test_a_learned_background_is_the_last_of_the_raw_numbers() -> None:
    layout = Layout(["circle"], count=2)
    raw = zeros(layout)
    torch.testing.assert_close(layout(raw).background, torch.full((1, 3), 0.3))
    raw[0, -3:] = torch.tensor([-20.0, 0.0, 20.0])
    torch.testing.assert_close(layout(raw).background, torch.tensor([[0.0, 0.3, 1.0]]), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("background", "expected"), [(0, [0, 0, 0]), (1.0, [1, 1, 1]), ([0.1, 0.5, 1.0], [0.1, 0.5, 1])]
)
def test_a_fixed_background(background: Any, expected: list[float]) -> None:
    layout = Layout(["circle"], count=2, background=background)
    torch.testing.assert_close(layout(layout.random_raw(2, 0)).background, torch.tensor([expected, expected]).float())


def test_fields_that_the_config_fixes() -> None:
    layout = Layout(["squircle", "line"], count=4, fields={"opacity": 1.0, "angle": 0.5, "stroke_width": 0.02})
    for crisp in (False, True):
        scene = layout(layout.random_raw(2, 0), crisp=crisp)
        assert (scene.opacity == 1).all()
        outline, stroke_width = scene.groups[0].outline, scene.groups[1].stroke_width
        assert isinstance(outline, RoundedBox)
        assert (outline.angle == 0.5).all()
        assert stroke_width is not None
        torch.testing.assert_close(stroke_width, torch.full((2, 2), 0.02))


@pytest.mark.parametrize(("fixed", "crisp"), [(0.2, 0.0), (0.8, 1.0)])
def test_a_fixed_roundness_is_discrete_in_the_crisp_drawing_too(fixed: float, crisp: float) -> None:
    layout = Layout(["squircle"], count=2, fields={"roundness": fixed})
    for wanted, scene in ((fixed, layout(zeros(layout))), (crisp, layout(zeros(layout), crisp=True))):
        outline = scene.groups[0].outline
        assert isinstance(outline, RoundedBox)
        torch.testing.assert_close(outline.roundness, torch.full((1, 2), wanted))


def test_softness_can_be_learned_and_fixed() -> None:
    learned = Layout(["circle"], count=3, fields={"softness": "learned"})
    torch.testing.assert_close(learned(zeros(learned)).softness, torch.ones(1, 3))
    assert learned(learned.random_raw(1, 0)).softness.std() > 0.1
    assert (Layout(["circle"], count=3)(torch.randn(1, 3 * indices_of("circle") + 3)).softness == 1).all()
    fixed = Layout(["circle"], count=3, fields={"softness": 2.0})
    assert (fixed(fixed.random_raw(1, 0)).softness == 2).all()


def test_a_crisp_squircle_is_a_circle_or_a_square_whichever_is_nearer() -> None:
    layout = Layout(["squircle"], count=40)
    raw = layout.random_raw(3, 0)
    soft, crisp = (layout(raw, crisp=crisp).groups[0].outline for crisp in (False, True))
    assert isinstance(soft, RoundedBox) and isinstance(crisp, RoundedBox)
    assert torch.equal(crisp.roundness, soft.roundness.round())
    assert set(crisp.roundness.unique().tolist()) == {0.0, 1.0}
    for name in ("center", "half_extents", "angle"):
        assert torch.equal(getattr(soft, name), getattr(crisp, name))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_raised(dtype: torch.dtype) -> None:
    layout = Layout(["circle", "line"], count=4)
    raw = layout.random_raw(2, 0).to(dtype)
    for given, expected in ((raw, torch.float32), (raw.double(), torch.float64)):
        scene = layout(given)
        assert all(
            tensor.dtype == expected for tensor in (scene.color, scene.opacity, scene.softness, scene.background)
        )
        box, path = (group.outline for group in scene.groups)
        assert isinstance(box, RoundedBox) and isinstance(path, Path)
        assert box.center.dtype == box.half_extents.dtype == path.points.dtype == expected


def test_random_raw_is_the_same_for_the_same_seed() -> None:
    layout = Layout(["circle"], count=50)
    torch.manual_seed(1)
    first = layout.random_raw(20, seed=0)
    torch.manual_seed(2)
    assert torch.equal(layout.random_raw(20, seed=0), first)
    assert not torch.equal(layout.random_raw(20, seed=1), first)
    assert first.shape == (20, layout.raw_size)
    assert layout.random_raw(20, seed=0, spread=3.0).std() == pytest.approx(3.0, rel=0.05)


def test_kinds_of_a_free_layout_take_turns_in_painters_order() -> None:
    layout = Layout(["line", "circle", "square"], count=7)
    scene = layout(layout.random_raw(1, 0))
    assert [group.slots for group in scene.groups] == [(0, 3, 6), (1, 4), (2, 5)]
    assert isinstance(scene.groups[0].outline, Path)


def test_raw_numbers_are_ordered_by_kind_slot_and_field() -> None:
    layout = Layout(["circle", "square"], count=3)  # circle, square, circle
    first = indices_of("circle")
    for shape, start in ((0, 0), (2, first), (1, 2 * first)):
        raw = zeros(layout)
        raw[0, start] = 1.0  # x of the centre
        moved = (places(layout(raw)) - places(layout(zeros(layout))))[0]
        assert moved[:, 1].abs().max() == 0
        assert (moved[:, 0] > 0.05).tolist() == [slot == shape for slot in range(3)]
        raw = zeros(layout)
        size = {0: first, 1: indices_of("square"), 2: first}[shape]
        raw[0, start + size - 1] = -30.0  # the opacity
        assert (layout(raw).opacity[0] < 0.01).tolist() == [slot == shape for slot in range(3)]


def test_more_kinds_than_shapes() -> None:
    layout = Layout(list(KINDS), count=2)
    assert layout(zeros(layout)).count == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [None, 2])
def test_gradients_reach_every_raw_number(kind: str, rows: int | None) -> None:
    size: dict[str, Any] = {"count": 4} if rows is None else {"rows": rows, "columns": 2}
    layout = Layout([kind], **size, fields={"softness": "learned"})
    raw = layout.random_raw(1, 3, spread=0.5).double().requires_grad_()
    image = rasterize(layout(raw), 32, 32, coverage="sigmoid", softness=0.05, backend="reference")
    weights = torch.rand(image.shape, generator=torch.Generator().manual_seed(0)).double()
    (gradient,) = torch.autograd.grad((image * weights).sum(), raw)
    assert gradient.isfinite().all()
    assert (gradient.abs() > 1e-7).all()


def test_a_field_that_none_of_the_kinds_has_is_no_mistake_of_spelling() -> None:
    """A config may fix `angle` and be used with circles, which have none."""
    assert Layout(["circle"], count=1, fields={"angle": 0.0}).raw_size == indices_of("circle") + 3


def test_one_name_may_stand_for_a_list() -> None:
    assert Layout("circle", count=1).kinds == ["circle"]


def test_any_closed_kind_can_be_stroked() -> None:
    for kind, primitive in KINDS.items():
        (group,) = Layout([kind], count=2, paint="stroke")(torch.zeros(1, _raw_size([kind], "stroke"))).groups
        assert group.stroke_width is not None
        (group,) = Layout([kind], count=2)(torch.zeros(1, _raw_size([kind], "fill"))).groups
        assert (group.stroke_width is None) == (primitive.paint == "fill")


def _raw_size(kinds: list[str], paint: str) -> int:
    return Layout(kinds, count=2, paint=paint).raw_size


def test_paint_may_differ_from_kind_to_kind() -> None:
    layout = Layout(["circle", "square", "line"], count=3, paint={"circle": "stroke"})
    circle, square, line = layout(zeros(layout)).groups
    assert circle.stroke_width is not None
    assert square.stroke_width is None
    assert line.stroke_width is not None


def test_options_are_those_of_the_kinds_that_have_them() -> None:
    layout = Layout(["polygon", "cubic", "circle"], count=3, options={"corners": 7, "segments": 2, "smooth": True})
    polygon, cubic, _ = (group.outline for group in layout(zeros(layout)).groups)
    assert isinstance(polygon, Path) and isinstance(cubic, Path)
    assert polygon.points.shape == (1, 1, 7, 2)
    assert cubic.points.shape == (1, 1, 7, 2)


def test_colour_can_be_fixed_channel_by_channel() -> None:
    layout = Layout(["circle"], count=2, fields={"color": [0.1, 0.5, 1.0]})
    scene = layout(layout.random_raw(3, 0))
    torch.testing.assert_close(scene.color, torch.tensor([0.1, 0.5, 1.0]).expand(3, 2, 3))


def test_depths_start_in_the_order_of_the_slots_and_are_learned() -> None:
    plain, layout = (Layout(["circle", "line"], count=4, ordering=each) for each in ("slot", "depth"))
    assert layout.raw_size == plain.raw_size + 4
    assert plain(zeros(plain)).depth is None
    scene = layout(zeros(layout))
    assert scene.depth is not None
    torch.testing.assert_close(scene.depth, torch.tensor([[0.125, 0.375, 0.625, 0.875]]))
    assert torch.equal(scene.order(), torch.arange(4)[None])
    moved = layout(layout.random_raw(5, 0)).depth
    assert moved is not None and ((moved > 0) & (moved < 1)).all()


def test_kinds_may_have_their_numbers() -> None:
    layout = Layout(["circle", "cubic", "triangle"], count=7, counts=[4, 1, 2])
    slots = [group.slots for group in layout(zeros(layout)).groups]
    assert slots == [(0, 3, 5, 6), (1,), (2, 4)]
    assert Layout(["circle", "line"], rows=2, columns=2, counts=[3, 1]).count == 4
