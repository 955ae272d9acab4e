"""What an export leaves out, in decibels."""

from typing import NamedTuple

import torch
from torch import Tensor

from vectorae.datasets.procedural_faces import draw_faces
from vectorae.errors import UserError
from vectorae.io.pixels import to_float
from vectorae.losses.metrics import psnr
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.build import build_dataset
from vectorae.training.candidates import answering, find_candidates
from vectorae.training.eval_mode import eval_mode
from vectorae.training.options import ModelOptions

IMAGES = 128
"""How many are compared with, at most: a few seconds."""

AT_ONCE = 32


class LeftOut(NamedTuple):
    """How much worse an export draws than its model, as it goes without some of what chooses and corrects drawings.

    Attributes:
        psnr_crisp: of the model, dB.
        psnr_encoder_crisp: of its encoder alone, dB.
        psnr_export_crisp: of what is exported, dB.
        images: how many were drawn.
        source: what images they are.
        why: it is left out.
    """

    psnr_crisp: float
    psnr_encoder_crisp: float
    psnr_export_crisp: float
    images: int
    source: str
    why: str


@torch.no_grad()
def measure_left_out(model: VectorAutoencoder, exported: ModelOptions | None = None, why: str = "") -> LeftOut | None:
    """The crisp PSNR of a model, and of what is exported of it; None if the model's encoder draws alone.

    On the model's own validation images where they are, toy faces elsewhere; nothing is downloaded.

    Args:
        model: with all its hypotheses and corrections.
        exported: fewer of them; None is the encoder alone.
        why: for ``LeftOut.why``.
    """
    if not model.options.corrects:
        return None
    images, source = _images(model)
    values: dict[str, list[Tensor]] = {"encoder": [], "model": [], "export": []}
    with eval_mode(model):
        for some in images.split(AT_ONCE):
            candidates = find_candidates(model, some)
            drawn = {"encoder": candidates.encoded, "model": candidates.best, "export": candidates.encoded}
            if exported is not None:
                with answering(model, exported):
                    drawn["export"] = find_candidates(model, some).best
            for name, raw in drawn.items():
                values[name].append(psnr(model.render(raw, crisp=True), some))
    mean = {name: round(float(torch.cat(one).mean()), 2) for name, one in values.items()}
    return LeftOut(mean["model"], mean["encoder"], mean["export"], len(images), source, why)


def _images(model: VectorAutoencoder) -> tuple[Tensor, str]:
    """Images ``[n, C, S, S]`` in [0, 1] like those that the model was trained on, and what they are."""
    section = {**model.config["dataset"], "download": False, "workers": 0}
    blocks: list[Tensor] = []
    if "://" not in str(section.get("root")):
        try:
            dataset = build_dataset({"dataset": section})
            # As they are decoded: the cache of a large data set would take hours to make.
            for block in dataset.recipe().blocks("val", 0):
                blocks.append(torch.from_numpy(block.images))
                if sum(map(len, blocks)) >= IMAGES:
                    break
        except (UserError, OSError):
            blocks = []
    if any(map(len, blocks)):
        return to_float(torch.cat(blocks)[:IMAGES]), f"validation images of dataset={dataset.config_name}"
    faces = toy_faces("val", IMAGES, model.image_size, model.layout.image_channels)
    return faces, "toy faces, for want of the model's own images"


def toy_faces(split: str, count: int, side: int, channels: int, backend: str = "auto") -> Tensor:
    """The first toy faces of a split, ``[count, channels, side, side]``; if there is alpha, opaque."""
    alpha = channels in (2, 4)
    faces = to_float(draw_faces(0, split, 0, count, side, channels - alpha, backend))
    return torch.cat([faces, torch.ones_like(faces[:, :1])], dim=1) if alpha else faces
