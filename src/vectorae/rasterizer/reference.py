"""The reference backend: dense torch, any device, float32 or float64. What every other backend is compared with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from vectorae.config.arguments import PositiveInt, validated
from vectorae.geometry.canvas import pixel_centers, to_local
from vectorae.geometry.covered_area import covered_area
from vectorae.geometry.curve import flatten, polyline_length
from vectorae.geometry.region import Contours, enclosed_region, is_inside
from vectorae.geometry.rounded_box import rounded_box_distance
from vectorae.geometry.segment import nearest_segment_distance
from vectorae.rasterizer.compositing import COMPOSITINGS, over_by_depth
from vectorae.rasterizer.coverage import (
    SUBPIXELS,
    box_coverage,
    box_stroke_coverage,
    box_weights,
    region_coverage,
    region_weight,
    slab_coverage,
    stroke_coverage,
    stroke_fullness,
)
from vectorae.rasterizer.exact import disc_areas, exact_region, is_disc
from vectorae.rasterizer.gradients import draw_inks, split_gradients
from vectorae.scene import Group, Outline, Path, RoundedBox, Scene, select_slots, sort_by_slot

CHUNK_SIZE = 2**18
"""Shapes × pixels evaluated at once: about 50 MiB of intermediate tensors, small enough for the processor's caches."""

_Result = TypeVar("_Result")

_chunk_size: ContextVar[int] = ContextVar("chunk_size", default=CHUNK_SIZE)


@contextmanager
@validated
def chunk_size(limit: PositiveInt) -> Iterator[None]:
    """Within this context the reference evaluates at most ``limit`` shapes × pixels at once.

    A smaller limit needs less memory; images differ by rounding at most. Other backends take no notice of it.

    Raises:
        UserError: a limit below 1.

    Example:
        >>> from vectorae import Layout, rasterize
        >>> layout = Layout(["circle"], count=4)
        >>> scene = layout(layout.random_raw(batch=2, seed=0))
        >>> with chunk_size(2**12):
        ...     image = rasterize(scene, 32, 32, backend="reference")
    """
    token = _chunk_size.set(limit)
    try:
        yield
    finally:
        _chunk_size.reset(token)


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, temperature: float = 0.0
) -> Tensor:
    """Draw a scene.

    Images, and the shapes of an image that is too large, are evaluated in chunks; what the backward pass needs of a
    chunk is computed again when its turn comes, so that memory is bounded by ``chunk_size`` and the images themselves
    (and, for shapes ordered by depth, the alpha of all shapes of one image).

    Args:
        scene: B ≥ 1 drawings of N ≥ 1 shapes.
        height, width: in pixels.
        coverage: a key of ``PROFILES``.
        edge: softness of each shape, its own factor included, ``[B, N]``, canvas units, > 0.
        temperature: as in ``vectorae.rasterize``.

    Returns:
        ``[B, C, H, W]`` in [0, 1].
    """
    limit, pixels = _chunk_size.get(), height * width * SUBPIXELS.get(coverage, 1) ** 2
    has_gradients = any(group.gradient is not None for group in scene.groups)
    pixels *= scene.channels + 1 if has_gradients else 1
    shapes = max(1, min(scene.count, limit // pixels))
    images = max(1, limit // (shapes * pixels))
    by_depth = scene.depth is not None and scene.compositing == "over"
    layer = partial(_layer, height=height, width=width, coverage=coverage, by_pixel=has_gradients)
    drawn = []
    for image in range(0, scene.batch, images):
        part, softness = scene[image : image + images], edge[image : image + images]
        canvas = part.ground[:, :, None, None].expand(-1, -1, height, width)
        layers: list[tuple[Tensor, Tensor]] = []
        for slot in range(0, scene.count, shapes):
            chunk, inside = part.select(slot, slot + shapes), softness[:, slot : slot + shapes]
            if by_depth:
                layers.append(_once_more(layer, chunk, inside))
            else:
                canvas = _once_more(partial(_draw, layer), canvas, chunk, inside)
        if layers:
            alpha, color = (torch.cat(parts, dim=1) for parts in zip(*layers, strict=True))
            canvas = _once_more(_composite_by_depth, canvas, alpha, color, part, temperature)
        drawn.append(canvas)
    return torch.cat(drawn)


def _once_more(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """``function(*arguments)``, whose intermediate tensors are computed once more for the backward pass."""
    if not torch.is_grad_enabled():
        return function(*arguments)
    drawn: _Result = checkpoint(function, *arguments, use_reentrant=False, preserve_rng_state=False)
    return drawn


def _draw(
    layer: Callable[[Scene, Tensor], tuple[Tensor, Tensor]], canvas: Tensor, scene: Scene, softness: Tensor
) -> Tensor:
    return COMPOSITINGS[scene.compositing](canvas, *layer(scene, softness))


def _composite_by_depth(canvas: Tensor, alpha: Tensor, color: Tensor, scene: Scene, temperature: float) -> Tensor:
    assert scene.depth is not None
    if temperature > 0:
        return over_by_depth(canvas, alpha, color, scene.depth, temperature)
    order = scene.order()
    alpha, color = (
        one.gather(1, order.view(*order.shape, *[1] * (one.dim() - 2)).expand_as(one)) for one in (alpha, color)
    )
    return COMPOSITINGS["over"](canvas, alpha, color)


def _layer(
    scene: Scene, softness: Tensor, height: int, width: int, coverage: str, by_pixel: bool
) -> tuple[Tensor, Tensor]:
    """Coverage × opacity of each shape, ``[B, N, H, W]``, by slot, and colours: ``[B, N, C]``, or by pixel."""
    scene, inks = split_gradients(scene)
    covered = [
        _group_coverage(group, height, width, coverage, select_slots(softness, group.slots)) for group in scene.groups
    ]
    (alpha,) = sort_by_slot(scene.slots, covered)
    alpha = alpha * scene.opacity[..., None, None]
    if inks is None:
        color = scene.color
        return alpha, color[..., None, None].expand(-1, -1, -1, height, width) if by_pixel else color
    color, own = draw_inks(scene, inks, height, width)
    return alpha * own, color


def _group_coverage(group: Group, height: int, width: int, profile: str, softness: Tensor) -> Tensor:
    """``[B, n, H, W]`` in [0, 1]; softness is ``[B, n]``."""
    fine = SUBPIXELS.get(profile, 1)
    outline, pixel = group.outline, 1 / (fine * min(height, width))
    if profile == "ramp" and is_disc(group):
        return disc_areas(group, height, width, fine * pixel)
    if profile == "ramp" and (region := exact_region(group, fine * pixel)) is not None:
        return covered_area(region, height, width, fine * pixel)
    if isinstance(outline, Path) and group.stroke_width is None:
        return _filled_path(outline.enclosing, height, width, profile, softness, pixel)
    height, width = height * fine, width * fine
    if group.stroke_width is not None:
        covered = _stroke(outline, group.stroke_width, height, width, profile, softness, pixel)
    else:
        assert isinstance(outline, RoundedBox)
        x, y = pixel_centers(height, width, outline.center)
        covered = _filled_box(outline, to_local(x, y, outline.center, outline.angle), profile, softness, pixel)
    return F.avg_pool2d(covered, fine) if fine > 1 else covered


def _stroke(
    outline: Outline, stroke_width: Tensor, height: int, width: int, profile: str, softness: Tensor, pixel: float
) -> Tensor:
    x, y = pixel_centers(height, width, stroke_width)
    across, edge = stroke_width[..., None, None], softness[..., None, None]
    if isinstance(outline, RoundedBox):
        local = to_local(x, y, outline.center, outline.angle)
        distance, thickness = rounded_box_distance(*local, outline.half_extents, outline.roundness)
        covered = box_stroke_coverage(profile, distance, thickness, across, edge, pixel)
        length = 4 * outline.half_extents.sum(-1)
    else:
        polylines = [flatten(one.points, one.degree, one.is_closed, pixel) for one in outline.contours]
        starts = torch.cat([one[..., :-1, :] for one in polylines], dim=-2)
        ends = torch.cat([one[..., 1:, :] for one in polylines], dim=-2)
        distance = nearest_segment_distance(x, y, starts, ends, torch.ones_like(starts[..., 0], dtype=torch.bool))
        covered = stroke_coverage(profile, distance, across, edge, pixel)
        length = torch.stack([polyline_length(one) for one in polylines]).sum(0)
    return stroke_fullness(profile, length, stroke_width, softness, pixel)[..., None, None] * covered


def _filled_path(contours: Contours, height: int, width: int, profile: str, softness: Tensor, pixel: float) -> Tensor:
    region = enclosed_region(contours, pixel)
    edges = region.boundary
    x, y = pixel_centers(height, width, edges.segments)
    outside = nearest_segment_distance(x, y, edges.starts, edges.ends, edges.present)
    distance = torch.where(is_inside(x, y, edges), -outside, outside)
    weight = region_weight(profile, contours, region, softness, pixel)[..., None, None]
    return weight * region_coverage(profile, distance, softness[..., None, None], pixel)


def _filled_box(box: RoundedBox, local: tuple[Tensor, Tensor], profile: str, softness: Tensor, pixel: float) -> Tensor:
    weights = box_weights(profile, box.half_extents, box.roundness, softness, pixel)
    edge = softness[..., None, None]
    covered = torch.zeros_like(local[0])
    if bool((weights.blend < 1).any()):
        distance, thickness = rounded_box_distance(*local, box.half_extents, box.roundness)
        rounded = slab_coverage(profile, distance, thickness, edge, pixel)
        covered = covered + weights.rounded[..., None, None] * rounded
    if bool((weights.blend > 0).any()):
        sharp = box_coverage(profile, *local, box.half_extents, edge, pixel)
        covered = covered + weights.sharp[..., None, None] * sharp
    return covered
