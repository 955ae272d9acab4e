"""TensorBoard's events."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vectorae.compat import write_summaries
from vectorae.io.images import as_png
from vectorae.loggers.base import LoggedRun, RunLogger, as_yaml

if TYPE_CHECKING:
    from PIL import Image
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard(RunLogger):
    """Events in the run's folder. Of a run that goes on, what was logged from its first step on is forgotten."""

    def __init__(self) -> None:
        self._writer: SummaryWriter | None = None

    @property
    def writer(self) -> SummaryWriter:
        """What writes the events of the run that has begun."""
        assert self._writer is not None
        return self._writer

    def begin(self, run: LoggedRun) -> None:
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        self._writer = SummaryWriter(run.folder, purge_step=run.step)
        if run.settings:
            # Without the summary of the experiment: TensorBoard takes the columns of all runs from that of the first.
            _, start, end = hparams(dict(run.settings), {})
            write_summaries(self._writer, [start, end])
        self.log_text("config", as_yaml(run.config))

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        for tag, value in values.items():
            self.writer.add_scalar(tag, value, step)

    def log_image(self, tag: str, picture: Image.Image, step: int) -> None:
        # As `add_image` does, which takes five times as long to compress it.
        from tensorboard.compat.proto.summary_pb2 import Summary

        rgb = picture.convert("RGB")
        png = as_png(rgb, quick=True)
        content = Summary.Image(height=rgb.height, width=rgb.width, colorspace=3, encoded_image_string=png)
        write_summaries(self.writer, [Summary(value=[Summary.Value(tag=tag, image=content)])], step)

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        self.writer.add_text(tag, textwrap.indent(text, "    "), step)  # verbatim in Markdown

    def log_histogram(self, tag: str, values: NDArray[np.floating[Any]], step: int) -> None:
        self.writer.add_histogram(tag, values, step)

    def flush(self) -> None:
        self.writer.flush()

    def end(self, succeeded: bool) -> None:
        self.writer.close()

    def viewed_by(self, folder: Path) -> Sequence[str | Path]:
        return ["tensorboard --logdir", folder]
