"""Drawings over nothing: their alpha, and that laid over any background they are those of scenes that have it."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.agreement import assert_agreement
from helpers.scenes import leaves_of
from PIL import Image
from resvg_py import svg_to_bytes
from torch import Tensor

import vectorae
from vectorae import Layout, Scene, UserError, from_svg, rasterize, to_svg
from vectorae.decoder import DrawState, draw_scene
from vectorae.io.pixels import straight
from vectorae.rasterizer import COMPOSITINGS, PROFILES

KINDS = ["circle", "ring", "line", "blob"]


def scene(batch: int = 2, channels: int = 3, ordering: str = "slot") -> Scene:
    layout = Layout(KINDS, count=8, channels=channels, ordering=ordering)
    return layout(layout.random_raw(batch, seed=1).double()).detach()


def laid_over(image: Tensor, background: Tensor) -> Tensor:
    color, alpha = image[:, :-1], image[:, -1:]
    return color * alpha + (1 - alpha) * background[:, :, None, None]


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("coverage", PROFILES)
@pytest.mark.parametrize("channels", [1, 3])
def test_over_its_background_it_is_the_drawing(channels: int, coverage: str, backend: str) -> None:
    given = scene(channels=channels)
    image = rasterize(given, 24, 31, coverage=coverage, softness=0.02, alpha=True, backend=backend)
    assert image.shape == (2, channels + 1, 24, 31)
    expected = rasterize(given, 24, 31, coverage=coverage, softness=0.02, backend=backend)
    # Colours fade where alpha is less than a ten-thousandth.
    torch.testing.assert_close(laid_over(image, given.ground), expected, atol=1e-4, rtol=0)
    assert torch.equal(rasterize(replace(given, background=None), 24, 31, coverage=coverage, softness=0.02,
                                 backend=backend), image)  # fmt: skip
    empty = image[:, -1:] == 0
    assert empty.any() or coverage in ("sigmoid", "gaussian")
    assert (image[:, :-1] * empty == 0).all()
    assert image.min() >= 0 and image.max() <= 1 + 1e-12


@pytest.mark.parametrize("temperature", [0.0, 0.1])
def test_over_its_background_it_is_the_drawing_by_depth(temperature: float) -> None:
    given = scene(ordering="depth")
    images = [rasterize(given, 16, 16, softness=0.02, temperature=temperature, alpha=alpha) for alpha in (True, False)]
    torch.testing.assert_close(laid_over(images[0], given.ground), images[1], atol=1e-4, rtol=0)


@pytest.mark.parametrize("compositing", COMPOSITINGS)
def test_it_is_the_alpha_that_a_renderer_of_svg_shows(compositing: str) -> None:
    given = replace(scene(batch=1).to(torch.float32), background=None, compositing=compositing)
    (text,) = to_svg(given, 64, 64)
    assert "<rect" not in text
    with Image.open(io.BytesIO(bytes(svg_to_bytes(svg_string=text, zoom=8)))) as picture:
        # Averaged with colours multiplied with alpha, as what is transparent has none.
        small = picture.convert("RGBA").convert("RGBa").reduce(8)
    expected = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    image = draw_scene(given, 64, 64, DrawState(softness=0.02, exact=True))
    assert (image - expected).abs().mean() < 1.5 / 255
    assert (image - expected).abs().max() < 0.2


def test_its_document_comes_back_as_it_was() -> None:
    given = replace(scene(batch=1).to(torch.float32), background=None)
    (text,) = to_svg(given, 64, 64)
    back = from_svg(text, transparent=True)
    assert back.background is None
    images = [draw_scene(one, 64, 64, DrawState(softness=0.02, exact=True)) for one in (back, given)]
    torch.testing.assert_close(*images, atol=0.02, rtol=0)
    assert torch.equal(from_svg(text).ground, torch.ones(1, 3))


@pytest.mark.parametrize("compositing", COMPOSITINGS)
@pytest.mark.parametrize("coverage", PROFILES)
def test_backends_agree(coverage: str, compositing: str) -> None:
    given = scene().with_alpha()
    assert_agreement("cpu", given, 20, 27, coverage=coverage, compositing=compositing, softness=0.02)


@pytest.mark.parametrize("backend", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("coverage", ["ramp", "sigmoid"])
def test_gradients_are_finite_where_there_is_nothing(coverage: str, dtype: torch.dtype, backend: str) -> None:
    given = scene().to(dtype)
    given = replace(given, background=None, opacity=torch.where(torch.arange(8) % 2 == 0, 0.0, given.opacity))
    leaves, tensors = leaves_of(given)
    image = rasterize(leaves, 16, 16, coverage=coverage, softness=0.01, backend=backend)
    for gradient in torch.autograd.grad((image * torch.rand_like(image)).sum(), tensors, allow_unused=True):
        assert gradient is None or gradient.isfinite().all()


def test_gradients_are_exact() -> None:
    given = replace(scene(batch=1), background=None)
    _, tensors = leaves_of(given)

    def image(*values: Tensor) -> Tensor:
        parts = iter(values)
        return rasterize(given.map(lambda _: next(parts)), 5, 6, softness=0.1, backend="reference")

    assert torch.autograd.gradcheck(image, tensors, fast_mode=True, atol=1e-4)


def test_without_shapes_it_is_transparent() -> None:
    empty = Scene.of([], background=None)
    assert torch.equal(rasterize(empty, 2, 3), torch.zeros(1, 4, 2, 3))
    ink = Scene.of([vectorae.circle((0.5, 0.5), 0.4, fill="red", opacity=0.5)], background=None)
    middle = rasterize(ink, 9, 9, coverage="ramp")[0, :, 4, 4]
    torch.testing.assert_close(middle, torch.tensor([1.0, 0.0, 0.0, 0.5]))


def test_a_scene_without_a_background_has_no_drawing_without_alpha() -> None:
    with pytest.raises(UserError, match="alpha: false, but the scene has no background; give it one, or leave alpha"):
        rasterize(Scene.of([], background=None), 2, 2, alpha=False)


def test_straight_colours_and_what_is_faint() -> None:
    image = torch.tensor([[0.2, 0.0, 5e-7], [0.4, 0.0, 1e-6]]).view(1, 2, 1, 3).requires_grad_()
    made = straight(image)
    assert made.flatten().tolist() == pytest.approx([0.5, 0.0, 0.005, 0.4, 0.0, 1e-6])
    (gradient,) = torch.autograd.grad(made.sum(), image)
    assert gradient.abs().max() <= 1e4
