"""Scenes as SVG documents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from typing import Annotated, TypeVar

import torch
from torch import Tensor

from vectorae.config.arguments import OneOf, PositiveInt, validated
from vectorae.errors import UserError
from vectorae.io.frame import Frame, Part
from vectorae.scene import COMPOSITING_CHOICES, Composite, Outline, Path, Scene, outermost
from vectorae.scene import Gradient as SceneGradient
from vectorae.svg.definitions import Gradient, Stop
from vectorae.svg.document import Ends, Shape, Together, document
from vectorae.svg.markup import Box, Curve

_Part = TypeVar("_Part")


@validated
def to_svg(
    scene: Scene,
    height: PositiveInt,
    width: PositiveInt,
    *,
    compositing: Annotated[str, OneOf(COMPOSITING_CHOICES)] | None = None,
    frames: Sequence[Frame] | None = None,
    titles: Sequence[str] | None = None,
    layers: Sequence[str | None] | None = None,
    kept: Tensor | None = None,
    keep_hidden: bool = False,
) -> list[str]:
    """The drawings of a scene as SVG documents, equal to its crisp drawing.

    Coordinates are in pixels of an image of the size given, to a hundredth. Softness has no meaning in SVG: give a
    crisp scene (``layout(raw, crisp=True)``). Shapes of no opacity are left out, and those wholly beyond the frame.

    Args:
        scene: B drawings.
        height, width: of the drawing, in pixels.
        compositing: ``over``, or ``soft_or``, which becomes the blend mode *screen*; None is the scene's own.
        frames: the part of each drawing to write, and its display size; by default all of it.
        titles: the ``<title>`` of each drawing.
        layers: the id of the group ``<g>`` of each shape, by slot; None is no group.
        kept: the shapes that are written, bool ``[B, N]``; by default all.
        keep_hidden: write shapes beyond the frame too.

    Returns:
        B documents.

    Raises:
        UserError: an unknown compositing or a size below 1; not as many titles and so on as there are drawings;
            ``soft_or`` of shapes that are painted as one.

    Example:
        >>> import vectorae
        >>> layout = vectorae.Layout(["circle", "square"], rows=4, columns=4)
        >>> texts = vectorae.to_svg(layout(layout.random_raw(batch=2, seed=0), crisp=True), 64, 64)
        >>> len(texts), texts[0].splitlines()[0]
        (2, '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">')
    """
    per_drawing, per_shape = ("drawing", scene.batch), ("shape", scene.count)
    for name, given, (of, wanted) in (
        ("frames", frames, per_drawing),
        ("titles", titles, per_drawing),
        ("layers", layers, per_shape),
    ):
        if given is not None and len(given) != wanted:
            raise UserError(f"{name}: {len(given)} of them; one for each {of} is wanted, {wanted}")
    if kept is not None and kept.shape != scene.opacity.shape:
        raise UserError(
            f"kept: {list(kept.shape)}; one for each shape of each drawing is wanted, {list(scene.opacity.shape)}"
        )
    scene = replace(scene.detach().to("cpu"), compositing=compositing or scene.compositing)
    screen = scene.compositing == "soft_or"
    whole = Frame(Part(0, 0, width, height), width, height)
    texts = []
    for index in range(scene.batch):
        frame = frames[index] if frames is not None else whole
        shapes = shapes_of(scene, index, min(height, width), (frame.part.left, frame.part.top), layers)
        order, written = scene.order()[index].tolist(), scene.opacity[index] > 0
        if kept is not None:
            written = written & kept[index].to(written.device)
        seen = {place: shape for place, (slot, shape) in enumerate(zip(order, shapes, strict=True)) if written[slot]}
        origin = frame.part.left, frame.part.top
        drawn = together(seen, scene.composites, (0, scene.count), index, min(height, width), origin)
        title = None if titles is None else titles[index]
        background = None if scene.background is None else scene.background[index].tolist()
        texts.append(document(drawn, background, frame, title, screen, keep_hidden))
    return texts


def shapes_of(
    scene: Scene,
    index: int,
    side: int,
    origin: tuple[float, float] = (0, 0),
    layers: Sequence[str | None] | None = None,
) -> list[Shape]:
    """The shapes of a drawing from the bottom to the top, in pixels.

    Args:
        scene: on the CPU.
        index: which of its drawings.
        side: the canvas's shorter side in pixels.
        origin: what becomes (0, 0), pixels.
        layers: the id of the group of each shape, by slot.
    """
    colors, opacities = scene.color[index].tolist(), scene.opacity[index].tolist()
    painted: list[Shape | None] = [None] * scene.count
    for group in scene.groups:
        nothing = [None] * len(group.slots)
        inks, shares, widths = (
            nothing if one is None else one[index].tolist()
            for one in (group.stroke_color, group.contour_opacity, group.stroke_width)
        )
        gradients = (
            nothing if one is None else _gradients(one, index, side, origin)
            for one in (group.gradient, group.stroke_gradient)
        )
        outlines, ends = _outlines(group.outline, index, side, origin), Ends(*astuple(group.style.scaled(side)))
        columns = zip(group.slots, outlines, widths, inks, shares, *gradients, strict=True)
        for slot, outline, width, ink, share, gradient, of_stroke in columns:
            stroke_width = None if width is None else width * side
            layer = None if layers is None else layers[slot]
            paint = colors[slot], opacities[slot], stroke_width, layer, ink, group.stroke_below, share, ends
            painted[slot] = Shape(outline, *paint, gradient, of_stroke)
    order: list[int] = scene.order()[index].tolist()
    return [shape for slot in order if (shape := painted[slot]) is not None]


def together(
    shapes: Mapping[int, _Part],
    composites: Sequence[Composite],
    within: tuple[int, int],
    index: int,
    side: int,
    origin: tuple[float, float] = (0, 0),
) -> "list[_Part | Together[_Part]]":
    """Shapes by their place in painter's order, with those put together that are painted as one.

    Args:
        shapes: those that are there.
        composites: of all drawings.
        within: the first place, and the one after the last.
        index: which drawing.
        side, origin: as of ``shapes_of``.
    """
    found: list[_Part | Together[_Part]] = []
    at, stop = within
    for outer, inner in outermost(composites):
        found += [shapes[slot] for slot in range(at, outer.start) if slot in shapes]
        own = together(shapes, inner, (outer.start, outer.stop), index, side, origin)
        clip = outer.clip
        clips = None if clip is None else [one for each in clip for one in _outlines(each, index, side, origin)]
        if own:
            found.append(Together(own, outer.opacity[index].item(), clips))
        at = outer.stop
    return found + [shapes[slot] for slot in range(at, stop) if slot in shapes]


def _gradients(given: SceneGradient, index: int, side: int, origin: tuple[float, float]) -> Iterator[Gradient]:
    left, top = origin
    points, stops = (one[index].tolist() for one in (given.points, torch.cat([given.offsets, given.opacities], dim=-1)))
    for places, numbers, colors in zip(points, stops, given.colors[index].tolist(), strict=True):
        stops_of = map(Stop, numbers[: len(colors)], colors, numbers[len(colors) :])
        yield Gradient([(x * side - left, y * side - top) for x, y in places], list(stops_of), given.spread)


def _outlines(outline: Outline, index: int, side: int, origin: tuple[float, float]) -> Iterator[Box | Curve]:
    left, top = origin
    if isinstance(outline, Path):
        for points in outline.points[index].tolist():
            places = [(x * side - left, y * side - top) for x, y in points]
            yield Curve(places, outline.closed, outline.degree, outline.sizes, outline.fill_rule)
        return
    centers, extents = outline.center[index].tolist(), outline.half_extents[index].tolist()
    angles, rounded = outline.angle[index].tolist(), outline.roundness[index].tolist()
    for (x, y), (half_width, half_height), angle, roundness in zip(centers, extents, angles, rounded, strict=True):
        yield Box((x * side - left, y * side - top), (half_width * side, half_height * side), angle, roundness)
