"""Weights & Biases: the extra ``wandb``."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vectorae.errors import UserError, reason
from vectorae.loggers.base import LoggedRun, RunLogger, as_yaml

if TYPE_CHECKING:
    from PIL import Image

STEP = "step"
"""The number over which all curves are drawn: a run that goes on may log earlier steps than it has logged."""


class WandB(RunLogger):
    """A run of Weights & Biases, which goes on where a run is resumed in its folder.

    Args:
        project: by name.
        entity: user or team; None is the user's own.
        name: of the run; None is that of its folder.
        mode: ``online``, ``offline`` (files in the run's folder, for ``wandb sync``) or ``disabled``.

    Raises:
        UserError: the package wandb is not installed.
    """

    def __init__(
        self,
        project: str = "vectorae",
        entity: str | None = None,
        name: str | None = None,
        mode: Literal["online", "offline", "disabled"] = "online",
    ) -> None:
        if find_spec("wandb") is None:
            raise UserError("needs the package wandb; pip install 'vectorae[wandb]'")
        self.project, self.entity, self.name, self.mode = project, entity, name, mode
        self._run: Any = None

    def begin(self, run: LoggedRun) -> None:
        import wandb

        known = run.recall("wandb")
        run.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._run = wandb.init(
                project=self.project,
                entity=self.entity,
                name=self.name or run.name,
                dir=str(run.folder),
                id=known,
                resume="allow" if known and self.mode == "online" else None,
                mode=self.mode,
                config=dict(run.config),
                settings=wandb.Settings(silent=True, console="off"),
            )
        except Exception as error:  # wandb has no one exception for what keeps it from beginning
            hint = "run `wandb login`, or write logger.wandb.mode=offline"
            raise UserError(f"logger.wandb: cannot begin ({reason(error)}); {hint}") from error
        run.remember("wandb", self._run.id)
        self._run.define_metric(STEP, hidden=True)
        self._run.define_metric("*", step_metric=STEP)
        self.log_text("config", as_yaml(run.config), run.step or 0)

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, STEP: step})

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        import wandb

        self._run.log({tag: wandb.Image(picture), STEP: step})

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        import wandb

        self._run.log({tag: wandb.Html(f"<pre>{html.escape(text)}</pre>"), STEP: step})

    def log_histogram(self, tag: str, values: NDArray[np.floating[Any]], step: int) -> None:
        import wandb

        self._run.log({tag: wandb.Histogram(np_histogram=np.histogram(values, bins=64)), STEP: step})

    def end(self, succeeded: bool) -> None:
        self._run.finish(exit_code=0 if succeeded else 1)

    def viewed_by(self, folder: Path) -> Sequence[str | Path]:
        return ["wandb sync", folder / "wandb" / "latest-run"] if self.mode == "offline" else ()
