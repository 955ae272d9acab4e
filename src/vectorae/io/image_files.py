"""Find image files: in a folder, or by what a user names."""

# Paths are texts here: a million of them fit into memory.
# ruff: noqa: PTH100, PTH120, PTH122

import glob
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, overload

from PIL import Image

from vectorae.config.arguments import Requires
from vectorae.errors import UserError

# Formats that Pillow knows by name but reads only with the help of other packages.
_NOT_READ = {"BUFR", "FPX", "GRIB", "HDF5", "MIC", "MPEG", "WMF"}


@dataclass(frozen=True)
class ImageFile:
    """An image file, and the name of its drawing.

    Attributes:
        path: of the image.
        name: of the drawing, a path below the output folder without suffix.
    """

    path: Path
    name: Path


class ImageList(Sequence[ImageFile]):
    """Image files, and a unique name for the drawing of each, also on file systems that ignore case.

    What it keeps of an image is one text of its path: a million of them take about 100 MB.

    Args:
        root: folder.
        paths: of the images below it, in order.
        reserved: a name that no drawing gets.
    """

    def __init__(self, root: Path, paths: Sequence[str], reserved: str = "") -> None:
        self.root, self._paths = root, paths
        # Of most images the name is the path without suffix; these are the others.
        self._others: dict[int, str] = {}
        often = Counter(hash(_stem(path)) for path in paths)
        taken = {hash(reserved.casefold())}
        for index, path in enumerate(paths):
            chosen, number = path if often[hash(_stem(path))] > 1 else os.path.splitext(path)[0], 2
            while hash(chosen.casefold()) in taken:
                chosen, number = f"{path} ({number})", number + 1
            taken.add(hash(chosen.casefold()))
            if chosen != os.path.splitext(path)[0]:
                self._others[index] = chosen

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> ImageFile: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageFile]: ...
    def __getitem__(self, index: int | slice) -> ImageFile | list[ImageFile]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        path = self._paths[index]
        return ImageFile(self.root / path, Path(self._others.get(index, os.path.splitext(path)[0])))

    def filter(self, wanted: Callable[[str], bool]) -> "ImageList":
        """Those of the images whose paths are wanted, under the names that they have here."""
        chosen = [index for index, path in enumerate(self._paths) if wanted(path)]
        some = copy(self)
        some._paths = [self._paths[index] for index in chosen]
        some._others = {new: self._others[old] for new, old in enumerate(chosen) if old in self._others}
        return some


def _stem(path: str) -> str:
    return os.path.splitext(path)[0].casefold()


def check_images(key: str, given: str) -> None:
    """Refuse what is neither a file nor a folder nor a pattern.

    Raises:
        UserError: nothing exists by that name.
    """
    path = Path(given).expanduser()
    if not path.is_file() and not path.is_dir() and not glob.has_magic(str(path)):
        several = f"; to sweep over several: {key}=\"'a.png','b.png'\"" if "," in given else ""
        raise UserError(
            f"{key}: '{given}' does not exist; name an image, a folder of images, or a pattern: 'in/*.png'{several}"
        )


ImagesThere = Annotated[str, Requires(check_images)]
"""A file, folder or pattern of images, as ``find_images`` takes it."""


def find_images(given: str, folder: Path, key: str = "input", reserved: str = "") -> ImageList:
    """The images that a file, a folder (with all below it), a glob or a list names, and a name for each drawing.

    Drawings lie below the output folder as images do below the folder given, below the part of the glob that has no
    wildcard, or below the folder that all images of a list share; where two would have one name (``a.png`` and
    ``a.jpg``), they keep the suffix: ``a.png.svg``.

    Args:
        given: file, folder, glob (``**`` for all folders below), or a text file ``.txt`` with a path on each line.
        folder: the output folder; files in it are not taken for images.
        key: the config key, for messages.
        reserved: a name that no drawing gets.

    Raises:
        UserError: nothing exists by that name, or no image does.
    """
    path, inside = Path(given).expanduser(), folder.resolve()
    if path.is_dir():
        root, paths = path, image_files(path)
    elif path.is_file() and path.suffix.lower() == ".txt":
        root, paths = _listed(path, key)
    elif path.is_file():
        return ImageList(path.parent, [path.name], reserved)
    else:
        check_images(key, given)
        root = _fixed_part(path)
        extensions = image_extensions()
        found = (file for file in root.glob(str(path.relative_to(root))) if file.suffix.lower() in extensions)
        paths = sorted(file.relative_to(root).as_posix() for file in found if file.is_file())
    if inside.is_relative_to(root.resolve()):
        paths = [path for path in paths if not (root / path).resolve().is_relative_to(inside)]
    if not paths:
        raise UserError(f"{key}: no images in '{given}'")
    return ImageList(root, paths, reserved)


def _listed(path: Path, key: str) -> tuple[Path, list[str]]:
    """The folder that all images of a list share, and their paths below it; relative ones start in the working one."""
    try:
        with path.open(encoding="utf-8") as lines:
            listed = [os.path.abspath(line.rstrip("\n")) for line in lines if line.strip()]
    except UnicodeDecodeError as error:
        raise UserError(f"{key}: '{path}' is no text in UTF-8") from error
    if not listed:
        return path.parent, []
    root = os.path.commonpath([os.path.dirname(one) for one in listed])
    return Path(root), [os.path.relpath(one, root) for one in listed]


def shard_of(images: ImageList, shard: str) -> ImageList:
    """The images of one of n machines, ``2/4``: by their paths alone, so that all agree on who draws what.

    Raises:
        UserError: anything else than two numbers, the first from 1 to the second.
    """
    number, of = shard_number("shard", shard)
    return images.filter(lambda path: zlib.crc32(path.encode()) % of == number - 1)


def shard_number(key: str, value: str) -> tuple[int, int]:
    """``2/4`` as two numbers.

    Raises:
        UserError: anything else, or a first number that is not from 1 to the second.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", value)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"{key}: {value!r} is not the number of a part, such as 1/4, 2/4, 3/4 or 4/4")
    return int(match[1]), int(match[2])


def _fixed_part(pattern: Path) -> Path:
    parts = list(pattern.parts)
    while parts and glob.has_magic(str(Path(*parts))):
        parts.pop()
    return Path(*parts) if parts else Path()


def image_files(root: Path) -> list[str]:
    """Paths of the image files below ``root``, relative to it, with forward slashes, sorted."""
    extensions = image_extensions()
    found: list[str] = []
    seen: set[Path] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        here = Path(folder)
        real = here.resolve()
        if real in seen:  # a link to a folder further up would be followed forever
            below.clear()
            continue
        seen.add(real)
        # Sorted, so that of two paths to one folder the same is always taken.
        below[:] = sorted(name for name in below if not name.startswith(".") and name != "__MACOSX")
        for name in names:
            path = here / name
            # is_file follows links: broken ones, sockets and pipes are left out.
            if not name.startswith(".") and path.suffix.lower() in extensions and path.is_file():
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def image_extensions() -> set[str]:
    """Suffixes of the formats that Pillow reads by itself: ``.png`` and so on."""
    Image.init()
    formats = set(Image.OPEN) - _NOT_READ
    return {extension for extension, name in Image.registered_extensions().items() if name in formats}
