"""The maps of groups to the canvas, and of the canvas to the image."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.families import ALIKE, AS_IT_IS, UNEVEN, Family
from vectorae.scene.slots import kept_tensor

TOLERANCE = 1e-6
"""How much longer one direction may become than another, relatively, where lengths are still scaled alike."""


class Maps:
    """The maps of G groups in each of B drawings.

    Args:
        matrices: ``[3, 3]`` to the canvas, or None, of B · G groups, drawing by drawing.
        batch: B.
        scale: canvas units of a pixel across and down, ``[2]``.
        pixel: size of a pixel of the image in canvas units.

    Attributes:
        kinds: of each of the G groups, ``AS_IT_IS``, ``ALIKE`` or ``UNEVEN``.

    Raises:
        UserError: a map that is not affine.
    """

    def __init__(self, matrices: Sequence[Tensor | None], batch: int, scale: Tensor, pixel: float) -> None:
        self._scale = scale
        self._unit, down = scale.tolist()
        self._fine = pixel / max(self._unit, down)
        is_even = abs(self._unit - down) <= TOLERANCE * down
        count = len(matrices) // batch
        given = [index for index, matrix in enumerate(matrices) if matrix is not None]
        kinds = [AS_IT_IS if is_even else UNEVEN] * count
        self._matrices: Tensor | None = None
        if given:
            identity = torch.eye(3)
            every = [identity if matrix is None else matrix for matrix in matrices]
            stacked = torch.stack([matrix.to(scale) for matrix in every]).view(batch, count, 3, 3)
            found = _kinds(stacked.detach())
            for index in given:
                matrix = matrices[index]
                assert matrix is not None
                kind = UNEVEN if matrix.requires_grad else found[index]
                kinds[index % count] = max(kinds[index % count], kind)
            if max(kinds) > AS_IT_IS:
                self._matrices = stacked
        self.kinds: tuple[int, ...] = tuple(kinds)

    def _of(self, family: Family) -> Tensor | None:
        """The matrices of a family, ``[B, n, 3, 3]``; None for no maps but that to the image."""
        if family.map == AS_IT_IS or self._matrices is None:
            return None
        return self._matrices.index_select(1, kept_tensor(family.groups, torch.long, self._matrices.device))

    def moved(self, points: Tensor, family: Family) -> Tensor:
        """Points ``[B, n, P, 2]`` of a family's shapes in canvas units."""
        matrices = self._of(family)
        if matrices is None:
            return points * (self._unit if family.map == AS_IT_IS else self._scale)
        linear, shift = matrices[..., :2, :2], matrices[..., None, :2, 2]
        return (points @ linear.mT + shift) * self._scale

    def length(self, family: Family) -> float | Tensor:
        """Canvas units of a pixel of a family's shapes, ``[B, n]``, whose maps scale all lengths alike."""
        matrices = self._of(family)
        if matrices is None:
            return self._unit
        return torch.linalg.det(matrices[..., :2, :2]).abs().sqrt() * self._unit

    def angle(self, family: Family, upright: Tensor) -> Tensor:
        """By how much the first axis of a family's shapes is turned, ``[B, n]``, radians; ``upright``: zeros."""
        matrices = self._of(family)
        return upright if matrices is None else torch.atan2(matrices[..., 1, 0], matrices[..., 0, 0])

    def pixel(self, family: Family) -> float:
        """The size of a pixel of the image among a family's shapes, where it is smallest."""
        matrices = self._of(family)
        if matrices is None:
            return self._fine
        longest = torch.linalg.matrix_norm(matrices[..., :2, :2].detach(), 2).max()
        return self._fine / max(float(longest), 1e-6)


def _kinds(matrices: Tensor) -> list[int]:
    """The kind of each map, of ``[B, G, 3, 3]``."""
    last = matrices[..., 2, :]
    if not torch.allclose(last, last.new_tensor([0.0, 0.0, 1.0])):
        raise UserError("shape_to_canvas: its last row is not 0, 0, 1; perspective is not there, only affine maps are")
    first, second = matrices[..., :2, 0], matrices[..., :2, 1]
    size = first.square().sum(-1)
    is_alike = (size - second.square().sum(-1)).abs() <= TOLERANCE * size
    is_alike &= (first * second).sum(-1).abs() <= TOLERANCE * size
    is_identity = (matrices == torch.eye(3).to(matrices)).flatten(2).all(-1)
    kinds = torch.where(is_identity, AS_IT_IS, torch.where(is_alike, ALIKE, UNEVEN))
    return [int(kind) for kind in kinds.flatten().tolist()]
