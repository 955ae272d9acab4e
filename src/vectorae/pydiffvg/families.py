"""Which shapes of a scene are drawn as one group, and from which of its points; kept from one step to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from vectorae.pydiffvg.contours import Corner, corners_of, padded, segments_of
from vectorae.pydiffvg.topology import Topology

AS_IT_IS, ALIKE, UNEVEN = range(3)
"""How a group is mapped to the canvas: not at all; all lengths scaled by one factor; or in any other way, and ways that
a gradient reaches."""


class GroupKey(NamedTuple):
    """All of a group but its numbers.

    Attributes:
        shapes: their indices.
        fill, stroke: what can be stacked with its inks, or None.
        even_odd: the fill rule.
        map: see above.
        outlined: whether its stroke has no one width.
    """

    shapes: tuple[int, ...]
    fill: object | None
    stroke: object | None
    even_odd: bool
    map: int
    outlined: bool


@dataclass(frozen=True)
class Family:
    """Fills, or strokes, of n groups that are drawn as one group of a scene.

    Attributes:
        groups: their numbers.
        slots: their places in painter's order.
        shapes: index of each group's shape, of boxes; else ().
        topology: of boxes; else None.
        is_stroke: whether they are strokes.
        map: see above.
        outlined: whether these strokes are drawn by their outlines.
        degree, sizes, closed, even_odd: of paths.
        corners: indices of points, and a share, see ``Corner``: ``[n · P]`` each, of paths.
    """

    groups: tuple[int, ...]
    slots: tuple[int, ...]
    shapes: tuple[int, ...]
    topology: Topology | None
    is_stroke: bool
    map: int
    outlined: bool
    degree: int = 1
    sizes: tuple[int, ...] = ()
    closed: tuple[bool, ...] = ()
    even_odd: bool = False
    first: tuple[int, ...] = ()
    second: tuple[int, ...] = ()
    share: tuple[float, ...] = ()

    @property
    def is_mixed(self) -> bool:
        """Whether some corners lie between two points."""
        return bool(self.share)


@dataclass(frozen=True)
class Plan:
    """How a scene is drawn.

    Attributes:
        families: see above.
        paths: the indices of shapes that are no boxes, whose points come first.
        boxes: for each topology of boxes some of which become paths, the indices of its shapes.
        count: of slots.
    """

    families: tuple[Family, ...]
    paths: tuple[int, ...]
    boxes: tuple[tuple[Topology, tuple[int, ...]], ...]
    count: int


@lru_cache(maxsize=64)
def plan_of(shapes: tuple[Topology, ...], groups: tuple[GroupKey, ...]) -> Plan:
    """The plan for scenes of these shapes and groups."""
    members: dict[object, list[tuple[int, int, GroupKey]]] = {}
    all_straight = all(shape.is_straight for shape in shapes if not shape.is_box)
    slot = 0
    for number, group in enumerate(groups):
        for is_stroke in (True, False):  # the fill lies on top
            ink = group.stroke if is_stroke else group.fill
            if ink is not None and group.shapes:
                members.setdefault(_kind(group, shapes, is_stroke, all_straight), []).append((number, slot, group))
                slot += 1
    pool = _Pool(shapes)
    families = [_family(kind, some, shapes, pool) for kind, some in members.items()]
    return Plan(tuple(families), pool.paths, tuple(pool.boxes.items()), slot)


class _Kind(NamedTuple):
    is_stroke: bool
    ink: object
    map: int
    outlined: bool
    topology: Topology | None  # of boxes
    degree: int = 1
    contours: tuple[tuple[int, bool], ...] = ()  # segments, and whether closed
    even_odd: bool = False


def _kind(group: GroupKey, shapes: Sequence[Topology], is_stroke: bool, all_straight: bool) -> _Kind:
    own = [shapes[one] for one in group.shapes]
    ink = group.stroke if is_stroke else group.fill
    outlined = is_stroke and (group.outlined or group.map == UNEVEN)
    if len(own) == 1 and own[0].is_box and group.map != UNEVEN and not outlined:
        return _Kind(is_stroke, ink, group.map, False, own[0])
    straight = all(one.is_straight for one in own)
    if is_stroke:
        contours = tuple((padded(segments_of(one, False), False), one.closed) for one in own)
        return _Kind(True, ink, group.map, outlined, None, 1 if straight else 3, contours)
    # All contours as long as the longest, and contours of no extent, so that there are few families.
    longest = max(padded(segments_of(one, True), True) for one in own)
    contours = ((longest, True),) * (1 << (len(own) - 1).bit_length())
    mapped = AS_IT_IS if group.map == AS_IT_IS else UNEVEN
    return _Kind(False, ink, mapped, False, None, 1 if straight and all_straight else 3, contours, group.even_odd)


class _Pool:
    """Where the points of a scene's shapes are: of all paths, in order, then of those boxes that become paths."""

    def __init__(self, shapes: Sequence[Topology]) -> None:
        self._shapes, self._size = shapes, 0
        self._starts: dict[int, int] = {}
        self.boxes: dict[Topology, tuple[int, ...]] = {}
        self.paths = tuple(index for index, shape in enumerate(shapes) if not shape.is_box)
        self._add(self.paths)

    def start(self, index: int) -> int:
        """Where the points of a shape begin."""
        shape = self._shapes[index]
        if index not in self._starts:
            self.boxes[shape] = tuple(one for one, other in enumerate(self._shapes) if other is shape)
            self._add(self.boxes[shape])
        return self._starts[index]

    def _add(self, indices: Sequence[int]) -> None:
        for index in indices:
            self._starts[index] = self._size
            self._size += self._shapes[index].size


def _family(
    kind: object, members: Sequence[tuple[int, int, GroupKey]], shapes: Sequence[Topology], pool: _Pool
) -> Family:
    assert isinstance(kind, _Kind)
    numbers, slots = tuple(number for number, _, _ in members), tuple(slot for _, slot, _ in members)
    common = numbers, slots
    if kind.topology is not None:
        own = tuple(group.shapes[0] for _, _, group in members)
        return Family(*common, own, kind.topology, kind.is_stroke, kind.map, kind.outlined)
    corners: list[Corner] = []
    for _, _, group in members:
        for place, (count, _) in enumerate(kind.contours):
            if place < len(group.shapes):
                index = group.shapes[place]
                corners += corners_of(shapes[index], pool.start(index), kind.degree, not kind.is_stroke, count)
            else:
                corners += [Corner(corners[-1].first, corners[-1].first, 0.0)] * (kind.degree * count)
    first, second, share = zip(*corners, strict=True)
    sizes = tuple(kind.degree * count + (not closed) for count, closed in kind.contours)
    return Family(
        *common,
        (),
        None,
        kind.is_stroke,
        kind.map,
        kind.outlined,
        kind.degree,
        sizes,
        tuple(closed for _, closed in kind.contours),
        kind.even_odd,
        first,
        second if any(share) else (),
        share if any(share) else (),
    )
