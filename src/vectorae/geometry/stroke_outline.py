"""The outlines of strokes with any caps, joins and dashes, as polygons; differentiable.

The outline of a stroke goes along its one side and back along the other. At a bend it goes around the outer side, and
on the inner side by way of the bend itself: so the winding number around a point is the number of segments, each with
its full width, and of joins that cover it, and never 0 where there is ink.
"""

import math
from collections.abc import Iterator
from itertools import accumulate

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.geometry.region import cross
from vectorae.geometry.stroke_style import StrokeStyle

ERROR = 0.05
"""Largest distance between a round cap or join and the true one, in pixels."""

MOST_DASHES = 1024
"""Of a contour; finer patterns than that are refused."""


def stroke_outlines(vertices: Tensor, closed: bool, width: Tensor, style: StrokeStyle, pixel: float) -> list[Tensor]:
    """The contours that, filled by non-zero winding, are the stroke of polylines.

    Args:
        vertices: ``[..., V, 2]`` canvas units, V ≥ 2, closed ones ending with their first; see ``curve.flatten``.
        closed: whether they are.
        width: full width, ``[...]``, or one at each vertex, ``[..., V]``, between which it changes evenly.
        style: caps, joins and dashes.
        pixel: size of a pixel in canvas units.

    Returns:
        Corners of closed polygons, ``[..., P, 2]`` each; contours of no ink have no area.

    Example:
        A straight stroke with square caps is a rectangle, longer by its width.

        >>> line = torch.tensor([[0.2, 0.5], [0.8, 0.5]])
        >>> (around,) = stroke_outlines(line, False, torch.tensor(0.1), StrokeStyle(cap="square"), pixel=1 / 64)
        >>> around.amin(0), around.amax(0)
        (tensor([0.1500, 0.4500]), tensor([0.8500, 0.5500]))
    """
    half = (width if width.dim() == vertices.dim() - 1 else width[..., None])[..., None] / 2
    if style.dashes:
        if half.shape[-2] > 1:
            raise ValueError("dashes are of strokes of one width")
        return [
            _around_open(piece, half * is_seen[..., None, None], style, pixel, toward)
            for piece, is_seen, toward in _dashes(vertices, closed, style)
        ]
    if not closed:
        return [_around_open(vertices, half, style, pixel)]
    direction = _directions(vertices)
    bends = vertices[..., :-1, :], direction.roll(1, -2), direction
    of_bends = half[..., :-1, :] if half.shape[-2] > 1 else half
    left, right = (_side(*bends, of_bends, sign, style, pixel) for sign in (1, -1))
    return [left, right.flip(-2)]


def _around_open(
    vertices: Tensor, half: Tensor, style: StrokeStyle, pixel: float, toward: Tensor | None = None
) -> Tensor:
    """The outline of an open stroke; ``half`` of its width: ``[..., V or 1, 1]``; ``toward``: see ``_directions``."""
    half = half.expand(*vertices.shape[:-1], 1)
    half_first, half_last = half[..., :1, :], half[..., -1:, :]
    direction = _directions(vertices, toward)
    first, last = direction[..., :1, :], direction[..., -1:, :]
    start, end = vertices[..., :1, :], vertices[..., -1:, :]
    bends = vertices[..., 1:-1, :], direction[..., :-1, :], direction[..., 1:, :]
    left, right = (
        torch.cat(
            [
                start + sign * half_first * _left(first),
                _side(*bends, half[..., 1:-1, :], sign, style, pixel),
                end + sign * half_last * _left(last),
            ],
            dim=-2,
        )
        for sign in (1, -1)
    )
    caps = (_cap(*one, style, pixel) for one in ((end, last, half_last), (start, -first, half_first)))
    return torch.cat([left, next(caps), right.flip(-2), next(caps)], dim=-2)


def _side(
    corners: Tensor, before: Tensor, after: Tensor, half: Tensor, sign: int, style: StrokeStyle, pixel: float
) -> Tensor:
    """The points of one side of a stroke at its bends, in order, ``[..., P, 2]``.

    Args:
        corners: ``[..., C, 2]``; before, after: the directions to and from them.
        half: of the width, ``[..., C or 1, 1]``.
        sign: 1 for the side of (−dy, dx), else −1.
    """
    normal, normal_after = sign * half * _left(before), sign * half * _left(after)
    cosine, sine = (before * after).sum(-1, keepdim=True), cross(before, after)[..., None]
    if style.join == "round":
        # On the outer side, by way of the direction in which the stroke comes.
        turn = torch.atan2(sine, cosine).abs() * -sign
        count = _arc_points(turn, half, pixel)
        part = torch.arange(1, count + 1, dtype=turn.dtype, device=turn.device) / (count + 1)
        angle = turn * part  # [..., C, count]
        cos, sin = angle.cos()[..., None], angle.sin()[..., None]
        around = cos * normal[..., None, :] + sin * _left(normal)[..., None, :]
    else:
        scale = torch.full_like(cosine, 0.5)
        if style.join == "miter":
            within = style.miter_limit**2 * (1 + cosine) >= 2
            scale = torch.where(within, 1 / torch.where(within, 1 + cosine, 1), scale)
        around = ((normal + normal_after) * scale)[..., None, :]
    # On the inner side by way of the bend itself.
    around = torch.where((sine * sign > 0)[..., None], torch.zeros_like(around), around)
    points = torch.cat([normal[..., None, :], around, normal_after[..., None, :]], dim=-2)
    return (corners[..., None, :] + points).flatten(-3, -2)


def _cap(end: Tensor, direction: Tensor, half: Tensor, style: StrokeStyle, pixel: float) -> Tensor:
    """The points of a cap between the two sides, ``[..., P, 2]``; end and direction ``[..., 1, 2]``."""
    if style.cap == "butt":
        return end[..., :0, :]
    across, along = half * _left(direction), half * direction
    if style.cap == "square":
        return end + torch.cat([across + along, along - across], dim=-2)
    count = _arc_points(torch.full_like(half, math.pi), half, pixel)
    angle = math.pi / (count + 1) * torch.arange(1, count + 1, dtype=end.dtype, device=end.device)[:, None]
    return end + angle.cos() * across + angle.sin() * along


def _arc_points(turn: Tensor, half: Tensor, pixel: float) -> int:
    """How many points an arc needs between its ends, so that its chords are ``ERROR`` pixels away at most."""
    with torch.no_grad():
        # A chord of angle a is r (1 − cos(a / 2)) away, about r a² / 8.
        chords = (turn.abs() * (half / (8 * ERROR * pixel)).sqrt()).nan_to_num()
    return max(1, min(64, math.ceil(float(chords.max())) - 1)) if chords.numel() else 1


def _directions(vertices: Tensor, toward: Tensor | None = None) -> Tensor:
    """Unit vectors along the segments of polylines ``[..., V, 2]``; those of no length go on as the one before.

    ``toward``: the direction of polylines without any length, ``[..., 2]``; (1, 0) by default, as SVG has it.
    """
    along = vertices.diff(dim=-2)
    length = (along.square().sum(-1, keepdim=True) + torch.finfo(along.dtype).tiny).sqrt()
    is_long = (along != 0).any(-1)
    number = torch.arange(along.shape[-2], device=along.device)
    latest = torch.where(is_long, number, -1).cummax(-1).values
    first = is_long.int().argmax(-1, keepdim=True)
    index = torch.where(latest < 0, first, latest)[..., None].expand_as(along)
    default = along.new_tensor([1.0, 0.0]) if toward is None else toward[..., None, :]
    return torch.where(is_long.any(-1)[..., None, None], (along / length).gather(-2, index), default)


def _dashes(vertices: Tensor, closed: bool, style: StrokeStyle) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The dashes of polylines ``[..., V, 2]``: each as polylines, whether it is there, and its direction.

    On closed ones a dash that reaches the end goes on as the first one, if there is one at the start.
    """
    pattern = style.dashes * (2 if len(style.dashes) % 2 else 1)
    period, begins = sum(pattern), [0.0, *accumulate(pattern)]
    once = vertices.shape[-2]
    if closed:
        vertices = torch.cat([vertices, vertices[..., 1:, :]], dim=-2)
    along = vertices.diff(dim=-2)
    length = (along.square().sum(-1) + torch.finfo(along.dtype).tiny).sqrt()
    so_far = torch.nn.functional.pad(length.cumsum(-1), (1, 0))
    total, shift = so_far[..., once - 1], style.dash_offset % period
    times = math.ceil((float(total.detach().max()) + shift) / period) if total.numel() else 0
    if times * len(pattern) > 2 * MOST_DASHES:
        raise UserError(f"dashes: {list(style.dashes)} makes more than {MOST_DASHES} of a stroke; write longer ones")
    direction = _directions(vertices)
    ranges = [
        (number * period + begin - shift, number * period + begin - shift + extent)
        for number in range(times)
        for begin, extent in zip(begins[::2], pattern[::2], strict=False)
    ]
    first_end = next((end for start, end in ranges if closed and start <= 0 < end), None)
    goes_on = [(start < total) & (end > total) & (start > 0) & (first_end is not None) for start, end in ranges]
    has_joined = torch.stack(goes_on).any(0) if goes_on else total > total
    for (start, end), joins in zip(ranges, goes_on, strict=True):
        is_there = end > 0 or start >= 0  # a dash that ends where the contour begins is none, a dot is one
        is_seen = (total > start) & is_there & ~(has_joined & (start <= 0))
        low, high = (torch.minimum(total, total.new_tensor(max(one, 0.0))) for one in (start, end))
        high = torch.where(joins, total + (first_end or 0.0), high)
        high = torch.where(is_seen, high, low)  # what goes there and back would leave slivers
        (first, toward), (last, _) = (_at(vertices, direction, so_far, one) for one in (low, high))
        within = _between(vertices, so_far, low, high, last)
        piece = torch.cat([first[..., None, :], within, last[..., None, :]], dim=-2)
        yield piece, is_seen.to(vertices.dtype), toward


def _between(vertices: Tensor, so_far: Tensor, low: Tensor, high: Tensor, last: Tensor) -> Tensor:
    """The vertices of polylines between two distances ``[...]`` from their starts, padded with ``last``."""
    with torch.no_grad():
        begin = (so_far <= low[..., None]).sum(-1, keepdim=True)
        end = (so_far < high[..., None]).sum(-1, keepdim=True)
        most = int((end - begin).amax()) if begin.numel() else 0
        index = begin + torch.arange(max(0, most), device=vertices.device)
    places = index.clamp_max(vertices.shape[-2] - 1)[..., None].expand(*index.shape, 2)
    return torch.where((index < end)[..., None], vertices.gather(-2, places), last[..., None, :])


def _at(vertices: Tensor, direction: Tensor, so_far: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """The points of polylines at a distance ``[...]`` from their starts, and the directions there, ``[..., 2]``."""
    index = (so_far[..., 1:-1].detach() <= distance.detach()[..., None]).sum(-1, keepdim=True)
    before, after = (so_far.gather(-1, one)[..., 0] for one in (index, index + 1))
    span = after - before
    part = ((distance - before) / torch.where(span > 0, span, 1)).clamp(0, 1)[..., None]
    start, end = (_take(vertices, one) for one in (index, index + 1))
    return torch.lerp(start, end, part), _take(direction, index)


def _take(points: Tensor, index: Tensor) -> Tensor:
    """One of ``[..., V, 2]`` by its index ``[..., 1]``: ``[..., 2]``."""
    return points.gather(-2, index[..., None].expand(*index.shape, 2))[..., 0, :]


def _left(vectors: Tensor) -> Tensor:
    """Vectors turned by 90°, clockwise on screen."""
    x, y = vectors.unbind(-1)
    return torch.stack([-y, x], dim=-1)
