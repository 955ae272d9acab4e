"""What the kernels are given: the shapes of a batch as arrays, and where they are drawn."""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

OVER, SOFT_OR, BY_DEPTH = range(3)
"""How shapes are composited."""


class Shapes(NamedTuple):
    """N shapes in each of B drawings.

    Attributes:
        kinds: ``[N]`` what each is.
        first: ``[N]`` its first vertex; size: ``[B, N]`` how many there are. Polylines go from vertex to vertex; of a
            boundary each segment has two of its own.
        order: ``[B, N]`` the slots from the bottom to the top.
        blend: ``[B, N]`` of filled boxes, see ``coverage.Weights``.
        numbers: ``[B, N, 11]``; vertices: ``[B, V, 2]``, canvas units.
        color: ``[B, N, C]``; background: ``[B, C]``.
        in_front: ``[B, N, N]`` how far shape j is in front of k, where that is not decided; else empty.
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


class Gradients(NamedTuple):
    """The derivatives by those of ``Shapes`` that have one."""

    numbers: Array
    vertices: Array
    color: Array
    background: Array
    in_front: Array


class Canvas(NamedTuple):
    """Size of the images, sub-pixels of a pixel each way, an index into PROFILES, and how shapes are composited."""

    height: int
    width: int
    fine: int
    profile: int
    compositing: int
