"""How good a model's drawings are: metrics beside baselines on the same images, and a sheet to look at."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from vectorae.evaluation.baselines import baselines
from vectorae.io.pixels import to_float, to_pictures
from vectorae.io.progress import counting
from vectorae.io.sheets import captioned_sheet, contact_sheet, enlargement
from vectorae.losses import LPIPS
from vectorae.losses.metrics import metrics_of, psnr
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.candidates import find_candidates
from vectorae.training.eval_mode import eval_mode

ON_SHEET = 8
"""Images in each band of the sheet of best, median and worst."""

TITLE = 20
"""Height of a band's title, pixels."""


@dataclass(frozen=True)
class Evaluators:
    """Networks that evaluate drawings, beyond the metrics of pixels.

    Attributes:
        lpips: the perceptual distance, or None.
        classifier: images ``[B, C, S, S]`` in [0, 1] → class scores ``[B, K]``, or None.
        labels: the class of each image, ``[n]``; with a classifier only.
        regions: by name pixels of the images that are measured apart, bool ``[n, 1, S, S]``: ``psnr_eyes_crisp``.
    """

    lpips: LPIPS | None = None
    classifier: Callable[[Tensor], Tensor] | None = None
    labels: Tensor | None = None
    regions: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

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
    model: VectorAutoencoder,
    images: Tensor,
    batch_size: int,
    train_mean: Tensor,
    *,
    refine: int = 0,
    evaluators: Evaluators | None = None,
    progress: bool = False,
) -> Evaluation:
    """Metrics of a model's soft and crisp drawings, and of the baselines, on the same images.

    Args:
        model: on its device; with as many shapes as it is limited to (see ``VectorAutoencoder.limited_to``).
        images: uint8 ``[n, C, S, S]``, n ≥ 1.
        batch_size: how many to draw at once.
        train_mean: the mean image of the training split, ``[C, S, S]``.
        refine: optimizer steps after which the drawings are measured again; 0 for none.
        evaluators: networks that evaluate the drawings too.
        progress: show a bar.
    """
    evaluators = evaluators or Evaluators()
    found: dict[str, list[Tensor]] = {}
    seconds: dict[str, float] = {}
    parts = zip(images.split(batch_size), range(0, len(images), batch_size), strict=True)
    with eval_mode(model), counting("evaluating", len(images), visible=progress) as advance:
        for part, first in parts:
            batch = to_float(part.to(model.device))
            drawings, took = _drawings(model, batch, refine)
            values = metrics_of(drawings, batch, evaluators.lpips) | baselines(
                model.layout, batch, train_mean, model.count
            )
            if evaluators.classifier is not None and evaluators.labels is not None:
                labels = evaluators.labels[first : first + len(part)].to(model.device)
                values |= _accuracy({"images": batch, **drawings}, labels, evaluators.classifier)
            for region, masks in evaluators.regions.items():
                mask = masks[first : first + len(part)].to(model.device)
                values |= {f"psnr_{region}_{name}": psnr(one, batch, mask) for name, one in drawings.items()}
            for name, value in values.items():
                found.setdefault(name, []).append(value.cpu())
            for name, one in took.items():
                seconds[name] = seconds.get(name, 0.0) + one
            advance(len(part))
    of_each = {name: torch.cat(values) for name, values in found.items()}
    metrics = {name: float(values.double().mean()) for name, values in of_each.items()}
    metrics |= {"images": float(len(images))}
    metrics |= {name: len(images) / total for name, total in seconds.items()}
    return Evaluation(metrics, of_each["psnr_refined_crisp" if refine else "psnr_crisp"])


def _drawings(model: VectorAutoencoder, batch: Tensor, refine: int) -> tuple[dict[str, Tensor], dict[str, float]]:
    """The drawings of a batch by name, and how long encoding and crisp drawing took."""
    start = _now(model.device)
    found = find_candidates(model, batch)
    raw = found.best
    crisp = model.render(raw, crisp=True)
    seconds = {"images_per_second": _now(model.device) - start}
    drawings = {"soft": model.render(raw, crisp=False), "crisp": crisp}
    if model.options.refine_steps or model.options.chooses:
        drawings["encoder_crisp"] = model.render(found.encoded, crisp=True)
    if refine:
        start = _now(model.device)
        raw = found.refined(model, batch, refine)
        crisp = model.render(raw, crisp=True)
        seconds["images_per_second_refined"] = seconds["images_per_second"] + _now(model.device) - start
        drawings |= {"refined_soft": model.render(raw, crisp=False), "refined_crisp": crisp}
    return drawings, seconds


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _accuracy(drawings: dict[str, Tensor], labels: Tensor, classifier: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """1 for each image whose class is recognised, else 0."""
    return {f"accuracy_{name}": (classifier(one).argmax(1) == labels).float() for name, one in drawings.items()}


def ranking_sheet(model: VectorAutoencoder, images: Tensor, evaluation: Evaluation, refine: int = 0) -> Image.Image:
    """The drawings of the best, median and worst images: three bands, in each the images, soft and crisp.

    Args:
        model: as evaluated.
        images: uint8 ``[n, C, S, S]``, as evaluated.
        evaluation: of them.
        refine: as evaluated.
    """
    order = evaluation.psnr.argsort(descending=True, stable=True)
    each = min(ON_SHEET, len(images))
    middle = (len(images) - each) // 2
    bands = {"best": order[:each], "median": order[middle : middle + each], "worst": order[-each:]}
    drawn, side = [], enlargement(model.image_size) * model.image_size
    with eval_mode(model):
        for name, chosen in bands.items():
            batch = to_float(images[chosen].to(model.device))
            raw = model.answer(batch, refine)
            rows = {"image": to_pictures(batch)}
            for label, crisp in (("soft", False), ("crisp", True)):
                rows[label] = to_pictures(model.decoder.render(raw, side, side, model.state, crisp))
            values = evaluation.psnr[chosen]
            title = f"{name}: {float(values.max()):.2f} to {float(values.min()):.2f} dB"
            drawn.append((title, contact_sheet(rows)))
    return captioned_sheet(drawn, caption=TITLE, above=True)
