"""Trained encoders as files for other programs."""

from vectorae.export.export import FORMATS, LEFT_OUT, Exported, export
from vectorae.export.left_out import LeftOut

__all__ = ["FORMATS", "LEFT_OUT", "Exported", "LeftOut", "export"]
