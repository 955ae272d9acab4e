"""Compositing: the coverage of several shapes as one image. No divisions, so that opaque shapes are exact."""

import torch
from torch import Tensor

_TINY = 1e-12


def over(canvas: Tensor, alpha: Tensor, color: Tensor) -> Tensor:
    """Porter & Duff's *over* (1984), each shape over those before it: C ← (1 − α) C + α c.

    Evaluated front to back with the transmittance T_k = ∏_{j>k} (1 − α_j): Σ_k T_k α_k c_k + T canvas.

    Args:
        canvas: what lies below, ``[B, C, H, W]``.
        alpha: coverage × opacity, ``[B, N, H, W]`` in [0, 1], last on top.
        color: ``[B, N, C]``, or ``[B, N, C, H, W]``.

    Returns:
        ``[B, C, H, W]``
    """
    transmittance = torch.ones_like(alpha[:, 0])
    weights = []
    for layer in reversed(alpha.unbind(1)):
        weights.append(layer * transmittance)
        transmittance = transmittance * (1 - layer)
    painted = _mixed(torch.stack(weights[::-1], dim=1), color)
    return painted + transmittance[:, None] * canvas


def soft_or(canvas: Tensor, alpha: Tensor, color: Tensor) -> Tensor:
    """The paper's soft or (Mihai & Hare 2021, equation 12), by channel: 1 − (1 − canvas) ∏_k (1 − α_k c_k).

    Ink adds up like light and its order does not matter: the blend mode *screen* of SVG. White ink on black is the
    same as ``over``. Arguments as for ``over``.
    """
    dark = 1 - canvas
    for layer, ink in zip(alpha.unbind(1), color.unbind(1), strict=True):
        dark = dark * (1 - layer[:, None] * (ink if ink.dim() == 4 else ink[:, :, None, None]))
    return 1 - dark


COMPOSITINGS = {"over": over, "soft_or": soft_or}


def over_by_depth(canvas: Tensor, alpha: Tensor, color: Tensor, depth: Tensor, temperature: Tensor | float) -> Tensor:
    """*Over* with a soft order by depth: larger depths tend to be on top.

    Shape j hides shape k by the degree to which it is in front, sigmoid((z_j − z_k) / temperature), so that
    t_k = ∏_{j≠k} (1 − α_j sigmoid((z_j − z_k) / temperature)) of shape k remains visible. Its weight is
    α_k t_k / Σ_j α_j t_j · (1 − ∏_j (1 − α_j)): weights sum to the covered fraction of a pixel. As the temperature
    falls to 0 this becomes ``over`` of the shapes sorted by depth.

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
            # Only ratios matter; unscaled, the products of a hundred shapes at one depth would underflow.
            largest = torch.where(alpha > 0, seen, 0).amax(1, keepdim=True).detach()
            seen = seen / torch.where(largest > 0, largest, 1)
    # Where nothing is covered the ratio is 1, so that the gradient is that of a single shape.
    weight = alpha * seen
    scale = (1 - free + _TINY) / (weight.sum(1, keepdim=True) + _TINY)
    return _mixed(weight * scale, color) + free * canvas


def depth_precedence(depth: Tensor, temperature: Tensor | float) -> Tensor:
    """The degree to which shape j is in front of shape k, ``[B, N, N]`` in [0, 1], by depth ``[B, N]``; 0 for j = k."""
    itself = torch.eye(depth.shape[1], dtype=depth.dtype, device=depth.device)
    return torch.sigmoid((depth[:, :, None] - depth[:, None]) / temperature) * (1 - itself)


def _mixed(weights: Tensor, color: Tensor) -> Tensor:
    """Σ_k w_k c_k, ``[B, C, H, W]``, of weights ``[B, N, H, W]``; colours as for ``over``."""
    return torch.einsum("bnhw,bnc->bchw" if color.dim() == 3 else "bnhw,bnchw->bchw", weights, color)
