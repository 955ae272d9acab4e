from .celeba import CelebA as CelebA
from .data import ImageData as ImageData
from .folder import Folder as Folder
from .torchvision_sets import KMNIST as KMNIST
from .torchvision_sets import MNIST as MNIST
from .torchvision_sets import FashionMNIST as FashionMNIST
from .torchvision_sets import Omniglot as Omniglot
from .toy_faces import ToyFaces as ToyFaces
