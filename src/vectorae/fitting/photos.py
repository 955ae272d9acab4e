"""The images that are drawn, at their own aspect."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vectorae.datasets.procedural_faces import draw_faces
from vectorae.errors import UserError, reason
from vectorae.io.frame import Part
from vectorae.io.given_images import GivenImage, as_file
from vectorae.io.image_files import ImageFile, find_images
from vectorae.io.images import NONE, Picture, read_whole, whole_part
from vectorae.io.pixels import to_float

OWN_PICTURE = "toy_face"
"""What the picture is called that the project draws itself."""

MOST_PIXELS = 2**22
"""Of an image as it is drawn: larger ones take more memory than most machines have."""

OWN_FACE = 7
"""Which of the toy faces it is."""


@dataclass(frozen=True)
class Photo:
    """An image to be drawn.

    Attributes:
        name: of its folder below that of the run; empty where there is but one.
        title: of its drawing.
        pixels: ``[C, H, W]`` in [0, 1].
        width, height: of the image file, upright, pixels.
    """

    name: Path
    title: str
    pixels: Tensor
    width: int
    height: int

    @property
    def part(self) -> Part:
        """The part of the pixels that shows the image: a longer side that is no whole number is rounded up."""
        return whole_part(min(self.pixels.shape[-2:]), self.width, self.height)


@dataclass(frozen=True)
class Reader:
    """How images are read.

    Attributes:
        size: of the shorter side, in pixels.
        channels: 3, or 1 for grey.
        background: the colour, any that Pillow knows, behind what is transparent; ``none``: see ``View``.
        max_pixels: larger images are refused.
    """

    size: int
    channels: int
    background: str
    max_pixels: int

    def __call__(self, image: str | None, folder: Path) -> tuple[list[Photo], dict[Path, str]]:
        """Images, and why others could not be read, by file.

        Args:
            image: a file, a folder (with all below it), a pattern, or None for the picture of our own.
            folder: of the run; what lies in it is not read.

        Raises:
            UserError: there is none that can be read.
        """
        if image is None:
            (face,) = draw_faces(0, "train", OWN_FACE, OWN_FACE + 1, self.size, self.channels)
            pixels = to_float(face)
            if self.background == NONE:  # it is opaque
                pixels = torch.cat([pixels, torch.ones_like(pixels[:1])])
            return [Photo(Path(), OWN_PICTURE, pixels, self.size, self.size)], {}
        files, alone = find_images(image, folder, "image"), Path(image).expanduser().is_file()
        with ThreadPoolExecutor(4) as pool:
            read = list(pool.map(self._read, files))
        photos = [
            _photo(Path() if alone else file.name, file.path.name, one)
            for file, one in zip(files, read, strict=True)
            if isinstance(one, Picture)
        ]
        failures = {file.path: one for file, one in zip(files, read, strict=True) if isinstance(one, str)}
        if not photos:
            path, why = next(iter(failures.items()))
            raise UserError(f"image: '{path}' cannot be read ({why})")
        return photos, failures

    def given(self, image: GivenImage) -> Photo:
        """One image as a caller has it.

        Raises:
            UserError: it is none, or cannot be read.
        """
        try:
            picture = self._open(as_file(image))
        except UserError:
            raise
        except Exception as error:  # as below
            raise UserError(f"image: it cannot be read ({reason(error)})") from error
        return _photo(Path(), "image", picture)

    def _open(self, file: Any) -> Picture:
        return read_whole(file, self.size, self.channels, self.background, self.max_pixels, MOST_PIXELS)

    def _read(self, file: ImageFile) -> Picture | str:
        try:
            return self._open(file.path)
        except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
            return reason(error)


def _photo(name: Path, title: str, picture: Picture) -> Photo:
    pixels, width, height = picture
    return Photo(name, title, to_float(torch.from_numpy(pixels.copy())), width, height)


def batches(photos: Sequence[Photo], size: int) -> Iterator[list[Photo]]:
    """Images of one size together, at most ``size`` of them."""
    by_size: dict[torch.Size, list[Photo]] = {}
    for photo in photos:
        by_size.setdefault(photo.pixels.shape, []).append(photo)
    for alike in by_size.values():
        for start in range(0, len(alike), size):
            yield alike[start : start + size]
