"""Drawings that need every kernel of the CPU."""

from itertools import product
from typing import Any

import torch

from vectorae import Layout, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer import COMPOSITINGS, PROFILES


def draw_with_every_kernel(dtype: torch.dtype) -> None:
    """Draw and differentiate all kinds in all ways, in one precision; what is not compiled yet is compiled."""
    shapes: dict[str, Any] = {"count": len(KINDS), "fields": {"softness": "learned"}}
    layouts = [
        Layout(list(KINDS), **shapes),
        Layout(list(KINDS), paint="stroke", ordering="depth", **shapes),
        Layout(["circle", "blob"], count=2, paint={"fill": "linear"}),
    ]
    for layout, coverage, compositing in product(layouts, PROFILES, COMPOSITINGS):
        raw = layout.random_raw(batch=1, seed=0).to(dtype).requires_grad_()
        depth = layout.ordering == "depth" and compositing == "over"
        for temperature in (0.0, 0.1) if depth else (0.0,):
            image = rasterize(
                layout(raw),
                16,
                16,
                coverage=coverage,
                compositing=compositing,
                softness=0.03,
                temperature=temperature,
            )
            image.sum().backward()
