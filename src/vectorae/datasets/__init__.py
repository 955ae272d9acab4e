"""Data sets: one LightningDataModule each."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vectorae.datasets.celeba import CelebA
    from vectorae.datasets.data import ImageData
    from vectorae.datasets.folder import Folder
    from vectorae.datasets.torchvision_sets import KMNIST, MNIST, FashionMNIST, Omniglot
    from vectorae.datasets.toy_faces import ToyFaces

__all__ = ["KMNIST", "MNIST", "CelebA", "FashionMNIST", "Folder", "ImageData", "Omniglot", "ToyFaces"]

_MODULES = {
    "CelebA": "celeba",
    "FashionMNIST": "torchvision_sets",
    "Folder": "folder",
    "ImageData": "data",
    "KMNIST": "torchvision_sets",
    "MNIST": "torchvision_sets",
    "Omniglot": "torchvision_sets",
    "ToyFaces": "toy_faces",
}


def __getattr__(name: str) -> Any:
    """The classes, on first use: Lightning takes seconds to import, and fits need only the procedural faces."""
    if name in _MODULES:
        return getattr(importlib.import_module(f"vectorae.datasets.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
