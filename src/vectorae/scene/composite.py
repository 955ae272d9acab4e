"""Composites: shapes that are painted as one, with an opacity or clipped by an outline."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from vectorae.scene.outlines import Outline
from vectorae.scene.record import TensorRecord


@dataclass(frozen=True, eq=False, repr=False)
class Composite(TensorRecord):
    """Shapes that are composited as one before they cover what lies below: ``<g opacity clip-path>`` in SVG.

    Attributes:
        start, stop: these shapes are in slots start … stop − 1.
        opacity: ``[B]`` in [0, 1], of all of them together.
        clip: outlines by whose insides they are clipped: how much of a pixel any of these covers is a factor on their
            opacity. Several, of ``[B, n, …]`` each, clip by all insides together, () hides everything; None does not
            clip.

    Example:
        Two discs as one, half transparent.

        >>> import vectorae
        >>> discs = [vectorae.circle((x, 0.5), 0.2, fill="red") for x in (0.4, 0.6)]
        >>> scene = vectorae.Scene.of([vectorae.composite(discs, opacity=0.5)])
        >>> scene.composites
        (Composite(start=0, stop=2, opacity=[1], clip=None),)
    """

    start: int
    stop: int
    opacity: Tensor
    clip: tuple[Outline, ...] | None = None

    def map_named(self, function: Callable[[str, Tensor], Tensor]) -> "Composite":
        """The composite with every tensor replaced by ``function(name, tensor)``."""

        def changed(outline: Outline) -> Outline:
            tensors: dict[str, Any] = {
                name: function(name, value) for name, value in vars(outline).items() if isinstance(value, Tensor)
            }
            return replace(outline, **tensors)

        return self.clipped(changed, opacity=function("opacity", self.opacity))

    def clipped(self, function: Callable[[Outline], Outline], **changes: Any) -> "Composite":
        """The composite with ``function`` of each outline that clips, and other changes."""
        clip = None if self.clip is None else tuple(map(function, self.clip))
        return replace(self, clip=clip, **changes)

    def within(self, start: int, stop: int) -> "Composite | None":
        """What is left of it in slots start … stop − 1, renumbered from 0; None if nothing is."""
        first, last = max(self.start, start), min(self.stop, stop)
        return replace(self, start=first - start, stop=last - start) if first < last else None


def outermost(composites: Sequence[Composite]) -> Iterator[tuple[Composite, tuple[Composite, ...]]]:
    """The composites that lie in no other, in painter's order, each with those within it."""
    rest = list(composites)
    while rest:
        outer = rest.pop(0)
        inner = tuple(one for one in rest if one.stop <= outer.stop)
        rest = rest[len(inner) :]
        yield outer, inner


def nested(composites: Sequence[Composite], count: int) -> tuple[Composite, ...]:
    """Composites in painter's order, the outer before the inner ones; of the same shapes, as they are given.

    Raises:
        ValueError: one without shapes or beyond ``count`` of them, or two of which neither lies in the other.
    """
    ordered = tuple(sorted(composites, key=lambda one: (one.start, -one.stop)))
    open_ends: list[int] = []
    for one in ordered:
        if not 0 <= one.start < one.stop <= count:
            raise ValueError(f"a composite of slots {one.start} … {one.stop - 1} in a scene of {count} shapes")
        while open_ends and open_ends[-1] <= one.start:
            open_ends.pop()
        if open_ends and one.stop > open_ends[-1]:
            raise ValueError(f"two composites share some shapes, up to slot {open_ends[-1] - 1}, but not all of one")
        open_ends.append(one.stop)
    return ordered
