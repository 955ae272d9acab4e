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
from vectorae.training.candidates import find_candidates
from vectorae.training.eval_mode import eval_mode

IMAGES = 128
"""How many are compared with, at most: a few seconds."""

AT_ONCE = 32


class LeftOut(NamedTuple):
    """How much worse a model draws without its learned corrections.

    Attributes:
        psnr_crisp: of the model, dB.
        psnr_encoder_crisp: of its encoder alone, dB.
        images: how many were drawn.
        source: what images they are.
    """

    psnr_crisp: float
    psnr_encoder_crisp: float
    images: int
    source: str


@torch.no_grad()
def measure_left_out(model: VectorAutoencoder) -> LeftOut | None:
    """The crisp PSNR with and without the learned corrections; None if the model has none.

    On the model's own validation images where they are, toy faces elsewhere; nothing is downloaded.
    """
    if not (model.options.refine_steps or model.options.chooses):
        return None
    images, source = _images(model)
    alone: list[Tensor] = []
    corrected: list[Tensor] = []
    with eval_mode(model):
        for some in images.split(AT_ONCE):
            candidates = find_candidates(model, some)
            for values, raw in ((alone, candidates.encoded), (corrected, candidates.best)):
                values.append(psnr(model.render(raw, crisp=True), some))
    whole, encoder = (round(float(torch.cat(values).mean()), 2) for values in (corrected, alone))
    return LeftOut(whole, encoder, len(images), source)


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


def toy_faces(split: str, count: int, side: int, channels: int) -> Tensor:
    """The first toy faces of a split, ``[count, channels, side, side]``; if there is alpha, opaque."""
    alpha = channels in (2, 4)
    faces = to_float(draw_faces(0, split, 0, count, side, channels - alpha))
    return torch.cat([faces, torch.ones_like(faces[:, :1])], dim=1) if alpha else faces
