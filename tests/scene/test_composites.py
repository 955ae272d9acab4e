"""Shapes that are painted as one: their opacity, what they are clipped by, and what they are refused for."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.agreement import assert_agreement
from helpers.scenes import leaves_of
from torch import Tensor

import vectorae
from vectorae import Layout, Scene, UserError, from_svg, rasterize, to_svg
from vectorae.rasterizer import PROFILES
from vectorae.scene import Composite

LEFT, RIGHT = vectorae.circle((0.4, 0.5), 0.25, fill="red"), vectorae.circle((0.6, 0.5), 0.25, fill="red")
HALF = vectorae.rectangle((0.5, 0.25), 2, 0.5, fill="black")


def image(*shapes: Any, **drawing: Any) -> Tensor:
    scene = Scene.of(shapes, "white").to(torch.float64)
    return rasterize(scene, 32, 32, **{"coverage": "ramp"} | drawing)


def random_scene(batch: int = 2) -> Scene:
    """A composite within a clipped one, between other shapes."""
    layout = Layout(["rectangle", "blob", "line"], count=9, paint={"fill": "linear"})
    scene = layout(layout.random_raw(batch, seed=4, spread=0.7).double()).detach()
    clips = Layout(["blob", "triangle"], count=3)
    outlines = [group.outline for group in clips(clips.random_raw(batch, seed=5, spread=0.3).double()).groups]
    inner = Composite(3, 5, torch.full((batch,), 0.6).double())
    outer = Composite(1, 7, torch.full((batch,), 0.8).double(), tuple(one for one in outlines))
    return replace(scene, composites=(inner, outer)).map(Tensor.detach)


def test_an_opacity_is_that_of_all_of_them_together() -> None:
    opaque = image(LEFT, RIGHT)
    found = image(vectorae.composite([LEFT, RIGHT], opacity=0.5))
    torch.testing.assert_close(found, 0.5 * opaque + 0.5)
    twice = image(replace(LEFT, opacity=0.5), replace(RIGHT, opacity=0.5))
    assert (found - twice).abs().max() > 0.2


def test_clipped_is_multiplied_with_what_covers() -> None:
    backdrop = vectorae.rectangle((0.5, 0.5), 1, 1, fill="yellow")
    found, below = image(backdrop, vectorae.composite([LEFT], clip=RIGHT)), image(backdrop)
    covered = (1 - image(replace(RIGHT, fill="black")))[:, :1]
    torch.testing.assert_close(found, covered * image(backdrop, LEFT) + (1 - covered) * below, atol=1e-9, rtol=0)


def test_several_outlines_clip_by_all_their_insides() -> None:
    shapes = [vectorae.rectangle((0.5, 0.5), 2, 2, fill="navy")]
    found = image(vectorae.composite(shapes, clip=[LEFT, HALF]))
    expected = image(replace(LEFT, fill="navy"), replace(HALF, fill="navy"))
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("clip", [(), vectorae.rectangle((0.5, 0.5), 0, 0), vectorae.line([(0, 0), (1, 1)])])
def test_what_has_no_inside_hides_all(clip: Any) -> None:
    hidden = vectorae.composite([LEFT], clip=clip)
    assert (image(hidden) == 1).all()
    read = from_svg(to_svg(Scene.of([hidden]), 32, 32)[0])
    assert (rasterize(read, 32, 32, coverage="ramp") == 1).all()


def test_what_is_no_shape_is_refused() -> None:
    with pytest.raises(UserError, match="clip: a Together where a shape is wanted"):
        vectorae.composite([LEFT], clip=vectorae.composite([RIGHT]))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="shapes: a str where a shape is wanted"):
        vectorae.composite("ab")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"opacity must be in \[0, 1\], got 5"):
        image(vectorae.composite([LEFT], opacity=5))
    with pytest.raises(UserError, match="half the width must be ≥ 0, got -1"):
        vectorae.circle((0.5, 0.5), -1)
    assert "composites=1" in repr(Scene.of([vectorae.composite([LEFT])]))


def test_by_screen_they_are_not_written() -> None:
    with pytest.raises(UserError, match="composites: shapes that are painted as one need an order"):
        to_svg(Scene.of([vectorae.composite([LEFT, RIGHT], 0.5)]), 8, 8, compositing="soft_or")


def test_one_within_another_is_clipped_by_both() -> None:
    square = vectorae.rectangle((0.5, 0.5), 2, 2, fill="navy")
    inner = vectorae.composite([square], clip=LEFT)
    both = image(vectorae.composite([inner], clip=HALF))
    other = image(vectorae.composite([vectorae.composite([square], clip=HALF)], clip=LEFT))
    torch.testing.assert_close(both, other)
    assert (both[:, :, 17:] == 1).all()


@pytest.mark.parametrize("coverage", PROFILES)
def test_backends_agree(coverage: str) -> None:
    assert_agreement("cpu", random_scene(), 19, 26, coverage=coverage, softness=0.02)


def test_gradients_are_exact() -> None:
    scene = random_scene(batch=1)
    # Stops that are not at the ends, which they could not go beyond.
    scene, leaves = leaves_of(scene.map_named(lambda name, one: 0.1 + 0.8 * one if name == "offsets" else one))

    def drawn(*tensors: Tensor) -> Tensor:
        given = iter(tensors)
        return rasterize(scene.map(lambda _: next(given)), 3, 4, softness=0.07, backend="reference")

    assert torch.autograd.gradcheck(drawn, leaves, check_undefined_grad=False, fast_mode=True)


def test_over_nothing_they_are_what_they_are_over_a_background() -> None:
    scene = random_scene()
    found = rasterize(scene, 16, 16, softness=0.02, alpha=True)
    over = found[:, :3] * found[:, 3:] + (1 - found[:, 3:]) * scene.ground[..., None, None]
    torch.testing.assert_close(over, rasterize(scene, 16, 16, softness=0.02), atol=1e-4, rtol=0)


def test_a_part_of_a_scene_keeps_its_part_of_them() -> None:
    scene = random_scene()
    part = scene.select(4, 9)
    assert [(one.start, one.stop) for one in part.composites] == [(0, 3), (0, 1)]
    assert [(one.start, one.stop) for one in scene.select(7, 9).composites] == []
    torch.testing.assert_close(
        rasterize(scene[1], 16, 16, coverage="ramp"), rasterize(scene, 16, 16, coverage="ramp")[1:]
    )
    larger = rasterize(scene.zoomed((0.25, 0.25), 2.0), 32, 32, coverage="hard")
    torch.testing.assert_close(larger, rasterize(scene, 64, 64, coverage="hard")[..., 16:48, 16:48])


def test_each_softness_is_that_of_the_shapes() -> None:
    scene = random_scene()
    softness = 0.05 * torch.ones(2, scene.count).double()
    torch.testing.assert_close(rasterize(scene, 9, 9, softness=softness), rasterize(scene, 9, 9, softness=0.05))


def test_what_crosses_or_has_no_order_is_refused() -> None:
    scene = random_scene()
    one = torch.ones(2).double()
    with pytest.raises(ValueError, match="two composites share some shapes, up to slot 4, but not all of one"):
        replace(scene, composites=(Composite(1, 5, one), Composite(3, 7, one)))
    with pytest.raises(ValueError, match="a composite of slots 4 … 9 in a scene of 9 shapes"):
        replace(scene, composites=(Composite(4, 10, one),))
    with pytest.raises(UserError, match="composites: shapes that are painted as one need an order"):
        rasterize(scene, 8, 8, compositing="soft_or")
    with pytest.raises(UserError, match="composites: shapes that are painted as one need an order"):
        replace(scene, depth=torch.zeros(2, 9))


def test_layers_of_what_is_painted_as_one() -> None:
    """A layer around all of it, or layers within."""
    discs = [vectorae.circle((0.2 * number, 0.5), 0.1, fill="teal") for number in range(1, 5)]
    scene = vectorae.Scene.of([discs[0], vectorae.composite(discs[1:3], 0.5), discs[3]])
    within = to_svg(scene, 64, 64, layers=["one", "one", "two", "two"])[0].splitlines()
    assert [line for line in within if "<g" in line] == [
        *('<g id="one">', '<g opacity="0.5">', '<g id="one-part-2">', '<g id="two">', '<g id="two-part-2">')
    ]
    around = to_svg(scene, 64, 64, layers=["one", "two", "two", "two"])[0].splitlines()
    assert [line for line in around if "<g" in line] == ['<g id="one">', '<g id="two">', '<g opacity="0.5">']
    kept = torch.tensor([[True, False, False, True]])
    assert "<g" not in to_svg(scene, 64, 64, kept=kept)[0]
