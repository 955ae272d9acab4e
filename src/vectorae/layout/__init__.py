"""Layouts: what raw numbers mean."""

from vectorae.layout.arguments import MARGIN
from vectorae.layout.layout import Layout
from vectorae.layout.layout import Layout as LayoutBase
from vectorae.layout.scene_layout import OverlayLayout, SceneLayout
from vectorae.layout.seeds import Seeds

__all__ = ["MARGIN", "Layout", "LayoutBase", "OverlayLayout", "SceneLayout", "Seeds"]
