"""A small image classifier, with which drawings of digits are evaluated."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vectorae.config.arguments import Choices, PositiveFloat, PositiveInt, Validated, validated
from vectorae.errors import UserError
from vectorae.io.pixels import to_float
from vectorae.io.torch_file import read_torch, write_torch
from vectorae.training.eval_mode import eval_mode
from vectorae.training.run_state import run_progress

FORMAT = 1

# Largest random rotation (radians), scaling and shift (half image sides) of training images: drawings differ from them.
TURN = math.radians(10)
SCALE = 0.1
SHIFT = 0.07


@dataclass(frozen=True)
class Task(Validated):
    """The images that a classifier is trained on.

    Attributes:
        dataset: name of its config.
        image_size: side of the images, pixels.
        channels: 1 (grey) or 3 (colour).
        classes: number of classes.

    Raises:
        UserError: a value out of range.
    """

    dataset: str
    image_size: PositiveInt
    channels: Annotated[int, Choices((1, 3))]
    classes: PositiveInt


class Classifier(pl.LightningModule):
    """Two stages of two convolutions each, and a linear layer.

    Args:
        task: the images to classify.
        learning_rate: AdamW's maximum; it rises and falls again in one cycle over the training (Smith and Topin, 2018).
    """

    @validated
    def __init__(self, task: Task, learning_rate: PositiveFloat = 0.003) -> None:
        super().__init__()
        self.task, self.learning_rate = task, learning_rate
        self.network = nn.Sequential(
            *_convolution(task.channels, 16),
            *_convolution(16, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 48),
            *_convolution(48, 64),
            nn.AdaptiveMaxPool2d(5),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(64 * 25, task.classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Class scores ``[B, K]`` of images ``[B, C, S, S]`` in [0, 1]; other sizes are resized."""
        side = self.task.image_size
        if images.shape[-1] != side:
            images = F.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
        return self.network(images)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        images, labels = batch
        loss = F.cross_entropy(self(_augmented(to_float(images))), labels, label_smoothing=0.05)
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.learning_rate, weight_decay=0.01)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.learning_rate, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """One step along the cycle; as many as time has taken, where time ends the training."""
        last = scheduler.total_steps - 1
        scheduler.last_epoch = min(last, max(scheduler.last_epoch + 1, round(run_progress(self.trainer) * last))) - 1
        scheduler.step()

    def accuracy(self, images: Tensor, labels: Tensor) -> float:
        """The fraction of uint8 images ``[n, C, S, S]`` whose class ``[n]`` is recognised."""
        with eval_mode(self):
            correct = [
                int((self(to_float(part.to(self.device))).argmax(1).cpu() == classes).sum())
                for part, classes in zip(images.split(512), labels.split(512), strict=True)
            ]
        return sum(correct) / len(images)

    def save(self, path: Path) -> None:
        """Write the weights and the task."""
        described = {"format": FORMAT, **asdict(self.task)}
        write_torch(path, {"vectorae_classifier": described, "state_dict": self.state_dict()})


def load_classifier(path: Path) -> Classifier:
    """A classifier from its file, on the CPU, in evaluation mode. Nothing in the file is executed.

    Raises:
        UserError: no such file, or one that ``Classifier.save`` did not write.
    """
    kind = "a classifier of vectorae"
    content = read_torch(path.expanduser(), "classifier", kind, advice="; make one with scripts/train_classifier.py")
    try:
        described = dict(content["vectorae_classifier"])
        if described.pop("format") != FORMAT:
            raise ValueError("another format")
        model = Classifier(Task(**described))
        model.load_state_dict(content["state_dict"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"classifier: '{path}' is damaged or not {kind}") from error
    return model.eval()


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]


def _augmented(images: Tensor) -> Tensor:
    """Images ``[B, C, S, S]``, each rotated, scaled and shifted a little at random."""
    turn, scale, across, down = (2 * torch.rand(4, len(images), device=images.device) - 1).unbind()
    turn, scale = TURN * turn, 1 + SCALE * scale
    rows = [
        torch.stack([scale * turn.cos(), -scale * turn.sin(), 2 * SHIFT * across], dim=1),
        torch.stack([scale * turn.sin(), scale * turn.cos(), 2 * SHIFT * down], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
