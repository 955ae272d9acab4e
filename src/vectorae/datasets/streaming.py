"""More images than a disk holds: shards that are read from a folder, URL or bucket as training goes on."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Unpack

import numpy as np
import torch
from annotated_types import Gt
from torch.utils.data import DataLoader

from vectorae.config.arguments import PositiveInt, validated
from vectorae.config.paths import NO_SHARDS, FolderOfShards
from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.datasets.decode import block_of, in_threads
from vectorae.datasets.shards import Shard, ShardFolder, ShardReader
from vectorae.datasets.stream import Lanes, StreamedBatches
from vectorae.errors import UserError
from vectorae.io.images import View

SAMPLE = 4096
"""Training images that are decoded into the cache, for their mean."""

_BLOCK = 256


class Streaming(ImageData):
    """Images in shards: tar files in the form of WebDataset, and their index ``shards.json``.

    ``vectorae shards`` writes both from a folder of images, or the index of tar files that are there. Training decodes
    images as they are asked for, in an order that depends on the seed and the step alone, so that a run resumes
    exactly, on any number of devices. Validation and test images are decoded once into the cache, and so is a sample of
    the training images. Options as in `ImageOptions`.

    Args:
        root: of the shards: a folder, a URL or a bucket, ``s3://bucket/faces``.
        open_shards: shards that a batch mixes; a multiple of the number of devices.
        cache_limit: GiB of shards from elsewhere that are kept in the cache; None is no limit.
    """

    config_name = "streaming"

    @validated
    def __init__(
        self,
        root: FolderOfShards = None,
        open_shards: PositiveInt = 8,
        cache_limit: Annotated[float, Gt(0)] | None = None,
        **options: Unpack[ImageOptions],
    ) -> None:
        super().__init__(None, **options)
        if root is None:
            raise UserError(f"dataset.root: {NO_SHARDS}")
        self.open_shards = open_shards
        self._folder = ShardFolder(root, self.cache, None if cache_limit is None else round(cache_limit * 2**30))
        self._reader = ShardReader(
            self._folder, View(self.image_size, self.channels, self.resize), remembered=4 * open_shards
        )

    def recipe(self) -> disk.Recipe:
        """Validation and test images, and a sample of the training images."""
        shards, view = self._folder.shards, self._reader.view
        counts = {split: sum(shard.images for shard in shards[split]) for split in disk.SPLITS}
        counts["train"] = min(SAMPLE, counts["train"])
        return disk.Recipe(
            name=self.config_name,
            verb="reading",
            identity=[self._folder.identity, view.mapping],
            image_shape=view.shape,
            counts=counts,
            blocks=lambda split, first: self._blocks(split, range(first, counts[split])),
        )

    def train_dataloader(self) -> "DataLoader[torch.Tensor]":
        """The endless stream, from the trainer's step on."""
        rank, world = self._rank_and_world()
        if self.open_shards % world:
            raise UserError(f"dataset.open_shards: {self.open_shards} shards do not divide among {world} devices")
        shards = self._folder.shards["train"]
        lanes = Lanes([shard.images for shard in shards], self.open_shards, self.seed)
        batches = StreamedBatches(self._reader, shards, lanes, self.batch_size, self.augment, self.seed, rank, world)
        return self._training_loader(batches)

    def _blocks(self, split: str, numbers: range) -> Iterator[disk.Block]:
        """Images of a split in order, those that cannot be read left out."""
        places = ((shard, index) for shard in self._folder.shards[split] for index in range(shard.images))
        chosen = islice(places, numbers.start, numbers.stop)
        while some := list(islice(chosen, _BLOCK)):
            yield block_of(list(in_threads(self._decoded, some)), self._reader.view)

    def _decoded(self, place: tuple[Shard, int]) -> np.ndarray | str:
        return self._reader.try_image(*place)
