"""Compositing: how the coverage of several shapes becomes one image, without a division: exact for opaque shapes."""

import torch
from torch import Tensor


def over(canvas: Tensor, alpha: Tensor, color: Tensor) -> Tensor:
    """Porter & Duff's *over* (1984), each shape over those before it: C ← (1 − α) C + α c.

    Evaluated front to back with the transmittance T_k = ∏_{j>k} (1 − α_j): Σ_k T_k α_k c_k + T canvas.

    Args:
        canvas: what lies below, ``[B, C, H, W]``.
        alpha: coverage × opacity, ``[B, N, H, W]`` in [0, 1], last on top.
        color: ``[B, N, C]``.

    Returns:
        ``[B, C, H, W]``
    """
    transmittance = torch.ones_like(alpha[:, 0])
    weights = []
    for layer in reversed(alpha.unbind(1)):
        weights.append(layer * transmittance)
        transmittance = transmittance * (1 - layer)
    painted = torch.einsum("bnhw,bnc->bchw", torch.stack(weights[::-1], dim=1), color)
    return painted + transmittance[:, None] * canvas


def soft_or(canvas: Tensor, alpha: Tensor, color: Tensor) -> Tensor:
    """The paper's soft or (Mihai & Hare 2021, equation 12), by channel: 1 − (1 − canvas) ∏_k (1 − α_k c_k).

    Ink adds up like light and its order does not matter: the blend mode *screen* of SVG. White ink on black is the
    same as ``over``. Arguments as for ``over``.
    """
    dark = 1 - canvas
    for layer, ink in zip(alpha.unbind(1), color.unbind(1), strict=True):
        dark = dark * (1 - layer[:, None] * ink[:, :, None, None])
    return 1 - dark


COMPOSITINGS = {"over": over, "soft_or": soft_or}


def over_by_depth(canvas: Tensor, alpha: Tensor, color: Tensor, depth: Tensor, temperature: Tensor | float) -> Tensor:
    """*Over*, in an order that is not decided yet: larger depths tend to be on top.

    Shape j hides shape k as far as it is in front, sigmoid((z_j − z_k) / temperature), so that of shape k
    t_k = ∏_{j≠k} (1 − α_j sigmoid((z_j − z_k) / temperature)) is seen. Its weight is
    α_k t_k / Σ_j α_j t_j · (1 − ∏_j (1 − α_j)): together the shapes paint what they cover, no more and no less. As the
    temperature falls to 0 this becomes ``over`` of the shapes sorted by depth.

    Args:
        canvas, alpha, color: as for ``over``; in any order.
        depth: ``[B, N]``.
        temperature: > 0, in units of depth.

    Returns:
        ``[B, C, H, W]``
    """
    count, in_front = alpha.shape[1], depth_precedence(depth, temperature)
    seen = torch.ones_like(alpha)
    free = torch.ones_like(alpha[:, :1])
    for j in range(count):
        layer = alpha[:, j : j + 1]
        seen = seen * (1 - layer * in_front[:, j, :, None, None])
        free = free * (1 - layer)
        if j % 8 == 7:
            # Only ratios count. Without this a hundred shapes at one depth would hide each other altogether.
            largest = torch.where(alpha > 0, seen, 0).amax(1, keepdim=True).detach()
            seen = seen / torch.where(largest > 0, largest, 1)
    # Where nothing is covered the ratio is 1, which leaves the gradient that a single shape has.
    weight = alpha * seen
    scale = (1 - free + _NOTHING) / (weight.sum(1, keepdim=True) + _NOTHING)
    return torch.einsum("bnhw,bnc->bchw", weight * scale, color) + free * canvas


def depth_precedence(depth: Tensor, temperature: Tensor | float) -> Tensor:
    """How far shape j is in front of shape k, ``[B, N, N]`` in [0, 1] from depths ``[B, N]``; 0 for j = k."""
    itself = torch.eye(depth.shape[1], dtype=depth.dtype, device=depth.device)
    return torch.sigmoid((depth[:, :, None] - depth[:, None]) / temperature) * (1 - itself)


_NOTHING = 1e-12
