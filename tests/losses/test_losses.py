"""Losses against computations that share nothing with them: literal loops, SciPy, scikit-image; their gradients."""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.weights import place_random_weights
from scipy import ndimage
from skimage import metrics
from torch import Tensor
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from vectorae import Layout, Scene, rasterize
from vectorae.errors import UserError
from vectorae.losses import LOSSES, LPIPS, ImageLoss, Objective, Regularizer
from vectorae.losses.blurred import BlurredMSE, DifferenceOfGaussians, Edges, PyramidMSE
from vectorae.losses.metrics import psnr
from vectorae.losses.perceptual import (
    EXPONENTS,
    MSSSIM,
    SMALLEST_SEEN,
    SSIM,
    lpips_network,
    lpips_weights,
    structural_similarity,
)
from vectorae.losses.pixel import BCE, L1, MSE
from vectorae.losses.regularizers import OpacitySparsity, Overlap, Size

Array = Any


def blur(plane: Array, sigma: float) -> Array:
    return ndimage.gaussian_filter(plane, sigma, mode="nearest", radius=max(1, round(4 * sigma)))


def window(plane: Array) -> Array:
    """Means by SSIM's window, where it fits."""
    return ndimage.gaussian_filter(plane, 1.5, radius=5)[5:-5, 5:-5]


def even(plane: Array) -> Array:
    """Without the last line of an odd number of them."""
    return plane[: len(plane) // 2 * 2, : len(plane[0]) // 2 * 2]


def blurred(drawing: Array, image: Array, sigma: float = 1.5) -> float:
    return float(np.mean((blur(drawing, sigma) - blur(image, sigma)) ** 2))


def octaves(plane: Array, count: int, intervals: int, sigma: float) -> list[list[Array]]:
    base, result = blur(plane, sigma), []
    sigmas = [sigma * 2 ** (level / intervals) for level in range(intervals + 1)]
    for _ in range(count):
        levels = [base]
        for before, after in pairwise(sigmas):
            levels.append(blur(levels[-1], math.sqrt(after**2 - before**2)))
        result.append(levels)
        base = levels[-1][::2, ::2]
    return result


def pyramid(drawing: Array, image: Array) -> float:
    pairs = zip(octaves(drawing, 3, 2, 0.7), octaves(image, 3, 2, 0.7), strict=True)
    return float(np.mean([np.mean((a - b) ** 2) for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True)
                          if a is not ours[-1]]))  # fmt: skip


def differences(drawing: Array, image: Array) -> float:
    means = []
    for ours, theirs in zip(octaves(drawing, 3, 2, 0.7), octaves(image, 3, 2, 0.7), strict=True):
        for (a, b), (c, d) in zip(pairwise(ours), pairwise(theirs), strict=True):
            means.append(np.mean(((b - a) - (d - c)) ** 2))
    return float(np.mean(means))


def sobel(drawing: Array, image: Array) -> float:
    return sum(float(np.mean((ndimage.sobel(drawing - image, axis, mode="nearest") / 8) ** 2)) for axis in (0, 1))


def literal(formula: Callable[[float, float], float]) -> Callable[[Array, Array], float]:
    def mean(drawing: Array, image: Array) -> float:
        pairs = list(zip(drawing.flatten().tolist(), image.flatten().tolist(), strict=True))
        return sum(formula(*pair) for pair in pairs) / len(pairs)

    return mean


PLANEWISE: list[tuple[ImageLoss, Callable[[Array, Array], float]]] = [
    (MSE(), literal(lambda d, i: (d - i) ** 2)),
    (L1(), literal(lambda d, i: abs(d - i))),
    (BCE(), literal(lambda d, i: -(i * math.log(d) + (1 - i) * math.log(1 - d)))),
    (BlurredMSE(1.5), blurred),
    (BlurredMSE(1.5, blur_image=False), lambda d, i: float(np.mean((blur(d, 1.5) - i) ** 2))),
    (BlurredMSE(5.0), lambda d, i: blurred(d, i, 5.0)),
    (PyramidMSE(3, 2, 0.7), pyramid),
    (DifferenceOfGaussians(3, 2, 0.7), differences),
    (Edges(), sobel),
]


def images(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("loss", "expected"), PLANEWISE, ids=lambda value: type(value).__name__)
def test_values(loss: ImageLoss, expected: Callable[[Array, Array], float]) -> None:
    drawing, image = images(2, 2, 3, 15, 12)
    planes = [
        [expected(ours, theirs) for ours, theirs in zip(a.numpy(), b.numpy(), strict=True)]
        for a, b in zip(drawing, image, strict=True)
    ]
    means = torch.tensor(planes, dtype=torch.float64).mean(1)
    torch.testing.assert_close(loss(drawing, image), means, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_scikit_image(channels: int) -> None:
    drawing, image = images(2, 1, channels, 24, 30)
    _, each = metrics.structural_similarity(
        drawing[0].numpy(), image[0].numpy(), channel_axis=0, data_range=1.0,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True,
    )  # fmt: skip
    # Away from the border, where the window does not fit.
    own = SSIM()(drawing, image).item()
    assert own == pytest.approx(1 - each[:, 5:-5, 5:-5].mean(), abs=1e-9)


def test_ssim_is_exact_in_training_of_sixteen_bits() -> None:
    image = images(4, 3, 32, 32).float()
    drawing = (image + 0.01 * images(4, 3, 32, 32, seed=1).float()).clamp(0, 1)
    expected = structural_similarity(drawing, image)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(structural_similarity(drawing, image)[0], expected)


def test_a_blur_first_made_without_gradients_has_some_later() -> None:
    image = images(1, 1, 37, 37)
    with torch.inference_mode():
        SSIM()(image, image)
    drawing = (0.5 * image).requires_grad_()
    SSIM()(drawing, image).sum().backward()
    assert drawing.grad is not None


@pytest.mark.parametrize("size", [(8, 9), (10, 40), (1, 2)])
def test_images_smaller_than_the_window_have_a_similarity(size: tuple[int, int]) -> None:
    drawing, image = images(2, 3, 2, *size)
    assert structural_similarity(image, image)[0].tolist() == pytest.approx([1.0] * 3)
    assert (structural_similarity(drawing, image)[0] < 0.9).all()


def test_ms_ssim_is_that_of_its_paper() -> None:
    image = images(2, 1, 200, 190)
    drawing = (image + 0.2 * images(2, 1, 200, 190, seed=1)).clamp(0, 1)
    expected = []
    for ours, theirs in zip(drawing[:, 0].numpy(), image[:, 0].numpy(), strict=True):
        product = 1.0
        for scale, exponent in enumerate(EXPONENTS):
            one, other = window(ours), window(theirs)
            variances = window(ours**2) - one**2, window(theirs**2) - other**2
            similarity = (2 * (window(ours * theirs) - one * other) + 0.0009) / (sum(variances) + 0.0009)
            if scale == len(EXPONENTS) - 1:
                similarity = similarity * (2 * one * other + 0.0001) / (one**2 + other**2 + 0.0001)
            product *= similarity.mean() ** exponent
            ours, theirs = (a.reshape(len(a) // 2, 2, -1, 2).mean((1, 3)) for a in map(even, (ours, theirs)))
        expected.append(1 - product)
    loss = MSSSIM()(drawing, image)
    assert loss.tolist() == pytest.approx(expected)
    # Which lets the window reach over the border, too.
    theirs = multiscale_structural_similarity_index_measure(drawing, image, data_range=1.0, reduction="none")
    torch.testing.assert_close(loss, 1 - theirs, rtol=0.01, atol=0)


@pytest.mark.parametrize(("side", "scales"), [(16, 1), (28, 2), (64, 3), (176, 5), (400, 5)])
def test_ms_ssim_takes_the_scales_that_fit(side: int, scales: int) -> None:
    drawing, image = images(2, 1, 1, side, side)
    assert float(MSSSIM()(drawing, image)) == pytest.approx(float(MSSSIM(scales)(drawing, image)))
    MSSSIM(scales).check(side, side)
    if scales < 5:
        with pytest.raises(UserError, match=rf"needs images of {11 * 2**scales} pixels or more; these have {side}$"):
            MSSSIM(scales + 1).check(side, side)


def random_scene(raw: Tensor) -> Scene:
    layout = Layout(["circle", "line", "triangle"], count=5, channels=1, aspect=1.5)
    return layout(raw)


def raw_numbers() -> Tensor:
    return 0.5 * Layout(["circle", "line", "triangle"], count=5, channels=1, aspect=1.5).random_raw(2, seed=0).double()


def shape_by_shape(scene: Scene) -> Array:
    """Coverages on a grid of 32 × 48, each shape drawn alone by the reference, as numpy ``[B, N, h, w]``."""
    planes = []
    for slot in range(scene.count):
        one = scene.select(slot, slot + 1)
        one = Scene(one.groups, torch.ones_like(one.color), torch.ones_like(one.opacity), torch.ones_like(one.softness),
                    torch.zeros_like(one.ground))  # fmt: skip
        planes.append(rasterize(one, 32, 48, softness=0.5 / 32, backend="reference")[:, 0])
    return torch.stack(planes, dim=1).numpy()


def test_regularizers_by_a_literal_loop() -> None:
    scene = random_scene(raw_numbers())
    coverage, opacity = shape_by_shape(scene), scene.opacity.numpy()
    sparsity, size, overlap = (loss(scene, 64, 96).tolist() for loss in (OpacitySparsity(), Size(), Overlap()))
    for drawing in range(2):
        assert sparsity[drawing] == pytest.approx(sum(opacity[drawing]) / 5)
        assert size[drawing] == pytest.approx(coverage[drawing].mean(), abs=1e-4)
        hidden = 0.0
        for y in range(32):
            for x in range(48):
                alphas = [coverage[drawing, k, y, x] * opacity[drawing, k] for k in range(5)]
                hidden += sum(alphas) - (1 - math.prod(1 - alpha for alpha in alphas))
        assert overlap[drawing] == pytest.approx(hidden / (32 * 48), abs=3e-4)


def test_overlap_and_size_of_what_is_known() -> None:
    layout = Layout(["rectangle"], count=2, channels=1, start=[[0.5, 0.5], [0.5, 0.5]],
                    fields={"width": 0.5, "height": 0.5, "opacity": 1.0})  # fmt: skip
    scene = layout(torch.zeros(1, layout.raw_size))
    assert Size()(scene, 64, 64).item() == pytest.approx(0.25, abs=0.002)
    # Two edges half a pixel soft hide less of each other: ∫ α (1 − α) is 1/64 for each unit of the outline.
    assert Overlap()(scene, 64, 64).item() == pytest.approx(0.25 - 2 / 64, abs=0.002)
    apart = Layout(["rectangle"], count=2, channels=1, start=[[0.2, 0.5], [0.8, 0.5]],
                   fields={"width": 0.2, "height": 0.5, "opacity": 1.0})  # fmt: skip
    assert Overlap()(apart(torch.zeros(1, apart.raw_size)), 64, 64).item() == pytest.approx(0, abs=1e-4)


SMALL_ENOUGH: dict[str, dict[str, Any]] = {"pyramid_mse": {"octaves": 2}, "difference_of_gaussians": {"octaves": 2}}


@pytest.mark.parametrize("name", [name for name, kind in LOSSES.items() if kind is not LPIPS])
def test_gradients(name: str) -> None:
    loss = LOSSES[name](**SMALL_ENOUGH.get(name, {}))
    if isinstance(loss, Regularizer):
        regularizer = loss
        raw = raw_numbers()[:1].requires_grad_()
        # Fused kernels leave out what is too faint to see.
        assert torch.autograd.gradcheck(
            lambda raw: regularizer(random_scene(raw), 8, 12), raw, eps=1e-5, atol=1e-3, rtol=1e-2
        )
    else:
        drawing, image = images(2, 1, 1, 12, 11)
        assert torch.autograd.gradcheck(loss, (drawing.requires_grad_(), image))


def test_mean_squares_can_be_differentiated_twice_by_both_images_and_batched() -> None:
    drawing, image = (one.requires_grad_() for one in images(2, 2, 1, 3, 4))
    assert torch.autograd.gradgradcheck(MSE(), (drawing, image))
    own = torch.eye(2, dtype=drawing.dtype).view(2, 2, 1, 1, 1)
    torch.testing.assert_close(torch.func.jacrev(MSE())(drawing, image), own * (drawing - image) / 6)
    torch.testing.assert_close(torch.func.vmap(MSE())(drawing[None], image[None])[0], MSE()(drawing, image))


@pytest.mark.parametrize(
    "name", [name for name, kind in LOSSES.items() if issubclass(kind, ImageLoss) and kind is not LPIPS]
)
def test_a_perfect_drawing_costs_nothing_and_a_wrong_one_a_finite_amount(name: str) -> None:
    loss = LOSSES[name]()
    assert isinstance(loss, ImageLoss)
    ink = (images(1, 1, 16, 16) > 0.5).float()
    assert float(loss(ink, ink)) == pytest.approx(0, abs=1e-5)
    drawing = (1 - ink).requires_grad_()
    value = loss(drawing, ink).sum()
    value.backward()
    assert 0 < value.item() < 20
    assert drawing.grad is not None
    assert drawing.grad.isfinite().all()


def test_cross_entropy_bears_rounding() -> None:
    drawing, image = torch.tensor([1.0000001, -1e-8]).view(1, 1, 1, 2), torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    assert float(BCE()(drawing, image)) < 1e-5


@pytest.mark.parametrize("name", ["bce", "blurred_mse", "edges", "ms_ssim"])
def test_half_precision_around_it_changes_nothing(name: str) -> None:
    drawing, image = images(2, 1, 1, 16, 24).float()
    scene, objective = random_scene(raw_numbers()), Objective({name: 1.0})
    image = image.bfloat16()
    expected = objective(drawing, image.float(), scene)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(objective(drawing, image, scene), expected, rtol=0, atol=0)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the weights of a network lie, a folder of this test's own; nothing is there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    lpips_network.cache_clear()
    return lpips_weights("squeeze")


def test_lpips(weights: Path) -> None:
    place_random_weights(weights)
    loss = LPIPS("squeeze")
    loss.check(64, 64)
    drawing, image = images(2, 2, 3, 32, 32).float()
    network: Any = lpips_network("squeeze")
    # Layer by layer, as section 3.1 of the paper has it.
    expected = []
    for ours, theirs in zip(drawing, image, strict=True):
        total = 0.0
        features = [network.net(network.scaling_layer(2 * one[None] - 1)) for one in (ours, theirs)]
        for layer, (a, b) in enumerate(zip(*features, strict=True)):
            unit = [one[0] / (one[0].square().sum(0) + 1e-8).sqrt() for one in (a, b)]
            weight = dict(network.named_parameters())[f"lin{layer}.model.1.weight"][0, :, 0, 0]
            total += float(((unit[0] - unit[1]).square() * weight[:, None, None]).sum(0).mean())
        expected.append(total)
    assert loss(drawing, image).tolist() == pytest.approx(expected, rel=1e-4)
    side = SMALLEST_SEEN["squeeze"]
    grey, other = images(2, 1, 1, side, side)
    assert torch.autograd.gradcheck(loss, (grey.requires_grad_(), other), fast_mode=True)
    with pytest.raises(UserError, match=rf"^LPIPS by squeeze needs images of {side} pixels or more; these have 16$"):
        loss.check(16, 16)


def test_lpips_says_which_file_to_place_where(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib.error import URLError

    def no_network(*arguments: Any, **options: Any) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torch.hub.download_url_to_file", no_network)
    with pytest.raises(UserError) as refusal:
        Objective({"lpips": {"net": "squeeze"}}).check(64, 64)
    text = str(refusal.value)
    assert text.startswith("loss.terms.lpips: LPIPS: the weights of squeeze cannot be fetched (Name or service")
    assert text.endswith(f"squeezenet1_1-b8a52dc0.pth and place it at '{weights}'")
    weights.parent.mkdir(parents=True, exist_ok=True)
    weights.write_bytes(b"half a file")
    with pytest.raises(UserError, match="is damaged; remove it, or download https"):
        LPIPS("squeeze").check(64, 64)


def test_an_objective_is_the_weighted_sum() -> None:
    drawing, image = images(2, 2, 1, 16, 24)
    scene = random_scene(raw_numbers())
    objective = Objective(
        {"mse": 2, "wide": {"kind": "blurred_mse", "sigma": 3.0, "weight": 0.5}, "size": 0.1, "l1": 0, "bce": None}
    )
    terms = objective.terms(drawing, image, scene)
    assert list(terms) == ["mse", "wide", "size"]
    expected = 2 * MSE()(drawing, image) + 0.5 * BlurredMSE(3.0)(drawing, image) + 0.1 * Size()(scene, 16, 24)
    torch.testing.assert_close(objective(drawing, image, scene), expected)
    assert objective(drawing, image, scene).shape == (2,)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({}, "terms: none of weight above 0 compares drawing and image; add one, such as mse: 1"),
        ({"size": 1.0, "mse": 0}, "terms: none of weight above 0"),
        ({"mes": 1.0}, r"terms\.mes\.kind must be mse, .* or overlap, got 'mes' \(did you mean mse\?\)$"),
        ({"a": {"kind": ["mse"]}}, r"terms\.a\.kind must be mse, .* or overlap, got \['mse'\]$"),
        ({"mse": -1}, "terms.mse.weight must be a number ≥ 0, got -1"),
        ({"mse": "much"}, "terms.mse.weight must be a number ≥ 0, got 'much'"),
        ({"mse": {"sigma": 1}}, "terms.mse.sigma: no such key; mse has none but weight"),
        ({"blurred_mse": {"sgima": 1}}, "loss.terms.blurred_mse.sgima: no such key; .*did you mean sigma"),
        ({"blurred_mse": {"sigma": "x"}}, "loss.terms.blurred_mse.sigma must be a number > 0, got 'x'"),
        ({"blurred_mse": {"sigma": 0}}, "loss.terms.blurred_mse.sigma must be a number > 0, got 0"),
        ({"pyramid_mse": {"octaves": 0}}, r"loss.terms.pyramid_mse.octaves must be an integer in \[1, 16\], got 0"),
        ({"ms_ssim": {"scales": 6}}, r"loss.terms.ms_ssim.scales must be an integer in \[1, 5\] or null, got 6"),
        ({"lpips": {"net": "resnet"}}, "loss.terms.lpips.net must be alex, vgg or squeeze, got 'resnet'"),
    ],
)  # fmt: skip
def test_invalid_objectives_are_refused(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}"):
        Objective(terms)


@pytest.mark.parametrize(
    ("terms", "side", "message"),
    [
        (
            {"pyramid_mse": {"octaves": 6}},
            28,
            "a pyramid of 6 octaves needs images of 64 pixels or more; these have 28",
        ),
        ({"ssim": 1}, 10, "SSIM needs images of 11 pixels or more; these have 10"),
    ],
)
def test_images_that_are_too_small(terms: dict[str, Any], side: int, message: str) -> None:
    with pytest.raises(UserError, match=rf"^loss\.terms\.{next(iter(terms))}: {message}$"):
        Objective(terms).check(2 * side, side)


def test_psnr_of_a_region() -> None:
    image, region = torch.rand(2, 3, 6, 6), torch.zeros(2, 1, 6, 6, dtype=torch.bool)
    region[:, :, 1:4, 2:5] = True
    drawing = torch.where(region, image + 0.1, image + 0.5)
    torch.testing.assert_close(psnr(drawing, image, region), torch.full((2,), 20.0))
    torch.testing.assert_close(psnr(drawing, image, torch.ones_like(region)), psnr(drawing, image))
