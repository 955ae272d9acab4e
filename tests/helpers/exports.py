"""Models that are exported."""

from pathlib import Path
from typing import Any

import torch

from helpers.models import small_model
from vectorae.primitives import KINDS
from vectorae.training.autoencoder import VectorAutoencoder

MIXED = [f"primitives.kinds=[{','.join(KINDS)}]", "primitives=mixed_free", f"primitives.count={len(KINDS) + 3}"]
MIXED += ["primitives.paint={fill:linear,circle:both,blob:both_stroke_below}"]
INK = [
    "primitives=mixed_free",
    "primitives.kinds=[squircle,circle,blob,cubic]",
    "primitives.count=6",
    "primitives.paint={stroke:radial,stops:3}",
    "primitives.ordering=depth",
    "primitives.fields.softness=learned",
    "rasterizer.coverage=gaussian",
    "dataset.channels=1",
]

FEW = ["primitives.rows=1", "primitives.columns=2", "model.hypotheses=2", "model.answer_steps=3"]
"""Two shapes, as tracing takes the longer the more there are."""


def scattered(*overrides: str) -> VectorAutoencoder:
    """A model whose drawings differ from each other."""
    torch.manual_seed(0)
    model = small_model(*overrides).eval()
    with torch.no_grad():
        for parameter in model.encoder.head.parameters():
            parameter.normal_(std=0.3)
    return model


def saved(model: VectorAutoencoder, path: Path) -> Path:
    """A checkpoint with this model."""
    content: dict[str, Any] = {"state_dict": model.state_dict()}
    model.on_save_checkpoint(content)
    torch.save(content, path)
    return path


def correcting(*overrides: str) -> VectorAutoencoder:
    """A model at the end of its training, whose corrections change its drawings."""
    model = scattered(*overrides)
    model.run.progress = 1.0
    assert model.refiner is not None
    with torch.no_grad():
        for parameter in model.refiner.parameters():
            parameter.normal_(std=0.05)
        model.refiner.get_buffer("mean_square").fill_(1e-4)
    return model
