"""Scenes as SVG: circles as ``<circle>``, ellipses as ``<ellipse>``, boxes as ``<rect>``, paths as ``<path>``, with
real ``C`` commands where they are curves."""

import math

from torch import Tensor

from vectorae.errors import UserError
from vectorae.scene import Group, Path, RoundedBox, Scene

DECIMALS = 2
"""Of coordinates, in pixels, and of angles, in degrees: at most half a hundredth of a pixel off."""


def to_svg(scene: Scene, height: int, width: int, *, compositing: str = "over") -> list[str]:
    """The drawings of a scene as SVG documents, equal to its crisp drawing at any size.

    Coordinates are in pixels of an image of the size given. Softness has no meaning in SVG: give a crisp scene
    (``layout(raw, crisp=True)``).

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
    if isinstance(group.outline, Path):
        return _path(group.outline, member, side, paint)
    return _box(group.outline, member, side, paint, stroked=group.stroke_width is not None)


def _path(path: Path, member: int, side: int, paint: str) -> str:
    first, *points = [f"{_number(x * side)} {_number(y * side)}" for x, y in path.points[0, member].tolist()]
    if path.degree == 3:
        points = [*points, first] if path.closed else points
        steps = [f"C {' '.join(points[index : index + 3])}" for index in range(0, len(points), 3)]
    else:
        # A dot is a line to where it starts: its caps are what one sees.
        steps = [f"L {point}" for point in points or [first]]
    return f'<path d="M {first} {" ".join(steps)}{" Z" if path.closed else ""}" {paint}/>'


def _box(box: RoundedBox, member: int, side: int, paint: str, stroked: bool) -> str:
    x, y = (value * side for value in box.center[0, member].tolist())
    # SVG leaves out the stroke, too, of what has no size.
    smallest = 10**-DECIMALS if stroked else 0.0
    half_width, half_height = (max(value * side, smallest) for value in box.half_extents[0, member].tolist())
    roundness = float(box.roundness[0, member])
    turn = _number(math.degrees(float(box.angle[0, member])) % 360)
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


def _hex(color: Tensor) -> str:
    channels = [round(255 * min(1.0, max(0.0, value))) for value in color.tolist()]
    return "#" + "".join(f"{value:02x}" for value in (channels * 3 if len(channels) == 1 else channels))


def _number(value: float, decimals: int = DECIMALS) -> str:
    """A number as short as it can be."""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
