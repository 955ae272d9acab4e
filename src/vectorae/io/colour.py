"""Colours by name."""

from typing import Annotated

from vectorae.config.arguments import Meets


def is_colour(name: str) -> bool:
    """Whether Pillow knows a colour by this name.

    >>> is_colour("white"), is_colour("#ff8800"), is_colour("wheat-ish")
    (True, True, False)
    """
    from PIL import ImageColor

    try:
        ImageColor.getrgb(name)
    except ValueError:
        return False
    return True


def is_ground(name: str) -> bool:
    """Whether this is a colour, or ``none``."""
    return name == "none" or is_colour(name)


Ground = Annotated[str, Meets(is_ground, "a colour such as white or '#ff8800', or none")]
"""What is behind transparent pixels: a colour that Pillow knows, or nothing."""

Colour = Annotated[str, Meets(is_colour, "a colour such as white or '#ff8800'")]
"""A colour that Pillow knows."""
