"""Gradients as backends read them, and what the reference makes of them; differentiable.

Each is √(u² + v²) + w of affine functions u, v and w of the place (see ``scene.Gradient``), brought into [0, 1] by its
spread. Its ink at t, a colour and an opacity, is that of its first stop, and for each stop after it a part of the way
from the one before: c₀ + Σ_j clamp((t − s_j) / (s_{j+1} − s_j), 0, 1) (c_{j+1} − c_j).
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from vectorae.geometry.canvas import pixel_centers
from vectorae.scene import SPREADS, Gradient, Scene, kept_tensor, slot_index

FRAME = 9
"""The first numbers of a gradient: coefficients of x, y and 1 in u, v and w."""

NARROW = 1e-6
"""The least distance between stops: where they lie together, the colour changes at once."""

PAD, REPEAT, REFLECT = range(3)
"""Indices into ``SPREADS``."""


@dataclass(frozen=True)
class Inks:
    """G gradients in each of B drawings of N shapes.

    Attributes:
        table: ``[B, G, 9 + S + S (C + 1)]``: the frame; the offsets of S stops, none less than one before it; of each
            stop C numbers of its colour, and its opacity.
        gradients: which of them each shape has, ``[N]``, int32; −1 for none. No two shapes have the same.
        spreads: of each, ``[G]``, int32.
        stops: S.
    """

    table: Tensor
    gradients: Tensor
    spreads: Tensor
    stops: int


def split_gradients(scene: Scene) -> tuple[Scene, Inks | None]:
    """A scene of plain shapes without its gradients, and these; None if there are none."""
    found = [(group.slots, group.gradient) for group in scene.groups if group.gradient is not None]
    if not found:
        return scene, None
    stops = max(gradient.offsets.shape[-1] for _, gradient in found)
    which, spreads = _places(tuple((slots, gradient.spread) for slots, gradient in found), scene.count)
    groups = tuple(replace(group, gradient=None) for group in scene.groups)
    device = scene.opacity.device
    inks = Inks(
        torch.cat([_table(gradient, stops) for _, gradient in found], dim=1).to(scene.opacity),
        kept_tensor(which, torch.int32, device),
        kept_tensor(spreads, torch.int32, device),
        stops,
    )
    return replace(scene, groups=groups), inks


@lru_cache(maxsize=64)
def _places(found: tuple[tuple[tuple[int, ...], str], ...], count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The gradient of each of ``count`` slots, or −1, and the spread of each gradient, from (slots, spread)."""
    slots = [slot for some, _ in found for slot in some]
    spreads = tuple(SPREADS.index(spread) for some, spread in found for _ in some)
    number = {slot: place for place, slot in enumerate(slots)}
    return tuple(number.get(slot, -1) for slot in range(count)), spreads


def _table(gradient: Gradient, stops: int) -> Tensor:
    """The numbers of n gradients, ``[B, n, 9 + S + S (C + 1)]``; the last stop is repeated."""
    more = stops - gradient.offsets.shape[-1]
    # Not clamped, which would take the derivative from those at the ends.
    offsets = torch.where(gradient.offsets < 0, 0, torch.where(gradient.offsets > 1, 1, gradient.offsets))
    offsets = offsets.cummax(-1).values
    inks = torch.cat([gradient.colors, gradient.opacities[..., None]], dim=-1)
    inks = torch.where(gradient.has_length[..., None, None], inks, inks[..., -1:, :])
    if more:
        offsets = torch.cat([offsets, offsets[..., -1:].expand(*offsets.shape[:-1], more)], dim=-1)
        inks = torch.cat([inks, inks[..., -1:, :].expand(*inks.shape[:-2], more, -1)], dim=-2)
    return torch.cat([gradient.frame(), offsets, inks.flatten(-2)], dim=-1)


def draw_inks(scene: Scene, inks: Inks, height: int, width: int) -> tuple[Tensor, Tensor]:
    """The colours ``[B, N, C, H, W]`` of shapes in each pixel, and their stops' opacities ``[B, N, H, W]``.

    Args:
        scene: B drawings of N shapes.
        inks: of them.
        height, width: in pixels.
    """
    slots = tuple(slot for slot, number in enumerate(inks.gradients.tolist()) if number >= 0)
    table = inks.table.index_select(1, inks.gradients[list(slots)].long())
    spreads = inks.spreads[inks.gradients[list(slots)].long()]
    frame, offsets, numbers = table.split([FRAME, inks.stops, table.shape[-1] - FRAME - inks.stops], dim=-1)
    x, y = pixel_centers(height, width, frame)
    a, b, c = frame.unflatten(-1, (3, 3))[..., None, None].unbind(-3)  # [B, G, 3, 1, 1] each
    u, v, w = (a * x + b * y[:, None] + c).unbind(2)
    square = u.square() + v.square()
    # The slope of a root at 0 is infinite; that of the length there is taken as 0.
    length = torch.where(square > 0, torch.where(square > 0, square, 1).sqrt(), 0)
    t = _spread(length + w, spreads[:, None, None])[:, :, None]
    stops = numbers.unflatten(-1, (inks.stops, -1))
    found = stops[:, :, 0, :, None, None].expand(*stops.shape[:2], stops.shape[-1], height, width)
    for stop in range(inks.stops - 1):
        low, high = offsets[:, :, stop], offsets[:, :, stop + 1]
        part = ((t - low[..., None, None, None]) / (high - low).clamp_min(NARROW)[..., None, None, None]).clamp(0, 1)
        found = found + part * (stops[:, :, stop + 1] - stops[:, :, stop])[..., None, None]
    index = slot_index(slots, found.device)
    flat = scene.color[..., None, None].expand(-1, -1, -1, height, width)
    opacity = torch.ones_like(flat[:, :, 0])
    color, own = found.split([scene.channels, 1], dim=2)
    return flat.index_copy(1, index, color), opacity.index_copy(1, index, own[:, :, 0])


def _spread(t: Tensor, spreads: Tensor) -> Tensor:
    """``t`` of any size brought to the stops, by the spread of each."""
    repeated = t - t.floor()
    twice = t - 2 * (t / 2).floor()
    reflected = 1 - (twice - 1).abs()
    return torch.where(spreads == PAD, t, torch.where(spreads == REPEAT, repeated, reflected))
