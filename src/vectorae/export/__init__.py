"""Trained encoders as files for other programs."""

from vectorae.export.export import FORMATS, LEFT_OUT, export

__all__ = ["FORMATS", "LEFT_OUT", "export"]
