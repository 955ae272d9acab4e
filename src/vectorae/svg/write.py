"""Scenes as SVG: circles as ``<circle>``, ellipses as ``<ellipse>``, boxes as ``<rect>``, paths as ``<path>``, with
real ``C`` commands where they are curves."""

import math

from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Group, Path, RoundedBox, Scene

Point = tuple[float, float]

DECIMALS = 2
"""Of coordinates, in pixels, and of angles, in degrees: at most half a hundredth of a pixel off."""


def to_svg(scene: Scene, height: int, width: int, *, compositing: str = "over") -> list[str]:
    """The drawings of a scene as SVG documents, equal to its crisp drawing.

    Coordinates are in pixels of an image of the size given, to a hundredth. Softness has no meaning in SVG: give a
    crisp scene (``layout(raw, crisp=True)``).

    Args:
        scene: B drawings.
        height, width: of the document, in pixels.
        compositing: ``over``, or ``soft_or``, which becomes the blend mode *screen*.

    Returns:
        B strings.

    Raises:
        UserError: an unknown compositing or a size below 1.
    """
    if compositing not in ("over", "soft_or"):
        raise UserError(f"compositing: no {compositing!r}; choose from over, soft_or")
    if height < 1 or width < 1:
        raise UserError(f"size: {width}×{height} has no pixels")
    scene = scene.detach().to("cpu")
    return [_document(scene[index], height, width, compositing) for index in range(scene.batch)]


def _document(drawing: Scene, height: int, width: int, compositing: str) -> str:
    side = min(height, width)
    elements: dict[int, str] = {}
    for group in drawing.groups:
        for member, slot in enumerate(group.slots):
            elements[slot] = _element(group, member, side, _paint(drawing, group, member, slot, side))
    order: list[int] = drawing.order()[0].tolist()
    style = ' style="isolation:isolate"' if compositing == "soft_or" else ""
    blend = ' style="mix-blend-mode:screen"' if compositing == "soft_or" else ""
    size = f'width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"{style}>',
        f'<rect {size} fill="{_hex(drawing.background[0])}"/>',
        *(elements[slot].replace("/>", f"{blend}/>") for slot in order),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _paint(drawing: Scene, group: Group, member: int, slot: int, side: int) -> str:
    color, opacity = _hex(drawing.color[0, slot]), _number(float(drawing.opacity[0, slot]), 3)
    if group.stroke_width is None:
        return f'fill="{color}" fill-opacity="{opacity}"'
    stroke_width = _number(float(group.stroke_width[0, member]) * side)
    return (
        f'fill="none" stroke="{color}" stroke-opacity="{opacity}" stroke-width="{stroke_width}" '
        'stroke-linecap="round" stroke-linejoin="round"'
    )


def _element(group: Group, member: int, side: int, paint: str) -> str:
    stroke_width = None if group.stroke_width is None else float(group.stroke_width[0, member]) * side
    if isinstance(group.outline, Path):
        return _path(group.outline, member, side, paint, stroke_width)
    return _box(group.outline, member, side, paint, stroke_width)


def _path(path: Path, member: int, side: int, paint: str, stroke_width: float | None) -> str:
    first, *points = places = [(x * side, y * side) for x, y in path.points[0, member].tolist()]
    if path.degree == 3:
        points = [*points, first] if path.closed else points
        extent = max(max(axis) - min(axis) for axis in zip(*places, strict=True))
        closed = path.closed and (stroke_width is None or stroke_width < extent / 2)
        return _curve(first, points, closed, paint)
    # A dot is a line to where it starts: its caps are what one sees.
    steps = " ".join(f"L {_place(point)}" for point in points or [first])
    return f'<path d="M {_place(first)} {steps}{" Z" if path.closed else ""}" {paint}/>'


def _curve(first: Point, points: list[Point], closed: bool, paint: str) -> str:
    """Joined cubics. A wide stroke is written as an open one that ends where it starts.

    It looks the same, with round caps, and has no hole: where the stroke of a closed curve is wider than the curve,
    renderers of Skia's family take the inner side of the stroke for one.
    """
    words = [_place(point) for point in points]
    steps = " ".join(f"C {' '.join(words[index : index + 3])}" for index in range(0, len(words), 3))
    return f'<path d="M {_place(first)} {steps}{" Z" if closed else ""}" {paint}/>'


def _box(box: RoundedBox, member: int, side: int, paint: str, stroke_width: float | None) -> str:
    x, y = (value * side for value in box.center[0, member].tolist())
    # SVG leaves out the stroke, too, of what has no size.
    smallest = 0.0 if stroke_width is None else 10**-DECIMALS
    half_width, half_height = (max(value * side, smallest) for value in box.half_extents[0, member].tolist())
    roundness, angle = float(box.roundness[0, member]), float(box.angle[0, member])
    if roundness > 0 and stroke_width is not None and stroke_width > max(half_width, half_height):
        first, *points = _turned(_rounded(half_width, half_height, roundness), angle, (x, y))
        return _curve(first, points, False, paint)
    turn = _number(math.degrees(angle) % 360)
    center = f'cx="{_number(x)}" cy="{_number(y)}"'
    if roundness == 1 and math.isclose(half_width, half_height, rel_tol=1e-6):
        return f'<circle {center} r="{_number(half_width)}" {paint}/>'
    rotation = "" if turn == "0" else f' transform="rotate({turn} {_number(x)} {_number(y)})"'
    if roundness == 1:
        return f'<ellipse {center} rx="{_number(half_width)}" ry="{_number(half_height)}"{rotation} {paint}/>'
    radii = ""
    if roundness > 0:
        radii = f' rx="{_number(half_width * roundness)}" ry="{_number(half_height * roundness)}"'
    corner = f'x="{_number(x - half_width)}" y="{_number(y - half_height)}"'
    size = f'width="{_number(2 * half_width)}" height="{_number(2 * half_height)}"'
    return f"<rect {corner} {size}{radii}{rotation} {paint}/>"


def _rounded(half_width: float, half_height: float, roundness: float) -> list[Point]:
    """A rounded box about the origin as joined cubics: a quarter ellipse, then a straight side, four times."""
    reach = 1 - roundness * (1 - 4 / 3 * math.tan(math.pi / 8))
    flat = 1 - roundness
    points = [(half_width, half_height * flat)]
    for x, y in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        # From side to side of the corner (x, y), clockwise on screen: every other corner begins at its top or bottom.
        arc = [(1.0, reach), (reach, 1.0), (flat, 1.0)]
        arc = arc if x == y else [(reach, 1.0), (1.0, reach), (1.0, flat)]
        points += [(x * across * half_width, y * down * half_height) for across, down in arc]
        end = points[-1]
        next_x, next_y = (-x, y) if x == y else (x, -y)
        start = (next_x * abs(end[0]), next_y * abs(end[1]))
        points += [end, start, start]
    return points


def _turned(points: list[Point], angle: float, center: Point) -> list[Point]:
    cos, sin = math.cos(angle), math.sin(angle)
    return [(center[0] + cos * x - sin * y, center[1] + sin * x + cos * y) for x, y in points]


def _place(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _hex(color: Tensor) -> str:
    channels = [round(255 * min(1.0, max(0.0, value))) for value in color.tolist()]
    return "#" + "".join(f"{value:02x}" for value in (channels * 3 if len(channels) == 1 else channels))


def _number(value: float, decimals: int = DECIMALS) -> str:
    """A number as short as it can be."""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
