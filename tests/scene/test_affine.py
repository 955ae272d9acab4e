"""Scenes under affine maps, as a renderer of SVG shows them under the same transform."""

import math
from dataclasses import replace

import pytest
import torch
from helpers.renderer import rendered

import vectorae
from docs._gallery.paints import paints
from vectorae import Layout, Scene, StrokeStyle, rasterize, to_svg
from vectorae.primitives import KINDS

SIDE = 96
MATRICES = {
    "uneven": [[0.9, 0.0, 0.05], [0.0, 0.4, 0.3]],
    "sheared": [[0.7, 0.3, 0.0], [-0.1, 0.6, 0.2]],
    "mirrored": [[-0.6, 0.2, 0.7], [0.2, 0.6, 0.1]],
    "turned": [[0.5 * math.cos(0.4), -0.5 * math.sin(0.4), 0.4], [0.5 * math.sin(0.4), 0.5 * math.cos(0.4), 0.2]],
}


def under_transform(scene: Scene, matrix: list[list[float]]) -> str:
    """The scene's SVG with everything but the background in a group under the map."""
    (text,) = to_svg(scene, SIDE, SIDE)
    (a, c, e), (b, d, f) = matrix
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("<rect")) + 1
    group = f'<g transform="matrix({a} {b} {c} {d} {e * SIDE} {f * SIDE})">'
    return "\n".join([*lines[:first], group, *lines[first:-1], "</g>", lines[-1]])


@pytest.mark.parametrize("map_name", MATRICES)
@pytest.mark.parametrize("name", paints())
def test_it_is_the_transform_of_svg(name: str, map_name: str) -> None:
    scene, matrix = paints()[name], MATRICES[map_name]
    drawn = rasterize(scene.mapped(matrix, pixel=1 / (4 * SIDE)), SIDE, SIDE, coverage="ramp")[0]
    assert (drawn - rendered(under_transform(scene, matrix), zoom=8)).abs().mean() <= 1 / 255


@pytest.mark.parametrize("paint", ["fill", "stroke"])
@pytest.mark.parametrize("map_name", MATRICES)
def test_it_is_the_transform_of_svg_for_every_kind(map_name: str, paint: str) -> None:
    layout = Layout(list(KINDS), count=len(KINDS), paint=paint, fields={"stroke_width": 0.04})
    scene, matrix = layout(layout.random_raw(1, seed=3, spread=0.7), crisp=True), MATRICES[map_name]
    drawn = rasterize(scene.mapped(matrix, pixel=1 / (4 * SIDE)), SIDE, SIDE, coverage="ramp")[0]
    assert (drawn - rendered(under_transform(scene, matrix), zoom=8)).abs().mean() <= 1 / 255


def test_shapes_stay_what_they_are_where_lengths_are_scaled_alike() -> None:
    layout = Layout(["circle", "rectangle", "line"], count=6, paint="both")
    scene = layout(layout.random_raw(2, seed=3, spread=0.7))
    turned = scene.mapped(MATRICES["turned"])
    assert [group.kind for group in turned.groups] == [group.kind for group in scene.groups]
    torch.testing.assert_close(turned.softness, 0.5 * scene.softness)
    back = turned.mapped(torch.linalg.inv(torch.tensor([*MATRICES["turned"], [0, 0, 1]], dtype=torch.float64))[:2])
    drawn, again = (rasterize(one, 32, 32, softness=0.02) for one in (scene, back))
    torch.testing.assert_close(drawn, again, atol=1e-4, rtol=0)


def test_dashes_of_a_mirror_image_are_mirrored() -> None:
    style = StrokeStyle("butt", "miter", dashes=(0.13, 0.07))
    scene = Scene.of([vectorae.rectangle((0.5, 0.5), 0.5, 0.3, stroke="navy", stroke_width=0.04, style=style)])
    drawn = rasterize(scene.mapped([[-1, 0, 1], [0, 1, 0]]), SIDE, SIDE, coverage="ramp")
    assert (drawn - rasterize(scene, SIDE, SIDE, coverage="ramp").flip(-1)).abs().mean() < 1 / 255


def test_what_is_painted_as_one_stays_so_where_shapes_become_several() -> None:
    both = vectorae.circle((0.5, 0.5), 0.2, fill="gold", stroke="navy", stroke_width=0.1)
    scene = Scene.of([both, vectorae.composite([both, both], 0.5), both])
    (one,) = scene.mapped(MATRICES["uneven"]).composites
    assert (one.start, one.stop) == (2, 6)


def test_gradients_flow_through_it() -> None:
    layout = Layout(["circle", "cubic"], count=4)
    raw = layout.random_raw(1, seed=1, spread=0.5).requires_grad_()
    scene = layout(raw).mapped(MATRICES["sheared"], pixel=1 / 64)
    (by_raw,) = torch.autograd.grad(rasterize(replace(scene, depth=None), 32, 32).square().sum(), raw)
    assert by_raw.isfinite().all()
    assert (by_raw != 0).sum() > 0.8 * raw.numel()
