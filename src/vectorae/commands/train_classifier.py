"""`python scripts/train_classifier.py`, `vectorae train_classifier`: train the network that reads drawn digits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from vectorae.commands import shell
from vectorae.commands.command_line import Duration, duration
from vectorae.commands.report import print_metrics, print_next
from vectorae.commands.run_loggers import begin_loggers
from vectorae.config.arguments import Device, PositiveFloat, PositiveInt
from vectorae.config.sections import Component, Sections
from vectorae.io.atomic import write_json


@dataclass
class TrainClassifierConfig:
    """The keys at the root of a classifier's training."""

    dataset: Component = field(default_factory=dict)
    epochs: PositiveInt = 4
    max_steps: PositiveInt | None = None
    max_time: Duration = None
    learning_rate: PositiveFloat = 0.003
    device: Device = "auto"
    seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 0
    logger: Annotated[dict[str, Any], Sections()] = field(default_factory=dict)
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Train with the config on the command line. Returns the exit code."""
    return shell.run_command("train_classifier", TrainClassifierConfig, train_classifier)


def train_classifier(config: dict[str, Any], folder: Path) -> None:
    """Train a classifier on a dataset's training images, measure it on the test images and save it.

    Args:
        config: plain resolved config with the keys of `TrainClassifierConfig`.
        folder: of the run; gets `classifier.pt`, `metrics.json` and what loggers write there.

    Raises:
        UserError: a dataset without labels.
    """
    device = shell.device(config["device"])

    from vectorae.training.build import build_dataset

    dataset = build_dataset(config)
    labels = {split: dataset.labels(split) for split in ("train", "val", "test")}

    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from vectorae.callbacks.progress_bar import ProgressBar
    from vectorae.evaluation.classifier import Classifier, Task
    from vectorae.training.lightning_logger import LightningLogger

    shell.quieten_lightning()
    pl.seed_everything(config["seed"], verbose=False)
    classes = int(max(values.max() for values in labels.values())) + 1
    task = Task(dataset.config_name, dataset.image_size, dataset.channels, classes)
    model = Classifier(task, config["learning_rate"])
    pairs = TensorDataset(torch.as_tensor(dataset.images("train")), labels["train"])
    batches = DataLoader(pairs, batch_size=dataset.batch_size, shuffle=True)
    loggers = begin_loggers(config, folder, ("dataset",))
    trainer = pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else device.type,
        devices=1,
        max_epochs=config["epochs"],
        max_steps=config["max_steps"] or -1,
        max_time=duration(config["max_time"], "max_time"),
        logger=LightningLogger(loggers, folder),
        callbacks=[ProgressBar(config["epochs"] * len(batches))],
        enable_progress_bar=False,
        log_every_n_steps=10,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    start = time.perf_counter()
    with loggers:
        trainer.fit(model, batches)
    epochs, rest = divmod(trainer.global_step, len(batches))
    images = epochs * len(pairs) + rest * dataset.batch_size
    metrics = {"seconds": time.perf_counter() - start, "images": float(images)}
    metrics |= {f"accuracy_{split}": model.accuracy(dataset.images(split), labels[split]) for split in ("val", "test")}
    model.save(folder / "classifier.pt")
    write_json(folder / "metrics.json", metrics)
    path = folder / "classifier.pt"
    print_metrics(metrics, f"classifier of {dataset.config_name}: {shell.short(path)}")
    print_next(["vectorae evaluate checkpoint=CHECKPOINT classifier=", path])


if __name__ == "__main__":
    shell.run_as_program(__file__)
