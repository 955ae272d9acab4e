"""The encoder with its layout: images → tensors with a meaning, each under a name."""

from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn

from vectorae.export.tracing import exported
from vectorae.layout import Layout
from vectorae.primitives import KINDS
from vectorae.scene import Gradient, Group, Path, RoundedBox, Scene
from vectorae.training.autoencoder import VectorAutoencoder

PAINTED = ("stroke_width", "stroke_color", "contour_opacity")
"""Tensors of a group beside those of its outline and its gradients."""

DECIMALS = 6
"""Of numbers in ``scene.json``."""

GRADIENTS = ("gradient", "stroke_gradient")
"""Of a group: of its shapes' own paint, and of the strokes of filled ones."""


class SceneNetwork(nn.Module):
    """Images → the crisp drawing's numbers by name, in canvas units.

    Discrete choices (circle or square, which shape is in front) leave as the continuous numbers that they are made
    from: two programs that compute a hair apart must not draw another picture. Strokes are as wide as the SVG's.

    Args:
        model: the trained one; its encoder and layout are used as they are, with as many shapes as it is limited to.
    """

    def __init__(self, model: VectorAutoencoder) -> None:
        super().__init__()
        self.encoder, self.decoder, self._layout = model.encoder, model.decoder, model.layout
        self._state, self._count = model.state, model.count

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Images ``[B, C, S, S]`` in [0, 1] → tensors ``[B, …]`` by name."""
        return self.outputs(self.answer(images))

    def program(self, images: Tensor) -> Any:
        """The network as torch.export has it, for any number of images like these ``[B, C, S, S]``."""
        return exported(self, images)

    def answer(self, images: Tensor) -> Tensor:
        """The raw numbers ``[B, raw_size]`` of the drawings of images ``[B, C, S, S]``."""
        raw: Tensor = self.encoder(images, visible=self._count)
        return raw

    def outputs(self, raw: Tensor) -> dict[str, Tensor]:
        """The tensors ``[B, …]`` by name that raw numbers ``[B, raw_size]`` stand for."""
        return named(self._limited(self.decoder.whole_scene(raw, self._state, discrete=False)), self.kinds)

    def scene(self, outputs: dict[str, Tensor]) -> Scene:
        """The crisp scene that outputs stand for: what a program that takes the export draws."""
        groups = []
        for kind, group in zip(self.kinds, self._example().groups, strict=True):
            outline, own = group.outline, {name: outputs[f"{kind}.{name}"] for name in _tensors(group)}
            if isinstance(outline, RoundedBox):
                roundness = own["roundness"]
                roundness = (roundness >= 0.5).to(roundness) if _is_discrete(kind) else roundness
                box = own["center"], own["size"] / 2, own["angle"], roundness
                outline = RoundedBox(*box, circular=outline.circular)
            else:
                outline = replace(outline, points=own["points"])
            given: dict[str, Any] = {name: own[name] for name in PAINTED if name in own}
            for name in GRADIENTS:
                if (gradient := getattr(group, name)) is not None:
                    tensors = {part: own[f"{name}.{part}"] for part in _tensors_of(gradient)}
                    given[name] = replace(gradient, **tensors)
            groups.append(replace(group, outline=outline, **given))
        color, opacity, background = outputs["color"], outputs["opacity"], outputs.get("background")
        depth, compositing = outputs.get("depth"), self.decoder.rasterizer.compositing
        return Scene(tuple(groups), color, opacity, torch.ones_like(opacity), background, depth, compositing)

    def _example(self) -> Scene:
        return self._limited(self._layout(self._layout.random_raw(1, seed=0)))

    def _limited(self, scene: Scene) -> Scene:
        """The shapes that the network is limited to."""
        return scene if self._count is None else scene.select(0, self._count)

    @property
    def kinds(self) -> list[str]:
        """The name of each group's kind."""
        blocks = zip(self._layout.present_kinds, self._layout.kind_blocks, strict=True)
        return [kind for kind, block in blocks if self._count is None or block.slots[0] < self._count]

    def describe(self) -> dict[str, Any]:
        """What the outputs mean, and what it takes to draw them, for ``scene.json``."""
        layout, example = self._layout, self._example()
        count, groups = example.count, list(zip(self.kinds, example.groups, strict=True))
        outputs = [one for kind, group in groups for one in _outputs(kind, group)]
        colors = "grey" if layout.channels == 1 else "red, green, blue"
        outputs += [
            _output("color", ["batch", count, layout.channels], "[0, 1], sRGB", f"{colors} of each slot"),
            _output("opacity", ["batch", count], "[0, 1]", "of each slot"),
        ]
        if not layout.is_transparent:
            outputs.append(_output("background", ["batch", layout.channels], "[0, 1], sRGB", colors))
        if layout.ordering == "depth":
            outputs.append(_output("depth", ["batch", count], "none", "of each slot: larger is further in front"))
        return {
            "canvas": "the square image spans [0, 1], x to the right, y down; angles turn clockwise",
            "compositing": self.decoder.rasterizer.compositing,
            "order": "by depth, equal ones by slot" if layout.ordering == "depth" else "by slot; the last is on top",
            "groups": [_group(kind, group) for kind, group in groups],
            "outputs": outputs,
            "start": {name: _rounded(one) for name, one in self._start().items()},
        }

    @torch.no_grad()
    def _start(self) -> dict[str, Tensor]:
        """The outputs of the starting arrangement, ``[1, …]``: of raw numbers 0, or of those of as many shapes."""
        raw = torch.zeros(1, self._layout.raw_size)
        if self._count is not None and isinstance(self._layout, Layout):
            raw = self._layout.starts()[self._count - 1, None]
        return self.outputs(raw)


def named(scene: Scene, kinds: list[str]) -> dict[str, Tensor]:
    """The tensors of a scene by name; ``kinds`` are those of its groups."""
    groups = zip(kinds, scene.groups, strict=True)
    tensors = {f"{kind}.{name}": one for kind, group in groups for name, one in _tensors(group).items()}
    tensors |= {"color": scene.color, "opacity": scene.opacity}
    if scene.background is not None:
        tensors["background"] = scene.background
    return tensors if scene.depth is None else tensors | {"depth": scene.depth}


def _tensors(group: Group) -> dict[str, Tensor]:
    """What differs from drawing to drawing, by name."""
    outline = group.outline
    if isinstance(outline, RoundedBox):
        tensors = {"center": outline.center, "size": 2 * outline.half_extents}
        tensors |= {"angle": outline.angle, "roundness": outline.roundness}
    else:
        tensors = {"points": outline.points}
    tensors |= {name: one for name in PAINTED if (one := getattr(group, name)) is not None}
    gradients = {name: one for name in GRADIENTS if (one := getattr(group, name)) is not None}
    return tensors | {f"{name}.{part}": one for name, of in gradients.items() for part, one in _tensors_of(of).items()}


def _tensors_of(gradient: Gradient) -> dict[str, Tensor]:
    return {name: value for name, value in vars(gradient).items() if isinstance(value, Tensor)}


def _is_discrete(kind: str) -> bool:
    return any(field.discrete for field in KINDS[kind].fields().values())


def _group(kind: str, group: Group) -> dict[str, Any]:
    """What is the same in all drawings."""
    described: dict[str, Any] = {"kind": kind, "slots": list(group.slots)}
    described |= {"painted": [name for name in PAINTED if getattr(group, name) is not None]}
    described |= {"stroke_below": group.stroke_below, "ends": asdict(group.style)}
    for name in GRADIENTS:
        if (gradient := getattr(group, name)) is not None:
            described[name] = {"kind": gradient.kind, "spread": gradient.spread}
    if isinstance(group.outline, RoundedBox):
        return described | {"outline": "box", "roundness": "nearest of 0 and 1" if _is_discrete(kind) else "as it is"}
    path = group.outline
    rule = {"sizes": path.sizes, "fill_rule": path.fill_rule}
    return described | {"outline": "path", "closed": path.closed, "degree": path.degree} | rule


def _outputs(kind: str, group: Group) -> list[dict[str, Any]]:
    """The outputs of a group, with their units and meanings."""
    meanings = {
        "center": ("canvas", "x, y"),
        "size": ("canvas", "full width and height, before it is turned"),
        "angle": ("radians", "clockwise about the centre"),
        "roundness": ("[0, 1]", "0 a rectangle, 1 an ellipse"),
        "stroke_width": ("canvas", "full width; caps, joins and dashes are the group's ends"),
        "stroke_color": ("[0, 1], sRGB", "of the stroke; the slot's color is that of the fill"),
        "contour_opacity": ("[0, 1]", "of each contour, painted for itself: a factor on the slot's opacity"),
    }
    for name in GRADIENTS:
        meanings |= {
            f"{name}.start": ("canvas", "x, y of where it is 0"),
            f"{name}.end": ("canvas", "x, y of where it is 1"),
            f"{name}.center": ("canvas", "x, y of the ellipse on which it is 1"),
            f"{name}.axes": ("canvas", "x, y from the centre to the ends of two conjugate radii"),
            f"{name}.focus": ("axes", "where it is 0: how far from the centre along each of them"),
            f"{name}.colors": ("[0, 1], sRGB", "of each stop"),
            f"{name}.opacities": ("[0, 1]", "of each stop: a factor on the slot's opacity"),
            f"{name}.offsets": ("[0, 1]", "where each stop is; none before one that comes before it"),
        }
    if isinstance(group.outline, Path):
        curves = "corners" if group.outline.degree == 1 else "control points of joined cubic Béziers"
        ends = "; the last leads back to the first" if group.outline.is_closed else ""
        several = ", one contour after the other" if group.outline.sizes else ""
        meanings["points"] = ("canvas", f"x, y of {curves}{several}{ends}")
    tensors = _tensors(group)
    return [_output(f"{kind}.{name}", ["batch", *one.shape[1:]], *meanings[name]) for name, one in tensors.items()]


def _rounded(values: Tensor) -> list[float]:
    """Numbers one after the other, as exact as they are written for people."""
    return [round(value, DECIMALS) for value in values.flatten().tolist()]


def _output(name: str, shape: list[Any], unit: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "shape": shape, "unit": unit, "meaning": meaning}
