"""MLflow: the extra ``mlflow``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.errors import UserError, reason
from vectorae.loggers.base import LoggedRun, RunLogger, as_yaml, plain_tag

if TYPE_CHECKING:
    from PIL import Image


class MLflow(RunLogger):
    """A run of MLflow, which goes on where a run is resumed in its folder.

    Args:
        experiment: by name; it is made if it is missing.
        tracking_uri: of the server or database; None is ``MLFLOW_TRACKING_URI``, or mlflow.db in the working directory.
        name: of the run; None is that of its folder.

    Raises:
        UserError: the package mlflow is not installed.
    """

    def __init__(self, experiment: str = "vectorae", tracking_uri: str | None = None, name: str | None = None) -> None:
        if find_spec("mlflow") is None:
            raise UserError("needs the package mlflow; pip install 'vectorae[mlflow]'")
        self.experiment, self.tracking_uri, self.name = experiment, tracking_uri, name
        self._client: Any = None
        self._run = ""

    def begin(self, run: LoggedRun) -> None:
        import logging

        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table of a new database
        try:
            self._client = MlflowClient(self.tracking_uri)
            self._run = run.recall("mlflow") or self._new(run)
            self._client.update_run(self._run, status="RUNNING")
        except Exception as error:  # of its client, the database or the network
            raise UserError(
                f"logger.mlflow: cannot begin ({reason(error)}); give the server as logger.mlflow.tracking_uri"
            ) from error
        run.remember("mlflow", self._run)
        self.log_text("config", as_yaml(run.config))

    def _new(self, run: LoggedRun) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        experiment = self._client.create_experiment(self.experiment) if found is None else found.experiment_id
        made: str = self._client.create_run(experiment, run_name=self.name or run.name).info.run_id
        for key, value in run.settings.items():
            self._client.log_param(made, plain_tag(key), value)
        return made

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric
        from mlflow.utils.time import get_current_time_millis

        now = get_current_time_millis()
        self._client.log_batch(
            self._run, [Metric(plain_tag(tag), float(value), now, step) for tag, value in values.items()]
        )

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        self._client.log_image(self._run, picture, key=plain_tag(tag), step=step)

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        self._client.log_text(self._run, text, f"{plain_tag(tag)}.txt")

    def end(self, succeeded: bool) -> None:
        self._client.set_terminated(self._run, "FINISHED" if succeeded else "FAILED")

    def viewed_by(self, folder: Path) -> Sequence[str | Path]:
        uri = self.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")
        if uri.startswith("http"):
            return ()
        return ["mlflow ui", *(["--backend-store-uri", uri] if uri else [])]
