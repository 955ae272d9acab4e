"""SVG read back: what we have written gives the same drawing, and anything else is refused."""

import pytest
import torch
from scenes import PAINTED, box, line, white_on_black

from vectorae import Layout, Path, RoundedBox, UserError, from_svg, rasterize, to_svg
from vectorae.primitives import KINDS


@pytest.mark.parametrize(("height", "width", "compositing"), [(64, 64, "over"), (45, 30, "soft_or")])
@pytest.mark.parametrize(("kind", "paint"), [*PAINTED, ("all", "fill"), ("all", "stroke")])
def test_our_own_svg_gives_the_same_drawing(kind: str, paint: str, compositing: str, height: int, width: int) -> None:
    """Up to the rounding of coordinates to a hundredth of a pixel, and of colours to 8 bits."""
    kinds = list(KINDS) if kind == "all" else [kind]
    layout = Layout(kinds, count=max(6, len(kinds)), aspect=width / height, paint=paint)
    scene = layout(layout.random_raw(1, seed=height), crisp=True)
    (text,) = to_svg(scene, height, width, compositing=compositing)
    drawn, again = (
        rasterize(each, height, width, coverage="ramp", compositing=compositing) for each in (scene, from_svg(text))
    )
    assert (drawn - again).abs().max() < 0.03
    assert (drawn - again).abs().mean() < 0.5 / 255
    assert to_svg(from_svg(text), height, width, compositing=compositing) == [text] or kind not in EXACT


EXACT = ("point", "line", "polyline", "quadratic", "cubic", "catmull_rom", "triangle", "regular_polygon", "polygon")
"""Written with the very numbers that are read; boxes turn corners into centres and back."""


def test_what_is_read() -> None:
    scene = white_on_black(box(0.25, 0.5, 0.2, 0.1, 0.5, 0.5))
    read = from_svg(to_svg(scene, 100, 200)[0])
    (group,) = read.groups
    assert isinstance(group.outline, RoundedBox)
    torch.testing.assert_close(group.outline.center, torch.tensor([[[0.25, 0.5]]]))
    torch.testing.assert_close(group.outline.half_extents, torch.tensor([[[0.2, 0.1]]]))
    torch.testing.assert_close(group.outline.angle, torch.tensor([[0.5]]), atol=1e-4, rtol=0)
    torch.testing.assert_close(group.outline.roundness, torch.tensor([[0.5]]))
    assert (read.batch, read.count, read.channels) == (1, 1, 3)
    read = from_svg(to_svg(white_on_black(line([(0.1, 0.2), (0.3, 0.4)]), 0.05), 100, 100)[0])
    assert isinstance(read.groups[0].outline, Path)
    assert read.groups[0].stroke_width is not None
    assert float(read.groups[0].stroke_width) == pytest.approx(0.05)


def test_shapes_keep_their_order_and_stand_together_with_their_like() -> None:
    layout = Layout(["circle", "line"], count=6)
    scene = layout(layout.random_raw(1, 0), crisp=True)
    read = from_svg(to_svg(scene, 64, 64)[0])
    assert sorted(group.slots for group in read.groups) == [(0, 2, 4), (1, 3, 5)]


def test_an_empty_drawing() -> None:
    scene = white_on_black(box(0.5, 0.5, 0.1, 0.1)).select(0, 0)
    read = from_svg(to_svg(scene, 10, 10)[0])
    assert read.count == 0
    assert torch.equal(rasterize(read, 10, 10), torch.zeros(1, 3, 10, 10))


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
FILLED = 'fill="#000000" fill-opacity="1"'
GROUND = '<rect width="10" height="10" fill="#000000"/>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not well-formed"),
        ("<svg", "not well-formed"),
        ("<html/>", "the root is <html>, not <svg>"),
        ('<svg viewBox="0 0 9 9"/>', "not <svg> of http://www.w3.org/2000/svg"),
        (HEAD.replace("0 0 10 10", "5 5 10 10") + f"{GROUND}</svg>", "viewBox"),
        (HEAD.replace("0 0 10 10", "0 0 0 0") + f"{GROUND}</svg>", "viewBox"),
        (f'{HEAD}<circle cx="1" cy="1" r="1" fill="#000000" fill-opacity="1"/></svg>', "no background"),
        (f'{HEAD}{GROUND}<circle cx="1" cy="1" r="-2" fill="#000000" fill-opacity="1"/></svg>', "-2 is not between"),
        (f'{HEAD}{GROUND}<circle cx="1" cy="1" r="2" fill="#000000" fill-opacity="7"/></svg>', "7 is not between"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2 2 L 3 1 Z" fill-rule="evenodd" {FILLED}/></svg>', "fill-rule of <path>"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2 2 L 3 1 Z" transform="scale(2)" {FILLED}/></svg>', "transform of <path>"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2 2 L 3 1 Z" stroke="#ffffff" {FILLED}/></svg>', "stroke of <path>"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2 2 Z M 3 3 L 4 4 Z" {FILLED}/></svg>', "path"),
        (
            f'{HEAD}{GROUND}<rect x="1" y="1" width="2" height="2" transform="rotate(9 9 9)" {FILLED}/></svg>',
            "transform",
        ),
        (
            f'{HEAD}{GROUND}<path d="M 1 1 L 2 2" fill="none" stroke="#ffffff" stroke-opacity="1" stroke-width="1" '
            'stroke-linecap="butt" stroke-linejoin="round"/></svg>',
            "round caps",
        ),
        (f"<!DOCTYPE svg>{HEAD}{GROUND}</svg>", "a document type or comment"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "'viewBox' is missing"),
        (f"{HEAD}</svg>", "not as vectorae writes it"),
        (f"{HEAD}{GROUND}<text/></svg>", "<text>"),
        (f'{HEAD}{GROUND}<circle cx="1" cy="1" r="1"/></svg>', "'fill' is missing"),
        (f'{HEAD}{GROUND}<circle cx="1" cy="1" r="1" fill="red" fill-opacity="1"/></svg>', "colour 'red'"),
        (f'{HEAD}{GROUND}<circle cx="1" cy="1" r="wide" fill="#000000" fill-opacity="1"/></svg>', "wide"),
        (f'{HEAD}{GROUND}<path d="M 1 1 A 1 1 2 2 Z" fill="#000000" fill-opacity="1"/></svg>', "path"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2" fill="#000000" fill-opacity="1"/></svg>', "not as vectorae writes it"),
        (f'{HEAD}{GROUND}<path d="" fill="#000000" fill-opacity="1"/></svg>', "not as vectorae writes it"),
        (f'{HEAD}{GROUND}<path d="M 1 1 L 2 2" fill="#000000" fill-opacity="1"/></svg>', "not as vectorae writes it"),
        (
            f'{HEAD}{GROUND}<rect x="1" y="1" width="2" height="2" transform="scale(2)" fill="#000000" '
            'fill-opacity="1"/></svg>',
            "transform",
        ),
    ],
)
def test_other_svg_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=r"^svg: .*") as caught:
        from_svg(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
