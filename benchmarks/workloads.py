"""Workloads: scenes, and how they are drawn."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vectorae.layout import Layout
from vectorae.scene import Group, Path, RoundedBox, Scene

GEOMETRY = ("center", "half_extents", "angle", "points")
"""Names of tensors of a scene that have a gradient wherever they occur; the workloads add others."""

JITTER = 0.3
"""Spread of the raw numbers around a starting grid: shapes move by part of their cell, colours differ."""

LINE_REACH = 0.05
"""How far the ends of a line may lie from each other each way, canvas units: half as many of the units of the paper's
code, in which the shorter side spans 2 (`make_init_params` of its photograph experiments)."""


@dataclass(frozen=True)
class Published:
    """What others have published of a workload like one of ours: on another machine, of another scene.

    Attributes:
        name: of their rasterizer, and where it ran.
        both: milliseconds of forward and backward pass.
        forward, backward: of each, where they are given.
    """

    name: str
    both: float
    forward: float | None = None
    backward: float | None = None


@dataclass(frozen=True)
class Workload:
    """A scene, and how it is drawn.

    Attributes:
        name: in the tables: `A`.
        title: description.
        scene: without gradients.
        height, width: in pixels.
        softness: pixels.
        learned: names of the tensors that get gradients: attributes of the scene, its groups and outlines.
        coverage: as in ``vectorae.rasterize``.
        threads: of torch; None for those of the run.
        peers: other packages that can draw it.
        published: figures of others that cannot be measured here.
    """

    name: str
    title: str
    scene: Scene
    height: int
    width: int
    softness: float
    learned: tuple[str, ...]
    coverage: str = "sigmoid"
    threads: int | None = None
    peers: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    @property
    def canvas_softness(self) -> float:
        """Softness in canvas units."""
        return self.softness / min(self.height, self.width)

    @property
    def pairs(self) -> int:
        """Pixels × shapes, covered or not."""
        return self.scene.batch * self.scene.count * self.height * self.width

    def small(self) -> "Workload":
        """The same kinds of shapes in one image of 16 pixels, to compile every kernel in no time."""
        return replace(self, scene=self.scene[:1], height=min(self.height, 16), width=min(self.width, 16))

    def to(self, device: torch.device) -> "Workload":
        """The workload on another device."""
        return replace(self, scene=self.scene.map(lambda tensor: tensor.to(device)))


@dataclass(frozen=True)
class Size:
    """How much smaller than specified to make the workloads.

    Attributes:
        scale: factor on the sides of images, and on the number of shapes where there are many, in (0, 1].
        batch: images, at most; None for as many as specified.
        seed: of the scenes.
    """

    scale: float = 1.0
    batch: int | None = None
    seed: int = 0

    def pixels(self, side: int) -> int:
        """The scaled side of an image."""
        return max(8, round(side * self.scale))

    def shapes(self, count: int) -> int:
        """The scaled number of shapes."""
        return max(2, round(count * self.scale))

    def images(self, count: int) -> int:
        """The number of images, at most ``batch``."""
        return count if self.batch is None else min(count, self.batch)

    def random(self) -> torch.Generator:
        """A generator with the seed."""
        return torch.Generator().manual_seed(self.seed)


def grid(size: Size, images: int = 64, name: str = "A") -> Workload:
    """Circles and squares near the 4×4 starting grid."""
    side, batch = size.pixels(64), size.images(images)
    layout = Layout(["circle", "square"], rows=4, columns=4)
    scene = layout(layout.random_raw(batch, size.seed, spread=JITTER)).detach()
    return Workload(
        name,
        f"{batch} images {side}×{side} RGB, 16 circles and squares of grid size, sigmoid ½ px, over",
        scene,
        side,
        side,
        0.5,
        (*GEOMETRY, "color", "opacity"),
        peers=("diffvg",),
    )


def lines(size: Size) -> Workload:
    """Many short lines of one ink, as a photograph is optimised into."""
    height, width, count = size.pixels(200), size.pixels(266), size.shapes(1000)
    random = size.random()
    starts = torch.rand(1, count, 2, generator=random) * torch.tensor([width, height]) / min(height, width)
    ends = starts + LINE_REACH * (2 * torch.rand(1, count, 2, generator=random) - 1)
    return Workload(
        "B",
        f"1 image {height}×{width}, {count} lines, gaussian σ = 1 px, soft_or, one ink",
        _ink(Path(torch.stack([starts, ends], dim=-2)), torch.ones(1, count)),
        height,
        width,
        1,
        GEOMETRY,
        "gaussian",
        peers=("diffvg", "dsketch"),
    )


def strokes(size: Size) -> Workload:
    """Digits: a few cubic strokes in each of many small images."""
    side, batch, count = size.pixels(28), size.images(64), 16
    random = size.random()
    middle = 0.2 + 0.6 * torch.rand(batch, count, 1, 2, generator=random)
    points = middle + 0.2 * torch.randn(batch, count, 4, 2, generator=random)
    widths = torch.exp2(2 * torch.rand(batch, count, generator=random) - 1)
    return Workload(
        "C",
        f"{batch} images {side}×{side}, {count} cubic strokes, gaussian σ = ½ … 2 px, learned, soft_or, one ink",
        _ink(Path(points, degree=3), widths),
        side,
        side,
        1,
        (*GEOMETRY, "softness"),
        "gaussian",
        peers=("diffvg", "dsketch"),
    )


def wide(size: Size, rounded: bool) -> Workload:
    """Shapes as large as the canvas and softer than it is wide: there is nothing to cull."""
    side, batch, count = size.pixels(64), size.images(64), 16
    random = size.random()
    extents = 0.4 + 0.2 * torch.rand(batch, count, 2 if rounded else 1, generator=random)
    round_ = torch.rand(batch, count, generator=random)
    boxes = RoundedBox(
        0.45 + 0.1 * torch.rand(batch, count, 2, generator=random),
        extents.expand(-1, -1, 2).contiguous(),
        math.tau * torch.rand(batch, count, generator=random),
        round_,
    )
    kinds = "rounded rectangles of any aspect and roundness" if rounded else "circles and squares"
    return Workload(
        "D2" if rounded else "D1",
        f"{batch} images {side}×{side} RGB, {count} canvas-wide {kinds}, sigmoid, over, one thread",
        _painted((Group(boxes, tuple(range(count))),) if rounded else _checkered(boxes), batch, count, random),
        side,
        side,
        0.1 * side,
        (*GEOMETRY, *(("roundness",) if rounded else ()), "color", "opacity"),
        threads=1,
    )


def saturated(size: Size) -> Workload:
    """Opaque shapes as large as the canvas above each other, with narrow edges: what they hide is multiplied away.

    Products of what they let through are smaller than normal numbers; where those are not flushed to zero, it shows.
    """
    work = wide(size, rounded=False)
    batch, count = work.scene.opacity.shape
    title = (
        f"{batch} images {work.height}×{work.width} RGB, {count} opaque canvas-wide circles and squares, sigmoid ½ px"
    )
    scene = replace(work.scene, opacity=torch.ones(batch, count))
    return replace(work, name="D3", title=f"{title}, over, one thread", scene=scene, softness=0.5)


def crowd(size: Size, count: int) -> Workload:
    """Circles and squares that have the area of the canvas together, however many there are."""
    side, shapes = size.pixels(512), size.shapes(count)
    random = size.random()
    extent = torch.full((1, shapes, 2), math.sqrt(1 / shapes) / 2)
    extent[:, ::2] *= math.sqrt(4 / math.pi)  # the circles
    boxes = RoundedBox(
        torch.rand(1, shapes, 2, generator=random),
        extent,
        math.tau * torch.rand(1, shapes, generator=random),
        torch.zeros(1, shapes),
    )
    return Workload(
        f"E{count}",
        f"1 image {side}×{side} RGB, {shapes} circles and squares of the canvas's area together, sigmoid ½ px, over",
        _painted(_checkered(boxes), 1, shapes, random),
        side,
        side,
        0.5,
        (*GEOMETRY, "color", "opacity"),
    )


def curves(size: Size) -> Workload:
    """Open curves on a large canvas, as Bézier Splatting (2025) is measured on."""
    height, width, count = size.pixels(1344), size.pixels(2040), size.shapes(2048)
    random = size.random()
    canvas = torch.tensor([width, height]) / min(height, width)
    middle = torch.rand(1, count, 1, 2, generator=random) * canvas
    points = middle + 0.03 * torch.randn(1, count, 4, 2, generator=random)
    group = Group(Path(points, degree=3), tuple(range(count)), torch.full((1, count), 4 / min(height, width)))
    return Workload(
        "G",
        f"1 image {width}×{height} RGB, {count} open cubic strokes 4 px wide, sigmoid ½ px, over",
        _painted((group,), 1, count, random),
        height,
        width,
        0.5,
        (*GEOMETRY, "stroke_width", "color", "opacity"),
    )


def closed_curves(size: Size) -> Workload:
    """Filled curves of two cubics on a large canvas, as Bézier Splatting (2025) is measured on."""
    height, width, count = size.pixels(1344), size.pixels(2040), size.shapes(2048)
    random = size.random()
    middle = torch.rand(1, count, 1, 2, generator=random) * torch.tensor([width, height]) / min(height, width)
    # Around a circle, astray: few cross themselves.
    turn = math.tau * torch.arange(6) / 6
    around = 0.03 * torch.stack([turn.cos(), turn.sin()], dim=-1)
    points = middle + around + 0.01 * torch.randn(1, count, 6, 2, generator=random)
    group = Group(Path(points, closed=True, degree=3), tuple(range(count)))
    return Workload(
        "G2",
        f"1 image {width}×{height} RGB, {count} filled closed curves of two cubic segments, sigmoid ½ px, over",
        _painted((group,), 1, count, random),
        height,
        width,
        0.5,
        (*GEOMETRY, "color", "opacity"),
        published=(Published("Bézier Splatting, RTX 4090", 38.7, 14.1, 24.6),),
    )


def many_strokes(size: Size) -> Workload:
    """Open curves as easydiffvg is measured on."""
    side, count = size.pixels(384), size.shapes(640)
    random = size.random()
    points = torch.rand(1, count, 1, 2, generator=random) + 0.05 * torch.randn(1, count, 4, 2, generator=random)
    group = Group(Path(points, degree=3), tuple(range(count)), torch.full((1, count), 2 / side))
    return Workload(
        "G3",
        f"1 image {side}×{side} RGB, {count} open cubic strokes 2 px wide, sigmoid ½ px, over",
        _painted((group,), 1, count, random),
        side,
        side,
        0.5,
        (*GEOMETRY, "stroke_width", "color", "opacity"),
        published=(Published("easydiffvg, RTX 5090", 3.0),),
    )


DRAWINGS: dict[str, Callable[[Size], Workload]] = {
    "A": grid,
    "B": lines,
    "C": strokes,
    "D1": lambda size: wide(size, rounded=False),
    "D2": lambda size: wide(size, rounded=True),
    "D3": saturated,
    "E256": lambda size: crowd(size, 256),
    "E1024": lambda size: crowd(size, 1024),
    "E4096": lambda size: crowd(size, 4096),
    "A512": lambda size: grid(size, images=512, name="A512"),
    "G": curves,
    "G2": closed_curves,
    "G3": many_strokes,
}
"""Name → workload, of those that draw; steps of trainings are in ``training``."""

ON_GPU = ("A512", "G", "G2", "G3")
"""Workloads that are for a GPU only."""

ON_ONE_CORE = ("D1", "D2", "D3")
"""Those that are for a CPU only: they measure the time of one core."""


def _ink(outline: Path, softness: Tensor) -> Scene:
    """White strokes of no width on black; softness ``[B, N]``: the factors."""
    batch, count = softness.shape
    group = Group(outline, tuple(range(count)), torch.zeros(batch, count))
    ones = torch.ones(batch, count)
    return Scene((group,), ones[..., None], ones, softness, torch.zeros(batch, 1), compositing="soft_or")


def _painted(groups: tuple[Group, ...], batch: int, count: int, random: torch.Generator) -> Scene:
    """The groups in random colours over grey."""
    return Scene(
        groups,
        torch.rand(batch, count, 3, generator=random),
        0.5 + 0.5 * torch.rand(batch, count, generator=random),
        torch.ones(batch, count),
        torch.full((batch, 3), 0.5),
    )


def _checkered(boxes: RoundedBox) -> tuple[Group, ...]:
    """Every other box a circle, the others squares: two groups, as a layout makes them."""
    groups = []
    for first, roundness in ((0, 1.0), (1, 0.0)):
        angle = boxes.angle[:, first::2]
        outline = RoundedBox(
            boxes.center[:, first::2], boxes.half_extents[:, first::2], angle, torch.full_like(angle, roundness)
        )
        groups.append(Group(outline, tuple(range(first, boxes.angle.shape[1], 2))))
    return tuple(groups)
