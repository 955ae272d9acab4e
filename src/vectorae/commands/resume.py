"""Which checkpoint a training continues from, and whether it may."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorae.commands import shell
from vectorae.commands.command_line import seconds_of
from vectorae.config.components import flatten
from vectorae.config.paths import AUTO
from vectorae.config.resume import check_resumed_settings
from vectorae.errors import UserError

FREE_TO_DIFFER = {
    "dataset.root",
    "dataset.cache",
    "dataset.download",
    "dataset.workers",
    "rasterizer.backend",
    "rasterizer.chunk_size",
    "watch.width",
    "watch.scale",
    "watch.shape",
}
"""Keys that may change on resume: where things lie and how fast they are made changes no number."""

FREE_SECTIONS = ("logger", "callbacks", "early_stopping")
"""Sections that may change on resume: who watches a run changes no step of it."""

FREE_TO_DIFFER_AUTO = {"resume", "trainer.max_time", "trainer.max_steps"}
"""Keys that a run that is found by its config may have with other values."""

NEEDED = ("state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "global_step", "epoch")
"""What Lightning continues from, beside the weights."""

FOUND = "VECTORAE_RESUME"
"""Environment variable by which the first process of a run tells the others which checkpoint it has found."""


@dataclass(frozen=True)
class ResumePoint:
    """Where a training continues.

    Attributes:
        path: of the checkpoint.
        folder: of its run.
        step: at which it was written.
        ended: why there is nothing left to do, or None.
    """

    path: Path
    folder: Path
    step: int
    ended: str | None


def find_resume_point(config: Mapping[str, Any], folder: Path) -> ResumePoint | None:
    """The checkpoint that `resume` names, or that `resume=auto` finds; None begins a new run.

    `auto` takes the newest whole checkpoint in the run's folder; where the command line names no folder, that of the
    newest run beside it with the same config.

    Args:
        config: plain resolved config of a training.
        folder: the run's folder.

    Raises:
        UserError: a checkpoint that cannot be continued: damaged, of another kind, or of a run with other settings.
    """
    if config["resume"] is None:
        return None
    if config["resume"] != AUTO:
        path = Path(config["resume"]).expanduser()
        return _resume_point(path, _contents(path), config)
    if shell.launched_by_torchrun() and not shell.main_process():
        os.environ[FOUND] = str(shell.rendezvous_store().get("resume").decode())
    if FOUND in os.environ:
        path = Path(os.environ[FOUND])
        return _resume_point(path, _contents(path), config) if os.environ[FOUND] else None
    found = _newest(folder, config, alike=False)
    if found is None and not shell.run_dir_given():
        found = next((one for other in runs_beside(folder) if (one := _newest(other, config, alike=True))), None)
    os.environ[FOUND] = "" if found is None else str(found.path)
    if shell.launched_by_torchrun():
        shell.rendezvous_store().set("resume", os.environ[FOUND])
    return found


def _contents(path: Path) -> dict[str, Any]:
    from vectorae.training.checkpoint import read_checkpoint

    content = read_checkpoint(path, "resume")
    if missing := [name for name in NEEDED if name not in content]:
        raise UserError(f"resume: '{path}' has no {missing[0]}: a run cannot be continued from it")
    return content


def _resume_point(path: Path, content: Mapping[str, Any], config: Mapping[str, Any]) -> ResumePoint:
    before, now = _settings(content["vectorae"]["config"]), _settings(config)
    check_resumed_settings(path, before, now, FREE_TO_DIFFER)
    return ResumePoint(path, shell.run_of(path), content["global_step"], _ended(path, content, config))


def _ended(path: Path, content: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """Why a run is complete: it has taken all its steps, or all its time, or was stopped early."""
    steps, trainer = content["global_step"], config["trainer"]
    limit, time = trainer["max_steps"], trainer["max_time"]
    if config["early_stopping"]["patience"] and content["callbacks"].get("EarlyStopping", {}).get("over"):
        return f"early_stopping.patience: ended the run in {path} at step {steps}; write null to continue"
    if 0 < limit <= steps:
        return f"trainer.max_steps: {limit}, and the run in {path} has taken {steps}; give more to continue"
    elapsed = content["callbacks"].get("Timer", {}).get("time_elapsed", {}).get("train", 0.0)
    if time is not None and elapsed >= seconds_of(time):
        return f"trainer.max_time: {time}, and the run in {path} has taken {elapsed:.0f} s; give more to continue"
    return None


def _newest(folder: Path, config: Mapping[str, Any], alike: bool) -> ResumePoint | None:
    """The newest whole checkpoint of a run; damaged ones are named and left out.

    A run that was killed between its last checkpoint and its pictures takes its last steps once more, if there is an
    earlier checkpoint.

    Args:
        folder: of the run.
        config: of the training that continues.
        alike: None for runs with another config, instead of leaving that to be refused.
    """
    at_the_end = None
    for path in sorted((folder / "checkpoints").glob("*.ckpt"), key=lambda path: -path.stat().st_mtime_ns):
        try:
            content = _contents(path)
        except UserError as error:
            print(f"vectorae: left out: {error}", file=sys.stderr)
            continue
        before, now = (
            flatten({key: value for key, value in one.items() if key not in FREE_SECTIONS})
            for one in (content["vectorae"]["config"], config)
        )
        keys = {*before, *now} - FREE_TO_DIFFER_AUTO
        if alike and any(before.get(key) != now.get(key) for key in keys):
            return None
        found = _resume_point(path, content, config)
        if found.ended is None or (folder / "metrics.json").is_file():
            return found
        at_the_end = at_the_end or found
    return at_the_end


def runs_beside(folder: Path) -> Iterator[Path]:
    """The folders of the runs beside one, the newest first."""
    others = [other for other in folder.parent.iterdir() if other.is_dir() and other != folder]
    return iter(sorted(others, key=lambda other: -other.stat().st_mtime_ns))


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Flat settings, without those of the trainer."""
    return flatten({key: value for key, value in config.items() if key not in (*FREE_SECTIONS, "trainer", "resume")})


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed run left in its folder."""
    for part in folder.rglob("*.part"):
        part.unlink(missing_ok=True)
