"""Numbers, places and colours that are given by hand, as tensors."""

import math
from collections.abc import Sequence
from functools import reduce
from numbers import Real
from typing import Any, cast

import torch
from torch import Tensor

from vectorae.errors import UserError

Number = float | Tensor
"""A number, or one for each of B drawings, ``[B]``."""

Place = Sequence[Number] | Tensor
"""x and y in canvas units, or those of B drawings, ``[B, 2]``."""

Color = str | float | Sequence[Number] | Tensor
"""A colour: a name or ``#rrggbb``; a grey; red, green and blue; or those of B drawings, ``[B, C]``. In [0, 1]."""


def points_of(points: Sequence[Place] | Tensor) -> Tensor:
    """Points ``[B, 1, P, 2]``."""
    return numbers_of(points, None, 2)[:, None]


def number_of(value: Number, name: str = "number", low: float = -math.inf, high: float = math.inf) -> Tensor:
    """A number as ``[B]``, between two others unless it takes a gradient; ``name``: what it is, for messages."""
    numbers = numbers_of(value)
    if not numbers.requires_grad and not ((numbers >= low) & (numbers <= high)).all():
        allowed = f"in [{low:g}, {high:g}]" if high < math.inf else f"≥ {low:g}"
        raise UserError(f"{name} must be {allowed}, got {value!r}")
    return numbers


def numbers_of(value: Any, *sizes: int | None) -> Tensor:
    """A tensor of the sizes given, None for any, and before them the number of drawings, which may be 1."""
    try:
        tensor = _tensor(value, len(sizes))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"shapes: {value!r} is not a number, or as many as there are coordinates") from error
    batched = tensor if tensor.dim() > len(sizes) else tensor[None]
    found = batched.shape[1:]
    if len(found) != len(sizes) or any(size not in (None, own) for size, own in zip(sizes, found, strict=True)):
        wanted = ["B", *("P" if size is None else str(size) for size in sizes)]
        raise UserError(
            f"shapes: numbers {list(tensor.shape)} where [{', '.join(wanted[1:])}] are wanted, or [{', '.join(wanted)}]"
        )
    return batched


def _tensor(value: Any, depth: int) -> Tensor:
    """A number, or sequences of them within each other, as a tensor: those in it keep their gradients.

    Numbers may be tensors ``[B]``, and their sequences tensors whose first dimension is that of the drawings.
    """
    if isinstance(value, Tensor) or depth == 0:
        tensor = torch.as_tensor(value)
        return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())
    parts = on_one_device([_tensor(one, depth - 1) for one in value])
    if len({part.shape[part.dim() - depth + 1 :] for part in parts}) > 1:
        raise ValueError("not as many numbers everywhere")
    return torch.stack(torch.broadcast_tensors(*parts), dim=-depth)


def color_of(ink: Color, name: str = "colour") -> tuple[Tensor, float]:
    """The colour, ``[B, C]``, and its opacity; ``name`` of what has it, for messages."""
    if isinstance(ink, str):
        from PIL import ImageColor

        try:
            *numbers, alpha = cast(tuple[int, ...], ImageColor.getcolor(ink, "RGBA"))
        except ValueError:
            raise UserError(
                f"{name}: no colour {ink!r}; write a name of CSS, '#ff8800', or numbers in [0, 1]"
            ) from None
        return torch.tensor([numbers]) / 255, alpha / 255
    is_number = isinstance(ink, Real) or isinstance(ink, Tensor) and ink.dim() == 0
    color = numbers_of([ink] if is_number else ink, None)
    if color.shape[1] not in (1, 3):
        raise UserError(f"{name}: {color.shape[1]} numbers; it has one (grey) or three (red, green, blue)")
    if not color.requires_grad and not ((color >= 0) & (color <= 1)).all():
        raise UserError(f"{name}: {ink!r} has numbers outside of [0, 1]; divide what goes up to 255")
    return color, 1.0


def on_one_device(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Tensors on the device of the first that is not on the CPU."""
    device = next((tensor.device for tensor in tensors if tensor.device.type != "cpu"), None)
    return [tensor if device is None else tensor.to(device) for tensor in tensors]


class Fit:
    """Brings tensors to one batch size, dtype and device: those of the tensors that need them."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._batch = self.size([len(tensor) for tensor in tensors], "tensors of {} drawings")
        self._dtype = reduce(torch.promote_types, (tensor.dtype for tensor in tensors))
        devices = {tensor.device for tensor in tensors}
        self._device = next((one for one in devices if one.type != "cpu"), torch.device("cpu"))

    def __call__(self, tensor: Tensor) -> Tensor:
        return tensor.to(self._device, self._dtype).expand(self._batch, *tensor.shape[1:])

    @staticmethod
    def size(given: Sequence[int], what: str) -> int:
        """The one size that is not 1, or 1."""
        sizes = sorted(set(given) - {1})
        if len(sizes) > 1:
            raise UserError(f"shapes: {what.format(' and of '.join(map(str, sizes)))}; give all as many, or one")
        return sizes[0] if sizes else 1
