"""How a drawing came about: its raw numbers at each snapshot."""

from collections.abc import Sequence
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
from vectorae.scene import Group, Scene


@dataclass
class History:
    """The raw numbers of a drawing at each snapshot, in one file.

    Attributes:
        path: of the file.
        steps, visible: of each snapshot, the step and the number of shapes that had been added.
        raw: of each snapshot, ``[raw_size]``.
        names: of each snapshot, what the shape in each slot is called, ``[N]``: shapes may change their slots.
    """

    path: Path
    steps: list[int] = field(default_factory=list)
    visible: list[int] = field(default_factory=list)
    raw: list[np.ndarray] = field(default_factory=list)
    names: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def before(cls, path: Path, step: int) -> Self:
        """What the file has of the steps before one; nothing if it is missing or damaged, as it is not worth a stop."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                steps, visible, raw, names = (saved[key] for key in ("steps", "visible", "raw", "names"))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return cls(path)
        kept = steps < step
        return cls(path, steps[kept].tolist(), visible[kept].tolist(), list(raw[kept]), list(names[kept]))

    def append(self, step: int, visible: int, raw: Tensor, names: Tensor) -> None:
        """Add a snapshot, and write the file.

        Args:
            step: later than those before.
            visible: number of shapes that have been added.
            raw: ``[1, raw_size]``.
            names: what the shape in each slot is called, ``[N]``.
        """
        self.steps.append(step)
        self.visible.append(visible)
        self.raw.append(raw[0].cpu().numpy())
        self.names.append(names.cpu().numpy())
        content = BytesIO()
        np.savez(content, steps=self.steps, visible=self.visible, raw=np.stack(self.raw), names=np.stack(self.names))
        write_atomic(self.path, content.getvalue())

    def scenes(self, decoder: Decoder, state: DrawState) -> list[Scene]:
        """The crisp drawing of each snapshot, with all shapes; those that had not been added have no opacity."""
        return [
            decoder.whole_scene(torch.from_numpy(raw)[None], replace(state, visible=visible))
            for raw, visible in zip(self.raw, self.visible, strict=True)
        ]

    def aligned(self, scenes: Sequence[Scene]) -> list[Scene]:
        """Scenes of all snapshots, in which each shape has the slot that it has in the last."""
        places = [np.argsort(names)[self.names[-1]] for names in self.names]
        return [_moved(scene, place.tolist()) for scene, place in zip(scenes, places, strict=True)]


def _moved(scene: Scene, origin: Sequence[int]) -> Scene:
    """A scene whose shapes have come from other slots of their kind, by slot."""

    def group(one: Group) -> Group:
        members = {slot: member for member, slot in enumerate(one.slots)}
        chosen = [members[origin[slot]] for slot in one.slots]
        return one.map(lambda tensor: tensor[:, chosen])

    index = list(origin)
    return replace(
        scene,
        groups=tuple(map(group, scene.groups)),
        color=scene.color[:, index],
        opacity=scene.opacity[:, index],
        softness=scene.softness[:, index],
        depth=None if scene.depth is None else scene.depth[:, index],
    )
