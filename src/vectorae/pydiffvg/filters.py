"""Filters other than a box of one pixel, which is how images are drawn."""

import math
from enum import IntEnum

import torch
from torch import Tensor

from vectorae.errors import UserError


class FilterType(IntEnum):
    """How the samples around a pixel are weighted."""

    box = 0
    tent = 1
    parabolic = 2
    hann = 3


_HALF = torch.tensor(0.5)


class PixelFilter:
    """A filter and its radius, ``[]``, pixels."""

    def __init__(self, type: FilterType, radius: Tensor = _HALF) -> None:
        self.type = FilterType(type)
        self.radius = radius


BOX = PixelFilter(FilterType.box)


def filtered(image: Tensor, kind: FilterType, radius: Tensor) -> Tensor:
    """An image ``[B, H, W, C]`` of pixels that are means over their areas under a filter; differentiable in its radius.

    The filter is taken at whole distances, so one that reaches no further than half a pixel changes nothing.
    """
    value = float(radius.detach())
    if not 0 < value < math.inf:
        raise UserError(f"filter: its radius must be above 0, got {value:g}")
    reach = math.ceil(value)
    distance = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    part = distance / radius.to(image)
    weights = torch.where(part.abs() <= 1, _WEIGHTS[kind](part), 0)
    if int((weights != 0).sum()) <= 1:
        return image
    for axis in (1, 2):
        image = _along(image, weights, reach, axis)
    return image


_WEIGHTS = {
    FilterType.box: torch.ones_like,
    FilterType.tent: lambda part: 1 - part.abs(),
    FilterType.parabolic: lambda part: 1 - part.square(),
    FilterType.hann: lambda part: 0.5 * (1 + (math.pi * part).cos()),
}


def _along(image: Tensor, weights: Tensor, reach: int, axis: int) -> Tensor:
    """A weighted mean along one axis of pixels that are there."""
    rows = image.movedim(axis, -1)
    shape = rows.shape
    kernel = weights[None, None]
    padded = torch.nn.functional.conv1d(rows.reshape(-1, 1, shape[-1]), kernel, padding=reach)
    share = torch.nn.functional.conv1d(image.new_ones(1, 1, shape[-1]), kernel, padding=reach)
    return (padded / share).view(shape).movedim(-1, axis)
