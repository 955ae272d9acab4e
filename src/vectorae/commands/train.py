"""`python train.py`, `vectorae train`: from a config to a trained model and its run folder."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from vectorae.commands import shell
from vectorae.commands.command_line import Duration, duration
from vectorae.commands.output_size import Width, output_size
from vectorae.commands.pipes import reader_left
from vectorae.commands.report import print_metrics, print_next, with_plugins
from vectorae.commands.resume import ResumePoint, find_resume_point, remove_leftovers
from vectorae.commands.run_callbacks import build_callbacks
from vectorae.commands.run_loggers import begin_loggers, build_loggers, viewed_by
from vectorae.config.arguments import NonNegativeInt, Requires, Scale, check_arguments
from vectorae.config.components import check
from vectorae.config.paths import AUTO, ResumedFile
from vectorae.config.sections import Component, Primitives, Section, Sections
from vectorae.errors import UserError, reason
from vectorae.io.signals import REQUEUE, slurm_job

if TYPE_CHECKING:
    import pytorch_lightning as pl

    from vectorae.training.autoencoder import VectorAutoencoder

# Arguments of the trainer that the command sets itself; a config may give all others as `trainer.*`.
OWN_TRAINER_KEYS = {
    "use_distributed_sampler",
    "num_sanity_val_steps",
    "check_val_every_n_epoch",
    "default_root_dir",
    "enable_progress_bar",
    "enable_checkpointing",
    "plugins",
}


GROUPS = ("dataset", "primitives")
"""Of the config: what tells runs of different folders from each other."""

CUDA_GRAPH = "cuda_graph"
"""A key of the section `trainer` that is not Lightning's."""


def _refuse_zero(key: str, value: float) -> None:
    if value == 0:
        raise UserError(f"{key}: 0 leaves nothing to do; use 1 or more")


def _refuse_epochs(key: str, value: int) -> None:
    raise UserError(f"{key}: batches are an endless stream; use trainer.max_steps or trainer.max_time")


def _refuse_logger(key: str, value: Any) -> None:
    raise UserError(f"{key}: write logger=tensorboard, csv, wandb, mlflow or none; several: logger=[tensorboard,csv]")


def _refuse_callbacks(key: str, value: Any) -> None:
    raise UserError(f"{key}: write plugins=[my_module] callbacks.mine._target_=my_module.MyCallback")


_NOT_ZERO = Requires(_refuse_zero)

TRAINER = Section(
    OWN_TRAINER_KEYS,
    "pytorch_lightning.Trainer",
    {
        "max_time": Duration,
        "max_steps": Annotated[int, Ge(-1), _NOT_ZERO] | None,
        "max_epochs": Annotated[int, Requires(_refuse_epochs)] | None,
        "accelerator": Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"],
        "val_check_interval": Annotated[float | str, _NOT_ZERO],
        "limit_val_batches": Annotated[float, _NOT_ZERO] | None,
        "log_every_n_steps": Annotated[int, _NOT_ZERO] | None,
        "logger": Annotated[Any, Requires(_refuse_logger)],
        "callbacks": Annotated[Any, Requires(_refuse_callbacks)],
        CUDA_GRAPH: bool | Literal["auto"],
    },
)
"""What can be said of the section `trainer` before Lightning is imported."""

# The length of a run without a limit: a first trial should end by itself.
DEFAULT_TIME = "00:00:04:00"

# Pictures of more images would take longer than the training between them.
MOST_WATCHED = 1024


@dataclass
class WatchConfig:
    """The validation images that are drawn at every validation."""

    count: Annotated[int, Ge(1), Le(MOST_WATCHED)] = 16
    width: Width | None = None
    scale: Scale | None = None
    shape: NonNegativeInt | None = None


@dataclass
class TrainConfig:
    """The keys at the root of a training's config: any other is refused, wherever it is written."""

    seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 0
    resume: ResumedFile | None = None
    dataset: Component = field(default_factory=dict)
    primitives: Primitives = field(default_factory=dict)
    encoder: Annotated[dict[str, Any], Section(("channels", "image_size", "fetch"))] = field(default_factory=dict)
    head: Annotated[dict[str, Any], Section(("layout", "features", "side", "any_count"))] = field(default_factory=dict)
    model: Component = field(default_factory=dict)
    refiner: Annotated[dict[str, Any], Section(("layout", "features", "any_count"))] = field(default_factory=dict)
    rasterizer: Component = field(default_factory=dict)
    softness: Component = field(default_factory=dict)
    temperature: Component = field(default_factory=dict)
    growth: Component = field(default_factory=dict)
    relocation: Component = field(default_factory=dict)
    seeding: Component = field(default_factory=dict)
    loss: Component = field(default_factory=dict)
    optimizer: Component = field(default_factory=dict)
    trainer: Annotated[dict[str, Any], TRAINER] = field(default_factory=dict)
    logger: Annotated[dict[str, Any], Sections()] = field(default_factory=dict)
    early_stopping: Component = field(default_factory=dict)
    callbacks: Annotated[dict[str, Any], Sections()] = field(default_factory=dict)
    watch: WatchConfig = field(default_factory=WatchConfig)
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Train with the config on the command line. Returns the exit code."""
    return shell.run_command("train", TrainConfig, train)


def train(config: dict[str, Any], folder: Path) -> int:
    """Train one model into `folder`.

    Args:
        config: plain resolved config with the keys of `TrainConfig`.
        folder: the run's folder.

    Returns:
        0, or 128 + the signal that ended the training early; 0 too where SLURM puts the job into its queue again.

    Raises:
        UserError: anything in the config that cannot work, before training starts; a loss that is no number.
    """
    started = time.perf_counter()
    size = output_size(config["watch"], "watch.")

    import pytorch_lightning as pl

    from vectorae.callbacks import Interruption, Watch, default_callbacks
    from vectorae.loggers import Loggers
    from vectorae.training.build import build_dataset, build_model
    from vectorae.training.lightning_logger import LightningLogger
    from vectorae.training.step_graph import step_graph

    shell.quieten_lightning()
    # Cheap things first: a mistake should cost seconds and leave no folder behind.
    check(config["dataset"], "dataset")
    settings = trainer_settings(config["trainer"])
    build_loggers(config["logger"])
    more_callbacks = build_callbacks(config)
    config = {**config, "trainer": settings}
    pl.seed_everything(config["seed"], verbose=False)
    model = build_model(config)
    model.loss.check(model.image_size, model.image_size)
    if (shape := config["watch"]["shape"]) is not None and shape >= model.layout.count:
        raise UserError(f"watch.shape: no shape {shape}; this layout has 0 to {model.layout.count - 1}")
    start = find_resume_point(config, folder)
    if start is not None and start.ended is not None:
        if config["resume"] != AUTO:
            raise UserError(start.ended)
        print(f"nothing to do: {start.ended}", flush=True)
        return 0
    first_step = None
    if start is not None and (config["resume"] == AUTO or start.folder == folder):
        # What a run logged after its last checkpoint is forgotten.
        folder, first_step = start.folder, start.step
    dataset = build_dataset(config)
    callbacks = default_callbacks(folder, Watch(config["watch"]["count"], size, shape), started, model.options.ema)
    callbacks += more_callbacks
    trainer = build_trainer(settings, callbacks=callbacks, logger=False, default_root_dir=folder)
    model.graph = step_graph(model, trainer, settings.get(CUDA_GRAPH, False))
    dataset.prepare_data()
    if shell.main_process():
        print(f"run folder: {shell.short(folder)}", flush=True)
        if start is not None:
            print(f"continues at step {start.step}, from {shell.short(start.path)}", flush=True)
            remove_leftovers(folder)
    with begin_loggers(config, folder, GROUPS, first_step) if shell.main_process() else Loggers() as loggers:
        trainer.logger = LightningLogger(loggers, folder)
        _fit(trainer, model, dataset, start)
    signals = [one.signal for one in callbacks if isinstance(one, Interruption) and one.signal is not None]
    if trainer.is_global_zero:
        _report(folder, config["plugins"], viewed_by(config["logger"], folder))
    if signals and signals[0] == REQUEUE and slurm_job() is not None:
        if trainer.is_global_zero:
            subprocess.run(["scontrol", "requeue", str(slurm_job())], check=False)
        return 0
    return 128 + signals[0] if signals else 0


def trainer_settings(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section `trainer`, checked against Lightning's Trainer, with `max_time` as Lightning writes it.

    Raises:
        UserError: a key that the Trainer does not have, a value of a wrong type, an accelerator that is not there.
    """
    import pytorch_lightning as pl

    TRAINER.check("trainer", section)
    settings = dict(section)
    settings["max_time"] = duration(settings.get("max_time"), "trainer.max_time")
    settings["max_steps"] = -1 if settings.get("max_steps") is None else settings["max_steps"]
    check_arguments(pl.Trainer, _of_lightning(settings), "trainer", OWN_TRAINER_KEYS)
    _check_accelerator(settings.get("accelerator", "auto"))
    if settings["max_time"] is None and settings["max_steps"] < 0:
        settings["max_time"] = DEFAULT_TIME
    return settings


def build_trainer(settings: Mapping[str, Any], **own: Any) -> pl.Trainer:
    """Lightning's Trainer; what it refuses becomes one line.

    Args:
        settings: from `trainer_settings`.
        **own: callbacks, logger and default_root_dir.

    Raises:
        UserError: a combination that Lightning refuses, such as `devices=0`.
    """
    import pytorch_lightning as pl
    from pytorch_lightning.plugins.environments import SLURMEnvironment
    from pytorch_lightning.utilities.exceptions import MisconfigurationException

    from vectorae.training.checkpoint_io import CheckpointFiles

    try:
        return pl.Trainer(
            **_of_lightning(settings),
            **own,
            # Batches are drawn by step, not by epoch, and each process takes its own part of them.
            use_distributed_sampler=False,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            plugins=[CheckpointFiles(), *([SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else [])],
        )
    except (MisconfigurationException, ValueError, TypeError, RuntimeError) as error:
        raise UserError(_trainer_message(error, settings)) from error


def _of_lightning(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != CUDA_GRAPH}


def _check_accelerator(name: Any) -> None:
    import torch

    gpus = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    there = [gpu for gpu, is_there in gpus.items() if is_there]
    available = ["auto", "cpu", *(["gpu", *there] if there else [])]
    if name in ("gpu", *gpus) and name not in available:
        raise UserError(f"trainer.accelerator: no {name} on this machine; choose from {', '.join(available)}")


def _trainer_message(error: Exception, settings: Mapping[str, Any]) -> str:
    """Lightning's refusal with the key in front that it most likely speaks of."""
    text = str(error).splitlines()[0]
    mentioned = [name for name in settings if f"{name}=" in text] or [name for name in settings if name in text.lower()]
    return f"trainer.{mentioned[0]}: {text}" if mentioned else f"trainer: {text}"


def _fit(trainer: pl.Trainer, model: VectorAutoencoder, dataset: Any, start: ResumePoint | None) -> None:
    import torch.distributed
    from pytorch_lightning.utilities.exceptions import MisconfigurationException

    from vectorae.training.checkpoint import BROKEN

    path = None if start is None else str(start.path)
    try:
        trainer.fit(model, datamodule=dataset, ckpt_path=path, weights_only=True)
    except UserError:
        raise
    except (KeyError, *BROKEN) as error:
        if path is None or model.training_began:
            raise
        raise UserError(f"resume: a run cannot be continued from '{path}' ({reason(error)})") from error
    except MisconfigurationException as error:
        raise UserError(f"trainer: {str(error).splitlines()[0]}") from error
    except SystemExit as stop:
        if reader_left(stop):
            raise
        # What Lightning makes of a KeyboardInterrupt.
        raise KeyboardInterrupt from stop
    finally:
        # The next job of a sweep has other processes to talk to.
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _report(folder: Path, plugins: Sequence[str], viewed: Sequence[Sequence[str | Path]]) -> None:
    """What came out, and how to go on."""
    path = folder / "metrics.json"
    if path.is_file():
        print_metrics(json.loads(path.read_text(encoding="utf-8")), "", "the last validation:")
    if pictures := sorted((folder / "renders").glob("*.png")):
        print(f"pictures: {shell.short(pictures[-1])}")
    best = folder / "checkpoints" / "best.ckpt"
    words = with_plugins("input=IMAGES output=drawings", plugins)
    print_next(
        *viewed,
        *((["vectorae vectorize checkpoint=", best, words],) if best.is_file() else ()),
    )


if __name__ == "__main__":
    shell.run_as_program(__file__)
