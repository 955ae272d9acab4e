"""The region that closed contours enclose: boundary, area and inside test.

Contours may cross themselves and each other. The region's boundary is then only a part of them: pieces with ink on both
sides do not belong to it. ``boundary`` cuts contours where they cross and keeps the pieces with ink on exactly one
side, each directed so that the ink lies on the side of (dy, −dx). Distance, inside test and area need these pieces
alone. Where there is ink a fill rule decides: where the winding number is not 0, or where it is odd.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae.geometry.curve import flatten

JITTER = 1e-7
"""How far vertices are moved (canvas units) so that no two coincide and no two segments are collinear."""

MIN_SINE = 1e-3
"""Smallest sine of the angle between two segments for which their crossing has a gradient."""

MIN_PART = 1e-12
"""Smallest part of a segment that counts as a piece; shorter ones are rounding, as between a crossing and the corner
that it lies on."""

AT_START, AT_END = -1, -2
"""Ends of a piece that are vertices of its own segment, not crossings."""


@dataclass(frozen=True)
class Boundary:
    """The boundary of an enclosed region, as directed segments.

    Attributes:
        segments: the start and the end of each, ``[..., S, 2, 2]``, canvas units.
        present: ``[..., S]``, false for entries that are padding.
    """

    segments: Tensor
    present: Tensor

    @property
    def starts(self) -> Tensor:
        """``[..., S, 2]``."""
        return self.segments[..., 0, :]

    @property
    def ends(self) -> Tensor:
        """``[..., S, 2]``."""
        return self.segments[..., 1, :]


@dataclass(frozen=True)
class Region:
    """What closed paths enclose.

    Attributes:
        boundary: of ``[...]`` regions.
        area, perimeter: see ``area_and_perimeter``, ``[...]``.
    """

    boundary: Boundary
    area: Tensor
    perimeter: Tensor


@dataclass(frozen=True)
class Contours:
    """Closed Bézier contours of n paths in each of B drawings, which enclose regions.

    Attributes:
        points: control points, one contour after the other, ``[B, n, P, 2]``, canvas units.
        degree: 1 or 3.
        sizes: how many points each contour has; () is one contour of them all.
        even_odd: fill where the winding number is odd, not wherever it differs from 0.
    """

    points: Tensor
    degree: int
    sizes: tuple[int, ...] = ()
    even_odd: bool = False

    @property
    def each(self) -> tuple[Tensor, ...]:
        """The points of each contour."""
        return self.points.split(list(self.sizes), dim=-2) if self.sizes else (self.points,)

    def pieces(self, reach: Tensor) -> Tensor:
        """About how many pieces there are that lie further apart than ``reach``, ``[B, n]``, ≥ 1, without gradient.

        Only contours that follow each other are compared. Those that lie within or across others are no pieces of
        their own, and neither are those of no extent.
        """
        count = torch.ones_like(reach)
        if len(self.sizes) < 2:
            return count
        boxes = [torch.stack(points.detach().aminmax(dim=-2)) for points in self.each]
        low, high = torch.stack(boxes, dim=-2).unbind(0)  # [B, n, contours, 2]
        middle, extent = (low + high) / 2, (high - low).norm(dim=-1)
        reached = (extent[..., 1:] + extent[..., :-1]) / 2
        gap = (middle.diff(dim=-2).norm(dim=-1) - reached).clamp_min(0)
        apart = 1 - torch.exp(-gap / reach[..., None].detach())
        return count + (apart * (extent[..., 1:] > 0) * (extent[..., :-1] > 0)).sum(-1)

    def corners(self, pixel: float, bend: float | None = None) -> tuple[Tensor, Tensor]:
        """Their corners when flattened, and the index of the corner that follows each; see ``joined_corners``."""
        return joined_corners([flatten(points, self.degree, True, pixel, bend) for points in self.each])


Enclose = Callable[[Contours, float], Region]
"""``enclosed_region``, or another implementation of it."""


@dataclass(frozen=True)
class Cuts:
    """The pieces of segments that form the boundary of each of M regions, at most S pieces per region.

    A segment leads from a corner to the one that follows it, and has its index.

    Attributes:
        segment: ``[M, S]`` index of the segment that the piece belongs to.
        start, end: ``[M, S]`` index of the segment whose crossing is the piece's start or end; ``AT_START`` or
            ``AT_END`` for the ends of its own segment. Directed, with the ink on the side of (dy, −dx).
        present: ``[M, S]``, false for entries that are padding.
    """

    segment: Tensor
    start: Tensor
    end: Tensor
    present: Tensor


def enclosed_region(contours: Contours, pixel: float) -> Region:
    """The regions that closed Bézier contours enclose; differentiable. ``pixel``: see ``flatten``."""
    region = _boundary(*contours.corners(pixel), contours.even_odd, contours.points)
    return Region(region, *area_and_perimeter(region))


def boundary(*contours: Tensor, even_odd: bool = False) -> Boundary:
    """The boundary of the regions that closed polylines enclose; differentiable.

    Vertices are moved by up to 1e-7 canvas units, each by its own amount, so that there are no special cases.

    Args:
        contours: ``[..., V, 2]`` each, canvas units, the last vertex equal to the first.
        even_odd: fill where the winding number is odd, not wherever it differs from 0.

    Example:
        A pentagram crosses itself five times; its boundary is the ten sides of the star, and by the other rule also the
        five of the pentagon in its middle.

        >>> turn = torch.arange(6) * 4 * torch.pi / 5
        >>> pentagram = 0.5 + 0.4 * torch.stack([turn.sin(), -turn.cos()], dim=-1)
        >>> int(boundary(pentagram[None]).present.sum()), int(boundary(pentagram[None], even_odd=True).present.sum())
        (10, 15)
    """
    return _boundary(*joined_corners(contours), even_odd, contours[0])


def _boundary(corners: Tensor, following: Tensor, even_odd: bool, like: Tensor) -> Boundary:
    flat = corners.reshape(-1, *corners.shape[-2:])
    return assemble(flat, following, find_cuts(flat.detach(), following, even_odd), like)


def joined_corners(contours: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The corners of closed polylines ``[..., V, 2]``, one after the other, each moved by up to ``JITTER``.

    Corners that repeat the previous one (see ``flatten``) move with it, and the last ones with the first one.

    Returns:
        Corners ``[..., ΣV − 1, 2]`` in float64; for each the index of the one that follows it in its contour, int64.
    """
    moved, following, before = [], [], 0
    last: Tensor | int = 0  # the number of the last corner of the contours before
    for vertices in contours:
        # Apple's GPUs have no float64.
        corners = (vertices.cpu() if vertices.device.type == "mps" else vertices)[..., :-1, :].double()
        count, device = corners.shape[-2], corners.device
        differs = (corners[..., 1:, :] != corners[..., :-1, :]).any(-1)
        number = torch.nn.functional.pad(differs.cumsum(-1), (1, 0))
        back_at_first = (corners == corners[..., :1, :]).all(-1).flip(-1).long().cumprod(-1).flip(-1)
        number = last + 1 + torch.where(back_at_first == 1, 0, number)
        last, number = number.amax(-1, keepdim=True), number.double()[..., None]
        # Modulo 1, multiples of irrational numbers never repeat.
        by = torch.cat([number * 0.7548776662466927 % 1, number * 0.5698402909980532 % 1], dim=-1) - 0.5
        moved.append(corners + 2 * JITTER * by)
        following.append(before + torch.arange(1, count + 1, device=device) % max(1, count))
        before += count
    return torch.cat(moved, dim=-2), torch.cat(following)


def find_cuts(corners: Tensor, following: Tensor, even_odd: bool = False) -> Cuts:
    """Cut closed contours where they cross and select the pieces with ink on one side.

    Args:
        corners, following: ``[M, V, 2]`` and ``[V]``, see ``joined_corners``.
        even_odd: see ``boundary``.
    """
    corners, count = without_slivers(corners, following), corners.shape[1]
    along = corners[:, following] - corners
    cuts, first, last = _pieces(corners, following, along)
    pieces = cuts.shape[-1] - 1
    # Winding number of the other segments around the middle of each piece.
    middle = corners[:, :, None] + ((cuts[..., 1:] + cuts[..., :-1]) / 2)[..., None] * along[:, :, None]
    other = _winding(middle.flatten(1, 2), corners, along, pieces).view(-1, count, pieces)
    down = torch.where(along[..., 1] > 0, 1, -1)[..., None]
    right, left = other + down, other
    right_inked, left_inked = (right % 2 != 0, left % 2 != 0) if even_odd else (right != 0, left != 0)
    long = (along != 0).any(-1, keepdim=True)
    kept = (right_inked != left_inked) & (cuts.diff(dim=-1) > MIN_PART) & long
    # Directed down, the ink lies to the right on the screen: that is the side of (dy, −dx).
    forwards = right_inked == (down > 0)
    piece_start, piece_end = torch.where(forwards, first, last), torch.where(forwards, last, first)
    segment = torch.arange(count, device=corners.device)[:, None].expand(count, pieces)
    most = int(kept.flatten(1).sum(1).max()) if len(kept) else 0
    order = (~kept).flatten(1).int().argsort(dim=1, stable=True)[:, : max(1, most)]

    def pick(values: Tensor) -> Tensor:
        return values.expand(len(corners), count, pieces).flatten(1).gather(1, order)

    return Cuts(pick(segment), pick(piece_start), pick(piece_end), pick(kept))


def without_slivers(corners: Tensor, following: Tensor) -> Tensor:
    """The corners, in which contours of one or two segments have no length.

    They go there and back and enclose nothing, but jitter does not separate the two ways.
    """
    number = torch.arange(len(following), device=following.device)
    ends = following <= number
    contour = ends.cumsum(0) - ends.long()  # of each corner
    long = (corners[:, following] != corners).any(-1).long()
    segments = torch.zeros_like(long).index_add_(1, contour, long)[:, contour]
    first = torch.zeros_like(contour).scatter_reduce(0, contour, number, "amin", include_self=False)[contour]
    return torch.where((segments > 2)[..., None], corners, corners[:, first])


def _pieces(corners: Tensor, following: Tensor, along: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cut every segment at its crossings.

    Returns:
        Positions of the cuts, ``[M, V, K + 1]`` from 0 to 1; the start and the end of each piece as in ``Cuts``,
        ``[M, V, K]``.
    """
    count = corners.shape[1]
    apart = corners[:, None] - corners[:, :, None]
    across = cross(along[:, :, None], along[:, None])
    on_this = cross(apart, along[:, None].expand_as(apart)) / across
    on_other = cross(apart, along[:, :, None].expand_as(apart)) / across
    number = torch.arange(count, device=corners.device)
    joined = (following[:, None] == number) | (following == number[:, None]) | (number == number[:, None])
    crossing = ~joined & (on_this >= 0) & (on_this <= 1) & (on_other >= 0) & (on_other <= 1)
    most = int(crossing.sum(-1).max()) if count and len(corners) else 0
    # Segments that do not cross sort last (2), behind crossings at the very end (1).
    at, partner = torch.where(crossing, on_this, 2.0).sort(dim=-1)
    at, partner = at[..., :most].clamp_max(1), partner[..., :most]
    partner = torch.where(torch.arange(most, device=corners.device) < crossing.sum(-1, keepdim=True), partner, AT_END)
    zeros = at.new_zeros(*at.shape[:2], 1)
    starts, ends = (torch.full_like(zeros, at_vertex, dtype=torch.long) for at_vertex in (AT_START, AT_END))
    cuts = torch.cat([zeros, at, zeros + 1], dim=-1)
    return cuts, torch.cat([starts, partner], dim=-1), torch.cat([partner, ends], dim=-1)


def _winding(points: Tensor, corners: Tensor, along: Tensor, pieces: int) -> Tensor:
    """Winding number of contours around points ``[M, V × pieces, 2]``, without each point's own segment."""
    relative = points[:, :, None] - corners[:, None]
    above = relative[..., 1] < 0
    above_end = relative[..., 1] < along[:, None, :, 1]
    to_the_left = torch.where(
        along[:, None, :, 1] > 0,
        cross(along[:, None].expand_as(relative), relative) < 0,
        cross(along[:, None].expand_as(relative), relative) > 0,
    )
    crossed = (above != above_end) & to_the_left
    own = torch.arange(points.shape[1], device=points.device) // pieces
    crossed &= own[:, None] != torch.arange(corners.shape[1], device=points.device)
    return torch.where(crossed, torch.where(above_end, 1, -1), 0).sum(-1)


def assemble(corners: Tensor, following: Tensor, cuts: Cuts, like: Tensor) -> Boundary:
    """The boundary as a differentiable function of the corners ``[M, V, 2]``; ``following``: see ``joined_corners``.

    Its shape, dtype and device are those of ``like`` ``[..., V, 2]``.
    """
    along = corners[:, following] - corners

    def endpoint(at: Tensor) -> Tensor:
        # Always computed along the same one of two crossing segments, so that pieces meet exactly.
        one, other = torch.minimum(cuts.segment, at).clamp_min(0), torch.maximum(cuts.segment, at)
        corner, along_one, along_other = _take(corners, one), _take(along, one), _take(along, other)
        divisor = cross(along_one, along_other)
        part = cross(_take(corners, other) - corner, along_other) / torch.where(at < 0, 1.0, divisor)
        # The crossing of two nearly parallel segments would have an unbounded gradient; it has none.
        steep = divisor.abs() > MIN_SINE * along_one.norm(dim=-1) * along_other.norm(dim=-1)
        part = torch.where(steep, part, part.detach())
        vertex = _take(corners, torch.where(at == AT_END, following[cuts.segment], cuts.segment))
        return torch.where((at < 0)[..., None], vertex, corner + part[..., None] * along_one)

    segments = torch.stack([endpoint(cuts.start), endpoint(cuts.end)], dim=-2).to(like).view(*like.shape[:-2], -1, 2, 2)
    # A piece from a corner to a crossing at that corner has no length, and may lie inside the region.
    long = (segments[..., 0, :] != segments[..., 1, :]).any(-1)
    return Boundary(segments, cuts.present.to(like.device).view(long.shape) & long)


def _take(points: Tensor, index: Tensor) -> Tensor:
    return points.gather(1, index[..., None].expand(-1, -1, 2))


def cross(a: Tensor, b: Tensor) -> Tensor:
    """The cross product of vectors ``[..., 2]``: > 0 where b points clockwise of a, on screen."""
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def area_and_perimeter(region: Boundary) -> tuple[Tensor, Tensor]:
    """Enclosed area and length of the boundary, ``[...]``, canvas units; areas that jitter may cause are set to 0.

    Example:
        >>> square = torch.tensor([[0.2, 0.2], [0.7, 0.2], [0.7, 0.7], [0.2, 0.7], [0.2, 0.2]])
        >>> area, perimeter = area_and_perimeter(boundary(square[None]))
        >>> round(float(area), 4), round(float(perimeter), 4)
        (0.25, 2.0)
    """
    present = region.present.to(region.starts.dtype)
    # Relative to one of its vertices, so that a small region far from the origin keeps its digits.
    origin = region.starts[..., :1, :].detach()
    twice = (cross(region.ends - origin, region.starts - origin) * present).sum(-1)
    along = region.ends - region.starts
    length = (along.square().sum(-1) + torch.finfo(along.dtype).tiny).sqrt()
    perimeter = (length * present).sum(-1)
    return torch.where(twice / 2 > JITTER * perimeter, twice / 2, 0), perimeter


def is_inside(x: Tensor, y: Tensor, region: Boundary) -> Tensor:
    """Whether pixels at x ``[W]`` and y ``[H]`` lie in the region, ``[..., H, W]``."""
    winding = torch.zeros(*region.present.shape[:-1], len(y), len(x), dtype=torch.int8, device=x.device)
    for index in range(region.starts.shape[-2]):
        start, end = (points[..., index, :, None, None] for points in (region.starts, region.ends))
        (x0, y0), (x1, y1) = start.unbind(-3), end.unbind(-3)
        row = y[:, None]
        crossed = (row >= torch.minimum(y0, y1)) & (row < torch.maximum(y0, y1))
        crossed = crossed & region.present[..., index, None, None]
        at = x0 + (row - y0) / torch.where(y1 == y0, 1.0, y1 - y0) * (x1 - x0)
        winding += torch.where(crossed & (at < x), torch.where(y1 > y0, 1, -1), 0).to(torch.int8)
    return winding > 0
