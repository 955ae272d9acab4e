"""Trained encoders as files for other programs."""

from vectorae.export.export import FORMATS, export

__all__ = ["FORMATS", "export"]
