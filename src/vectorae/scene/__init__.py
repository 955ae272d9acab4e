"""Scenes: a batch of drawings, each a list of painted outlines over a background."""

from vectorae.scene.composite import Composite, outermost
from vectorae.scene.gradients import SPREADS, Gradient, LinearGradient, RadialGradient
from vectorae.scene.group import Group, cat_groups
from vectorae.scene.outlines import FILL_RULES, Bounds, Outline, Path, RoundedBox, cat_outlines
from vectorae.scene.scene import COMPOSITING_CHOICES, Scene
from vectorae.scene.slots import kept_tensor, select_slots, slot_index, slot_order, sort_by_slot

__all__ = [
    "COMPOSITING_CHOICES",
    "FILL_RULES",
    "SPREADS",
    "Bounds",
    "Composite",
    "Gradient",
    "Group",
    "LinearGradient",
    "Outline",
    "Path",
    "RadialGradient",
    "RoundedBox",
    "Scene",
    "cat_groups",
    "cat_outlines",
    "kept_tensor",
    "outermost",
    "select_slots",
    "slot_index",
    "slot_order",
    "sort_by_slot",
]
