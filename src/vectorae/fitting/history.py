"""How a drawing came about: its raw numbers at each snapshot."""

from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.io.atomic import write_atomic
from vectorae.scene import Scene


@dataclass
class History:
    """The raw numbers of a drawing at each snapshot, in one file.

    Attributes:
        path: of the file.
        steps, visible: of each snapshot, the step and the number of shapes that had been added.
        raw: of each snapshot, ``[raw_size]``.
    """

    path: Path
    steps: list[int] = field(default_factory=list)
    visible: list[int] = field(default_factory=list)
    raw: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def before(cls, path: Path, step: int) -> Self:
        """What the file has of the steps before one; nothing if it is missing or damaged, as it is not worth a stop."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                steps, visible, raw = saved["steps"], saved["visible"], saved["raw"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return cls(path)
        kept = steps < step
        return cls(path, steps[kept].tolist(), visible[kept].tolist(), list(raw[kept]))

    def append(self, step: int, visible: int, raw: Tensor) -> None:
        """Add a snapshot, and write the file.

        Args:
            step: later than those before.
            visible: number of shapes that have been added.
            raw: ``[1, raw_size]``.
        """
        self.steps.append(step)
        self.visible.append(visible)
        self.raw.append(raw[0].cpu().numpy())
        content = BytesIO()
        np.savez(content, steps=self.steps, visible=self.visible, raw=np.stack(self.raw))
        write_atomic(self.path, content.getvalue())

    def scenes(self, decoder: Decoder, state: DrawState) -> list[Scene]:
        """The crisp drawing of each snapshot, with all shapes; those that had not been added have no opacity."""
        return [
            decoder.whole_scene(torch.from_numpy(raw)[None], replace(state, visible=visible))
            for raw, visible in zip(self.raw, self.visible, strict=True)
        ]
