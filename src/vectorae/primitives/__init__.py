"""The kinds of shapes: one short class each. Its fields are the schema; everything else follows from them.

A field says how many raw numbers it takes, what it may range over, and what it is where all raw numbers are zero. The
encoder's width, the mapping from raw numbers to canvas units, random samples, config checks and the SVG need no more.

Example:
    >>> import vectorae
    >>> [name for name in vectorae.primitives.KINDS["circle"].fields()][:2]
    ['center', 'radius']
"""

from vectorae.primitives.field import (
    Field,
    Option,
    Options,
    angle,
    length,
    option,
    point,
    several_points,
    several_units,
    unit,
)
from vectorae.primitives.paint import (
    DEPTH,
    MOST_STOPS,
    PAINT,
    STROKE,
    STROKE_COLOR,
    Coats,
    Ink,
    Paint,
    base_color,
    gradient_fields,
)
from vectorae.primitives.primitive import KINDS, Primitive
from vectorae.primitives.quantities import ANGLE, LENGTH, MARGIN, POINT, POINTS, SHARE, UNIT, Quantity
from vectorae.primitives.seeds import Seeds

# Each registers its kinds, in this order.
from vectorae.primitives import strokes, boxes, regions  # noqa: F401  # isort: skip

__all__ = [
    "ANGLE",
    "DEPTH",
    "KINDS",
    "LENGTH",
    "MARGIN",
    "MOST_STOPS",
    "PAINT",
    "POINT",
    "POINTS",
    "SHARE",
    "STROKE",
    "STROKE_COLOR",
    "UNIT",
    "Coats",
    "Field",
    "Ink",
    "Option",
    "Options",
    "Paint",
    "Primitive",
    "Quantity",
    "Seeds",
    "angle",
    "base_color",
    "gradient_fields",
    "length",
    "option",
    "point",
    "several_points",
    "several_units",
    "unit",
]
