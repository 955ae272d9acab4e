"""Where a drawing is to be closest to its image: the importance of each pixel."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vectorae.config.paths import EDGES
from vectorae.errors import UserError, reason
from vectorae.fitting.photos import Photo
from vectorae.io.image_files import image_extensions
from vectorae.io.images import read_grey
from vectorae.losses.blurred import gaussian_blur

LEAST = 0.05
"""Importance of the pixels that count least: without any the drawing would be left to chance there."""

REACH = 0.02
"""How far around an edge pixels count more, relative to the shorter side."""

STRONG = 0.95
"""The quantile of edge strength from which on pixels count fully."""


def importance(weight: str, photos: Sequence[Photo], max_pixels: int) -> Tensor:
    """The importance of each pixel of photographs of one size, ``[B, 1, H, W]`` in (0, 1].

    Args:
        weight: ``edges``; a grey picture, white where it counts most; or a folder with such a picture for each
            photograph, of the same name but for the suffix. Pictures are stretched to the photographs.
        photos: B of one size.
        max_pixels: larger pictures are refused.

    Raises:
        UserError: a picture is missing, cannot be read, or is black all over.
    """
    if weight == EDGES:
        return edge_importance(torch.stack([photo.pixels for photo in photos]))
    path = Path(weight).expanduser()
    found = []
    for photo in photos:
        file = _of_name(path, Path(photo.title).stem) if path.is_dir() else path
        height, width = photo.pixels.shape[-2:]
        try:
            grey = torch.from_numpy(read_grey(file, width, height, max_pixels).copy()).float() / 255
        except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
            raise UserError(f"weight: '{file}' cannot be read ({reason(error)})") from error
        if not grey.any():
            raise UserError(f"weight: '{file}' is black all over; paint white what counts most")
        found.append(LEAST + (1 - LEAST) * grey[None])
    return torch.stack(found)


def edge_importance(images: Tensor) -> Tensor:
    """The importance ``[B, 1, H, W]`` of pixels of images ``[B, C, H, W]``, high where there are edges.

    It is the strength of edges around a pixel: the root of the trace of the structure tensor (Förstner and Gülch,
    1987).
    """
    side = min(images.shape[-2:])
    across, down = torch.gradient(images, dim=-1)[0], torch.gradient(images, dim=-2)[0]
    trace = (across.square() + down.square()).sum(1, keepdim=True)
    strength = gaussian_blur(trace, max(1.0, REACH * side)).sqrt().flatten(2)
    strong = strength.kthvalue(max(1, round(STRONG * strength.shape[-1])), dim=-1, keepdim=True).values
    part = (strength / strong.clamp_min(1e-9)).clamp(max=1.0)
    return (LEAST + (1 - LEAST) * part).view(len(images), 1, *images.shape[-2:])


def _of_name(folder: Path, stem: str) -> Path:
    """The picture in a folder of a name but for the suffix."""
    suffixes = image_extensions()
    for path in sorted(folder.iterdir()):
        if path.stem == stem and path.suffix.lower() in suffixes:
            return path
    raise UserError(f"weight: no picture '{stem}.*' in '{folder}'; put one there, or name one picture for all")
