"""Scenes as SVG documents."""

from collections.abc import Iterator, Sequence

from vectorae.errors import UserError
from vectorae.io.images import Frame
from vectorae.scene import Group, Path, Scene
from vectorae.svg.document import Box, Curve, Shape, Sheet, document


def to_svg(
    scene: Scene,
    height: int,
    width: int,
    *,
    compositing: str = "over",
    frames: Sequence[Frame] | None = None,
    titles: Sequence[str] | None = None,
    layers: Sequence[str | None] | None = None,
) -> list[str]:
    """The drawings of a scene as SVG documents, equal to its crisp drawing.

    Coordinates are in pixels of an image of the size given, to a hundredth. Softness has no meaning in SVG: give a
    crisp scene (``layout(raw, crisp=True)``).

    Args:
        scene: B drawings.
        height, width: of the drawing, in pixels.
        compositing: ``over``, or ``soft_or``, which becomes the blend mode *screen*.
        frames: for each drawing the part of it that is shown, and how large; all of it by default.
        titles: for each drawing a text that names it.
        layers: for each shape, by slot, the id of the group ``<g>`` that it stands in.

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
    whole = Frame(0, 0, width, height, width, height)
    texts = []
    for index in range(scene.batch):
        frame = frames[index] if frames is not None else whole
        sheet = Sheet(
            frame.seen_width, frame.seen_height, (frame.width, frame.height), None if titles is None else titles[index]
        )
        shapes = shapes_of(scene, index, min(height, width), (frame.left, frame.top), layers)
        texts.append(document(shapes, scene.background[index].tolist(), sheet, compositing == "soft_or"))
    return texts


def shapes_of(
    scene: Scene,
    index: int,
    side: int,
    origin: tuple[int, int] = (0, 0),
    layers: Sequence[str | None] | None = None,
) -> list[Shape]:
    """The shapes of a drawing from the bottom to the top, in pixels.

    Args:
        scene: on the CPU.
        index: which of its drawings.
        side: the canvas's shorter side in pixels.
        origin: the pixel that becomes (0, 0).
        layers: of each slot.
    """
    colors, opacities = scene.color[index].tolist(), scene.opacity[index].tolist()
    painted: list[Shape | None] = [None] * scene.count
    for group in scene.groups:
        widths = [None] * len(group.slots) if group.stroke_width is None else group.stroke_width[index].tolist()
        for slot, outline, width in zip(group.slots, _outlines(group, index, side, origin), widths, strict=True):
            stroke_width = None if width is None else width * side
            layer = None if layers is None else layers[slot]
            painted[slot] = Shape(outline, colors[slot], opacities[slot], stroke_width, layer)
    order: list[int] = scene.order()[index].tolist()
    return [shape for slot in order if (shape := painted[slot]) is not None]


def _outlines(group: Group, index: int, side: int, origin: tuple[int, int]) -> Iterator[Box | Curve]:
    outline = group.outline
    left, top = origin
    if isinstance(outline, Path):
        for points in outline.points[index].tolist():
            yield Curve([(x * side - left, y * side - top) for x, y in points], outline.closed, outline.degree)
        return
    centers, extents = outline.center[index].tolist(), outline.half_extents[index].tolist()
    angles, rounded = outline.angle[index].tolist(), outline.roundness[index].tolist()
    for (x, y), (half_width, half_height), angle, roundness in zip(centers, extents, angles, rounded, strict=True):
        yield Box((x * side - left, y * side - top), (half_width * side, half_height * side), angle, roundness)
