"""Find image files: in a folder, or by what a user names."""

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

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


def find_images(given: str, folder: Path, key: str = "input", reserved: str = "") -> list[ImageFile]:
    """The images that a file, a folder (with all below it) or a glob names, and a name for each drawing.

    Drawings lie below the output folder as images do below the folder given, or below the part of the glob that has no
    wildcard; where two would have one name (``a.png`` and ``a.jpg``), they keep the suffix: ``a.png.svg``.

    Args:
        given: file, folder or glob (``**`` for all folders below).
        folder: the output folder; files in it are not taken for images.
        key: the config key, for messages.
        reserved: a name that no drawing gets.

    Raises:
        UserError: nothing exists by that name, or no image does.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        root, files = path, [path / name for name in image_files(path)]
    elif path.is_file():
        root, files = path.parent, [path]
    elif glob.has_magic(str(path)):
        root = _fixed_part(path)
        extensions = image_extensions()
        found = sorted(root.glob(str(path.relative_to(root))))
        files = [file for file in found if file.suffix.lower() in extensions and file.is_file()]
    else:
        several = f"; to sweep over several: {key}=\"'a.png','b.png'\"" if "," in given else ""
        raise UserError(
            f"{key}: '{given}' does not exist; name an image, a folder of images, or a pattern: 'in/*.png'{several}"
        )
    inside = folder.resolve()
    files = [file for file in files if path.is_file() or not file.resolve().is_relative_to(inside)]
    if not files:
        raise UserError(f"{key}: no images in '{given}'")
    return [ImageFile(file, name) for file, name in zip(files, _names(files, root, reserved), strict=True)]


def _fixed_part(pattern: Path) -> Path:
    parts = list(pattern.parts)
    while parts and glob.has_magic(str(Path(*parts))):
        parts.pop()
    return Path(*parts) if parts else Path()


def _names(files: Sequence[Path], root: Path, reserved: str) -> list[Path]:
    """A unique name for each file, also on file systems that ignore case."""
    whole = [file.relative_to(root) for file in files]
    short = [name.with_suffix("") for name in whole]
    often = Counter(str(name).casefold() for name in short)
    names, taken = [], {reserved}
    for long, name in zip(whole, short, strict=True):
        chosen = name if often[str(name).casefold()] == 1 else long
        number = 2
        while str(chosen).casefold() in taken:
            chosen = long.with_name(f"{long.name} ({number})")
            number += 1
        taken.add(str(chosen).casefold())
        names.append(chosen)
    return names


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
