"""Small models, and short runs of training, that several tests use."""

import json
import sys
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from vectorae.commands import train
from vectorae.commands.command_line import arrange, conf_folder
from vectorae.commands.fit import FitConfig, name_of
from vectorae.commands.schemas import store_schema
from vectorae.commands.train import TrainConfig, build_trainer, trainer_settings
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.build import build_model

SMALL = [
    "dataset.image_size=16",
    "encoder.width=8",
    "head=mlp",
    "model.refine_steps=1",
    "model.answer_steps=${model.refine_steps}",
    "model.hypotheses=1",
    "model.regrowths=0",
    "refiner.width=32",
    "trainer=cpu",
]
"""Overrides that make every run quick: toy faces of 16×16 pixels, a slight encoder, and one answer."""


def composed(*overrides: str) -> dict[str, Any]:
    """The plain config of `python train.py *overrides`."""
    return deepcopy(_composed(overrides))


@lru_cache  # as Hydra takes a tenth of a second, and many tests want the same
def _composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    store_schema("train", TrainConfig)
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        plain = OmegaConf.to_container(compose("train", arrange(list(overrides))), resolve=True, throw_on_missing=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def composed_fit(*overrides: str) -> dict[str, Any]:
    """The plain config of `python scripts/fit.py *overrides`."""
    store_schema("fit", FitConfig)
    OmegaConf.register_new_resolver("name_of", name_of, replace=True)
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        plain = OmegaConf.to_container(compose("fit", arrange(list(overrides))), resolve=True, throw_on_missing=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def small_model(*overrides: str) -> VectorAutoencoder:
    """An untrained model."""
    return build_model(composed(*SMALL, *overrides))


def run_training(folder: Path | None, *overrides: str) -> int:
    """The train command in this process, a run of 16×16 toy faces.

    Args:
        folder: of the run; None leaves it to the command.

    Returns:
        Its exit code.
    """
    arguments = [
        *SMALL,
        "dataset=toy_faces",
        f"dataset.cache={'cache' if folder is None else folder.parent / 'cache'}",
        "dataset.batch_size=8",
        "dataset.train_count=40",
        "dataset.val_count=16",
        "dataset.test_count=16",
        "trainer.max_steps=2",
        "trainer.val_check_interval=2",
        "trainer.log_every_n_steps=1",
        *([] if folder is None else [f"hydra.run.dir={folder}"]),
        *overrides,
    ]
    given = {argument.partition("=")[0]: argument for argument in arguments}  # the last of each key
    with patch.object(sys, "argv", ["train.py", *given.values()]):
        return train.main()


def metrics_of(folder: Path) -> dict[str, Any]:
    """A run's ``metrics.json``."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def weights_of(folder: Path) -> dict[str, Tensor]:
    """The weights of a run's last checkpoint, and what the optimizer remembers of their gradients."""
    content = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    found: dict[str, Tensor] = dict(content["state_dict"])
    for number, memory in content["optimizer_states"][0]["state"].items():
        found |= {f"{number}.{name}": value for name, value in memory.items()}
    return found


def overfit(model: VectorAutoencoder, images: Tensor, steps: int) -> list[float]:
    """Train on one batch ``[B, C, S, S]`` in [0, 1] for some steps, by the trainer that users have: the losses."""
    recorder = _Losses()
    settings = {"accelerator": "cpu", "max_steps": steps, "enable_model_summary": False, "gradient_clip_val": 1.0}
    trainer = build_trainer(trainer_settings(settings), callbacks=[recorder], logger=False, enable_checkpointing=False)
    trainer.fit(model, DataLoader([images] * steps, batch_size=None))  # type: ignore[arg-type]
    return recorder.losses


class _Losses(Callback):
    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.losses.append(float(trainer.callback_metrics["train/loss"]))
