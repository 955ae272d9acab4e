"""Other packages, and how they draw our scenes. Nothing of theirs is needed, or imported before it is used."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import Peer, learning
from benchmarks.workloads import Workload
from vectorae.scene import Group, Path, Scene

SAMPLES = 2
"""Of diffvg in a pixel, each way: its usual quality."""

CURVE_SEGMENTS = 10
"""Of a curve in DifferentiableSketching: what all of its experiments use."""

GAUSSIAN_WIDTH = math.sqrt(math.pi)
"""Times softness: the width of the sharp stroke that has as much ink as a gaussian one of no width."""


CORNERS = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
"""Of a square."""


class Diffvg:
    """diffvg (Li et al. 2020): sharp edges, sampled; one image at a time, on the CPU.

    Its shapes take a tensor for each parameter, and these are the leaves, as in its own examples. Of rounded boxes it
    has circles and, for squares, polygons: the gradient of its rectangles fails an assertion when they are turned.
    """

    def __init__(self) -> None:
        import pydiffvg

        pydiffvg.set_use_gpu(False)
        self._peer: Any = pydiffvg
        self._seed = 0

    def leaves(self, workload: Workload) -> tuple[list[list[dict[str, Tensor]]], list[Tensor]]:
        """For every image, from the bottom to the top, the parameters of each shape, in pixels."""
        scene, unit = workload.scene, min(workload.height, workload.width)
        edge = workload.softness * scene.softness
        slots = range(scene.count)
        images = [[self._shape(scene, image, slot, unit, edge) for slot in slots] for image in range(scene.batch)]
        # The width of a stroke is what it has in place of softness.
        names = {*workload.learned, *(("stroke_width",) if "softness" in workload.learned else ())}
        shapes = [shape for image in images for shape in image]
        return images, [shape[name].requires_grad_() for shape in shapes for name in shape if name in names]

    def draw(self, workload: Workload, state: list[list[dict[str, Tensor]]]) -> Tensor:
        images = [self._render(workload, shapes, image) for image, shapes in enumerate(state)]
        return torch.stack(images).permute(0, 3, 1, 2)[:, : workload.scene.channels]

    def _shape(self, scene: Scene, image: int, slot: int, unit: int, edge: Tensor) -> dict[str, Tensor]:
        group = next(group for group in scene.groups if slot in group.slots)
        member = group.slots.index(slot)
        color = scene.color[image, slot].expand(3)
        paint = {"color": torch.cat([color, scene.opacity[image, slot, None]])}
        outline = group.outline
        if isinstance(outline, Path):
            assert group.stroke_width is not None
            width = group.stroke_width[image, member] * unit + self._extra_width(edge[image, slot], group)
            # A half-width, though it calls it a width.
            return {**paint, "points": outline.points[image, member] * unit, "stroke_width": width / 2}
        box = {**paint, "center": outline.center[image, member] * unit}
        extents = outline.half_extents[image, member] * unit
        if outline.roundness[image, member] == 1:
            return {**box, "half_extents": extents[0]}
        return {**box, "half_extents": extents, "angle": outline.angle[image, member].clone()}

    @staticmethod
    def _extra_width(edge: Tensor, group: Group) -> Tensor:
        """A gaussian stroke of no width becomes a sharp one of as much ink."""
        assert group.stroke_width is not None
        return GAUSSIAN_WIDTH * edge if float(group.stroke_width.amax()) == 0 else torch.zeros(())

    def _render(self, workload: Workload, shapes: list[dict[str, Tensor]], image: int) -> Tensor:
        peer = self._peer
        drawn, groups = [], []
        for index, shape in enumerate(shapes):
            stroked = "points" in shape
            drawn.append(self._outline(shape))
            groups.append(
                peer.ShapeGroup(
                    torch.tensor([index]),
                    None if stroked else shape["color"],
                    stroke_color=shape["color"] if stroked else None,
                )
            )
        background = torch.ones(workload.height, workload.width, 4)
        background[..., :3] = workload.scene.ground[image]
        arguments = peer.RenderFunction.serialize_scene(workload.width, workload.height, drawn, groups)
        self._seed += 1
        rendered: Tensor = peer.RenderFunction.apply(
            workload.width, workload.height, SAMPLES, SAMPLES, self._seed, background, *arguments
        )
        return rendered

    def _outline(self, shape: dict[str, Tensor]) -> Any:
        peer = self._peer
        if "points" in shape:
            points = shape["points"]
            inner = torch.tensor([2] * ((len(points) - 1) // 3)) if len(points) > 2 else torch.tensor([0])
            return peer.Path(inner, points, is_closed=False, stroke_width=shape["stroke_width"])
        if "angle" not in shape:
            return peer.Circle(shape["half_extents"], shape["center"])
        x, y = (CORNERS * shape["half_extents"]).unbind(-1)
        cos, sin = shape["angle"].cos(), shape["angle"].sin()
        corners = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
        return peer.Polygon((shape["center"] + corners).contiguous(), is_closed=True)


class Dsketch:
    """DifferentiableSketching (Mihai & Hare 2021): the paper's own code, dense torch."""

    def __init__(self) -> None:
        from dsketch.raster import composite, disttrans, raster

        self._distance: Any = disttrans
        self._raster: Any = raster
        self._composite: Any = composite

    def leaves(self, workload: Workload) -> tuple[Scene, list[Tensor]]:
        return learning(workload.scene, workload.learned)

    def draw(self, workload: Workload, state: Scene) -> Tensor:
        (group,) = state.groups
        assert isinstance(group.outline, Path)
        points, unit = group.outline.points, min(workload.height, workload.width)
        x = (torch.arange(workload.width, device=points.device) + 0.5) / unit
        y = (torch.arange(workload.height, device=points.device) + 0.5) / unit
        pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
        if group.outline.degree == 1:
            squared = self._distance.line_edt2(points, pixels)
        else:
            squared = self._distance.curve_edt2_polyline(points, pixels, CURVE_SEGMENTS)
        variance = (workload.canvas_softness * state.softness).square()[..., None, None]
        return self._composite.softor(self._raster.exp(squared, variance), keepdim=True)


PEERS: dict[str, Peer] = {
    "diffvg": Peer("pydiffvg", "diffvg", Diffvg, on_gpu=False),
    "dsketch": Peer("dsketch", "DifferentiableSketching", Dsketch, on_gpu=True),
}
"""Name → package."""
