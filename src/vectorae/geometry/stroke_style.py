"""Caps, joins and dashes of strokes."""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from annotated_types import Ge

from vectorae.config.arguments import NonNegativeFloat, Validated
from vectorae.errors import UserError


@dataclass(frozen=True)
class StrokeStyle(Validated):
    """The ends and corners of strokes, as SVG names them; lengths in canvas units.

    Attributes:
        cap: of the ends of open contours and of dashes: ``round``, ``butt`` or ``square``.
        join: of corners: ``round``, ``miter`` or ``bevel``.
        miter_limit: where a miter would be longer than this many widths, the corner is a bevel.
        dashes: lengths of dashes and of the gaps between them in turn; () is one stroke. An odd number of lengths is
            taken twice.
        dash_offset: where in the pattern a contour begins.

    Raises:
        UserError: an unknown cap or join, or a number out of its range.

    Example:
        >>> import vectorae
        >>> dashed = vectorae.StrokeStyle(cap="butt", dashes=(0.1, 0.05))
        >>> vectorae.line([(0.1, 0.5), (0.9, 0.5)], stroke="navy", style=dashed).style.dashes
        (0.1, 0.05)
    """

    cap: Literal["round", "butt", "square"] = "round"
    join: Literal["round", "miter", "bevel"] = "round"
    miter_limit: Annotated[float, Ge(1)] = 4.0
    dashes: tuple[NonNegativeFloat, ...] = ()
    dash_offset: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dashes and not 0 < sum(self.dashes) < math.inf:
            raise UserError(f"dashes: {list(self.dashes)} draws nothing; one of the lengths must be above 0")

    @property
    def is_plain(self) -> bool:
        """Whether strokes are round and of one piece, as backends draw them."""
        return self.cap == self.join == "round" and not self.dashes

    @property
    def reach(self) -> float:
        """How far ink may lie from the centre line, in halves of the width."""
        return max(self.miter_limit if self.join == "miter" else 1.0, math.sqrt(2) if self.cap == "square" else 1.0)

    def scaled(self, factor: float) -> "StrokeStyle":
        """The style of strokes that are ``factor`` times as large."""
        dashes = tuple(length * factor for length in self.dashes)
        return replace(self, dashes=dashes, dash_offset=self.dash_offset * factor)


PLAIN = StrokeStyle()
"""Round caps and joins, no dashes."""
