"""Scenes: indexing, selecting, moving, and what is refused."""

import pytest
import torch
from scenes import box, line, paint
from torch import Tensor

from vectorae import Group, Layout, Path, Scene

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
    assert torch.equal(part.background, whole.background)
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


def test_a_path_is_stroked() -> None:
    with pytest.raises(ValueError, match="stroke_width"):
        Group(line([(0, 0), (1, 1)]), (0,))


def test_a_closed_path_returns_to_its_first_point() -> None:
    corners = [(0.0, 0.0), (0.3, 0.0), (0.3, 0.4)]
    expected = torch.tensor([*corners, corners[0]]).double()
    assert torch.equal(line(corners, closed=True).vertices[0, 0], expected)
    assert float(line(corners).length) == pytest.approx(0.7)
    assert float(line(corners, closed=True).length) == pytest.approx(1.2)


def test_length_has_a_gradient_where_points_coincide() -> None:
    points = torch.full((1, 1, 2, 2), 0.5, requires_grad=True)
    Path(points).length.sum().backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()


def test_grey_scenes_have_one_channel() -> None:
    assert paint([(box(0.5, 0.5, 0.1, 0.1), None)], torch.ones(1, 1, 1), torch.zeros(1, 1)).channels == 1
