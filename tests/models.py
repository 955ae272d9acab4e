"""Small models, and short runs of training, that several tests use."""

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from test_config import composed

from vectorae.autoencoder import VectorAutoencoder
from vectorae.commands import train
from vectorae.config import build_model

SMALL = [
    "dataset.image_size=16",
    "encoder.width=8",
    "head=mlp",
    "model.refine_steps=1",
    "refiner.width=32",
    "trainer=cpu",
]
"""Overrides that make every run quick: toy faces of 16×16 pixels and a slight encoder."""


def small_model(*overrides: str) -> VectorAutoencoder:
    """An untrained model."""
    return build_model(composed(*SMALL, *overrides))


def run_training(folder: Path, *overrides: str) -> int:
    """The train command in this process, a run of 16×16 toy faces into ``folder``. Returns its exit code."""
    arguments = [
        *SMALL,
        "dataset=toy_faces",
        f"dataset.cache={folder.parent / 'cache'}",
        "dataset.batch_size=8",
        "dataset.train_count=40",
        "dataset.val_count=16",
        "dataset.test_count=16",
        "trainer.max_steps=2",
        "trainer.val_check_interval=2",
        "trainer.log_every_n_steps=1",
        f"hydra.run.dir={folder}",
        *overrides,
    ]
    given = {argument.partition("=")[0]: argument for argument in arguments}  # the last of each key
    with patch.object(sys, "argv", ["train.py", *given.values()]):
        return train.main()


def metrics_of(folder: Path) -> dict[str, Any]:
    """A run's ``metrics.json``."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics
