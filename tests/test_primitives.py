"""The kinds: their fields, what they lower to, and that a new one needs a class and nothing else."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from vectorae import Layout, Path, RoundedBox, UserError, rasterize, to_svg
from vectorae.primitives import KINDS, PAINT, STROKE, Primitive, angle, length, nearest_end, point, to_value, unit
from vectorae.scene import Outline

FIELDS = [(kind, name) for kind, primitive in KINDS.items() for name in primitive.fields()]


def test_the_kinds_are_registered_by_name() -> None:
    assert {"circle", "square", "squircle", "rectangle", "ellipse", "line"} <= set(KINDS)
    assert all(kind.__name__.lower() == name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_of_the_outline_then_of_the_paint(kind: str) -> None:
    names = list(KINDS[kind].fields())
    paint = [*PAINT, *(STROKE if KINDS[kind].paint == "stroke" else [])]
    assert names[-len(paint) :] == paint
    assert len(set(names)) == len(names)
    assert KINDS[kind].__doc__


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_zero_means_the_start_and_no_raw_number_leaves_the_range(kind: str, name: str) -> None:
    field = KINDS[kind].fields()[name]
    low, high = (field.low, field.high) if field.quantity != "point" else (-0.1, 1.1)
    first = field.start[0] + 0.5 if isinstance(field.start, tuple) else field.start
    start = torch.tensor([first * 0.25 if field.quantity == "length" else first]).double()
    at_zero = to_value(field, torch.zeros(1).double(), start, low, high)
    torch.testing.assert_close(at_zero, start, atol=1e-3 * (high - low), rtol=0)
    raw = torch.linspace(-50, 50, 101).double()
    values = to_value(field, raw, start, low, high)
    assert (values.diff() >= 0).all()
    if field.quantity == "angle":
        torch.testing.assert_close(values, start + raw)
    else:
        assert (values >= low).all()
        assert (values <= high).all()
        torch.testing.assert_close(values[[0, -1]], torch.tensor([low, high]).double())


@pytest.mark.parametrize(("value", "end"), [(0.0, 0), (0.49, 0), (0.51, 1), (1.0, 1)])
def test_nearest_end(value: float, end: float) -> None:
    field = KINDS["squircle"].fields()["roundness"]
    assert float(nearest_end(field, torch.tensor(value))) == end


def number(value: float) -> Tensor:
    return torch.tensor([[value]])


CENTER = torch.tensor([[[0.25, 0.75]]])
BOXES = {
    "circle": ({"radius": 0.2}, (0.2, 0.2, 0.0, 1.0)),
    "ellipse": ({"radius_x": 0.3, "radius_y": 0.1, "angle": 0.5}, (0.3, 0.1, 0.5, 1.0)),
    "square": ({"side": 0.4, "angle": 0.5}, (0.2, 0.2, 0.5, 0.0)),
    "rectangle": ({"width": 0.6, "height": 0.2, "angle": 0.5}, (0.3, 0.1, 0.5, 0.0)),
    "squircle": ({"side": 0.4, "angle": 0.5, "roundness": 0.25}, (0.2, 0.2, 0.5, 0.25)),
}


@pytest.mark.parametrize("kind", BOXES)
def test_what_boxes_lower_to(kind: str) -> None:
    fields, (half_width, half_height, turn, roundness) = BOXES[kind]
    outline = KINDS[kind](center=CENTER, **{name: number(value) for name, value in fields.items()}).outline()  # type: ignore[call-arg]
    assert isinstance(outline, RoundedBox)
    assert torch.equal(outline.center, CENTER)
    assert torch.equal(outline.half_extents, torch.tensor([[[half_width, half_height]]]))
    assert torch.equal(outline.angle, number(turn))
    assert torch.equal(outline.roundness, number(roundness))


def test_what_a_line_lowers_to() -> None:
    outline = KINDS["line"](start=CENTER, end=CENTER + 0.125).outline()  # type: ignore[call-arg]
    assert isinstance(outline, Path)
    assert not outline.closed
    assert outline.points.tolist() == [[[[0.25, 0.75], [0.375, 0.875]]]]


@pytest.fixture
def lozenge_kind() -> Iterator[str]:
    """A kind that is defined here: nothing else knows of it."""

    @dataclass(frozen=True)
    class Lozenge(Primitive):
        """A box that stands on its corner and may be rounded."""

        center: Tensor = point()
        size: Tensor = length(0.6)
        lean: Tensor = angle()
        softened: Tensor = unit(0.25)

        def outline(self) -> Outline:
            half = torch.stack([self.size / 2, self.size / 4], dim=-1)
            return RoundedBox(self.center, half, self.lean + math.pi / 4, self.softened)

    try:
        yield "lozenge"
    finally:
        del KINDS["lozenge"]


def test_a_new_kind_is_a_class_and_nothing_else(lozenge_kind: str) -> None:
    layout = Layout([lozenge_kind, "line"], rows=2, columns=2, fields={"softened": "learned", "color": 1.0})
    lozenge, line = 2 + 1 + 1 + 1 + 1, 4 + 1 + 1
    assert layout.raw_size == 2 * lozenge + 2 * line + 3
    raw = layout.random_raw(2, 0).requires_grad_()
    scene = layout(raw)
    image = rasterize(scene, 24, 24, coverage="sigmoid", softness=0.1, backend="reference")
    (gradient,) = torch.autograd.grad(image.square().sum(), raw)
    assert (gradient != 0).all()
    start = layout(torch.zeros(1, layout.raw_size))
    assert isinstance(start.groups[0].outline, RoundedBox)
    torch.testing.assert_close(start.groups[0].outline.half_extents[0, 0], torch.tensor([0.15, 0.075]))
    text = to_svg(start, 100, 100)[0]
    assert text.count("<rect") == 3  # with the background
    assert 'transform="rotate(45 25 25)"' in text
    with pytest.raises(UserError, match=r"fields\.softened: 2 is not between 0\.0 and 1\.0"):
        Layout([lozenge_kind], count=1, fields={"softened": 2})


def test_the_kind_of_the_test_before_is_gone() -> None:
    assert "lozenge" not in KINDS
