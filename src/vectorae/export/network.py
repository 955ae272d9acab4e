"""The encoder with its layout: images → tensors with a meaning, each under a name."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from vectorae.primitives import KINDS
from vectorae.scene import Group, RoundedBox, Scene
from vectorae.training.autoencoder import VectorAutoencoder


class SceneNetwork(nn.Module):
    """Images → the crisp drawing's numbers by name, in canvas units.

    Discrete choices (circle or square, which shape is in front) leave as the continuous numbers that they are made
    from: two programs that compute a hair apart must not draw another picture. Strokes are as wide as the SVG's.

    Args:
        model: the trained one; its encoder and layout are used as they are.
    """

    def __init__(self, model: VectorAutoencoder) -> None:
        super().__init__()
        self.encoder, self.decoder, self._layout = model.encoder, model.decoder, model.layout
        self._state = model.state

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Images ``[B, C, S, S]`` in [0, 1] → tensors ``[B, …]`` by name."""
        return named(self.decoder.whole_scene(self.encoder(images), self._state, discrete=False), self.kinds)

    def scene(self, outputs: dict[str, Tensor]) -> Scene:
        """The crisp scene that outputs stand for: what a program that takes the export draws."""
        groups = []
        for kind, group in zip(self.kinds, self._example().groups, strict=True):
            outline = group.outline
            if isinstance(outline, RoundedBox):
                roundness = outputs[f"{kind}.roundness"]
                roundness = (roundness >= 0.5).to(roundness) if _is_discrete(kind) else roundness
                size = outputs[f"{kind}.size"]
                outline = RoundedBox(outputs[f"{kind}.center"], size / 2, outputs[f"{kind}.angle"], roundness)
            else:
                outline = replace(outline, points=outputs[f"{kind}.points"])
            groups.append(Group(outline, group.slots, outputs.get(f"{kind}.stroke_width")))
        opacity, depth = outputs["opacity"], outputs.get("depth")
        painted = Scene(
            tuple(groups), outputs["color"], opacity, torch.ones_like(opacity), outputs["background"], depth
        )
        return replace(painted, compositing=self.decoder.rasterizer.compositing)

    def _example(self) -> Scene:
        return self._layout(self._layout.random_raw(1, seed=0))

    @property
    def kinds(self) -> list[str]:
        """The name of each group's kind."""
        return self._layout.present_kinds

    def describe(self) -> dict[str, Any]:
        """What the outputs mean, and what it takes to draw them, for ``scene.json``."""
        layout, count = self._layout, self._layout.count
        scene = self._example()
        outputs: list[dict[str, Any]] = []
        groups = []
        for kind, group in zip(self.kinds, scene.groups, strict=True):
            groups.append(_group(kind, group))
            outputs += _outputs(kind, group)
        colors = "grey" if layout.channels == 1 else "red, green, blue"
        outputs += [
            _output("color", ["batch", count, layout.channels], "[0, 1], sRGB", f"{colors} of each slot"),
            _output("opacity", ["batch", count], "[0, 1]", "of each slot"),
            _output("background", ["batch", layout.channels], "[0, 1], sRGB", colors),
        ]
        if layout.ordering == "depth":
            outputs.append(_output("depth", ["batch", count], "none", "of each slot: larger is further in front"))
        return {
            "canvas": "the square image spans [0, 1], x to the right, y down; angles turn clockwise",
            "compositing": self.decoder.rasterizer.compositing,
            "order": "by depth, equal ones by slot" if layout.ordering == "depth" else "by slot; the last is on top",
            "groups": groups,
            "outputs": outputs,
        }


def named(scene: Scene, kinds: list[str]) -> dict[str, Tensor]:
    """The tensors of a scene by name; ``kinds`` are those of its groups."""
    tensors: dict[str, Tensor] = {}
    for kind, group in zip(kinds, scene.groups, strict=True):
        outline = group.outline
        if isinstance(outline, RoundedBox):
            tensors[f"{kind}.center"] = outline.center
            tensors[f"{kind}.size"] = 2 * outline.half_extents
            tensors[f"{kind}.angle"] = outline.angle
            tensors[f"{kind}.roundness"] = outline.roundness
        else:
            tensors[f"{kind}.points"] = outline.points
        if group.stroke_width is not None:
            tensors[f"{kind}.stroke_width"] = group.stroke_width
    tensors |= {"color": scene.color, "opacity": scene.opacity, "background": scene.background}
    return tensors if scene.depth is None else tensors | {"depth": scene.depth}


def _is_discrete(kind: str) -> bool:
    return any(field.discrete for field in KINDS[kind].fields().values())


def _group(kind: str, group: Group) -> dict[str, Any]:
    """What is the same in all drawings."""
    described: dict[str, Any] = {"kind": kind, "slots": list(group.slots), "stroked": group.stroke_width is not None}
    if isinstance(group.outline, RoundedBox):
        return described | {"outline": "box", "roundness": "nearest of 0 and 1" if _is_discrete(kind) else "as it is"}
    return described | {"outline": "path", "closed": group.outline.closed, "degree": group.outline.degree}


def _outputs(kind: str, group: Group) -> list[dict[str, Any]]:
    count, outline = len(group.slots), group.outline
    if isinstance(outline, RoundedBox):
        outputs = [
            _output(f"{kind}.center", ["batch", count, 2], "canvas", "x, y"),
            _output(f"{kind}.size", ["batch", count, 2], "canvas", "full width and height, before it is turned"),
            _output(f"{kind}.angle", ["batch", count], "radians", "clockwise about the centre"),
            _output(f"{kind}.roundness", ["batch", count], "[0, 1]", "0 a rectangle, 1 an ellipse"),
        ]
    else:
        curves = "corners" if outline.degree == 1 else "control points of joined cubic Béziers"
        ends = "; the last leads back to the first" if outline.closed else ""
        points = ["batch", count, outline.points.shape[2], 2]
        outputs = [_output(f"{kind}.points", points, "canvas", f"x, y of {curves}{ends}")]
    if group.stroke_width is not None:
        outputs.append(_output(f"{kind}.stroke_width", ["batch", count], "canvas", "full width, round caps and joins"))
    return outputs


def _output(name: str, shape: list[Any], unit: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "shape": shape, "unit": unit, "meaning": meaning}
