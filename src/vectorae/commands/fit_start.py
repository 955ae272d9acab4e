"""What a fit begins with: `init=FILE.svg` or `init=network`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands import shell
from vectorae.config.paths import NETWORK
from vectorae.errors import UserError
from vectorae.io.images import NONE

if TYPE_CHECKING:
    import torch

    from vectorae.fitting.photos import Photo
    from vectorae.svg import Reading

KEPT_OF_INIT = ("primitives.fields.", "primitives.background")
"""Keys that fix fields of the shapes of `init`."""


def start_of(
    config: Mapping[str, Any], photos: Sequence[Photo], device: torch.device
) -> Callable[[Photo], Reading] | None:
    """What makes the drawing that an image begins with, as `init` says; None: new shapes.

    Args:
        config: with the keys of `FitConfig`.
        photos: all images.
        device: to draw on.

    Raises:
        UserError: a file or model that cannot be begun with, or keys of shapes that are there already.
    """
    if config["init"] != NETWORK:
        for key in ("checkpoint", "tiles_along"):
            if config[key] is not None:
                raise UserError(f"{key}: {config[key]}, and init is {config['init'] or 'null'}; write init={NETWORK}")
        reading = None if config["init"] is None else _read_init(config, photos)
        return None if reading is None else lambda photo: reading
    if config["checkpoint"] is None:
        raise UserError(f"init: {NETWORK}; write checkpoint=PATH of a trained model, such as one of experiment=natural")
    _check_primitives("the network's drawing")

    from vectorae.inference.tiles import draw_start
    from vectorae.svg import Reading
    from vectorae.training import checkpoint as checkpoints

    model = checkpoints.load(config["checkpoint"]).to(device)
    if model.layout.is_transparent != (config["background"] == NONE):
        drawn = "transparent" if model.layout.is_transparent else "opaque"
        raise UserError(f"background: {config['background']}, and '{config['checkpoint']}' makes {drawn} drawings")
    if model.layout.channels != config["channels"]:
        raise UserError(
            f"channels: {config['channels']}, and '{config['checkpoint']}' draws with {model.layout.channels}; "
            f"write channels={model.layout.channels}"
        )

    made: dict[Path, Reading] = {}

    def start(photo: Photo) -> Reading:
        if photo.name not in made:
            height, width = photo.pixels.shape[-2:]
            scene = draw_start(model, photo.pixels[None].to(device), config["tiles_along"]).to("cpu")
            made[photo.name] = Reading(scene, width, height, [None] * scene.count, {})
        return made[photo.name]

    return start


def _check_primitives(start: str) -> None:
    """Refuse keys of shapes that a drawing to begin with has already."""
    if not shell.chosen("primitives"):
        for key in shell.given("primitives"):
            if not key.startswith(KEPT_OF_INIT):
                raise UserError(
                    f"{key}: the shapes are those of {start}; write primitives=NAME to put new ones on top of them"
                )


def _read_init(config: Mapping[str, Any], photos: Sequence[Photo]) -> Reading:
    """The drawing that `init` names, which all images are to begin with."""
    from vectorae.fitting.build import ASPECT_ERROR
    from vectorae.svg import counted, read_svg

    path = Path(config["init"]).expanduser()
    try:
        reading = read_svg(path.read_bytes())
    except UserError as error:
        raise UserError(f"init: '{path}': {error}") from error
    if reading.skipped:
        print(f"vectorae: left out of '{path}': {counted(reading.skipped)}", file=sys.stderr)
    if config["background"] == NONE and reading.paints_background:
        raise UserError(
            f"init: '{path}' paints its background, and background={NONE} leaves it transparent; leave it out"
        )
    if not reading.scene.count:
        raise UserError(f"init: '{path}' has no shapes to begin with")
    for photo in photos:
        height, width = photo.pixels.shape[-2:]
        if abs(reading.width / reading.height * height / width - 1) > ASPECT_ERROR:
            raise UserError(
                f"init: '{path}' is {reading.width:g}×{reading.height:g} and the image '{photo.title}' "
                f"{width}×{height}; they need to have one aspect"
            )
    _check_primitives(f"'{path}'")
    return reading
