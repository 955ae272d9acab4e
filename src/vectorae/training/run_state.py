"""Where a training run stands."""

from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass, field

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, Timer
from torch import Tensor

from vectorae.compat import timer_duration
from vectorae.decoder import Plateaus


@dataclass
class RunState:
    """Where a training run stands, as plain numbers on the host: reading them never waits for a device.

    It travels in checkpoints, so that a loaded model draws as softly as it did when it was saved.

    Attributes:
        progress: in [0, 1].
        relocations: how often dead shapes have been looked for.
        plateaus: of the losses.
        unread: progress and loss of the latest steps, which the plateaus do not know yet; losses may be on a device.
    """

    progress: float = 0.0
    relocations: int = 0
    plateaus: Plateaus = field(default_factory=Plateaus)
    unread: list[tuple[float, Tensor]] = field(default_factory=list)

    def read_losses(self, until: float) -> None:
        """Let the plateaus observe the unread losses; this waits for the device."""
        if self.unread:
            progress, losses = zip(*self.unread, strict=True)
            for at, loss in zip(progress, torch.stack([loss.to(losses[-1]) for loss in losses]).tolist(), strict=True):
                self.plateaus.observe(loss, at, until)
        self.unread.clear()

    def to_tensor(self) -> Tensor:
        """All of it as a vector on the CPU, float64."""
        unread = [number for at, loss in self.unread for number in (at, float(loss))]
        return torch.tensor([self.progress, self.relocations, *astuple(self.plateaus), *unread], dtype=torch.float64)

    @classmethod
    def from_tensor(cls, numbers: Tensor) -> "RunState":
        """The same from ``to_tensor``."""
        progress, relocations, *others = numbers.tolist()
        plateaus, unread = Plateaus(*others[:4]), others[4:]
        losses = [(at, torch.tensor(loss)) for at, loss in zip(unread[::2], unread[1::2], strict=True)]
        return cls(progress, int(relocations), plateaus, losses)


class EndsEarly(Callback, ABC):
    """A callback that may end a run before its limit, and all schedules with it."""

    @abstractmethod
    def progress(self, limit: float) -> float:
        """How much of the run is done, in [0, 1], where ``limit`` of what it may take is."""


def run_progress(trainer: pl.Trainer) -> float:
    """How much of a run is done, in [0, 1], which all schedules follow; the same in every process."""
    done = limit_progress(trainer)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, EndsEarly):
            done = max(done, callback.progress(done))
    return done


def limit_progress(trainer: pl.Trainer) -> float:
    """How much is done of what a run may take, in [0, 1]: of its steps or its time, whichever is further."""
    done = [0.0]
    if trainer.max_steps > 0:
        done.append(trainer.global_step / trainer.max_steps)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, Timer) and (limit := timer_duration(callback)):
            # Each process has its own clock; learning rates that differ would let their weights drift apart.
            done.append(trainer.strategy.broadcast(callback.time_elapsed() / limit))
    return min(1.0, max(done))
