"""The base class of data sets: square images in three splits, and their loaders."""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypedDict, Unpack

import pytorch_lightning as pl
import torch
from annotated_types import Ge, Le
from platformdirs import user_cache_path
from torch.utils.data import DataLoader

from vectorae.config.arguments import (
    LARGEST_SIDE,
    Choices,
    NonNegativeInt,
    PositiveInt,
    Workers,
    validated,
    with_defaults,
)
from vectorae.datasets import cache as disk
from vectorae.datasets.stream import OrderedBatches, StepsFrom, TrainingBatches
from vectorae.errors import UserError

GPU_MEMORY_FRACTION = 0.25
"""Fraction of a GPU's free memory that training images may take."""


class ImageOptions(TypedDict, total=False):
    """Options of every data set.

    Attributes:
        image_size: S, side of the square images in pixels.
        channels: C, 3 for colour or 1 for grey.
        batch_size: images per step, over all devices together.
        augment: mirror half of the training images left to right.
        resize: ``crop``, ``pad`` or ``stretch``: how images that are not square are made square.
        download: fetch the files into root if they are not there.
        cache: folder of the decoded images; None is the user's cache folder.
        workers: processes that decode images and load batches; 0 does it in the main process, or loads on the GPU if
            all training images fit into a quarter of its free memory. The batches are the same.
        seed: of the order and the flips, and of the split where the data set has no official one.
    """

    image_size: Annotated[int, Ge(16), Le(LARGEST_SIDE)]
    channels: Annotated[int, Choices((1, 3))]
    batch_size: PositiveInt
    augment: bool
    resize: Literal["crop", "pad", "stretch"]
    download: bool
    cache: str | Path | None
    workers: Workers
    seed: NonNegativeInt


DEFAULTS: ImageOptions = {
    "image_size": 64,
    "channels": 3,
    "batch_size": 64,
    "augment": True,
    "resize": "crop",
    "download": False,
    "cache": None,
    "workers": 0,
    "seed": 0,
}


class ImageData(pl.LightningDataModule):
    """Images in the splits train, val and test, decoded once into a memory-mapped cache.

    Loaders yield uint8 [B, C, S, S], without labels. Training is an endless stream in which batch number s depends
    on (seed, s, batch_size) alone and which starts at the trainer's step; validation and test go through the images
    once, in order. On several devices each takes every n-th image of the common batch.

    Args:
        root: folder of the images, or None.
        options: see ``ImageOptions``.

    Raises:
        UserError: naming the option, for a value out of range or missing files.
        TypeError: an unknown option.
    """

    config_name: ClassVar[str]
    """Name of its file in conf/dataset, and prefix of its caches' file names."""
    defaults: ClassVar[ImageOptions] = {}
    """Defaults of this data set that differ from ``DEFAULTS``."""

    @validated
    def __init__(self, root: str | Path | None, **options: Unpack[ImageOptions]) -> None:
        super().__init__()
        chosen = with_defaults(DEFAULTS, {**self.defaults, **options})
        self.image_size, self.channels, self.resize = chosen["image_size"], chosen["channels"], chosen["resize"]
        self.batch_size, self.augment, self.seed = chosen["batch_size"], chosen["augment"], chosen["seed"]
        self.workers, self.download, cache = chosen["workers"], chosen["download"], chosen["cache"]
        self.root = None if root is None else Path(root).expanduser()
        self.cache = user_cache_path("vectorae", appauthor=False) if cache is None else Path(cache).expanduser()
        if cache is None and not self.cache.is_absolute():
            raise UserError("dataset.cache: this user has no home folder; write dataset.cache=FOLDER")
        if cache is not None and self.root is not None and self.cache.resolve().is_relative_to(self.root.resolve()):
            raise UserError(f"dataset.cache: '{cache}' is inside dataset.root; choose a folder elsewhere")
        self._splits: dict[str, disk.StoredImages] | None = None

    @property
    def image_channels(self) -> int:
        """Channels of the images: with alpha one more than those of the colour."""
        return self.channels

    @abstractmethod
    def recipe(self) -> disk.Recipe:
        """How the cache of these images is made, and its key. Raises UserError if files are missing."""

    def fetch(self) -> None:
        """Download missing files. Called before ``recipe`` when ``download`` is true."""

    def prepare_data(self) -> None:
        """Download and decode, if that has not been done. Lightning calls it in one process per machine."""
        self._stored()

    def images(self, split: str) -> torch.Tensor:
        """All images of ``split`` (train, val or test): uint8 [n, C, S, S], read from the cache as they are touched."""
        if split not in disk.SPLITS:
            raise UserError(f"split: no '{split}'; choose train, val or test")
        return self._stored()[split].tensor()

    def labels(self, split: str) -> torch.Tensor:
        """The class of each image of ``split``, int64 [n], from 0.

        Raises:
            UserError: the data set has no labels, or their file is missing.
        """
        raise UserError(f"dataset: {self.config_name} has no labels; choose mnist, fashion_mnist, kmnist or quickdraw")

    def regions(self, split: str) -> dict[str, torch.Tensor]:
        """Parts of the images of ``split`` that are measured apart: by name their pixels, bool [n, 1, S, S]."""
        return {}

    def train_dataloader(self) -> "DataLoader[torch.Tensor]":
        """The endless stream, from the trainer's step on."""
        images = self._stored()["train"]
        where = *self._rank_and_world(), self._resident_device(images)
        return self._training_loader(TrainingBatches(images, self.batch_size, self.augment, self.seed, *where))

    def val_dataloader(self) -> "DataLoader[torch.Tensor]":
        """The validation images in order, the last batch smaller."""
        return self._loader(OrderedBatches(self._stored()["val"], self.batch_size, *self._rank_and_world()))

    def test_dataloader(self) -> "DataLoader[torch.Tensor]":
        """The test images in order, the last batch smaller."""
        return self._loader(OrderedBatches(self._stored()["test"], self.batch_size, *self._rank_and_world()))

    def _training_loader(self, batches: "torch.utils.data.Dataset[torch.Tensor]") -> "DataLoader[torch.Tensor]":
        """The batches of an endless stream, from the trainer's step on."""
        start = 0
        if self.trainer is not None:
            start = self.trainer.global_step * self.trainer.accumulate_grad_batches
        return self._loader(batches, sampler=StepsFrom(start))

    def _loader(self, batches: "torch.utils.data.Dataset[torch.Tensor]", **options: Any) -> "DataLoader[torch.Tensor]":
        # Items are whole batches. A loader draws a random number when it starts: from its own generator, so that
        # validation does not change the random numbers of training.
        return DataLoader(
            batches, batch_size=None, num_workers=self.workers, generator=torch.Generator().manual_seed(0), **options
        )

    def _rank_and_world(self) -> tuple[int, int]:
        """Rank of this process and number of processes."""
        if self.trainer is None:
            return 0, 1
        rank, world = self.trainer.global_rank, self.trainer.world_size
        if self.batch_size % world:
            raise UserError(f"dataset.batch_size: {self.batch_size} images do not divide among {world} devices")
        return rank, world

    def _resident_device(self, images: disk.StoredImages) -> torch.device | None:
        """The GPU, if all images fit into its free memory and no worker processes load them; else None."""
        if self.trainer is None or self.workers:
            return None
        device: torch.device = self.trainer.strategy.root_device
        if device.type != "cuda" or images.size > GPU_MEMORY_FRACTION * torch.cuda.mem_get_info(device)[0]:
            return None
        return device

    def _stored(self) -> dict[str, disk.StoredImages]:
        if self._splits is None:
            if self.download:
                self.fetch()
            self._splits = disk.stored(self.recipe(), self.cache)
        return self._splits
