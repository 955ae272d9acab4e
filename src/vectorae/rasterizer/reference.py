"""The reference backend: dense torch, on any device, in float32 or float64. What every other backend is compared with."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from vectorae.geometry import pixel_centers, polyline_distance, rounded_box_distance, to_local
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import ellipse_to_box, fill_coverage, gaussian_stroke_coverage
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
    shapes = max(1, min(scene.count, chunk_size // (height * width)))
    images = max(1, chunk_size // (shapes * height * width))
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
    covered, order = [], []
    for group in scene.groups:
        edge = softness[:, list(group.slots)] * scene.softness[:, list(group.slots)]
        covered.append(_group_coverage(group, height, width, coverage, edge.clamp_min(1e-8)[..., None, None]))
        order.extend(group.slots)
    alpha = torch.cat(covered, dim=1)
    if order != sorted(order):
        alpha = alpha[:, [order.index(slot) for slot in range(len(order))]]
    return COMPOSITINGS[compositing](canvas, alpha * scene.opacity[..., None, None], scene.color)


def _group_coverage(group: Group, height: int, width: int, profile: str, softness: Tensor) -> Tensor:
    """``[B, n, H, W]`` in [0, 1]."""
    outline, pixel = group.outline, 1 / min(height, width)
    if isinstance(outline, RoundedBox):
        x, y = pixel_centers(height, width, outline.center)
        local = to_local(x, y, outline.center, outline.angle)
        distance, thickness = rounded_box_distance(*local, outline.half_extents, outline.roundness)
        length = 2 * outline.half_extents.amax(-1) * ellipse_to_box(outline.roundness)
        if group.stroke_width is None:
            return fill_coverage(profile, distance, thickness, length[..., None, None], softness, pixel)
        distance = distance.abs()
        length = 4 * outline.half_extents.sum(-1)
    else:
        x, y = pixel_centers(height, width, outline.points)
        distance = polyline_distance(x, y, outline.vertices)
        length = outline.length
    return _stroke_coverage(profile, distance, group.stroke_width, length, softness, pixel)


def _stroke_coverage(
    profile: str, distance: Tensor, stroke_width: Tensor | None, length: Tensor, softness: Tensor, pixel: float
) -> Tensor:
    assert stroke_width is not None
    across = stroke_width[..., None, None]
    if profile == "gaussian":
        return gaussian_stroke_coverage(distance, across / 2, softness)
    # With its round caps a stroke is as long as a rectangle of length + π/4 width.
    full_length = length[..., None, None] + math.pi / 4 * across
    return fill_coverage(profile, distance - across / 2, across, full_length, softness, pixel)
