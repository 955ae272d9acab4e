"""Friendly faces, as scenes and drawn: images that need no download.

The face is laid out around the middle of the head, x to the right and y down, with the head about 1.5 wide and 2 high,
and then scaled, tilted and moved onto the canvas. Every face has the same shapes in the same order; those that it does
without, such as a hat, have opacity 0.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vectorae.decoder import DrawState, draw_scene
from vectorae.scene import Group, Path, RoundedBox, Scene

Number = float | Tensor
"""The same for all faces, or [B]."""

# Part of the seed: no two splits share a face.
_SPLITS = ("train", "val", "test")
# Random numbers that a face may use.
_DRAWS = 96
# Control points of an arc.
_POINTS = 9

_SKIN = [
    (255, 224, 196),
    (247, 206, 172),
    (233, 184, 143),
    (208, 152, 109),
    (164, 110, 74),
    (121, 78, 54),
    (86, 54, 40),
]
_HAIR = [
    *[(28, 23, 22), (48, 33, 26), (78, 51, 34), (112, 72, 42), (140, 84, 44), (196, 150, 84), (230, 198, 130)],
    *[(158, 66, 34), (140, 136, 134), (214, 210, 206)],
]
_IRIS = [(38, 24, 18), (60, 38, 24), (44, 62, 40), (36, 62, 96), (58, 74, 88)]


def random_faces(seed: int, stream: int, start: int, stop: int) -> Scene:
    """Faces start … stop − 1 of a stream: B of them, in colour.

    Args:
        seed: 0 or more; another seed, other faces.
        stream: 0 or more; another stream, other faces.
        start, stop: numbers of the faces. Face i is the same whichever others are asked for.

    Returns:
        A scene of B = stop − start drawings.
    """
    rows = [np.random.default_rng([seed, stream, index]).random(_DRAWS) for index in range(start, stop)]
    return _face(_Chance(torch.from_numpy(np.stack(rows)).float()))


class _Chance:
    """Deals out the random numbers of B faces, one column [B] after the other."""

    def __init__(self, numbers: Tensor) -> None:
        self._columns = iter(numbers.unbind(1))

    def between(self, low: Number, high: Number) -> Tensor:
        """[B], uniform."""
        return low + (high - low) * next(self._columns)

    def spread(self, size: float) -> Tensor:
        """[B] in ±size, mostly near 0."""
        return size * (next(self._columns) + next(self._columns) - 1)

    def yes(self, share: float) -> Tensor:
        """[B], 1 with probability ``share``, else 0."""
        return (next(self._columns) < share).float()

    def tone(self, palette: Sequence[tuple[int, int, int]]) -> Tensor:
        """[B, 3], a colour between two neighbours of a palette."""
        colors = torch.tensor(palette) / 255
        place = next(self._columns) * (len(palette) - 1)
        low = place.long().clamp_max(len(palette) - 2)
        return torch.lerp(colors[low], colors[low + 1], (place - low)[:, None])

    def color(self, dark: float, light: float, vivid: float) -> Tensor:
        """[B, 3], any hue, lightness from dark to light, at most so vivid."""
        hue, strength = 2 * math.pi * next(self._columns), vivid * next(self._columns)
        lightness = self.between(dark, light)
        waves = torch.stack([torch.cos(hue - shift * 2 * math.pi / 3) for shift in range(3)], -1)
        return (lightness[:, None] + 0.5 * strength[:, None] * waves).clamp(0, 1)


class _Sketch:
    """Collects shapes in painter's order, in the face's own coordinates.

    Circles and strokes are quick to draw, so nearly everything is made of them. Each kind of shape forms a group.
    """

    def __init__(self, x: Tensor, y: Tensor, scale: Tensor, tilt: Tensor) -> None:
        self._middle = torch.stack([x, y], -1)
        self._scale = scale
        self._tilt = tilt
        self._paint: list[tuple[Tensor, Tensor]] = []
        self._groups: dict[str, list[tuple[int, RoundedBox | Path, Tensor | None]]] = defaultdict(list)

    def circle(self, color: Tensor, x: Number, y: Number, radius: Number, *, opacity: Number = 1.0) -> None:
        """A disc."""
        self._groups["circles"].append((self._slot(color, opacity), self._box(x, y, radius, radius), None))

    def ring(self, color: Tensor, x: Number, y: Number, radius: Number, width: Number, *, opacity: Number) -> None:
        """The outline of a circle."""
        outline = self._box(x, y, radius, radius)
        self._groups["rings"].append((self._slot(color, opacity), outline, self._full(width) * self._scale))

    def ellipse(self, color: Tensor, x: Number, y: Number, half_width: Number, half_height: Number) -> None:
        """An upright ellipse."""
        self._groups["ellipses"].append((self._slot(color, 1.0), self._box(x, y, half_width, half_height), None))

    def panel(self, color: Tensor, x: Number, half_width: Number, *, opacity: Number) -> None:
        """A rectangle from top to bottom."""
        outline = replace(self._box(x, 0.0, half_width, 4.0), roundness=self._full(0.0))
        self._groups["circles"].append((self._slot(color, opacity), outline, None))

    def bar(
        self,
        color: Tensor,
        start: tuple[Number, Number],
        end: tuple[Number, Number],
        width: Number,
        opacity: Number = 1.0,
    ) -> None:
        """A straight stroke with round ends."""
        points = torch.stack([self._place(*start), self._place(*end)], 1)
        self._groups["bars"].append((self._slot(color, opacity), Path(points), self._full(width) * self._scale))

    def arc(
        self, color: Tensor, x: Number, y: Number, reach: Number, rise: Number, width: Number, opacity: Number = 1.0
    ) -> None:
        """A curved stroke from x - reach to x + reach at height y, its middle ``rise`` above that."""
        along = np.linspace(-1, 1, _POINTS).tolist()
        points = torch.stack([self._place(x + reach * t, y - rise * (1 - t * t)) for t in along], 1)
        self._groups["arcs"].append((self._slot(color, opacity), Path(points), self._full(width) * self._scale))

    def scene(self, background: Tensor) -> Scene:
        """All shapes, over a background [B, 3]."""
        groups = []
        for members in self._groups.values():
            slots, outlines, widths = zip(*members, strict=True)
            boxes = isinstance(outlines[0], RoundedBox)
            geometry = ("center", "half_extents", "angle", "roundness") if boxes else ("points",)
            together = {name: torch.stack([getattr(outline, name) for outline in outlines], 1) for name in geometry}
            width = None if widths[0] is None else torch.stack(widths, 1)
            groups.append(Group(replace(outlines[0], **together), slots, width))
        colors, opacities = (torch.stack(values, 1) for values in zip(*self._paint, strict=True))
        return Scene(tuple(groups), colors.clamp(0, 1), opacities, torch.ones_like(opacities), background)

    def _slot(self, color: Tensor, opacity: Number) -> int:
        self._paint.append((color, self._full(opacity)))
        return len(self._paint) - 1

    def _full(self, value: Number) -> Tensor:
        return torch.as_tensor(value, dtype=torch.float32).expand(len(self._scale))

    def _box(self, x: Number, y: Number, half_width: Number, half_height: Number) -> RoundedBox:
        half_extents = torch.stack([self._full(half_width), self._full(half_height)], -1) * self._scale[:, None]
        return RoundedBox(self._place(x, y), half_extents, self._tilt, self._full(1.0))

    def _place(self, x: Number, y: Number) -> Tensor:
        """A point of the face on the canvas, [B, 2]."""
        cos, sin = torch.cos(self._tilt), torch.sin(self._tilt)
        turned = torch.stack([x * cos - y * sin, x * sin + y * cos], -1)
        return self._middle + self._scale[:, None] * turned


def _face(chance: _Chance) -> Scene:
    """The drawing. Sides: -1 is left on screen."""
    sketch = _Sketch(
        0.5 + chance.spread(0.07), 0.47 + chance.spread(0.05), chance.between(0.29, 0.37), chance.spread(0.2)
    )
    skin, hair, cloth = chance.tone(_SKIN), chance.tone(_HAIR), chance.color(0.25, 0.85, 0.6)
    shade = skin * torch.tensor([0.84, 0.78, 0.76])
    wide = chance.between(0.68, 0.78)
    # Turned to one side, features move, the nose most; nodding moves them up or down.
    turn, nod, side = chance.spread(0.28), chance.spread(0.08), 2 * chance.yes(0.5) - 1
    hairy, long, hat = chance.yes(0.93), chance.yes(0.5), chance.yes(0.12)
    beard = (1 - long) * chance.yes(0.35)

    # Behind the head.
    background = chance.color(0.2, 0.95, 0.45)
    wall = (background + chance.between(-0.2, 0.2)[:, None]).clamp(0, 1)
    sketch.panel(wall, side * 1.6, chance.between(0.8, 2.0), opacity=chance.yes(0.4))
    volume, down = chance.between(0.08, 0.22), chance.between(0.8, 1.5)
    behind = (-0.3 * turn, -0.28), (-0.3 * turn, -0.2 + long * down)
    sketch.bar(hair * 0.8, *behind, 2 * (wide + volume), opacity=hairy)
    broad = chance.between(0.4, 0.8)
    sketch.bar(cloth, (-broad, 2.15), (broad, 2.15), 1.8)
    sketch.bar(shade * 0.93, (0.3 * turn, 0.8), (0.3 * turn, 1.25), chance.between(0.5, 0.66))

    # The head.
    for ear in (-1, 1):
        sketch.circle(shade, ear * wide - 0.3 * turn, 0.05 + nod, 0.17, opacity=1 - long * hairy)
    sketch.ellipse(skin, 0.0, 0.0, wide, chance.between(0.94, 1.05))
    sketch.arc(hair, 0.2 * turn, 0.3, wide - 0.13, -0.62, 0.34, opacity=beard)
    blush = chance.between(0.1, 0.5)
    for cheek in (-1, 1):
        rosy = skin * torch.tensor([1.0, 0.74, 0.72])
        sketch.circle(rosy, cheek * 0.43 + turn, 0.32 + nod, 0.15, opacity=blush)

    # Eyes, with what is above and around them.
    apart, eye_width, open_ = chance.between(0.3, 0.37), chance.between(0.04, 0.08), chance.between(0.26, 0.32)
    gaze_x, gaze_y, level = chance.spread(0.06), chance.spread(0.03), -0.06 + nod
    iris, brow_width, brow_lift = chance.tone(_IRIS), chance.between(0.05, 0.1), chance.between(0.22, 0.32)
    brow_outer, brow_inner = chance.spread(0.07), chance.between(-0.03, 0.05)
    # Most eyes are dots: seen from afar, the white around an iris takes away what makes an eye.
    wide_open = chance.yes(0.2)
    glasses, frame = chance.yes(0.16), chance.color(0.05, 0.35, 0.5)
    for eye in (-1, 1):
        x = eye * apart * (1 - 0.35 * turn.abs()) + turn
        sketch.bar(
            torch.full_like(skin, 0.97), (x - eye_width, level), (x + eye_width, level), open_, opacity=wide_open
        )
        sketch.circle(iris, x + gaze_x, level + gaze_y, 0.145)
        sketch.circle(iris * 0.2, x + gaze_x, level + gaze_y, 0.095)
        sketch.circle(torch.ones_like(skin), x + gaze_x + 0.04, level + gaze_y - 0.04, 0.028)
        inner = x - eye * 0.15, level - brow_lift - brow_inner
        outer = x + eye * 0.17, level - brow_lift + brow_outer
        sketch.bar(hair * 0.6, inner, outer, brow_width)
        sketch.ring(frame, x, level + 0.02, 0.25, 0.05, opacity=glasses)

    # Nose and mouth.
    nose, nostrils = 0.28 + nod, chance.between(0.03, 0.08)
    sketch.bar(shade * 0.95, (1.35 * turn - nostrils, nose), (1.35 * turn + nostrils, nose), chance.between(0.1, 0.15))
    mouth, smile = chance.between(0.52, 0.6) + nod, chance.between(0.02, 0.2)
    reach, lips = chance.between(0.22, 0.34) * (1 - 0.35 * turn.abs()), chance.between(0.13, 0.2)
    teeth, painted = chance.yes(0.25), chance.between(0.0, 0.6)
    rouge = torch.lerp(skin * torch.tensor([0.8, 0.5, 0.48]), torch.tensor([0.75, 0.2, 0.24]), painted[:, None])
    inside = torch.lerp(rouge * 0.5, torch.full_like(skin, 0.97), teeth[:, None])
    sketch.arc(rouge, 1.1 * turn, mouth, reach, -smile, lips * (1 + 0.4 * teeth))
    sketch.arc(inside, 1.1 * turn, mouth, 0.9 * reach, -0.9 * smile, lips * (0.25 + 0.45 * teeth))

    # Hair in front, or a hat in its place.
    for lock in (-1, 1):
        x = lock * (wide + 0.02) - 0.2 * turn
        sketch.bar(hair, (x, -0.2), (x + lock * 0.08, 0.1 + down), 0.26, opacity=long * hairy)
    felt = chance.color(0.2, 0.8, 0.7)
    crown = torch.lerp(hair, felt, hat[:, None])
    hairline = chance.between(-0.5, -0.3) - 0.25 * hat
    sketch.arc(crown, -0.15 * turn, hairline, wide - 0.1, 0.5, 0.42, opacity=torch.maximum(hairy, hat))
    brim = -0.62 - 0.1 * chance.between(0, 1)
    sketch.bar(felt * 0.75, (-wide - 0.12, brim), (wide + 0.12, brim), 0.16, opacity=hat)
    return sketch.scene(background)


def draw_faces(seed: int, split: str, start: int, stop: int, image_size: int, channels: int = 3) -> Tensor:
    """Faces start … stop − 1 of a split.

    Args:
        seed: 0 or more.
        split: train, val or test; no two share a face.
        start, stop: numbers of the faces.
        image_size: S, in pixels.
        channels: C, 3 for colour or 1 for grey.

    Returns:
        uint8 [stop − start, C, S, S].
    """
    scene = random_faces(seed, _SPLITS.index(split), start, stop)
    scene = scene.grey() if channels == 1 else scene
    with torch.no_grad():
        # As sharp as an anti-aliased drawing, and much cheaper than an exact one.
        images = draw_scene(scene, image_size, image_size, DrawState(softness=0.25 / image_size))
    return (images * 255).round().clamp(0, 255).byte()
