"""How good drawings are: metrics, the baselines that they are compared with, and contact sheets to look at."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from rich.progress import Progress, track
from torch import Tensor

from vectorae.descent import descend
from vectorae.losses import LPIPS, structural_similarity
from vectorae.rasterizer import SoftnessSchedule, TemperatureSchedule

if TYPE_CHECKING:
    import numpy as np

OPTIMUM_RATE, OPTIMUM_SOFTNESS = 0.06, 0.08
"""Learning rate, and softness in canvas units, at first; measured on faces in 16 shapes."""

OPTIMUM_STARTS, OPTIMUM_SPREAD = 3, 0.5
"""On faces the best of three starts is .3 dB better than one; the spread is of raw numbers."""

ON_SHEET = 8
"""Images in each band of the sheet of best, median and worst."""

TITLE = 20
"""Height of a band's title, pixels."""


def image_metrics(drawing: Tensor, image: Tensor) -> dict[str, Tensor]:
    """PSNR (dB), SSIM, MSE and L1 of each drawing against its image.

    Args:
        drawing, image: ``[B, C, H, W]`` in [0, 1].

    Returns:
        Name → ``[B]``. SSIM is Wang et al. (2004), 11×11 gaussian window of σ 1.5; PSNR of equal images is 100.
    """
    error = drawing - image
    # Channel by channel: photographs take a lot of memory together.
    channels = zip(drawing.split(1, dim=1), image.split(1, dim=1), strict=True)
    ssim = torch.stack([structural_similarity(*channel)[0] for channel in channels]).mean(0)
    return {
        "psnr": psnr(drawing, image),
        "ssim": ssim,
        "mse": error.square().mean((1, 2, 3)),
        "l1": error.abs().mean((1, 2, 3)),
    }


def psnr(drawing: Tensor, image: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each drawing against its image, dB ``[B]``; of equal images 100."""
    return -10 * torch.log10((drawing - image).square().mean((1, 2, 3)).clamp_min(1e-10))


def to_float(images: Tensor) -> Tensor:
    """uint8 images → float32 in [0, 1]; floating-point images as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def mean_image(images: Tensor, limit: int = 10_000) -> Tensor:
    """Mean ``[C, H, W]`` of uint8 images ``[n, C, H, W]``; of more than ``limit``, of as many evenly spread ones."""
    step = math.ceil(len(images) / limit)
    chosen = images[::step]
    total = sum((to_float(part).sum(0, dtype=torch.float64) for part in chosen.split(512)), torch.zeros(()))
    return (total / len(chosen)).float()


def blocks(images: Tensor, rows: int, columns: int) -> Tensor:
    """Each image as rows × columns blocks of their mean colour, ``[B, C, H, W]`` → the same shape."""
    height, width = images.shape[-2:]
    row = (torch.arange(height, device=images.device) + 0.5).mul(rows / height).long()
    column = (torch.arange(width, device=images.device) + 0.5).mul(columns / width).long()
    down, across = F.one_hot(row, rows).to(images), F.one_hot(column, columns).to(images)
    totals = torch.einsum("bchw,hr,wk->bcrk", images, down, across)
    pixels = down.sum(0)[:, None] * across.sum(0)
    return (totals / pixels.clamp_min(1))[..., row, :][..., column]


def block_grid(rows: int | None, columns: int | None, count: int, image_size: int) -> tuple[int, int]:
    """The grid of blocks a layout is compared with: its own, or the largest square one of at most ``count`` cells."""
    if rows is None or columns is None:
        rows = columns = math.isqrt(count)
    return min(rows, image_size), min(columns, image_size)


@dataclass(frozen=True)
class Judges:
    """What else looks at the drawings.

    Attributes:
        lpips: the perceptual distance, or None.
        classifier: images ``[B, C, S, S]`` in [0, 1] → class scores ``[B, K]``, or None.
        labels: the class of each image, ``[n]``; with a classifier only.
    """

    lpips: LPIPS | None = None
    classifier: Callable[[Tensor], Tensor] | None = None
    labels: Tensor | None = None


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        metrics: flat: ``psnr_soft``, ``ssim_crisp`` and so on, each the mean over the images of each image's own; of
            the baselines ``psnr_blocks``, ``psnr_mean_image`` and so on; ``images``; ``images_per_second`` (encoding
            and crisp drawing). With refinement also ``psnr_refined_soft``, ``psnr_refined_crisp``, …, and
            ``images_per_second_refined``; with a classifier ``accuracy_images``, ``accuracy_crisp``, ….
        psnr: of each image's final crisp drawing, ``[n]``, dB.
    """

    metrics: dict[str, float]
    psnr: Tensor


def evaluate(
    model: Any,
    images: Tensor,
    batch_size: int,
    train_mean: Tensor,
    *,
    refine: int = 0,
    judges: Judges | None = None,
    progress: bool = False,
) -> Evaluation:
    """Metrics of a model's soft and crisp drawings, and of the baselines, on the same images.

    Args:
        model: a ``VectorAutoencoder``.
        images: uint8 ``[n, C, S, S]``, n ≥ 1.
        batch_size: how many to draw at once.
        train_mean: the mean image of the training split, ``[C, S, S]``.
        refine: optimizer steps after which the drawings are measured again; 0 for none.
        judges: what else looks at the drawings.
        progress: show a bar.
    """
    judges = judges or Judges()
    found: dict[str, list[Tensor]] = {}
    seconds = {"images_per_second": 0.0, "images_per_second_refined": 0.0}
    with _evaluating(model):
        parts = list(zip(images.split(batch_size), range(0, len(images), batch_size), strict=True))
        for part, first in track(parts, description="evaluating", disable=not progress):
            batch = to_float(part.to(model.device))
            start = _now(model.device)
            answers = [raw for raw, _ in model.answers(batch)]
            raw = answers[-1]
            crisp = _drawing(model, raw, crisp=True)
            encoding = _now(model.device) - start
            seconds["images_per_second"] += encoding
            drawings = {"soft": _drawing(model, raw, crisp=False), "crisp": crisp}
            if len(answers) > 1:
                drawings["encoder_crisp"] = _drawing(model, answers[0], crisp=True)
            if refine:
                start = _now(model.device)
                raw = model.refine(raw, batch, refine)
                crisp = _drawing(model, raw, crisp=True)
                seconds["images_per_second_refined"] += encoding + _now(model.device) - start
                drawings |= {"refined_soft": _drawing(model, raw, crisp=False), "refined_crisp": crisp}
            values = _named_metrics(drawings, batch, judges.lpips) | baselines(model.layout, batch, train_mean)
            if judges.classifier is not None and judges.labels is not None:
                labels = judges.labels[first : first + len(part)].to(model.device)
                values |= _readable({"images": batch, **drawings}, labels, judges.classifier)
            for name, value in values.items():
                found.setdefault(name, []).append(value.cpu())
    of_each = {name: torch.cat(values) for name, values in found.items()}
    metrics = {name: float(values.double().mean()) for name, values in of_each.items()}
    metrics |= {"images": float(len(images))}
    metrics |= {name: len(images) / took for name, took in seconds.items() if took}
    return Evaluation(metrics, of_each["psnr_refined_crisp" if refine else "psnr_crisp"])


def evaluate_optimum(model: Any, images: Tensor, *, steps: int = 1500, progress: bool = False) -> dict[str, Tensor]:
    """Metrics ``[n]`` of what the model's layout can draw at best: ``psnr_optimum`` and so on, of crisp drawings.

    Each image's raw numbers are optimised without the encoder, from soft shapes to crisp ones: once from the layout's
    starting arrangement, and from random ones near it; the best of them counts.

    Args:
        model: a ``VectorAutoencoder``.
        images: uint8 ``[n, C, S, S]``, n ≥ 1, all at once in memory.
        steps: of the optimizer.
        progress: show a bar.
    """
    # On digits better than exact for a fifth, or never.
    softness = SoftnessSchedule(OPTIMUM_SOFTNESS, until=0.6, exact=0.4)
    temperature = TemperatureSchedule(until=0.6)
    with _evaluating(model), Progress(disable=not progress) as bar:
        task = bar.add_task("optimum", total=steps)
        batch = to_float(images.to(model.device))
        starts = OPTIMUM_STARTS * len(batch)
        raw = model.layout.random_raw(starts, seed=0, spread=OPTIMUM_SPREAD).to(batch)
        raw[: len(batch)] = 0
        many = batch.repeat(OPTIMUM_STARTS, 1, 1, 1)
        raw = descend(
            raw,
            many,
            model.layout,
            model.rasterizer,
            model.loss,
            steps=steps,
            learning_rate=OPTIMUM_RATE,
            softness=lambda progress: softness(progress, model.image_size),
            temperature=temperature,
            exact=softness.is_exact,
            step_done=lambda: bar.advance(task),
        )
        metrics = image_metrics(_drawing(model, raw, crisp=True), many)
        best = metrics["psnr"].view(OPTIMUM_STARTS, -1).argmax(0, keepdim=True)
        return {f"{name}_optimum": value.view(OPTIMUM_STARTS, -1).gather(0, best)[0] for name, value in metrics.items()}


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


def _drawing(model: Any, raw: Tensor, crisp: bool) -> Tensor:
    drawing: Tensor = model.draw_scene(model.scene_of(raw, crisp), crisp)
    return drawing


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _readable(drawings: dict[str, Tensor], labels: Tensor, classifier: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """1 for each image that the classifier takes for what it shows, else 0."""
    return {f"accuracy_{name}": (classifier(one).argmax(1) == labels).float() for name, one in drawings.items()}


def baselines(layout: Any, images: Tensor, train_mean: Tensor) -> dict[str, Tensor]:
    """Metrics ``[B]`` of the two baselines on images ``[B, C, S, S]``: the mean image, and mean-coloured blocks."""
    grid = block_grid(layout.rows, layout.columns, layout.count, images.shape[-1])
    drawings = {"blocks": blocks(images, *grid), "mean_image": train_mean.to(images).expand_as(images)}
    return _named_metrics(drawings, images)


def _named_metrics(drawings: dict[str, Tensor], images: Tensor, lpips: LPIPS | None = None) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, drawing in drawings.items():
        metrics = image_metrics(drawing, images)
        if lpips is not None:
            metrics["lpips"] = lpips(drawing, images)
        named |= {f"{metric}_{name}": values for metric, values in metrics.items()}
    return named


def as_picture(image: Tensor) -> Image.Image:
    """An image ``[1, C, H, W]`` in [0, 1] as a picture in RGB."""
    pixels = image[0].detach().clamp(0, 1).mul(255).round().byte().cpu().expand(3, -1, -1)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def contact_sheet(rows: Sequence[Tensor], tile: int = 64, gap: int = 2) -> "np.ndarray[Any, Any]":
    """Rows of images as one picture.

    Args:
        rows: each ``[n, C, S, S]`` in [0, 1].
        tile: smaller images are enlarged by a whole factor to at least this many pixels.
        gap: white pixels between the images.

    Returns:
        uint8 ``[H, W, 3]``.
    """
    strips = []
    for row in rows:
        factor = max(1, math.ceil(tile / row.shape[-1]))
        images = row.detach().float().clamp(0, 1).mul(255).round().byte().cpu().expand(-1, 3, -1, -1)
        images = images.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        images = F.pad(images, (0, gap, 0, gap), value=255)
        strips.append(torch.cat(list(images), dim=-1))
    sheet = F.pad(torch.cat(strips, dim=-2), (gap, 0, gap, 0), value=255)
    return sheet.permute(1, 2, 0).numpy()


def ranking_sheet(model: Any, images: Tensor, evaluation: Evaluation, refine: int = 0) -> Image.Image:
    """The drawings of the best, median and worst images: three bands, in each the images, soft and crisp.

    Args:
        model: a ``VectorAutoencoder``.
        images: uint8 ``[n, C, S, S]``, as they were evaluated.
        evaluation: of them.
        refine: as they were evaluated.
    """
    order = evaluation.psnr.argsort(descending=True, stable=True)
    each = min(ON_SHEET, len(images))
    middle = (len(images) - each) // 2
    bands = {"best": order[:each], "median": order[middle : middle + each], "worst": order[-each:]}
    drawn = []
    with _evaluating(model):
        for name, chosen in bands.items():
            batch = to_float(images[chosen].to(model.device))
            raw = model.refine(model(batch), batch, refine)
            rows = [batch, *(_drawing(model, raw, crisp) for crisp in (False, True))]
            values = evaluation.psnr[chosen]
            title = f"{name}: {float(values.max()):.2f} to {float(values.min()):.2f} dB; image, soft, crisp"
            drawn.append((title, Image.fromarray(contact_sheet(rows))))
    width, height = drawn[0][1].size
    sheet = Image.new("RGB", (width, len(drawn) * (height + TITLE)), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (title, band) in enumerate(drawn):
        top = index * (height + TITLE)
        pen.text((4, top + 3), title, fill="black", font=ImageFont.load_default(size=13))
        sheet.paste(band, (0, top + TITLE))
    return sheet
