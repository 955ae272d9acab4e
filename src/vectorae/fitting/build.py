"""From the plain config of a fit to what draws a batch of images."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from vectorae.config.components import instantiate
from vectorae.decoder import Decoder
from vectorae.errors import UserError
from vectorae.fitting.fitting import Fitting
from vectorae.fitting.plan import build_plan
from vectorae.io.images import NONE
from vectorae.io.pixels import has_alpha
from vectorae.layout import Layout, LayoutBase, OverlayLayout, SceneLayout
from vectorae.svg import Reading

ROUND = "round-"
"""Begins the id of the SVG group of a round's shapes."""

ASPECT_ERROR = 0.02
"""Relative difference allowed between the aspects of a drawing and an image: sizes are whole pixels."""


def build_fitting(
    config: Mapping[str, Any],
    images: Tensor,
    max_time: float | None = None,
    init: Reading | None = None,
    on_top: bool = False,
    movable: bool = False,
    importance: Tensor | None = None,
    own: Layout | None = None,
) -> tuple[Fitting, list[str | None]]:
    """The fit of a resolved config.

    Args:
        config: with the keys of `FitConfig`.
        images: ``[B, C, H, W]`` in [0, 1], on their device.
        max_time: seconds.
        init: a drawing to start from, instead of new shapes.
        on_top: put new shapes on top of that drawing.
        movable: its shapes may be put elsewhere later.
        importance: of each pixel, ``[B, 1, H, W]`` in [0, 1].
        own: the layout of new shapes; None: that of the section ``primitives``.

    Returns:
        The fit, and for each shape the id of its group in the SVG.

    Raises:
        UserError: anything in the config that the components refuse; a drawing with groups to be drawn by ``soft_or``.
    """
    rasterizer, objective = (instantiate(config[name], name) for name in ("rasterizer", "loss"))
    plan = build_plan(config, max_time)
    if own is not None:
        _check_own(own, config, images)
    layout: LayoutBase
    if init is None:
        layout = own or new_shapes(config, images)
    else:
        softness = plan.schedule.state(1.0, min(images.shape[-2:])).softness
        scene = init.scene if config["channels"] == 3 else init.scene.grey()
        scene = replace(scene, background=None) if has_alpha(images) else scene
        if scene.composites and rasterizer.compositing == "soft_or":
            raise UserError(
                "init: that drawing has shapes painted as one, which soft_or cannot; write rasterizer.compositing=over"
            )
        height, width = images.shape[-2:]
        soft, fixed = rasterizer.soft_scene(scene, softness), fixed_fields(config["primitives"])
        layout = SceneLayout(soft, width / height, fixed, movable)
        if on_top:
            layout = OverlayLayout(layout, own or new_shapes(config, images))
    fitting = Fitting(images, Decoder(layout, rasterizer), objective, plan, importance)
    layers = [] if init is None else list(init.layers)
    before = max([0, *(int(found[1]) for one in layers if one and (found := re.match(rf"{ROUND}(\d+)", one)))])
    return fitting, layers + [f"{ROUND}{before + number}" for number in fitting.rounds[len(layers) :]]


def _check_own(layout: Layout, config: Mapping[str, Any], images: Tensor) -> None:
    """Refuse a layout that was not made for images ``[B, C, H, W]``."""
    height, width = images.shape[-2:]
    if abs(layout.aspect * height / width - 1) > ASPECT_ERROR:
        raise UserError(
            f"layout: its aspect is {layout.aspect:g}, and that of the image {width / height:.4g}; write Layout(…, "
            f"aspect={width}/{height})"
        )
    if layout.channels != config["channels"]:
        raise UserError(
            f"layout: {layout.channels} channels, and the image is read with {config['channels']} (channels)"
        )
    if layout.is_transparent != has_alpha(images):
        raise UserError("layout: its background and the image's alpha differ; both need background='none', or neither")


def new_shapes(config: Mapping[str, Any], images: Tensor) -> Layout:
    """The layout of the section `primitives`, on the canvas of images ``[B, C, H, W]``."""
    aspect, given = images.shape[-1] / images.shape[-2], dict(config["primitives"])
    if has_alpha(images):
        given["background"] = NONE
    return instantiate(given, "primitives", channels=config["channels"], aspect=aspect)


def fixed_fields(primitives: Mapping[str, Any]) -> list[str]:
    """The fields that the section `primitives` fixes, which keep their values in a drawing that a fit starts from."""
    fixed = [name for name, value in (primitives.get("fields") or {}).items() if value != "learned"]
    return fixed + ([] if primitives.get("background", "learned") == "learned" else ["background"])
