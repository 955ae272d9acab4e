"""Crisp drawings as pictures of any size and part, compared with the whole drawing and with resvg."""

import pytest
import torch
from helpers.renderer import rendered
from torch import Tensor

from vectorae import Layout, Scene, rasterize, to_svg
from vectorae.decoder import draw_picture, picture
from vectorae.io.frame import Frame, OutputSize, Part
from vectorae.io.images import View
from vectorae.primitives import KINDS
from vectorae.rasterizer import Rasterizer

SIDE = 32


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One drawing with a shape of every kind."""
    layout = Layout(list(KINDS), count=len(KINDS))
    return layout(layout.random_raw(1, seed=3), crisp=True).detach()


def drawn(scene: Scene, frame: Frame) -> Tensor:
    """``[3, H, W]`` in [0, 1]."""
    image = draw_picture(scene, SIDE, frame, Rasterizer(compositing=scene.compositing))
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.view(image.height, image.width, 3).permute(2, 0, 1) / 255


def test_the_whole_is_what_the_rasterizer_draws(scene: Scene) -> None:
    whole = drawn(scene, OutputSize(scale=3.0).frame(Part(0, 0, SIDE, SIDE), SIDE, SIDE))
    assert (whole - rasterize(scene, 96, 96, coverage="ramp")[0]).abs().max() < 0.01


def test_a_part_is_what_is_there_in_the_whole(scene: Scene) -> None:
    whole = rasterize(scene, 96, 96, coverage="ramp")[0]
    part = drawn(scene, Frame(Part(4, 10, 20, 8), 60, 24))
    assert (part - whole[:, 30:54, 12:72]).abs().max() < 0.01


def test_bands_make_no_seams(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame(Part(1, 3.3, 30, 24), 120, 96)
    whole = drawn(scene, frame)
    for pixels in (5000, 300, 120, 7):
        monkeypatch.setattr(picture, "PIXELS_AT_ONCE", pixels)
        assert (drawn(scene, frame) - whole).abs().max() < 0.01


@pytest.mark.parametrize("compositing", ["over", "soft_or"])
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (481, 321), (97, 31)])
def test_a_padded_picture_is_its_svg(scene: Scene, compositing: str, size: tuple[int, int]) -> None:
    black = torch.zeros_like(scene.ground)
    scene = Scene(scene.groups, scene.color, scene.opacity, scene.softness, black, scene.depth, compositing)
    frame = View(SIDE, 3, "pad").frame(*size, OutputSize())
    (text,) = to_svg(scene, SIDE, SIDE, frames=[frame])
    found, expected = drawn(scene, frame), rendered(text, zoom=4)
    assert found.shape == expected.shape == (3, size[1], size[0])
    difference = (found - expected).abs()
    assert difference.mean() < 1 / 255
    # The paper behind it would be seen where the drawing does not reach the edge.
    for edge in (difference[:, :2], difference[:, -2:], difference[..., :2], difference[..., -2:]):
        assert edge.mean() < 0.02
    assert (rendered(text, zoom=1, paper="red") - rendered(text, zoom=1)).abs().max() < 0.01
