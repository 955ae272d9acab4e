"""Drawing composites: each on a layer of its own, by any backend, laid over what is below it; differentiable."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from vectorae.geometry.stroke_style import PLAIN
from vectorae.scene import Composite, Group, Outline, Scene, outermost

Draw = Callable[[Scene], Tensor]
"""A scene without composites → images ``[B, C, H, W]``."""


def draw_composites(scene: Scene, draw: Draw) -> Tensor:
    """Draw a scene with its composites, ``[B, C, H, W]``.

    Layers are colours multiplied with alpha, and alpha in a further channel (see ``Scene.with_alpha``).

    Args:
        scene: with a background.
        draw: draws what has no composites; only the background of the lowest shapes is the scene's.
    """
    if not scene.composites:
        return draw(scene)
    canvas: Tensor | None = None
    for part, composite in _runs(scene):
        if composite is None and canvas is None:
            canvas = draw(part)
            continue
        layer = draw_composites(part.with_alpha(), draw)
        if composite is not None:
            layer = layer * composite.opacity[:, None, None, None]
        if composite is not None and composite.clip is not None:
            layer = layer * draw(_clip(composite.clip, part))
        below = scene.ground[:, :, None, None] if canvas is None else canvas
        canvas = below * (1 - layer[:, -1:]) + layer[:, :-1]
    assert canvas is not None
    return canvas


def _runs(scene: Scene) -> Iterator[tuple[Scene, Composite | None]]:
    """The parts of a scene from the bottom to the top: composites, and the shapes between them."""
    at = 0
    for outer, inner in outermost(scene.composites):
        if at < outer.start:
            yield replace(scene, composites=()).select(at, outer.start), None
        yield replace(scene, composites=inner).select(outer.start, outer.stop), outer
        at = outer.stop
    if at < scene.count:
        yield replace(scene, composites=()).select(at, scene.count), None


def _clip(clip: Sequence[Outline], shapes: Scene) -> Scene:
    """The insides of the outlines that clip, white on black; their edges are as soft as those of the shapes are."""
    groups, count = [], 0
    for outline in clip:
        number = outline.bounds().center.shape[1]
        groups.append(Group(outline, tuple(range(count, count + number)), style=PLAIN))
        count += number
    opaque = shapes.opacity.new_ones(shapes.batch, count)
    softness = shapes.softness.mean(1, keepdim=True).expand(-1, count)
    return Scene(tuple(groups), opaque[..., None], opaque, softness, opaque.new_zeros(shapes.batch, 1))
