"""Procedural faces, as scenes and as images: a data set that needs no download.

A face is laid out around the middle of the head, x to the right and y down, with the head about 1.5 wide and 2 high,
and then scaled, tilted and moved onto the canvas. Every face has the same shapes in the same order; a hat, say, of a
face without one has opacity 0.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vectorae.decoder import DrawState, draw_scene
from vectorae.rasterizer import Rasterizer
from vectorae.scene import Group, Path, RoundedBox, Scene, cat_groups

Number = float | Tensor
"""A number for all faces, or [B]."""

# The index of a split is part of the seed, so that no two splits share a face.
_SPLITS = ("train", "val", "test")
# Random numbers for each face, more than it uses.
_DRAWS = 96
# Control points of an arc.
_POINTS = 9
# Half the side of the square around an eye: its iris and a little of what is around.
_EYE = 0.2

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
        seed: ≥ 0.
        stream: ≥ 0; streams of the same seed have no face in common.
        start, stop: indices of the faces. Face i does not depend on this range.

    Returns:
        A scene of B = stop − start drawings.
    """
    return _faces(seed, stream, start, stop).scene


def eye_boxes(seed: int, stream: int, start: int, stop: int) -> Tensor:
    """Where the eyes of faces start … stop − 1 of a stream are, as ``random_faces`` draws them.

    Returns:
        ``[B, 2, 3]``, canvas units: x and y of the middle of each eye, and half the side of a square around its iris.
    """
    return _faces(seed, stream, start, stop).eyes


class _Chance:
    """Random numbers of B faces, taken one column [B] after the other."""

    def __init__(self, numbers: Tensor) -> None:
        self._columns = iter(numbers.unbind(1))

    def between(self, low: Number, high: Number) -> Tensor:
        """[B], uniform."""
        return low + (high - low) * next(self._columns)

    def spread(self, size: float) -> Tensor:
        """[B] in ±size, with a triangular density around 0."""
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
        """[B, 3], of any hue, with lightness from dark to light and saturation up to ``vivid``."""
        hue, strength = 2 * math.pi * next(self._columns), vivid * next(self._columns)
        lightness = self.between(dark, light)
        waves = torch.stack([torch.cos(hue - shift * 2 * math.pi / 3) for shift in range(3)], -1)
        return (lightness[:, None] + 0.5 * strength[:, None] * waves).clamp(0, 1)


class _Sketch:
    """Shapes in painter's order, in the face's own coordinates.

    Nearly everything is made of circles and strokes, which are quick to draw. Each kind of shape forms a group.
    """

    def __init__(self, x: Tensor, y: Tensor, scale: Tensor, tilt: Tensor) -> None:
        self._middle = torch.stack([x, y], -1)
        self._scale = scale
        self._tilt = tilt
        self._paint: list[tuple[Tensor, Tensor]] = []
        self._eyes: list[Tensor] = []
        self._groups: dict[str, list[Group]] = defaultdict(list)

    def circle(self, color: Tensor, x: Number, y: Number, radius: Number, *, opacity: Number = 1.0) -> None:
        """A disc."""
        self._add("circles", self._box(x, y, radius, radius), color, opacity)

    def ring(self, color: Tensor, x: Number, y: Number, radius: Number, width: Number, *, opacity: Number) -> None:
        """The outline of a circle."""
        self._add("rings", self._box(x, y, radius, radius), color, opacity, width)

    def ellipse(self, color: Tensor, x: Number, y: Number, half_width: Number, half_height: Number) -> None:
        """An upright ellipse."""
        self._add("ellipses", self._box(x, y, half_width, half_height), color, 1.0)

    def panel(self, color: Tensor, x: Number, half_width: Number, *, opacity: Number) -> None:
        """A rectangle from top to bottom."""
        outline = replace(self._box(x, 0.0, half_width, 4.0), roundness=self._full(0.0)[:, None])
        self._add("circles", outline, color, opacity)

    def bar(
        self,
        color: Tensor,
        start: tuple[Number, Number],
        end: tuple[Number, Number],
        width: Number,
        opacity: Number = 1.0,
    ) -> None:
        """A straight stroke with round ends."""
        self._add("bars", self._path([start, end]), color, opacity, width)

    def arc(
        self, color: Tensor, x: Number, y: Number, reach: Number, rise: Number, width: Number, opacity: Number = 1.0
    ) -> None:
        """A curved stroke from x - reach to x + reach at height y, its middle ``rise`` above that."""
        along = np.linspace(-1, 1, _POINTS).tolist()
        path = self._path([(x + reach * t, y - rise * (1 - t * t)) for t in along])
        self._add("arcs", path, color, opacity, width)

    def mark_eye(self, x: Number, y: Number) -> None:
        """Remember where an eye is."""
        half = self._full(_EYE) * self._scale
        self._eyes.append(torch.cat([self._place(x, y), half[:, None]], dim=-1))

    @property
    def eyes(self) -> Tensor:
        """The eyes that were marked, see ``eye_boxes``."""
        return torch.stack(self._eyes, dim=1)

    def scene(self, background: Tensor) -> Scene:
        """All shapes, over a background [B, 3]."""
        groups = tuple(cat_groups(members) for members in self._groups.values())
        colors, opacities = (torch.stack(values, 1) for values in zip(*self._paint, strict=True))
        return Scene(groups, colors.clamp(0, 1), opacities, torch.ones_like(opacities), background)

    def _add(
        self, kind: str, outline: RoundedBox | Path, color: Tensor, opacity: Number, width: Number | None = None
    ) -> None:
        stroke_width = None if width is None else (self._full(width) * self._scale)[:, None]
        self._groups[kind].append(Group(outline, (len(self._paint),), stroke_width))
        self._paint.append((color, self._full(opacity)))

    def _full(self, value: Number) -> Tensor:
        return torch.as_tensor(value, dtype=torch.float32).expand(len(self._scale))

    def _box(self, x: Number, y: Number, half_width: Number, half_height: Number) -> RoundedBox:
        half_extents = torch.stack([self._full(half_width), self._full(half_height)], -1) * self._scale[:, None]
        center, roundness = self._place(x, y), self._full(1.0)
        return RoundedBox(center[:, None], half_extents[:, None], self._tilt[:, None], roundness[:, None])

    def _path(self, points: Sequence[tuple[Number, Number]]) -> Path:
        return Path(torch.stack([self._place(*point) for point in points], 1)[:, None])

    def _place(self, x: Number, y: Number) -> Tensor:
        """A point of the face on the canvas, [B, 2]."""
        cos, sin = torch.cos(self._tilt), torch.sin(self._tilt)
        turned = torch.stack([x * cos - y * sin, x * sin + y * cos], -1)
        return self._middle + self._scale[:, None] * turned


@dataclass(frozen=True)
class _Person:
    """What several parts of the face depend on; colours are [B, 3], all else is [B]."""

    skin: Tensor
    hair: Tensor
    cloth: Tensor
    shade: Tensor
    """The skin in shadow."""
    wide: Tensor
    """Half the head's width."""
    turn: Tensor
    """How far the features are moved to one side, the nose most."""
    nod: Tensor
    """How far the features are moved down."""
    side: Tensor
    """-1 is left on screen."""
    hairy: Tensor
    long: Tensor
    """Whether the hair is long."""
    hat: Tensor
    beard: Tensor


class _Faces(NamedTuple):
    """Faces, and where their eyes are (see ``eye_boxes``)."""

    scene: Scene
    eyes: Tensor


def _faces(seed: int, stream: int, start: int, stop: int) -> _Faces:
    rows = [np.random.default_rng([seed, stream, index]).random(_DRAWS) for index in range(start, stop)]
    return _face(_Chance(torch.from_numpy(np.stack(rows)).float()))


def _face(chance: _Chance) -> _Faces:
    """The drawing. The parts take random numbers in turn, so their order is part of what a seed draws."""
    sketch = _Sketch(
        0.5 + chance.spread(0.07), 0.47 + chance.spread(0.05), chance.between(0.29, 0.37), chance.spread(0.2)
    )
    person = _person(chance)
    background, down = _draw_behind_head(sketch, chance, person)
    _draw_head(sketch, chance, person)
    _draw_eyes(sketch, chance, person)
    _draw_nose_and_mouth(sketch, chance, person)
    _draw_hair_or_hat(sketch, chance, person, down)
    return _Faces(sketch.scene(background), sketch.eyes)


def _person(chance: _Chance) -> _Person:
    skin, hair, cloth = chance.tone(_SKIN), chance.tone(_HAIR), chance.color(0.25, 0.85, 0.6)
    wide = chance.between(0.68, 0.78)
    turn, nod, side = chance.spread(0.28), chance.spread(0.08), 2 * chance.yes(0.5) - 1
    hairy, long, hat = chance.yes(0.93), chance.yes(0.5), chance.yes(0.12)
    beard = (1 - long) * chance.yes(0.35)
    shade = skin * torch.tensor([0.84, 0.78, 0.76])
    return _Person(skin, hair, cloth, shade, wide, turn, nod, side, hairy, long, hat, beard)


def _draw_behind_head(sketch: _Sketch, chance: _Chance, person: _Person) -> tuple[Tensor, Tensor]:
    """Wall, hair behind the head, shoulders and neck; returns the background [B, 3] and the length of long hair [B]."""
    background = chance.color(0.2, 0.95, 0.45)
    wall = (background + chance.between(-0.2, 0.2)[:, None]).clamp(0, 1)
    sketch.panel(wall, person.side * 1.6, chance.between(0.8, 2.0), opacity=chance.yes(0.4))
    volume, down = chance.between(0.08, 0.22), chance.between(0.8, 1.5)
    behind = (-0.3 * person.turn, -0.28), (-0.3 * person.turn, -0.2 + person.long * down)
    sketch.bar(person.hair * 0.8, *behind, 2 * (person.wide + volume), opacity=person.hairy)
    broad = chance.between(0.4, 0.8)
    sketch.bar(person.cloth, (-broad, 2.15), (broad, 2.15), 1.8)
    neck = (0.3 * person.turn, 0.8), (0.3 * person.turn, 1.25)
    sketch.bar(person.shade * 0.93, *neck, chance.between(0.5, 0.66))
    return background, down


def _draw_head(sketch: _Sketch, chance: _Chance, person: _Person) -> None:
    """Ears, head, beard and cheeks."""
    turn, nod = person.turn, person.nod
    for ear in (-1, 1):
        free = 1 - person.long * person.hairy
        sketch.circle(person.shade, ear * person.wide - 0.3 * turn, 0.05 + nod, 0.17, opacity=free)
    sketch.ellipse(person.skin, 0.0, 0.0, person.wide, chance.between(0.94, 1.05))
    sketch.arc(person.hair, 0.2 * turn, 0.3, person.wide - 0.13, -0.62, 0.34, opacity=person.beard)
    blush = chance.between(0.1, 0.5)
    for cheek in (-1, 1):
        rosy = person.skin * torch.tensor([1.0, 0.74, 0.72])
        sketch.circle(rosy, cheek * 0.43 + turn, 0.32 + nod, 0.15, opacity=blush)


def _draw_eyes(sketch: _Sketch, chance: _Chance, person: _Person) -> None:
    """Eyes, brows and glasses."""
    white = torch.ones_like(person.skin)
    apart, eye_width, open_ = chance.between(0.3, 0.37), chance.between(0.04, 0.08), chance.between(0.26, 0.32)
    gaze_x, gaze_y, level = chance.spread(0.06), chance.spread(0.03), -0.06 + person.nod
    iris, brow_width, brow_lift = chance.tone(_IRIS), chance.between(0.05, 0.1), chance.between(0.22, 0.32)
    brow_outer, brow_inner = chance.spread(0.07), chance.between(-0.03, 0.05)
    # Most eyes are dots: from afar the white around an iris would make it hard to see.
    wide_open = chance.yes(0.2)
    glasses, frame = chance.yes(0.16), chance.color(0.05, 0.35, 0.5)
    for eye in (-1, 1):
        x = eye * apart * (1 - 0.35 * person.turn.abs()) + person.turn
        sketch.bar(0.97 * white, (x - eye_width, level), (x + eye_width, level), open_, opacity=wide_open)
        sketch.mark_eye(x + gaze_x, level + gaze_y)
        sketch.circle(iris, x + gaze_x, level + gaze_y, 0.145)
        sketch.circle(iris * 0.2, x + gaze_x, level + gaze_y, 0.095)
        sketch.circle(white, x + gaze_x + 0.04, level + gaze_y - 0.04, 0.028)
        inner = x - eye * 0.15, level - brow_lift - brow_inner
        outer = x + eye * 0.17, level - brow_lift + brow_outer
        sketch.bar(person.hair * 0.6, inner, outer, brow_width)
        sketch.ring(frame, x, level + 0.02, 0.25, 0.05, opacity=glasses)


def _draw_nose_and_mouth(sketch: _Sketch, chance: _Chance, person: _Person) -> None:
    turn, skin = person.turn, person.skin
    nose, nostrils = 0.28 + person.nod, chance.between(0.03, 0.08)
    ends = (1.35 * turn - nostrils, nose), (1.35 * turn + nostrils, nose)
    sketch.bar(person.shade * 0.95, *ends, chance.between(0.1, 0.15))
    mouth, smile = chance.between(0.52, 0.6) + person.nod, chance.between(0.02, 0.2)
    reach, lips = chance.between(0.22, 0.34) * (1 - 0.35 * turn.abs()), chance.between(0.13, 0.2)
    teeth, painted = chance.yes(0.25), chance.between(0.0, 0.6)
    rouge = torch.lerp(skin * torch.tensor([0.8, 0.5, 0.48]), torch.tensor([0.75, 0.2, 0.24]), painted[:, None])
    inside = torch.lerp(rouge * 0.5, torch.full_like(skin, 0.97), teeth[:, None])
    sketch.arc(rouge, 1.1 * turn, mouth, reach, -smile, lips * (1 + 0.4 * teeth))
    sketch.arc(inside, 1.1 * turn, mouth, 0.9 * reach, -0.9 * smile, lips * (0.25 + 0.45 * teeth))


def _draw_hair_or_hat(sketch: _Sketch, chance: _Chance, person: _Person, down: Tensor) -> None:
    """The hair in front, down to ``down`` where it is long, or a hat in its place."""
    wide, hat = person.wide, person.hat
    for lock in (-1, 1):
        x = lock * (wide + 0.02) - 0.2 * person.turn
        ends = (x, -0.2), (x + lock * 0.08, 0.1 + down)
        sketch.bar(person.hair, *ends, 0.26, opacity=person.long * person.hairy)
    felt = chance.color(0.2, 0.8, 0.7)
    crown = torch.lerp(person.hair, felt, hat[:, None])
    hairline = chance.between(-0.5, -0.3) - 0.25 * hat
    covered = torch.maximum(person.hairy, hat)
    sketch.arc(crown, -0.15 * person.turn, hairline, wide - 0.1, 0.5, 0.42, opacity=covered)
    brim = -0.62 - 0.1 * chance.between(0, 1)
    sketch.bar(felt * 0.75, (-wide - 0.12, brim), (wide + 0.12, brim), 0.16, opacity=hat)


def draw_faces(
    seed: int, split: str, start: int, stop: int, image_size: int, channels: int = 3, backend: str = "auto"
) -> Tensor:
    """Draw faces start … stop − 1 of a split.

    Args:
        seed: ≥ 0.
        split: train, val or test; no two share a face.
        start, stop: indices of the faces.
        image_size: S, in pixels.
        channels: C, 3 for colour or 1 for grey.
        backend: what draws them; of few, ``reference`` does so sooner than kernels are compiled.

    Returns:
        uint8 [stop − start, C, S, S].
    """
    scene = random_faces(seed, _SPLITS.index(split), start, stop)
    scene = scene.grey() if channels == 1 else scene
    # As sharp as an anti-aliased drawing, and much cheaper than an exact one.
    state = DrawState(softness=0.25 / image_size)
    with torch.no_grad():
        images = draw_scene(scene, image_size, image_size, state, Rasterizer(backend=backend))
    return (images * 255).round().clamp(0, 255).byte()


def eye_masks(seed: int, split: str, start: int, stop: int, image_size: int) -> Tensor:
    """The pixels of the eyes of faces start … stop − 1 of a split, bool [stop − start, 1, S, S]; as ``draw_faces``."""
    eyes = eye_boxes(seed, _SPLITS.index(split), start, stop)
    at = (torch.arange(image_size) + 0.5) / image_size
    across, down = ((eyes[..., axis, None] - at).abs() < eyes[..., 2, None] for axis in (0, 1))
    return (across[:, :, None, :] & down[:, :, :, None]).any(1, keepdim=True)
