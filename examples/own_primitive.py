"""A primitive of your own: kites.

    vectorae train plugins=[own_primitive] primitives=shapes_4x4 primitives.kinds=[kite]
    vectorae fit plugins=[own_primitive] primitives=circles_256 primitives.kinds=[kite] image=photo.jpg

Its fields are what the network predicts, and what is drawn is an outline; encoder, config, kernels and SVG follow.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from vectorae import Path
from vectorae.primitives import Primitive, angle, length, point


@dataclass(frozen=True)
class Kite(Primitive):
    """A kite: two short sides above two long ones."""

    center: Tensor = point()  # [..., 2]
    width: Tensor = length(0.4)  # [...]; all in canvas units, the shorter side being 1
    height: Tensor = length(0.6)
    angle: Tensor = angle()

    def outline(self) -> Path:
        zero, half, third = torch.zeros_like(self.width), self.width / 2, self.height / 3
        x = torch.stack([zero, half, zero, -half], dim=-1)
        y = torch.stack([-third, zero, 2 * third, zero], dim=-1)
        cos, sin = self.angle.cos()[..., None], self.angle.sin()[..., None]
        turned = torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)
        return Path(self.center[..., None, :] + turned, closed=True)
