"""Histograms of what shapes are."""

import torch
from torch import Tensor

from vectorae.layout.base import LayoutBase
from vectorae.loggers import Loggers


@torch.no_grad()
def log_fields(loggers: Loggers, layout: LayoutBase, raw: Tensor, step: int) -> None:
    """Log how the values of each learned field are distributed: ``fields/radius`` and so on.

    Args:
        loggers: of the run.
        layout: of the raw numbers.
        raw: of the drawings, ``[B, raw_size]``.
        step: of the run.
    """
    if loggers:
        for name, values in layout.field_values(raw).items():
            loggers.log_histogram(f"fields/{name}", values.float().cpu().numpy(), step)
