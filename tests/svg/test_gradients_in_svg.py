"""Gradients in SVG: what resvg shows of each, down to ellipses that are thinner than numbers are written."""

import math
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
import torch
from helpers.renderer import ZOOM, rendered
from helpers.scenes import box, line
from torch import Tensor

import vectorae
from vectorae import Group, Path, Scene, from_svg, rasterize, to_svg
from vectorae.io.frame import Frame, Part
from vectorae.scene import SPREADS, Gradient, LinearGradient, Outline, RadialGradient
from vectorae.scene.plain import plain
from vectorae.svg.definitions import Gradient as Written
from vectorae.svg.definitions import Stop
from vectorae.svg.moving import moving_gradient

SIZES = [(64, 64), (128, 128), (200, 266)]
EDGE_ERROR, IMAGE_ERROR = 0.03, 1 / 255

TURNED = ((0.2, 0.1), (-0.05, 0.1))
"""Conjugate radii of an ellipse."""

MIRRORED = ((0.2, 0.05), (0.1, -0.15))


def stops(*offsets: float) -> dict[str, Tensor]:
    """Stops of random colours and opacities, the same for the same offsets."""
    generator = torch.Generator().manual_seed(round(1000 * sum(offsets)))
    colors = torch.rand(1, 1, len(offsets), 3, generator=generator)
    opacities = 0.4 + 0.6 * torch.rand(1, 1, len(offsets), generator=generator)
    return {"colors": colors, "opacities": opacities, "offsets": torch.tensor([[offsets]])}


def linear(
    start: tuple[float, float] = (0.3, 0.3),
    end: tuple[float, float] = (0.6, 0.5),
    spread: str = "pad",
    offsets: tuple[float, ...] = (0.1, 0.4, 0.9),
) -> LinearGradient:
    ends = {"start": torch.tensor([[start]]), "end": torch.tensor([[end]])}
    return LinearGradient(**ends, **stops(*offsets), spread=spread)


def radial(
    axes: tuple[tuple[float, float], tuple[float, float]] = ((0.2, 0.0), (0.0, 0.2)),
    focus: tuple[float, float] = (0.4, -0.3),
    spread: str = "pad",
    offsets: tuple[float, ...] = (0.1, 0.4, 0.9),
) -> RadialGradient:
    places = {"center": (0.45, 0.5), "axes": axes, "focus": focus}
    return RadialGradient(
        **{name: torch.tensor([[place]]) for name, place in places.items()}, **stops(*offsets), spread=spread
    )


def drawing(
    outline: Outline,
    gradient: Gradient,
    stroke_width: float | None = None,
    stroke: Gradient | None = None,
    stroke_below: bool = False,
    contour_opacity: Tensor | None = None,
) -> Scene:
    """One shape, nearly opaque, on dark grey; filled and stroked where there is a gradient for both."""
    width = None if stroke_width is None else torch.tensor([[stroke_width]])
    ink = None if stroke is None else torch.zeros(1, 1, 3)
    painted = {"contour_opacity": contour_opacity, "gradient": gradient, "stroke_gradient": stroke}
    group = Group(outline, (0,), width, ink, stroke_below, **painted)  # type: ignore[arg-type]
    ones = torch.ones(1, 1)
    # 51 and 230 of 255: the background and the opacity are written as they are.
    return Scene((group,), torch.zeros(1, 1, 3), 0.9 * ones, ones, torch.full((1, 3), 0.2)).to(torch.float32)


@cache
def drawings() -> dict[str, Scene]:
    rectangle, ellipse, rounded = (box(0.5, 0.5, 0.4, 0.3, 0.4, roundness) for roundness in (0.0, 1.0, 0.3))
    corner = line([(0.2, 0.2), (0.8, 0.4), (0.3, 0.8)])
    several = Path(torch.tensor([[[[0.2, 0.2], [0.8, 0.4], [0.8, 0.2], [0.2, 0.7]]]]), False, 1, (2, 2))
    shades = radial(TURNED, spread="reflect")
    found = {
        "stroked": drawing(corner, linear(), 0.1),
        "wider than its shape": drawing(box(0.5, 0.5, 0.1, 0.08, 0.9, 1.0), linear(), 0.3),
        "both": drawing(rounded, linear(), 0.1, shades),
        "both, stroke below": drawing(rounded, linear(), 0.1, shades, True),
        "contours": drawing(several, linear(), 0.1, contour_opacity=torch.tensor([[[0.8, 0.4]]])),
        "focus outside of an ellipse": drawing(rectangle, radial(TURNED, (4.0, -3.0))),
        "focus outside of a circle": drawing(rectangle, radial(focus=(4.0, -3.0))),
        "mirrored": drawing(rectangle, radial(MIRRORED)),
        "mirrored circle": drawing(rectangle, radial(((0.2, 0.0), (0.0, -0.2)))),
        "hard stops": drawing(rectangle, linear(offsets=(0.1, 0.5, 0.5, 0.9))),
        "decreasing offsets": drawing(rectangle, linear((0.2, 0.2), (0.8, 0.8), offsets=(0.3, 0.1, 0.9, 0.5))),
        "one stop": drawing(rectangle, linear(offsets=(0.5,))),
        "no length": drawing(rectangle, linear((0.3, 0.3), (0.3, 0.3))),
        "no area": drawing(rectangle, radial(((0.2, 0.1), (0.1, 0.05)))),
        "thinner than is written": drawing(rectangle, radial(((0.2, 0.0), (0.0, 1e-7)), (0.0, 0.0))),
    }
    for spread in SPREADS:
        found[f"linear, {spread}"] = drawing(rounded, linear(spread=spread))
        found[f"radial, {spread}"] = drawing(ellipse, radial(spread=spread))
        found[f"elliptical, {spread}"] = drawing(rectangle, radial(TURNED, spread=spread))
    return found


def edges(scene: Scene, height: int, width: int) -> Tensor:
    """The pixels that an edge of any part touches, ``[H, W]``."""
    scene = plain(scene, 1 / min(height, width))
    bare = replace(scene, groups=tuple(replace(group, gradient=None) for group in scene.groups))
    white = replace(bare.painted(torch.ones(1, scene.count, 3)), opacity=torch.ones(1, scene.count))
    covered = [
        rendered(to_svg(white.select(slot, slot + 1), height, width)[0], ZOOM // 2)[0] for slot in range(scene.count)
    ]
    return torch.stack([(one > 0) & (one < 1) for one in covered]).any(0)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("name", drawings())
def test_resvg_shows_every_gradient_as_it_is(name: str, height: int, width: int) -> None:
    """At the same size too, but for edges: both take the colour of a pixel's centre, also where colours jump."""
    scene = drawings()[name]
    (text,), (drawn,) = to_svg(scene, height, width), rasterize(scene, height, width, coverage="ramp")
    exact, same, touched = rendered(text), rendered(text, zoom=1), edges(scene, height, width)
    difference = (drawn - exact).abs()
    assert difference[:, touched].mean() <= EDGE_ERROR
    assert (drawn - same).abs()[:, ~touched].mean() <= IMAGE_ERROR
    jumps = "repeat" in name  # which are smooth at eight times the size, and not at the pixels of either
    assert difference.mean() <= (2 if jumps else 1) * IMAGE_ERROR
    # A jump may lie on either side of a pixel's centre.
    assert ((drawn - same).abs().amax(0)[~touched] > 2.5 / 255).float().mean() < 2e-3


@pytest.mark.parametrize(("height", "width"), SIZES[:1])
@pytest.mark.parametrize("name", drawings())
def test_it_is_read_as_it_was(name: str, height: int, width: int) -> None:
    scene = drawings()[name]
    (text,) = to_svg(scene, height, width)
    read = from_svg(text)
    drawn, again = (rasterize(one, height, width, coverage="ramp") for one in (scene, read))
    assert (drawn - again).abs().mean() < 0.75 / 255
    assert to_svg(read, height, width)[0].count("Gradient") == text.count("Gradient")


def test_screen_and_a_part_of_a_drawing() -> None:
    scene = replace(drawings()["both"], compositing="soft_or")
    whole = rasterize(scene, 64, 64, coverage="ramp")[0]
    (text,) = to_svg(scene, 64, 64, frames=[Frame(Part(10, 20, 40, 30), 40, 30)])
    assert (whole[:, 20:50, 10:50] - rendered(text)).abs().mean() <= IMAGE_ERROR


def test_the_measure_notices_a_gradient_that_is_off() -> None:
    """A hundredth of its length."""
    scene, moved = (drawing(box(0.5, 0.5, 0.4, 0.3), linear(end=(end, 0.5))) for end in (0.6, 0.61))
    drawn = rasterize(scene, 64, 64, coverage="ramp")[0]
    right, wrong = ((drawn - rendered(to_svg(one, 64, 64)[0])).abs().mean() for one in (scene, moved))
    assert wrong > right + 0.2 / 255


def test_a_moving_gradient_is_at_each_time_what_it_is() -> None:
    """Also where its ellipse is described by half a turn more or less, with its focus on the other side."""
    ink, angles = [Stop(0.0, (1.0,), 1.0), Stop(1.0, (0.0,), 1.0)], [0.2, 1.3, 2.4, 3.6, 5.0]
    gradients = []
    for angle in angles:
        cos, sin = math.cos(angle), math.sin(angle)
        # Conjugate radii that are not the half axes, 30 and 10 long.
        local = ((30 * math.cos(turn), 10 * math.sin(turn)) for turn in (0.5, 0.5 + math.pi / 2))
        a, b = ((cos * x - sin * y, sin * x + cos * y) for x, y in local)
        focus = 20 + 0.5 * a[0] + 0.2 * b[0], 20 + 0.5 * a[1] + 0.2 * b[1]
        gradients.append(Written([(20, 20), (20 + a[0], 20 + a[1]), (20 + b[0], 20 + b[1]), focus], ink))
    text = moving_gradient(gradients, "", "a")

    def values(name: str) -> list[list[float]]:
        moving = re.search(f'(?:type|attributeName)="{name}" values="([^"]*)"', text)
        words = moving[1].split(";") if moving else re.findall(rf' {name}="([^"]*)"', text) * len(gradients)
        return [[float(word) for word in one.split()] for one in words[: len(gradients)]]

    turns = values("rotate")
    columns = zip(gradients, turns, values("scale"), values("fx"), values("fy"), strict=True)
    for gradient, (turn,), (width, height), (x,), (y,) in columns:
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        found = 20 + cos * width * x - sin * height * y, 20 + sin * width * x + cos * height * y
        assert found == pytest.approx(gradient.points[3], abs=1e-2)
    assert all(abs(after[0] - before[0]) <= 90 for before, after in pairwise(turns))


def test_a_gradient_is_defined_once_and_one_of_no_length_is_its_last_colour() -> None:
    ink = vectorae.linear_gradient((0.0, 0.0), (1.0, 0.0), ["red", "blue"])
    none = vectorae.radial_gradient((0.5, 0.5), 0.0, ["red", "#0000ff80"])
    shapes = [vectorae.circle((0.3, 0.3), 0.1, fill=ink), vectorae.circle((0.6, 0.3), 0.1, stroke=ink)]
    (text,) = to_svg(vectorae.Scene.of([*shapes, vectorae.circle((0.5, 0.8), 0.1, fill=none)]), 64, 64)
    assert text.count("<linearGradient") == 1
    assert "<radialGradient" not in text
    assert 'fill="#0000ff" fill-opacity="0.502"' in text
    assert '<stop offset="0" stop-color="#ff0000"/><stop offset="1" stop-color="#0000ff"/>' in text
