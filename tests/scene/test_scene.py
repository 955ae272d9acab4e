"""Scenes: indexing, selecting, moving, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.scenes import box, paint
from torch import Tensor

from vectorae import Group, Layout, Path, Scene, UserError, rasterize
from vectorae.scene import cat_groups

KINDS = ["circle", "line", "square"]


def scene(batch: int = 3, count: int = 7) -> Scene:
    layout = Layout(KINDS, count=count, fields={"softness": "learned"})
    return layout(layout.random_raw(batch, 0))


def tensors(scene: Scene) -> list[Tensor]:
    """Every tensor in it."""
    found: list[Tensor] = []
    scene.map(lambda tensor: found.append(tensor) or tensor)  # type: ignore[func-returns-value]
    return found


def same(one: Scene, other: Scene) -> bool:
    slots = [[group.slots for group in each.groups] for each in (one, other)]
    pairs = zip(tensors(one), tensors(other), strict=True)
    return slots[0] == slots[1] and all(torch.equal(*pair) for pair in pairs)


def test_sizes() -> None:
    drawn = scene(batch=3, count=7)
    assert (drawn.batch, drawn.count, drawn.channels) == (3, 7, 3)
    assert len(tensors(drawn)) == 4 + 4 + (1 + 1) + 4


@pytest.mark.parametrize("index", [0, 2, -1, -3])
def test_a_drawing_by_number_keeps_the_batch_dimension(index: int) -> None:
    whole = scene()
    for part, tensor in zip(tensors(whole[index]), tensors(whole), strict=True):
        assert torch.equal(part, tensor[[index]])


def test_several_drawings() -> None:
    whole = scene()
    assert whole[1:].batch == 2
    assert same(whole[1:][0], whole[1])
    assert same(whole[-1], whole[2])
    assert whole[3:].batch == 0


@pytest.mark.parametrize("index", [3, -4])
def test_a_drawing_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError, match=f"drawing {index} of a scene of 3"):
        scene()[index]


def test_a_scene_can_be_walked() -> None:
    assert [drawing.batch for drawing in scene()] == [1, 1, 1]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (0, 3), (2, 5), (3, 4), (5, 7)])
def test_select(start: int, stop: int) -> None:
    whole = scene()
    part = whole.select(start, stop)
    assert part.count == stop - start
    assert sorted(slot for group in part.groups for slot in group.slots) == list(range(stop - start))
    assert torch.equal(part.color, whole.color[:, start:stop])
    assert torch.equal(part.opacity, whole.opacity[:, start:stop])
    assert torch.equal(part.softness, whole.softness[:, start:stop])
    assert torch.equal(part.ground, whole.ground)
    for slot in range(start, stop):
        assert all(torch.equal(*pair) for pair in zip(geometry(part, slot - start), geometry(whole, slot), strict=True))


def geometry(scene: Scene, slot: int) -> list[Tensor]:
    """The tensors of one shape's outline and its stroke width."""
    (group,) = (group for group in scene.groups if slot in group.slots)
    place = group.slots.index(slot)
    parts = [value for value in vars(group.outline).values() if isinstance(value, Tensor)]
    parts += [] if group.stroke_width is None else [group.stroke_width]
    return [part[:, place] for part in parts]


def test_to_another_dtype_and_back() -> None:
    drawn = scene()
    double = drawn.to(torch.float64)
    assert {tensor.dtype for tensor in tensors(double)} == {torch.float64}
    assert same(double.to(torch.float32), drawn)
    assert {tensor.device.type for tensor in tensors(drawn.to("meta"))} == {"meta"}


def test_detach() -> None:
    layout = Layout(KINDS, count=7)
    drawn = layout(layout.random_raw(2, 0).requires_grad_())
    assert any(tensor.requires_grad for tensor in tensors(drawn))
    assert not any(tensor.requires_grad for tensor in tensors(drawn.detach()))
    assert same(drawn.detach(), drawn)


@pytest.mark.parametrize("by_shape", [False, True])
def test_widen_strokes(by_shape: bool) -> None:
    drawn = scene()
    extra = torch.rand(3, 7) if by_shape else torch.full((3, 7), 0.125)
    wider = drawn.widen_strokes(extra if by_shape else 0.125)
    for before, after in zip(drawn.groups, wider.groups, strict=True):
        assert before.outline is after.outline
        if before.stroke_width is None:
            assert after.stroke_width is None
        else:
            assert after.stroke_width is not None
            torch.testing.assert_close(after.stroke_width, before.stroke_width + extra[:, list(before.slots)])


@pytest.mark.parametrize("slots", [[(0,), (0,)], [(0,), (2,)], [(0,)], [(1,), (2,)], [(0,), (1,), (2,)]])
def test_slots_that_are_not_each_once_are_refused(slots: list[tuple[int, ...]]) -> None:
    groups = tuple(Group(box(0.5, 0.5, 0.1, 0.1), members) for members in slots)
    with pytest.raises(ValueError, match=r"slots must be 0 … 1, once each; got \["):
        Scene(groups, torch.zeros(1, 2, 3), torch.ones(1, 2), torch.ones(1, 2), torch.zeros(1, 3))


@pytest.mark.parametrize(
    ("count", "closed", "degree"),
    [(1, False, 1), (1, True, 1), (5, True, 1), (4, False, 3), (7, False, 3), (3, True, 3), (6, True, 3)],
)
def test_paths_of_both_degrees(count: int, closed: bool, degree: int) -> None:
    path = Path(torch.zeros(2, 3, count, 2), closed, degree)
    assert (path.points.shape[2], path.closed, path.degree) == (count, closed, degree)


@pytest.mark.parametrize(
    ("count", "closed", "degree"),
    [
        (0, False, 1),
        (0, True, 1),
        (0, True, 3),
        (1, False, 3),
        (3, False, 3),
        (5, False, 3),
        (6, False, 3),
        (2, True, 3),
        (4, True, 3),
        (7, True, 3),
    ],
)
def test_numbers_of_points_that_make_no_path(count: int, closed: bool, degree: int) -> None:
    kind = "closed" if closed else "open"
    with pytest.raises(ValueError, match=f"^{count} points make no {kind} path of degree {degree}$"):
        Path(torch.zeros(2, 3, count, 2), closed, degree)


@pytest.mark.parametrize("degree", [0, 2, 4])
def test_other_degrees_are_refused(degree: int) -> None:
    with pytest.raises(ValueError, match=f"degree 1 or 3, not {degree}"):
        Path(torch.zeros(1, 1, 4, 2), degree=degree)


@pytest.mark.parametrize("degree", [1, 3])
def test_an_open_path_is_filled_as_if_a_line_closed_it(degree: int) -> None:
    points = torch.rand(1, 1, 7, 2, generator=torch.Generator().manual_seed(degree))
    (first,), (last,) = points[0, 0, :1], points[0, 0, -1:]
    line = torch.stack([last + (first - last) * part for part in (1 / 3, 2 / 3)])[None, None]
    path = Path(points, degree=degree)
    around = path if degree == 1 else Path(torch.cat([points, line], dim=2), closed=True, degree=3)
    image, expected = (drawn_white(outline) for outline in (path, replace(around, closed=True)))
    torch.testing.assert_close(image, expected)
    assert 0.01 < image.mean() < 0.9


def drawn_white(outline: Path) -> Tensor:
    ones = torch.ones(1, 1)
    return rasterize(Scene((Group(outline, (0,)),), ones[..., None], ones, ones, torch.zeros(1, 1)), 16, 16)


def test_contours_of_a_path() -> None:
    points = torch.rand(2, 3, 13, 2, generator=torch.Generator().manual_seed(0))
    path = Path(points, (True, False), 3, sizes=(6, 7))
    one, other = path.contours
    assert torch.equal(torch.cat([one.points, other.points], dim=2), points)
    assert (one.closed, other.closed, path.is_closed) == (True, False, False)
    assert path.enclosing.sizes == (6, 9)
    assert Path(points, False, 3).enclosing.sizes == ()
    assert Path(points, sizes=(6, 7)).topology != Path(points, sizes=(7, 6)).topology


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sizes": (6, 6)}, r"contours of 6 \+ 6 points, but the path has 13"),
        ({"sizes": (6, 7), "closed": (True,)}, "closed: 1 values for 2 contours"),
        ({"sizes": (5, 8), "closed": True, "degree": 3}, "5 points make no closed path of degree 3"),
        ({"fill_rule": "odd"}, "a Path is filled by nonzero or evenodd, not 'odd'"),
    ],
)
def test_contours_that_make_no_path(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Path(torch.zeros(1, 1, 13, 2), **given)


def test_what_is_no_tensor_stays() -> None:
    """Degree and closedness come along wherever a scene goes."""
    path = Path(torch.zeros(3, 2, 6, 2), closed=True, degree=3)
    drawn = Scene((Group(path, (1, 0)),), torch.zeros(3, 2, 1), torch.ones(3, 2), torch.ones(3, 2), torch.zeros(3, 1))
    for other in (drawn[0], drawn.select(0, 1), drawn.select(0, 2), drawn.detach(), drawn.to(torch.float64)):
        (group,) = other.groups
        assert isinstance(group.outline, Path)
        assert (group.outline.closed, group.outline.degree) == (True, 3)


def test_without_depth_the_order_is_that_of_the_slots() -> None:
    assert scene(batch=2, count=4).order().tolist() == [[0, 1, 2, 3]] * 2


def test_larger_depth_is_on_top_and_equal_depths_follow_the_slots() -> None:
    depth = torch.tensor([[3.0, -1.0, 2.0, 5.0], [1.0, 0.0, 1.0, 0.0], [7.0, 7.0, 7.0, 7.0]])
    order = replace(scene(batch=3, count=4), depth=depth).order()
    assert order.tolist() == [[1, 2, 0, 3], [1, 3, 0, 2], [0, 1, 2, 3]]


def test_many_equal_depths_follow_the_slots() -> None:
    """Sorts that are not stable are so for a few."""
    depth = torch.arange(200) % 2
    order = replace(scene(batch=1, count=200), depth=-depth[None].float()).order()
    assert order[0].tolist() == [*range(1, 200, 2), *range(0, 200, 2)]


def test_depth_goes_where_the_scene_goes() -> None:
    depth = torch.rand(3, 7, generator=torch.Generator().manual_seed(0)).requires_grad_()
    drawn = replace(scene(), depth=depth)
    expected = {
        "one": (drawn[1], depth[1:2]),
        "some": (drawn[1:], depth[1:]),
        "selected": (drawn.select(2, 5), depth[:, 2:5]),
        "mapped": (drawn.map(lambda tensor: 2 * tensor), 2 * depth),
        "typed": (drawn.to(torch.float64), depth.double()),
        "wider": (drawn.widen_strokes(0.1), depth),
    }
    for name, (other, wanted) in expected.items():
        assert other.depth is not None, name
        assert torch.equal(other.depth, wanted), name
        assert torch.equal(other.order(), wanted.argsort(dim=1)), name
    detached = drawn.detach().depth
    assert detached is not None
    assert not detached.requires_grad
    assert len(tensors(drawn)) == len(tensors(scene())) + 1


def test_without_depth_there_is_none_afterwards() -> None:
    drawn = scene()
    assert all(
        other.depth is None for other in (drawn[0], drawn.select(1, 3), drawn.detach(), drawn.widen_strokes(0.1))
    )


def test_compositing_goes_where_the_scene_goes() -> None:
    plain = scene()
    assert plain.compositing == "over"
    drawn = replace(plain, compositing="soft_or")
    moved = {
        "one": drawn[1],
        "some": drawn[1:],
        "selected": drawn.select(2, 5),
        "mapped": drawn.map(lambda tensor: 2 * tensor),
        "typed": drawn.to(torch.float64),
        "detached": drawn.detach(),
        "grey": drawn.grey(),
        "wider": drawn.widen_strokes(0.1),
    }
    assert {name for name, other in moved.items() if other.compositing != "soft_or"} == set()


def test_other_compositings_are_refused() -> None:
    with pytest.raises(UserError, match=r"^compositing must be over or soft_or, got 'under'"):
        replace(scene(), compositing="under")


def test_bounds_are_by_slot_and_include_strokes() -> None:
    layout = Layout(KINDS, count=7)
    drawn = layout(layout.random_raw(2, 0).requires_grad_())
    bounds = drawn.bounds()
    assert [tensor.shape for tensor in bounds] == [(2, 7, 2), (2, 7, 2), (2, 7)]
    assert not any(tensor.requires_grad for tensor in bounds)
    for group in drawn.groups:
        stroke = 0.0 if group.stroke_width is None else group.stroke_width[..., None] / 2
        center, half_extents, angle = group.outline.bounds()
        for place, slot in enumerate(group.slots):
            assert torch.equal(bounds.center[:, slot], center[:, place])
            assert torch.equal(bounds.half_extents[:, slot], (half_extents + stroke)[:, place])
            assert torch.equal(bounds.angle[:, slot], angle[:, place])


def test_bounds_of_no_shapes() -> None:
    assert [tensor.shape for tensor in scene(batch=2).select(0, 0).bounds()] == [(2, 0, 2), (2, 0, 2), (2, 0)]


def test_a_transformed_group_takes_its_stroke_along() -> None:
    group = Group(box(0.2, 0.3, 0.1, 0.2), (0,), torch.full((1, 1), 0.02))
    larger = group.transformed(torch.tensor([0.5, 0.5]), scale=torch.tensor([[3.0]]))
    assert larger.stroke_width is not None
    torch.testing.assert_close(larger.stroke_width, torch.full((1, 1), 0.06))
    center, half_extents, angle = larger.bounds()
    assert center.tolist() == [[[0.5, 0.5]]]
    torch.testing.assert_close(half_extents, torch.tensor([[[0.33, 0.63]]]).double())
    assert angle.tolist() == [[0.0]]


def test_a_zoomed_group_is_scaled_where_it_lies() -> None:
    offset = torch.tensor([0.1, -0.2]).double()
    path = Path(torch.rand(1, 1, 3, 2, generator=torch.Generator().manual_seed(0)).double(), closed=True)
    for outline in (box(0.2, 0.3, 0.1, 0.2), path):
        group = Group(outline, (0,), torch.full((1, 1), 0.02))
        found, expected = (
            group.zoomed(3.0, offset),
            group.transformed(3 * outline.bounds().center + offset, scale=3.0),
        )
        assert found.stroke_width is not None and expected.stroke_width is not None
        torch.testing.assert_close(found.stroke_width, expected.stroke_width)
        for one, other in zip(found.bounds(), expected.bounds(), strict=True):
            torch.testing.assert_close(one, other)


def test_groups_are_joined() -> None:
    first, second = (Group(box(x, 0.5, 0.1, 0.1), (slot,)) for x, slot in ((0.2, 3), (0.8, 1)))
    joined = cat_groups([first, second])
    assert joined.slots == (3, 1)
    assert joined.stroke_width is None
    assert joined.outline.bounds().center[0, :, 0].tolist() == pytest.approx([0.2, 0.8])
    width = torch.full((1, 1), 0.1)
    stroked = cat_groups([replace(first, stroke_width=width), replace(second, stroke_width=2 * width)])
    assert stroked.stroke_width is not None
    assert torch.equal(stroked.stroke_width, torch.tensor([[0.1, 0.2]]))
    with pytest.raises(ValueError, match="groups that are not painted alike cannot be joined"):
        cat_groups([first, replace(second, stroke_width=width)])


def test_grey_scenes_have_one_channel() -> None:
    assert paint([(box(0.5, 0.5, 0.1, 0.1), None)], torch.ones(1, 1, 1), torch.zeros(1, 1)).channels == 1
