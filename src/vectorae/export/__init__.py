"""Trained encoders as files for other programs."""

from vectorae.export.export import FORMATS, Exported, Limits, export
from vectorae.export.left_out import LeftOut

__all__ = ["FORMATS", "Exported", "LeftOut", "Limits", "export"]
