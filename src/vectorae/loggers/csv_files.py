"""Logs as plain files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from vectorae.io.atomic import write_atomic
from vectorae.io.images import as_png
from vectorae.loggers.base import LoggedRun, RunLogger, as_yaml, plain_tag

if TYPE_CHECKING:
    from PIL import Image

STEP = "step"


class CSV(RunLogger):
    """Files in the run's folder: ``metrics.csv``, a row for each step; ``pictures/TAG/step_NNNNNNN.png``; ``TAG.txt``.

    A run that goes on loses the rows from its first step on, which it writes again.
    """

    def __init__(self) -> None:
        self._folder = Path()
        self._columns: list[str] = [STEP]
        self._row: dict[str, float] = {}

    def begin(self, run: LoggedRun) -> None:
        self._folder, self._columns, self._row = run.folder, [STEP], {}
        before = [] if run.step is None else self._written()
        if before:
            self._columns = list(before[0])
        self._write([row for row in before if int(row[STEP]) < (run.step or 0)], anew=True)
        self.log_text("config", as_yaml(run.config))

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        if self._row and self._row[STEP] != step:
            self._finish_row()
        self._row |= {STEP: step, **values}

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        write_atomic(self._folder / "pictures" / plain_tag(tag) / f"step_{step:07d}.png", as_png(picture))

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        write_atomic(self._folder / f"{plain_tag(tag)}.txt", text.encode())

    def end(self, succeeded: bool) -> None:
        self._finish_row()

    def _finish_row(self) -> None:
        """Write the row of the latest step, once there is nothing to be added to it."""
        if self._row:
            if new := [name for name in self._row if name not in self._columns]:
                written = self._written()
                self._columns += new
                self._write(written, anew=True)
            self._write([self._row])
        self._row = {}

    @property
    def _path(self) -> Path:
        return self._folder / "metrics.csv"

    def _written(self) -> list[dict[str, str]]:
        if not self._path.is_file():
            return []
        with self._path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _write(self, rows: Iterable[Mapping[str, object]], anew: bool = False) -> None:
        text = StringIO(newline="")
        writer = csv.DictWriter(text, self._columns)
        if anew:
            writer.writeheader()
        writer.writerows(rows)
        if anew:
            write_atomic(self._path, text.getvalue().encode())
        else:
            with self._path.open("a", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
