"""SVG read back: what we have written gives the same drawing."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.renderer import rendered
from helpers.scenes import PAINTED, box, line, white_on_black

import vectorae
from docs._gallery.paints import paints
from vectorae import Layout, Path, RoundedBox, from_svg, rasterize, to_svg
from vectorae.primitives import KINDS


@pytest.mark.parametrize(("height", "width", "compositing"), [(64, 64, "over"), (45, 30, "soft_or")])
@pytest.mark.parametrize(("kind", "paint"), [*PAINTED, ("all", "fill"), ("all", "stroke")])
def test_our_own_svg_gives_the_same_drawing(kind: str, paint: Any, compositing: str, height: int, width: int) -> None:
    """Up to the rounding of coordinates to a hundredth of a pixel, and of colours to 8 bits."""
    kinds = list(KINDS) if kind == "all" else [kind]
    layout = Layout(kinds, count=max(6, len(kinds)), aspect=width / height, paint=paint)
    scene = layout(layout.random_raw(1, seed=height), crisp=True)
    scene = replace(scene, compositing=compositing)
    (text,) = to_svg(scene, height, width)
    drawn, again = (rasterize(each, height, width, coverage="ramp") for each in (scene, from_svg(text)))
    assert (drawn - again).abs().max() < 0.03
    assert (drawn - again).abs().mean() < 0.5 / 255
    assert from_svg(text).compositing == compositing
    (rewritten,) = to_svg(from_svg(text), height, width)
    if kind in EXACT:
        assert rewritten == text
    else:
        twice = rasterize(from_svg(rewritten), height, width, coverage="ramp", compositing=compositing)
        assert (twice - again).abs().max() < 0.03
        assert len(rewritten.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("name", paints())
def test_every_paint_comes_back(name: str) -> None:
    scene = paints()[name]
    read = from_svg(to_svg(scene, 96, 128)[0])
    drawn, again = (rasterize(each, 96, 128, coverage="ramp") for each in (scene, read))
    assert (drawn - again).abs().mean() < 0.05 / 255
    assert [(one.start, one.stop) for one in read.composites] == [(one.start, one.stop) for one in scene.composites]
    assert to_svg(read, 96, 128)[0].splitlines() == to_svg(scene, 96, 128)[0].splitlines()


def test_an_opacity_of_one_shape_is_its_own() -> None:
    disc = '<circle cx="5" cy="5" r="3" fill="red" fill-opacity="0.5"/>'
    one = from_svg(f'{HEAD}<g opacity="0.5">{disc}</g></svg>')
    assert (one.composites, one.opacity.tolist()) == ((), [[0.25]])
    two = from_svg(f'{HEAD}<g opacity="0.5">{disc}{disc}</g></svg>')
    assert [(each.start, each.stop, each.opacity.tolist()) for each in two.composites] == [(0, 2, [0.5])]


def test_a_gradient_over_all_of_a_drawing_is_no_background() -> None:
    sky = vectorae.rectangle((0.5, 0.5), 1, 1, fill=vectorae.linear_gradient((0, 0), (1, 0), ["red", "blue"]))
    scene = vectorae.Scene.of([sky, vectorae.circle((0.5, 0.5), 0.2)], background=None)
    read = from_svg(to_svg(scene, 32, 32)[0], transparent=True)
    assert (read.count, read.background) == (2, None)


def test_clips_where_the_view_does_not_begin_at_nothing() -> None:
    disc = '<circle cx="7" cy="7" r="4" fill="red"/>'
    text = f'<clipPath id="c"><rect x="6" y="6" width="2" height="9"/></clipPath><g clip-path="url(#c)">{disc}</g>'
    read = from_svg(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="2 2 10 10">{text}</svg>')
    (clip,) = read.composites[0].clip or ()
    torch.testing.assert_close(clip.bounds().half_extents, torch.tensor([[[0.1, 0.45]]]))


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


@pytest.mark.parametrize(
    ("styles", "compositing"),
    [
        (("mix-blend-mode:screen", "mix-blend-mode: screen"), "soft_or"),
        (("", ""), "over"),
        (("mix-blend-mode:normal", ""), "over"),
    ],
)
def test_compositing_is_read_from_the_blend_modes(styles: tuple[str, str], compositing: str) -> None:
    circles = (f'<circle cx="{x}" cy="5" r="3" style="{style}"/>' for x, style in zip((3, 6), styles, strict=True))
    assert from_svg(f"{HEAD}{GROUND}{''.join(circles)}</svg>").compositing == compositing


def test_an_empty_drawing() -> None:
    scene = white_on_black(box(0.5, 0.5, 0.1, 0.1)).select(0, 0)
    read = from_svg(to_svg(scene, 10, 10)[0])
    assert read.count == 0
    assert torch.equal(rasterize(read, 10, 10), torch.zeros(1, 3, 10, 10))


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
GROUND = '<rect width="10" height="10" fill="#000000"/>'


@pytest.mark.parametrize("stroke", ["", ' stroke="red" stroke-linecap="round" stroke-linejoin="round"'])
@pytest.mark.parametrize("rule", ["nonzero", "evenodd"])
def test_contours_of_a_path_are_painted_as_one(rule: str, stroke: str) -> None:
    """A square, a shape with a round side in it, and a triangle left open; strokes that cross are no darker there."""
    data = "M 2 2 H 14 V 14 H 2 Z M 4 4 L 12 5 Q 15 9 11 12 L 5 11 Z M 9 1 L 15 8 L 10 9"
    painted = f'fill="#135" fill-opacity="0.7" stroke-opacity="0.5" fill-rule="{rule}"{stroke}'
    ground = '<rect width="16" height="16" fill="#000000"/>'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{ground}<path d="{data}" {painted}/></svg>'
    scene = from_svg(text)
    assert scene.count == (2 if stroke else 1)  # of two opacities
    image = rasterize(scene, 64, 64, coverage="ramp")[0]
    expected = rendered(text.replace("viewBox", 'width="64" height="64" viewBox'), zoom=8)
    torch.testing.assert_close(image, expected, atol=0.05, rtol=0)
    assert (image - expected).abs().mean() < 1 / 255
