"""Elements of SVG whose attributes change with time (SMIL)."""

import math
from collections.abc import Sequence

from vectorae.svg.definitions import UNIT_CIRCLE, Ellipse, Gradient
from vectorae.svg.markup import css_color, number

ADDED = ' additive="sum"'
"""Of animations of a transform that come after another."""

Attributes = dict[str, list[str]]
"""Attribute → its values in order of time."""


def moving_element(
    tag: str,
    fixed: str,
    attributes: Attributes,
    times: str,
    moves: Sequence[tuple[str, Sequence[str]]] = (),
    within: str = "",
    transform: str = "transform",
) -> str:
    """An element in its last state, for viewers without animation, and its animations.

    Args:
        tag: its name.
        fixed: attributes that do not change.
        attributes: those that may.
        times: the timing attributes of all animations.
        moves: functions of its transform, such as ``rotate``, each with its arguments in order of time.
        within: its contents.
        transform: the attribute that has these.
    """
    words = " ".join([fixed, *(f'{name}="{values[-1]}"' for name, values in attributes.items())])
    if moves:
        words += f' {transform}="{" ".join(f"{kind}({values[-1]})" for kind, values in moves)}"'
    animations = [
        f'<animate attributeName="{name}" values="{_values(values)}" {times}/>'
        for name, values in attributes.items()
        if len(set(values)) > 1
    ]
    if any(len(set(values)) > 1 for _, values in moves):
        # The first replaces the transform, and the others are added to it.
        animations += [
            f'<animateTransform attributeName="{transform}" type="{kind}" values="{_values(values)}" {times}'
            f"{'' if place == 0 else ADDED}/>"
            for place, (kind, values) in enumerate(moves)
        ]
    inner = "".join(animations) + within
    return f"<{tag} {words.strip()}>{inner}</{tag}>" if inner else f"<{tag} {words.strip()}/>"


def moving_gradient(gradients: Sequence[Gradient], times: str, name: str) -> str:
    """A gradient in order of time as the element of an id."""
    first, fixed = gradients[0], f'id="{name}" gradientUnits="userSpaceOnUse"'
    fixed += "" if first.spread == "pad" else f' spreadMethod="{first.spread}"'
    steps = zip(*(gradient.ordered for gradient in gradients), strict=True)
    stops = "".join(
        moving_element(
            "stop",
            "",
            {
                "offset": [number(stop.offset, 4) for stop in stages],
                "stop-color": [css_color(stop.color) for stop in stages],
                "stop-opacity": [number(stop.opacity, 3) for stop in stages],
            },
            times,
        )
        for stages in steps
    )
    if len(first.points) == 2:
        places = [gradient.geometry for gradient in gradients]
        attributes = {key: [place[key] for place in places] for key in places[0]}
        return moving_element("linearGradient", fixed, attributes, times, within=stops)
    ellipses = _unwrapped([gradient.ellipse for gradient in gradients])
    foci = [ellipse.focus for ellipse in ellipses]
    attributes = {"fx": [x for x, _ in foci], "fy": [y for _, y in foci]}
    moves = [
        ("translate", [ellipse.place for ellipse in ellipses]),
        ("rotate", [ellipse.turn for ellipse in ellipses]),
        ("scale", [ellipse.size for ellipse in ellipses]),
    ]
    fixed += "".join(f' {key}="{value}"' for key, value in UNIT_CIRCLE.items())
    return moving_element("radialGradient", fixed, attributes, times, moves, stops, "gradientTransform")


def _unwrapped(ellipses: Sequence[Ellipse]) -> list[Ellipse]:
    """Ellipses whose angles do not jump: after half a turn each is the same, with its focus on the other side."""
    found = [ellipses[0]]
    for one in ellipses[1:]:
        halves = round((found[-1].angle - one.angle) / math.pi)
        side = 1 if halves % 2 == 0 else -1
        angle = one.angle + math.pi * halves
        found.append(one._replace(angle=angle, focus_x=side * one.focus_x, focus_y=side * one.focus_y))
    return found


def _values(values: Sequence[str]) -> str:
    return ";".join([*values, values[-1]])
