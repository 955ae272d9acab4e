"""The base class of data sets whose official files lie in a folder, or are downloaded through torchvision."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar, Unpack

from vectorae.datasets.data import ImageData, ImageOptions
from vectorae.errors import UserError, reason


class OfficialData(ImageData):
    """A data set of official files, which are looked for at once unless they may be downloaded.

    Raises:
        UserError: files are missing, or cannot be downloaded; the message says which to put where.
    """

    title: ClassVar[str]
    """The name of the data set, and of torchvision's class."""

    def __init__(self, root: str = "data", **options: Unpack[ImageOptions]) -> None:
        super().__init__(root, **options)
        self._root = Path(root).expanduser()
        if not self.download:
            self.check_files()

    @abstractmethod
    def files_missing(self) -> bool:
        """Whether any of the files is missing."""

    @abstractmethod
    def download_files(self) -> None:
        """Download the files through torchvision, into root."""

    @abstractmethod
    def instructions(self) -> str:
        """Which files to put where, for messages: ``put … into 'data/MNIST/raw'``."""

    def check_files(self) -> None:
        """Refuse to go on where files are missing."""
        if self.files_missing():
            raise UserError(
                f"dataset.root: no {self.title} in '{self._root}'; set dataset.download=true, or {self.instructions()}"
            )

    def fetch(self) -> None:
        if not self.files_missing():
            return
        try:
            self.download_files()
        except Exception as error:  # no network, quota, truncated archive: the remedy is the same
            if self.files_missing():
                raise UserError(
                    f"dataset.download: {self.title} cannot be fetched ({reason(error)}); {self.instructions()}"
                ) from error
