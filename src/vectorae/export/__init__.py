"""Trained encoders as files for other programs."""

from vectorae.export.export import FORMATS, Exported, export
from vectorae.export.left_out import LeftOut
from vectorae.export.site import export_site

__all__ = ["FORMATS", "Exported", "LeftOut", "export", "export_site"]
