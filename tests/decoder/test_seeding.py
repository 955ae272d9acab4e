"""Where shapes begin: by the image, and what raw numbers that is."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from vectorae import Layout, Path, UserError
from vectorae.decoder import Seeding
from vectorae.fitting import Rates
from vectorae.layout import Seeds
from vectorae.primitives import ANGLE, KINDS, LENGTH, UNIT, Quantity
from vectorae.scene import Outline

HEIGHT, WIDTH = 40, 60
WHITE = torch.ones(1, 3, HEIGHT, WIDTH)


def seed(seeding: Seeding, images: Tensor, count: int, drawn: Tensor | None = None, ink: Tensor | None = None) -> Seeds:
    drawn = torch.ones_like(images) if drawn is None else drawn
    return seeding(images, drawn, count, ink, torch.Generator().manual_seed(0))


def square_at(left: int, top: int, side: int = 10) -> Tensor:
    """A dark square on white."""
    image = WHITE.clone()
    image[..., top : top + side, left : left + side] = torch.tensor([0.1, 0.2, 0.4])[:, None, None]
    return image


def middle(outline: Outline) -> Tensor:
    """Of the box around the control points, or of the box itself, ``[B, n, 2]``."""
    if isinstance(outline, Path):
        return (outline.points.amin(-2) + outline.points.amax(-2)) / 2
    return outline.center


@pytest.mark.parametrize("places", ["residual", "gradient"])
@pytest.mark.parametrize("ink", [None, torch.zeros(3)], ids=["paint", "ink"])
def test_shapes_begin_where_there_is_something_to_draw(places: Any, ink: Tensor | None) -> None:
    images = torch.cat([square_at(5, 5), square_at(40, 20)])
    seeds = seed(Seeding(places), images, 100, ink=ink)
    for index, (left, top) in enumerate([(5, 5), (40, 20)]):
        x, y = (seeds.center[index] * HEIGHT).unbind(-1)
        inside = (x > left - 3) & (x < left + 13) & (y > top - 3) & (y < top + 13)
        assert inside.float().mean() > 0.85
    assert seeds.color is not None
    assert (seeds.center.shape, seeds.cell.shape, seeds.color.shape) == ((2, 100, 2), (2, 100), (2, 100, 3))


def test_what_is_drawn_already_draws_no_shapes_and_gets_the_colour_beneath() -> None:
    images = torch.minimum(square_at(5, 5), square_at(40, 20))
    seeds = seed(Seeding(), images, 50, drawn=square_at(5, 5))
    assert (seeds.center[0, :, 0] * HEIGHT > 30).float().mean() > 0.9
    assert seeds.color is not None
    middle = ((seeds.center[0] * HEIGHT - torch.tensor([45.0, 25.0])).abs() < 3).all(-1)
    assert middle.any()
    torch.testing.assert_close(
        seeds.color[0, middle], torch.tensor([[0.1, 0.2, 0.4]]).expand(int(middle.sum()), -1), atol=0.08, rtol=0
    )


def test_ink_goes_where_ink_is_missing_and_not_where_there_is_too_much() -> None:
    image, drawn = square_at(40, 20)[:, :1], square_at(5, 5)[:, :1]
    seeds = seed(Seeding(), image, 50, drawn, ink=torch.zeros(1))
    assert (seeds.center[0, :, 0] * HEIGHT > 30).float().mean() > 0.9


def test_shapes_are_small_where_many_stand() -> None:
    image = torch.minimum(square_at(5, 5), 1 - 0.2 * torch.arange(WIDTH).gt(30)[None, None, None].float())
    seeds = seed(Seeding(), image, 200)
    dense = seeds.center[0, :, 0] * HEIGHT < 20
    assert seeds.cell[0, dense].mean() < 0.7 * seeds.cell[0, ~dense].mean()
    assert seed(Seeding(colors="layout"), image, 5).color is None
    assert len(seed(Seeding(sizes="equal"), image, 200).cell.unique()) == 1


def test_shapes_lie_along_edges() -> None:
    upright = WHITE.clone()
    upright[..., 28:32] = 0
    for image, angle in ((upright, math.pi / 2), (upright.transpose(2, 3).contiguous(), 0.0)):
        turn = seed(Seeding("gradient"), image, 40).turn
        # A direction and its opposite are the same.
        assert ((turn - angle).sin().abs() < 0.2).float().mean() > 0.9


def test_the_lots_decide_and_are_the_same_for_the_same_seed() -> None:
    one, again = (seed(Seeding(), square_at(5, 5), 9) for _ in range(2))
    assert torch.equal(one.center, again.center)
    with pytest.raises(UserError, match=r"^places must be residual, gradient or layout, got 'nowhere'"):
        Seeding("nowhere")  # type: ignore[arg-type]
    for name in ("sizes", "colors"):
        with pytest.raises(UserError, match=f"^{name} must be .*, got 'x'"):
            Seeding(**{name: "x"})  # type: ignore[arg-type]


def test_a_plain_image_and_more_shapes_than_pixels_are_no_trouble() -> None:
    seeds = seed(Seeding(), torch.full((1, 1, 5, 5), 0.5), 60, torch.full((1, 1, 5, 5), 0.5))
    for value in vars(seeds).values():
        assert value.isfinite().all()
    assert (seeds.cell > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_stands_where_its_seed_is(kind: str) -> None:
    layout = Layout(["circle", kind] if kind != "circle" else ["circle", "square"], count=6, aspect=1.5)
    raw = torch.randn(2, layout.raw_size, generator=torch.Generator().manual_seed(0))
    slots = [5, 1]
    center = torch.tensor([[[0.3, 0.4], [1.1, 0.6]], [[0.5, 0.5], [0.2, 0.8]]])
    color = torch.rand(2, 2, 3, generator=torch.Generator().manual_seed(1)) * 0.9 + 0.05
    seeds = Seeds(center, torch.full((2, 2), 0.2), torch.full((2, 2), 0.7), color)
    placed = layout.with_seeds(raw, slots, seeds)
    untouched = torch.ones(layout.raw_size, dtype=torch.bool)
    untouched[layout.indices_of(slots)] = False
    assert torch.equal(placed[:, untouched], raw[:, untouched])
    scene = layout(placed)
    for number, slot in enumerate(slots):
        (group,) = scene.select(slot, slot + 1).groups
        # A zigzag of points, turned, is not centred by its bounding box.
        torch.testing.assert_close(middle(group.outline)[:, 0], center[:, number], atol=0.03, rtol=0)
        torch.testing.assert_close(scene.color[:, slot], color[:, number], atol=1e-3, rtol=0)


def test_raw_numbers_are_known_by_slot_and_by_field() -> None:
    layout = Layout(["circle", "line"], count=5, background="learned")
    numbers = [layout.indices_of([slot]).tolist() for slot in range(5)]
    flat = sorted(number for own in numbers for number in own)
    assert flat == list(range(layout.raw_size - 3))
    names = layout.field_names()
    assert len(names) == layout.raw_size
    assert names[-3:] == ["background"] * 3
    raw = torch.zeros(1, layout.raw_size)
    raw[0, [number for number, name in enumerate(names) if name == "radius"]] = 5
    assert (layout(raw).groups[0].outline.half_extents > 0.7).all()


@given(st.sampled_from([UNIT, LENGTH, ANGLE]), st.floats(0.02, 0.98), st.floats(0.02, 0.98))
def test_a_value_becomes_the_number_that_means_it(quantity: Quantity, value: float, start: float) -> None:
    raw = quantity.encode(torch.tensor(value), torch.tensor(start), 0.0, 1.0)
    again = quantity.decode(raw, torch.tensor(start), 0.0, 1.0)
    assert float(again) == pytest.approx(value, abs=1e-5)


def test_a_value_out_of_range_comes_as_near_as_it_can() -> None:
    raw = LENGTH.encode(torch.tensor([-1.0, 9.0]), torch.tensor(0.4), 0.0, 0.75)
    assert raw.isfinite().all()
    torch.testing.assert_close(
        LENGTH.decode(raw, torch.tensor(0.4), 0.0, 0.75), torch.tensor([0.0, 0.75]), atol=1e-3, rtol=0
    )


def test_rates_by_field() -> None:
    layout = Layout(["circle", "line"], count=100)
    rates = Rates(point=0.2, length=0.3, color=0.4, opacity=0, fields={"radius": 0.7})
    scale = dict(zip(layout.field_names(), rates.scale(layout).tolist(), strict=True))
    assert (scale["radius"], scale["color"], scale["opacity"]) == pytest.approx((0.7, 0.4, 0))
    # A hundred shapes have a cell of a tenth each; in the middle a number moves a point by .3.
    assert scale["center"] == pytest.approx(0.2 * 0.1 / 0.3, rel=1e-3)
    assert scale["center"] == scale["start"] == scale["end"]
    with pytest.raises(UserError, match=r"^rates\.fields\.radios: no such learned field; .*\(did you mean radius\?\)"):
        Rates(fields={"radios": 1.0}).scale(layout)
    with pytest.raises(UserError, match=r"^point must be a number ≥ 0, got -1"):
        Rates(point=-1)
