"""Many small tensors as one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vectorae.errors import UserError


def stacked(tensors: Sequence[Tensor], batch: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Tensors of B drawings, drawing by drawing, as one of ``[B, n, *shape]``, with the dtype and device of ``like``.

    Raises:
        UserError: one that has not as many numbers as that.
    """
    try:
        one = torch.stack([*tensors])
    except (RuntimeError, TypeError):
        one = torch.stack([_of_shape(tensor, shape, like) for tensor in tensors])
    if one.shape[1:] != shape:
        _of_shape(tensors[0], shape, like)
    return one.to(like).reshape(batch, len(tensors) // batch, *shape)


def _of_shape(tensor: Tensor, shape: tuple[int, ...], like: Tensor) -> Tensor:
    given = torch.as_tensor(tensor)
    if given.numel() != torch.Size(shape).numel():
        raise UserError(f"pydiffvg: a tensor {list(given.shape)} where {list(shape)} is wanted")
    return given.to(like).reshape(shape)
