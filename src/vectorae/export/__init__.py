"""Trained encoders as files for other programs."""

from vectorae.export.export import Exported, Limits, export
from vectorae.export.formats import FORMATS
from vectorae.export.left_out import LeftOut
from vectorae.export.site import export_site

__all__ = ["FORMATS", "Exported", "LeftOut", "Limits", "export", "export_site"]
