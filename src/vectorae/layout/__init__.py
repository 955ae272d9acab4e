"""Layouts: what raw numbers stand for."""

from vectorae.layout.base import LayoutBase
from vectorae.layout.kind_block import KindBlock
from vectorae.layout.layout import Layout
from vectorae.layout.overlay import OverlayLayout
from vectorae.layout.scene_layout import SceneLayout
from vectorae.layout.tiled import TiledLayout
from vectorae.primitives import MARGIN, Seeds

__all__ = ["MARGIN", "KindBlock", "Layout", "LayoutBase", "OverlayLayout", "SceneLayout", "Seeds", "TiledLayout"]
