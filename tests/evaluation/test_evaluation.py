"""Metrics and baselines against literal computations; contact sheets."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.models import small_model
from helpers.sheets import tiles
from helpers.weights import place_random_weights
from torch import Tensor

from vectorae import Layout
from vectorae.evaluation.baselines import baselines, block_grid, blocks, mean_image
from vectorae.evaluation.evaluate import TITLE, Evaluators, evaluate, ranking_sheet
from vectorae.io.pixels import to_float
from vectorae.losses import LPIPS
from vectorae.losses.metrics import image_metrics
from vectorae.losses.perceptual import lpips_network, lpips_weights


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_metrics_are_of_each_image() -> None:
    image = noise(2, 3, 16, 16)
    drawing = torch.stack([image[0] + 0.1, image[1] + 0.01])
    metrics = image_metrics(drawing, image)
    torch.testing.assert_close(metrics["psnr"], torch.tensor([20.0, 40.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(metrics["mse"], torch.tensor([0.01, 0.0001]))
    torch.testing.assert_close(metrics["l1"], torch.tensor([0.1, 0.01]))
    # Not that of the mean error, which would be 23 dB.
    assert float(metrics["psnr"].mean()) == pytest.approx(30.0, abs=1e-3)


@pytest.mark.parametrize("count", [1, 3])
def test_equal_images(count: int) -> None:
    image = noise(count, 1, 16, 16)
    metrics = image_metrics(image, image)
    torch.testing.assert_close(metrics["ssim"], torch.ones(count))
    assert metrics["psnr"].tolist() == [100.0] * count
    assert metrics["mse"].tolist() == [0.0] * count


def test_ssim_is_of_each_image_and_tells_structure() -> None:
    image = noise(2, 3, 32, 32)
    metrics = image_metrics(torch.stack([image[0], noise(3, 32, 32, seed=1)]), image)
    assert metrics["ssim"].shape == (2,)
    assert float(metrics["ssim"][0]) == pytest.approx(1.0)
    assert abs(float(metrics["ssim"][1])) < 0.2


def literal_blocks(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Pixel by pixel: a pixel belongs to the block in which its centre lies."""
    channels, height, width = image.shape
    result = np.empty_like(image)
    cell = {
        (y, x): (int((y + 0.5) * rows / height), int((x + 0.5) * columns / width))
        for y in range(height)
        for x in range(width)
    }
    for channel in range(channels):
        for (y, x), block in cell.items():
            members = [image[channel, v, u] for (v, u), other in cell.items() if other == block]
            result[channel, y, x] = sum(members) / len(members)
    return result


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"), [(8, 8, 4, 4), (8, 8, 3, 3), (7, 10, 3, 4), (6, 6, 6, 6), (5, 9, 1, 1)]
)
def test_blocks(height: int, width: int, rows: int, columns: int) -> None:
    images = noise(2, 3, height, width)
    expected = torch.stack([torch.from_numpy(literal_blocks(image.numpy(), rows, columns)) for image in images])
    torch.testing.assert_close(blocks(images, rows, columns), expected)


@pytest.mark.parametrize(
    ("options", "grid"),
    [
        ({"rows": 4, "columns": 4}, (4, 4)),
        ({"rows": 2, "columns": 8}, (2, 8)),
        ({"rows": 40, "columns": 2}, (16, 2)),
        ({"count": 16}, (4, 4)),
        ({"count": 24}, (4, 4)),
        ({"count": 25}, (5, 5)),
        ({"count": 1}, (1, 1)),
    ],
)
def test_block_grid(options: dict[str, Any], grid: tuple[int, int]) -> None:
    layout = Layout(["circle"], **options)
    assert block_grid(layout.rows, layout.columns, layout.count, 16) == grid


def test_baselines() -> None:
    images, mean = noise(3, 1, 16, 16), noise(1, 16, 16, seed=1)
    metrics = baselines(Layout(["circle"], rows=2, columns=2, channels=1), images, mean)
    torch.testing.assert_close(metrics["mse_mean_image"], (images - mean).square().mean((1, 2, 3)))
    torch.testing.assert_close(metrics["mse_blocks"], (images - blocks(images, 2, 2)).square().mean((1, 2, 3)))
    assert metrics["psnr_blocks"].shape == (3,)


def test_mean_image() -> None:
    images = torch.randint(0, 256, (1100, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    torch.testing.assert_close(mean_image(images), images.double().mean(0).div(255).float())
    torch.testing.assert_close(mean_image(images, limit=400), images[::3].double().mean(0).div(255).float())


def test_to_float() -> None:
    assert to_float(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx([0.0, 0.2, 1.0])
    already = torch.rand(3)
    assert to_float(already) is already


@pytest.mark.parametrize("training", [True, False])
def test_evaluate(training: bool) -> None:
    model = small_model().train(training)
    images = torch.randint(0, 256, (7, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    mean = noise(3, 16, 16)
    metrics = evaluate(model, images, 3, mean).metrics
    drawings = ("soft", "crisp", "encoder_crisp", "blocks", "mean_image")
    kinds = [f"{name}_{of}" for of in drawings for name in ("psnr", "ssim", "mse", "l1")]
    assert set(metrics) == {*kinds, "images", "images_per_second"}
    assert all(isinstance(value, float) and math.isfinite(value) for value in metrics.values())
    assert metrics["images"] == 7
    assert model.training is training
    # The mean of all images, though the last batch is smaller.
    with torch.no_grad():
        crisp = model.eval().draw(to_float(images))
    own = [
        10 * math.log10(1 / float((one - other).square().mean()))
        for one, other in zip(crisp, to_float(images), strict=True)
    ]
    assert metrics["psnr_crisp"] == pytest.approx(sum(own) / 7, abs=1e-3)
    assert not crisp.requires_grad


def test_lpips_where_its_weights_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    lpips_network.cache_clear()
    place_random_weights(lpips_weights("squeeze"))
    model, lpips = small_model("dataset.image_size=32").eval(), LPIPS("squeeze")
    images = noise(3, 3, 32, 32).mul(255).byte()
    metrics = evaluate(model, images, 2, noise(3, 32, 32), evaluators=Evaluators(lpips)).metrics
    with torch.no_grad():
        expected = lpips(model.draw(to_float(images)), to_float(images)).mean()
    assert metrics["lpips_crisp"] == pytest.approx(float(expected), rel=1e-4)
    assert "lpips_soft" in metrics


def test_the_sheet_ranks_the_drawings() -> None:
    model = small_model().eval()
    images = noise(40, 3, 16, 16)
    with torch.no_grad():
        images[7:15] = model.draw(images[7:15])  # which no other image is as near to as these to their drawings
    images = images.mul(255).round().byte()
    evaluation = evaluate(model, images, 16, noise(3, 16, 16))
    assert sorted(evaluation.psnr.argsort(descending=True)[:8].tolist()) == list(range(7, 15))
    sheet = ranking_sheet(model, images, evaluation)
    assert sheet.height % 3 == 0
    best = tiles(sheet.crop((0, TITLE, sheet.width, sheet.height // 3)), 64, 3, 8)[0, 0, ::4, ::4]
    expected = images[evaluation.psnr.argmax()].permute(1, 2, 0).numpy()
    assert (best == expected).all()
    # Fewer images than a band has room for.
    few = evaluate(model, images[:3], 16, noise(3, 16, 16))
    assert ranking_sheet(model, images[:3], few, refine=2).width == sheet.width - 5 * 68
