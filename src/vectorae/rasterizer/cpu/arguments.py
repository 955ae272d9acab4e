"""Arguments of the CPU kernels: the shapes of a batch as arrays, their gradients, and the canvas."""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

OVER, SOFT_OR, BY_DEPTH = range(3)
"""Values of ``Canvas.compositing``."""


class Shapes(NamedTuple):
    """N shapes in each of B drawings.

    Attributes:
        kinds: ``[N]`` of ``DRAWN`` (see packing.py).
        first: ``[N]`` index of each shape's first vertex.
        size: ``[B, N]`` number of its vertices. Consecutive vertices of a polyline are connected; each segment of a
            region's boundary has two vertices of its own.
        order: ``[B, N]`` the slots from bottom to top.
        blend: ``[B, N]`` of filled boxes, see ``coverage.Weights``.
        numbers: ``[B, N, 11]`` see packing.py; lengths in canvas units.
        vertices: ``[B, V, 2]`` canvas units.
        color: ``[B, N, C]``; background: ``[B, C]``. In [0, 1].
        in_front: ``[B, N, N]`` degree in [0, 1] to which shape j is in front of shape k, when compositing ``BY_DEPTH``;
            else empty.
    """

    kinds: Array
    first: Array
    size: Array
    order: Array
    blend: Array
    numbers: Array
    vertices: Array
    color: Array
    background: Array
    in_front: Array


class InkTables(NamedTuple):
    """G gradients in each of B drawings; see ``rasterizer.gradients.Inks``.

    Attributes:
        table: ``[B, G, 9 + S + S (C + 1)]``.
        gradients: which of them each shape has, ``[N]``; −1 for none.
        spreads: ``[G]``, indices into ``SPREADS``.
        stops: S.
    """

    table: Array
    gradients: Array
    spreads: Array
    stops: int


class Derivatives(NamedTuple):
    """Derivatives by the fields of ``Shapes`` of the same name, and of the same shapes."""

    numbers: Array
    vertices: Array
    color: Array
    background: Array
    in_front: Array


class Canvas(NamedTuple):
    """Size of the images, and how they are drawn.

    Attributes:
        height, width: in pixels.
        fine: sub-pixels per pixel in each direction.
        profile: an index into ``PROFILES``.
        compositing: ``OVER``, ``SOFT_OR`` or ``BY_DEPTH``.
    """

    height: int
    width: int
    fine: int
    profile: int
    compositing: int
