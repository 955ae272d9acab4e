"""The keys `width` and `scale`, which every command has that writes drawings: how large they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from vectorae.config.arguments import Meets
from vectorae.errors import UserError
from vectorae.io.frame import WIDTH_WORDS, OutputSize, is_width

Width = Annotated[int | str, Meets(is_width, WIDTH_WORDS)]
"""Of a drawing as it is shown: pixels, or a text such as 120mm."""


def output_size(config: Mapping[str, Any], section: str = "") -> OutputSize:
    """The size that a config's keys `width` and `scale` say.

    Args:
        config: with both keys.
        section: where they stand, with a dot at its end, for messages.

    Raises:
        UserError: both are given.
    """
    width, scale = config["width"], config["scale"]
    if width is not None and scale is not None:
        raise UserError(f"{section}width: {width}, and {section}scale is {scale}; give one of them")
    return OutputSize(width, scale)
