"""Images to learn from: one class per data set, each a LightningDataModule."""

from vectorae.datasets.celeba import CelebA
from vectorae.datasets.data import ImageData
from vectorae.datasets.folder import Folder
from vectorae.datasets.torchvision_sets import KMNIST, MNIST, FashionMNIST, Omniglot
from vectorae.datasets.toy_faces import ToyFaces

__all__ = ["KMNIST", "MNIST", "CelebA", "FashionMNIST", "Folder", "ImageData", "Omniglot", "ToyFaces"]
