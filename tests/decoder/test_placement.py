"""Where a new shape gains most: the best of many seeds is where something is missing, in its colour and size."""

from typing import Any

import pytest
import torch
from torch import Tensor

from vectorae import Layout, rasterize
from vectorae.decoder import Decoder, DrawState
from vectorae.decoder.placement import SEEDS, Placement
from vectorae.rasterizer import Rasterizer

SIDE, STATE = 16, DrawState(0.01, exact=True)
QUIET = torch.zeros(1, SEEDS)


def gained(layout: Layout, slot: int, drawn: Tensor, images: Tensor, **rasterizer: Any) -> tuple[Tensor, Tensor]:
    """A shape put on a drawing of nothing else, and by how much the squared error falls."""
    decoder = Decoder(layout, Rasterizer(**rasterizer))
    placement = Placement(decoder, STATE, SIDE, torch.device("cpu"))
    seeds, _ = placement.best(slot, drawn, images, QUIET)
    raw = layout.with_seeds(torch.zeros(1, layout.raw_size), [slot], seeds)
    after = decoder.render(raw, SIDE, SIDE, DrawState(0.01, visible=slot + 1), crisp=True)
    return raw, (drawn - images).square().sum() - (after - images).square().sum()


@pytest.mark.parametrize("kind", ["circle", "square", "triangle", "blob"])
def test_a_shape_goes_where_it_is_missing(kind: str) -> None:
    """One shape of the same kind is what the image is made of, and nearly all of the error goes."""
    layout = Layout([kind], count=1, background=0.5, fields={"opacity": 1.0})
    images = torch.full((1, 3, SIDE, SIDE), 0.5)
    images[:, :, 8:13, 2:8] = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
    raw, gain = gained(layout, 0, torch.full_like(images, 0.5), images)
    scene = layout(raw)
    assert gain > 0.6 * (images - 0.5).square().sum()
    torch.testing.assert_close(scene.color[0, 0], torch.tensor([0.9, 0.2, 0.1]), atol=0.15, rtol=0)
    center, _, _ = scene.bounds()
    torch.testing.assert_close(center[0, 0], torch.tensor([5.0, 10.5]) / SIDE, atol=0.08, rtol=0)


@pytest.mark.parametrize("kind", ["circle", "triangle", "line"])
def test_drawings_are_returned_with_the_shape(kind: str) -> None:
    layout = Layout([kind], count=1, background=0.5)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    decoder, drawn = Decoder(layout, Rasterizer()), torch.full_like(images, 0.5)
    seeds, after = Placement(decoder, STATE, SIDE, torch.device("cpu")).best(0, drawn, images, QUIET)
    raw = layout.with_seeds(torch.zeros(2, layout.raw_size), [0], seeds)
    torch.testing.assert_close(after, decoder.render(raw, SIDE, SIDE, STATE, crisp=True), atol=1e-4, rtol=0)


def test_ink_goes_where_ink_is_missing() -> None:
    layout = Layout(["line"], count=1, channels=1, background=0.0, fields={"color": 1.0})
    assert "color" not in layout.quantities()
    images = torch.zeros(1, 1, SIDE, SIDE)
    images[..., 7:9, 3:13] = 1.0
    _, gain = gained(layout, 0, torch.zeros_like(images), images)
    assert gain > 0.4 * images.square().sum()


def test_opaque_shapes_go_on_transparent_drawings() -> None:
    layout = Layout(["circle"], count=1, background="none", fields={"opacity": 1.0})
    images = torch.zeros(1, 4, SIDE, SIDE)
    images[:, :, 4:10, 4:10] = torch.tensor([0.8, 0.1, 0.1, 1.0])[:, None, None]
    _, gain = gained(layout, 0, torch.zeros_like(images), images)
    assert gain > 0.7 * images.square().sum()


def test_what_is_under_a_shape_counts() -> None:
    """What is drawn well stays: the shape goes to the half that is wrong."""
    layout = Layout(["circle", "square"], rows=1, columns=2, background=0.5)
    images = rasterize(layout(layout.random_raw(1, seed=3)), SIDE, SIDE, coverage="ramp")
    drawn = images.clone()
    drawn[..., 8:] = 1 - drawn[..., 8:]
    for slot in range(2):
        raw, _ = gained(layout, slot, drawn, images)
        center, _, _ = layout(raw).bounds()
        assert center[0, slot, 0] > 0.5
