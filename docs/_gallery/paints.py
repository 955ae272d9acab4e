"""The gallery's picture of paint: everything that shapes can be painted with, by hand."""

import vectorae
from vectorae import Scene, StrokeStyle
from vectorae.scene import SPREADS
from vectorae.scene.shapes import Shape, Together

GOLD, TEAL, CORAL, BLUE, NAVY = PALETTE = ("#f2b733", "#2a9d8f", "#e65f4b", "#3b5b92", "#24304f")
PAPER = "#fcf9f0"

MIDDLE = (0.5, 0.5)
ZIGZAG = [(0.2, 0.72), (0.4, 0.3), (0.58, 0.66), (0.8, 0.34)]
STAR = "M .5 .12 L .72 .84 L .13 .38 L .87 .38 L .28 .84 Z"
HEART = "M .5 .85 C .05 .55 .1 .15 .35 .15 C .45 .15 .5 .22 .5 .3 C .5 .22 .55 .15 .65 .15 C .9 .15 .95 .55 .5 .85 Z"


def paints() -> dict[str, Scene]:
    """By its name, a drawing of each."""
    shapes: dict[str, list[Shape | Together]] = {
        "flat": [vectorae.path(HEART, fill=CORAL)],
        "linear": [vectorae.path(HEART, fill=vectorae.linear_gradient((0.2, 0.2), (0.75, 0.75), [GOLD, CORAL, BLUE]))],
        "radial": [vectorae.path(HEART, fill=vectorae.radial_gradient((0.4, 0.35), 0.5, [GOLD, CORAL, NAVY]))],
        "focus": [
            vectorae.circle(
                MIDDLE, 0.36, fill=vectorae.radial_gradient(MIDDLE, 0.36, ["white", TEAL, NAVY], focus=(0.36, 0.34))
            )
        ],
    }
    for spread in SPREADS:
        ink = vectorae.linear_gradient((0.4, 0.4), (0.6, 0.6), [TEAL, GOLD], spread=spread)
        shapes[spread] = [vectorae.rectangle(MIDDLE, 0.76, 0.76, roundness=0.3, fill=ink)]
    glow = vectorae.radial_gradient(MIDDLE, 0.4, [CORAL, CORAL, CORAL + "00"])
    bars = (vectorae.rectangle((0.5, y), 0.8, 0.06, fill=NAVY) for y in (0.2, 0.35, 0.5, 0.65, 0.8))
    shapes["opacities of stops"] = [*bars, vectorae.circle(MIDDLE, 0.4, fill=glow)]
    shapes["stroke"] = [
        vectorae.path(
            HEART, stroke=vectorae.linear_gradient((0.1, 0.5), (0.9, 0.5), [BLUE, CORAL, GOLD]), stroke_width=0.1
        )
    ]
    shapes["fill and stroke"] = [vectorae.path(HEART, fill=GOLD, stroke=NAVY, stroke_width=0.08)]
    shapes["stroke below"] = [vectorae.path(HEART, fill=GOLD, stroke=NAVY, stroke_width=0.16, stroke_below=True)]
    for name, style in (
        ("round", StrokeStyle()),
        ("butt, miter", StrokeStyle("butt", "miter")),
        ("square, bevel", StrokeStyle("square", "bevel")),
        ("dashes", StrokeStyle("butt", "round", dashes=(0.14, 0.07))),
    ):
        wide = vectorae.line(ZIGZAG, stroke=BLUE, stroke_width=0.12, style=style)
        shapes[name] = [wide, vectorae.line(ZIGZAG, stroke=PAPER, stroke_width=0.01)]
    shapes["nonzero"] = [vectorae.path(STAR, fill=TEAL)]
    shapes["evenodd"] = [vectorae.path(STAR, fill=TEAL, fill_rule="evenodd")]
    discs: list[Shape | Together] = [
        vectorae.circle(place, 0.24, fill=ink)
        for place, ink in (((0.36, 0.4), CORAL), ((0.64, 0.4), GOLD), ((0.5, 0.64), BLUE))
    ]
    bar = vectorae.rectangle((0.5, 0.5), 0.92, 0.12, fill=NAVY)
    shapes["opacity as one"] = [bar, vectorae.composite(discs, opacity=0.6)]
    shapes["clipped"] = [bar, vectorae.composite(discs, clip=vectorae.path(HEART))]
    return {name: Scene.of(some, PAPER) for name, some in shapes.items()}
