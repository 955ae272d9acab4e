"""The images of each batch, a pure function of the seed and the batch's number.

Nothing here has state. A run that resumes at batch 1000 gets the same images, flipped the same way, in the same order
as one that was not interrupted, whatever the number of worker processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from vectorae.datasets.cache import StoredImages

# Random streams of one seed, distinguished by a second number.
_ORDER, _FLIPS = 0, 1


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, images: int) -> np.ndarray:
    """The order of ``images`` images in ``epoch``: int64 [images]."""
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(images)


def batch_indices(seed: int, step: int, batch_size: int, images: int) -> np.ndarray:
    """Indices of the images of batch number ``step``.

    Each epoch is a new permutation, cut into whole batches; the remainder of an epoch is left out. With fewer images
    than ``batch_size`` the permutations follow each other without a gap, so that every image is seen equally often.

    Args:
        seed: of the run, 0 or more.
        step: number of the batch, 0 or more.
        batch_size: images in the batch, over all devices together.
        images: number of images, 1 or more.

    Returns:
        int64 [batch_size], each in 0 … images − 1.
    """
    per_epoch = images // batch_size
    if per_epoch:
        epoch, batch = divmod(step, per_epoch)
        return _permutation(seed, epoch, images)[batch * batch_size : (batch + 1) * batch_size]
    first, last = step * batch_size // images, ((step + 1) * batch_size - 1) // images
    order = np.concatenate([_permutation(seed, epoch, images) for epoch in range(first, last + 1)])
    start = step * batch_size - first * images
    return order[start : start + batch_size]


def batch_flips(seed: int, step: int, batch_size: int) -> np.ndarray:
    """The images of batch number ``step`` that are mirrored: bool [batch_size], half of them on average."""
    return np.random.default_rng([seed, _FLIPS, step]).random(batch_size) < 0.5


@dataclass
class TrainingBatches(Dataset[torch.Tensor]):
    """The endless training stream: item ``step`` is batch number ``step``, uint8 [B, C, S, S].

    B is batch_size / world: device ``rank`` of ``world`` takes every world-th image of the common batch.

    Attributes:
        images: of the split.
        batch_size: images in the common batch.
        augment: mirror half of them.
        seed: of order and flips.
        rank, world: index of this device, and number of devices.
        device: where all images are kept and batches are assembled, from the first batch on; None is the memory map.
    """

    images: StoredImages
    batch_size: int
    augment: bool
    seed: int
    rank: int
    world: int
    device: torch.device | None = None

    def __getitem__(self, step: int) -> torch.Tensor:
        images = self.images.tensor(self.device)
        mine = slice(self.rank, None, self.world)
        indices = batch_indices(self.seed, step, self.batch_size, len(images))[mine]
        batch = images[torch.from_numpy(indices).to(images.device)]
        if self.augment:
            flips = torch.from_numpy(batch_flips(self.seed, step, self.batch_size)[mine])
            batch = torch.where(flips.to(batch.device)[:, None, None, None], batch.flip(-1), batch)
        return batch


class OrderedBatches(Dataset[torch.Tensor]):
    """Every image once, in order: item i is batch i, uint8 [B, C, S, S], the last one smaller.

    Device ``rank`` of ``world`` takes every world-th image; no image goes to two devices.
    """

    def __init__(self, images: StoredImages, batch_size: int, rank: int, world: int) -> None:
        self.images = images
        self.per_device = batch_size // world
        self.rank = rank
        self.world = world

    def __len__(self) -> int:
        mine = len(range(self.rank, len(self.images), self.world))
        return -(-mine // self.per_device)

    def __getitem__(self, index: int) -> torch.Tensor:
        if not 0 <= index < len(self):
            raise IndexError(index)
        mine = self.images.tensor()[self.rank :: self.world]
        # A copy: a batch that views the memory map would be read from disk again and again.
        return mine[index * self.per_device : (index + 1) * self.per_device].clone()


class StepsFrom(Sampler[int]):
    """start, start + 1, start + 2, … without end; a loader over it has no length."""

    def __init__(self, start: int) -> None:
        self.start = start

    def __iter__(self) -> Iterator[int]:
        return count(self.start)
