"""The images of each batch, a pure function of the seed and the batch's number.

Nothing here has state. A run that resumes at batch 1000 gets the same images, flipped the same way, in the same order
as one that was not interrupted, whatever the number of worker processes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from threading import Thread

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from vectorae.datasets.cache import StoredImages
from vectorae.datasets.decode import in_threads
from vectorae.datasets.shards import Shard, ShardReader

FETCHING = "fetch a shard"
"""Name of threads that fetch what will be needed next."""

# Random streams of one seed, distinguished by a second number.
_ORDER, _FLIPS, _WITHIN = 0, 1, 2


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
        device: where all images are kept and batches are assembled, from the first batch on; None reads them.
    """

    images: StoredImages
    batch_size: int
    augment: bool
    seed: int
    rank: int
    world: int
    device: torch.device | None = None

    def __getitem__(self, step: int) -> torch.Tensor:
        mine = slice(self.rank, None, self.world)
        indices = batch_indices(self.seed, step, self.batch_size, len(self.images))[mine]
        if self.device is None:
            batch = self.images.rows(indices)
        else:
            batch = self.images.tensor(self.device)[torch.from_numpy(indices).to(self.device)]
        return _mirrored(batch, batch_flips(self.seed, step, self.batch_size)[mine]) if self.augment else batch


def _mirrored(batch: torch.Tensor, flips: np.ndarray) -> torch.Tensor:
    """Those images of a batch mirrored, in place on a CPU, that ``flips``, bool [B], marks."""
    if batch.device.type == "cpu":  # numpy has no threads to wait for
        pixels = batch.numpy()
        pixels[flips] = pixels[flips, ..., ::-1]
        return batch
    return torch.where(torch.from_numpy(flips).to(batch.device)[:, None, None, None], batch.flip(-1), batch)


class Lanes:
    """The order of images that lie in shards: an endless one, in which any place is found without the ones before.

    Permutation after permutation of the shards makes an endless sequence; dealt out one by one it makes ``lanes`` of
    them. Image number i of the stream is the next one of lane i mod ``lanes``, and within a shard their order is a
    permutation too. So a batch mixes images of as many shards, and a device that takes every world-th image of the
    batches reads the shards of its own lanes alone.

    Args:
        counts: images of each shard.
        lanes: shards that are read side by side.
        seed: of the order.
    """

    def __init__(self, counts: Sequence[int], lanes: int, seed: int) -> None:
        self.counts, self.lanes, self.seed = list(counts), lanes, seed
        # For each lane where each of its shards ends, as far as the stream was asked for.
        self._ends: list[list[int]] = [[] for _ in range(lanes)]

    def shard(self, lane: int, turn: int) -> int:
        """Which shard is number ``turn`` of a lane."""
        epoch, place = divmod(turn * self.lanes + lane, len(self.counts))
        return int(_permutation(self.seed, epoch, len(self.counts))[place])

    def locate(self, number: int) -> tuple[int, int, int]:
        """Image ``number`` of the stream: its lane, the turn of its shard there, and its index in the shard."""
        place, lane = divmod(number, self.lanes)
        ends = self._ends[lane]
        while not ends or ends[-1] <= place:
            ends.append((ends[-1] if ends else 0) + self.counts[self.shard(lane, len(ends))])
        turn = bisect_right(ends, place)
        start = ends[turn - 1] if turn else 0
        return lane, turn, int(_within(self.seed, lane, turn, ends[turn] - start)[place - start])


@lru_cache(maxsize=128)
def _within(seed: int, lane: int, turn: int, images: int) -> np.ndarray:
    """The order of the images in a shard: int64 [images]."""
    return np.random.default_rng([seed, _WITHIN, lane, turn]).permutation(images)


@dataclass
class StreamedBatches(Dataset[torch.Tensor]):
    """The endless training stream as `TrainingBatches`, of images in shards, decoded as they are asked for.

    Attributes:
        reader: of the shards.
        shards: of the split.
        lanes: their order.
        batch_size, augment, seed, rank, world: as in `TrainingBatches`; ``world`` divides the number of lanes.
    """

    reader: ShardReader
    shards: Sequence[Shard]
    lanes: Lanes
    batch_size: int
    augment: bool
    seed: int
    rank: int
    world: int
    _fetched: dict[int, int] = field(default_factory=dict, repr=False)

    def __getitem__(self, step: int) -> torch.Tensor:
        mine = range(self.rank, self.batch_size, self.world)
        places = [self.lanes.locate(step * self.batch_size + row) for row in mine]
        for lane, turn, _ in places:
            if not self.reader.folder.is_local and self._fetched.get(lane) != turn:
                self._fetched[lane] = turn
                # While this shard is read the next one comes.
                Thread(target=self._fetch, args=(lane, turn + 1), name=FETCHING, daemon=True).start()
        batch = torch.from_numpy(np.stack(list(in_threads(self._image, places))))
        flips = batch_flips(self.seed, step, self.batch_size)[mine.start : mine.stop : mine.step]
        return _mirrored(batch, flips) if self.augment else batch

    def _image(self, place: tuple[int, int, int]) -> np.ndarray:
        lane, turn, index = place
        return self.reader.image(self.shards[self.lanes.shard(lane, turn)], index)

    def _fetch(self, lane: int, turn: int) -> None:
        with suppress(Exception):  # it is told when the shard is needed
            self.reader.folder.fetch(self.shards[self.lanes.shard(lane, turn)])


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
