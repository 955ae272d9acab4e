"""The reference backend: dense torch, any device, float32 or float64. What every other backend is compared with."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from vectorae.geometry import pixel_centers, polyline_distance, rounded_box_distance, to_local
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import (
    SUBPIXELS,
    box_coverage,
    box_weights,
    slab_coverage,
    stroke_coverage,
    stroke_fullness,
)
from vectorae.scene import Group, RoundedBox, Scene

CHUNK_SIZE = 2**18
"""Shapes × pixels evaluated at once: about 50 MiB of intermediate tensors, small enough for the processor's caches."""


def rasterize(
    scene: Scene,
    height: int,
    width: int,
    *,
    coverage: str,
    compositing: str,
    softness: Tensor,
    chunk_size: int = CHUNK_SIZE,
) -> Tensor:
    """Draw a scene.

    Images, and the shapes of an image that is too large, are evaluated in chunks; what the backward pass needs of a
    chunk is computed again when its turn comes, so that memory is bounded by ``chunk_size`` and the images themselves.

    Args:
        scene: B drawings of N shapes.
        height, width: in pixels.
        coverage, compositing, softness: as in ``vectorae.rasterize``; softness is ``[B, N]`` here.
        chunk_size: shapes × pixels evaluated at once.

    Returns:
        ``[B, C, H, W]`` in [0, 1].
    """
    pixels = height * width * SUBPIXELS.get(coverage, 1) ** 2
    shapes = max(1, min(scene.count, chunk_size // pixels))
    images = max(1, chunk_size // (shapes * pixels))
    draw = partial(_draw, coverage=coverage, compositing=compositing)
    drawn = []
    for image in range(0, scene.batch, images):
        part, edge = scene[image : image + images], softness[image : image + images]
        canvas = part.background[:, :, None, None].expand(-1, -1, height, width)
        for slot in range(0, scene.count, shapes):
            chunk, inside = part.select(slot, slot + shapes), edge[:, slot : slot + shapes]
            if torch.is_grad_enabled():
                canvas = checkpoint(draw, canvas, chunk, inside, use_reentrant=False, preserve_rng_state=False)
            else:
                canvas = draw(canvas, chunk, inside)
        drawn.append(canvas)
    return torch.cat(drawn) if drawn else scene.background.new_zeros(0, scene.channels, height, width)


def _draw(canvas: Tensor, scene: Scene, softness: Tensor, coverage: str, compositing: str) -> Tensor:
    """The scene over a canvas ``[B, C, H, W]``."""
    height, width = canvas.shape[-2:]
    fine = SUBPIXELS.get(coverage, 1)
    covered, order = [], list[int]()
    for group in scene.groups:
        edge = softness[:, list(group.slots)] * scene.softness[:, list(group.slots)]
        coverages = _group_coverage(group, height * fine, width * fine, coverage, edge.clamp_min(1e-8))
        covered.append(F.avg_pool2d(coverages, fine) if fine > 1 else coverages)
        order.extend(group.slots)
    alpha = torch.cat(covered, dim=1)
    if order != sorted(order):
        alpha = alpha[:, [order.index(slot) for slot in range(len(order))]]
    return COMPOSITINGS[compositing](canvas, alpha * scene.opacity[..., None, None], scene.color)


def _group_coverage(group: Group, height: int, width: int, profile: str, softness: Tensor) -> Tensor:
    """``[B, n, H, W]`` in [0, 1]; softness is ``[B, n]``."""
    outline, pixel = group.outline, 1 / min(height, width)
    if isinstance(outline, RoundedBox):
        x, y = pixel_centers(height, width, outline.center)
        local = to_local(x, y, outline.center, outline.angle)
        if group.stroke_width is None:
            return _filled_box(outline, local, profile, softness, pixel)
        distance = rounded_box_distance(*local, outline.half_extents, outline.roundness)[0].abs()
        length = 4 * outline.half_extents.sum(-1)
    else:
        assert group.stroke_width is not None, "Group refuses filled paths"
        x, y = pixel_centers(height, width, outline.points)
        distance = polyline_distance(x, y, outline.vertices)
        length = outline.length
    full = stroke_fullness(profile, length, group.stroke_width, softness, pixel)[..., None, None]
    across, edge = group.stroke_width[..., None, None], softness[..., None, None]
    return full * stroke_coverage(profile, distance, across, edge, pixel)


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
