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
