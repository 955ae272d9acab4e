"""The pictures of docs/how_it_works.md, one scene through everything: `python -m docs._gallery.how_it_works`."""

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

import vectorae
from docs._gallery.paints import CORAL, GOLD, NAVY, PAPER, TEAL
from docs._gallery.sheets import drawing_sheet, png_bytes, with_round_corners
from vectorae import Scene
from vectorae.io.pixels import to_picture
from vectorae.rasterizer import PROFILES

FOLDER = Path(__file__).resolve().parents[1] / "how_it_works"
SIZE = 132
COARSE = 22
"""Pixels of a drawing that is enlarged until they are seen."""

STEP = 1e-3
"""By which the circle is moved for its derivative, canvas units."""


def scene(opacity: float = 1.0, depth: Tensor | None = None) -> Scene:
    """Four shapes: a square below a circle below a triangle, and a stroke on top.

    Args:
        opacity: of all shapes.
        depth: ``[1, 4]``, larger is on top; None: as above.
    """
    shapes = [
        vectorae.rectangle((0.36, 0.4), 0.44, 0.44, -0.2, fill=TEAL, opacity=opacity),
        vectorae.circle((0.6, 0.44), 0.24, fill=CORAL, opacity=opacity),
        vectorae.polygon([(0.28, 0.82), (0.52, 0.34), (0.76, 0.82)], fill=GOLD, opacity=opacity),
        vectorae.curve(
            [(0.1, 0.72), (0.3, 0.4), (0.6, 1.0), (0.92, 0.6)], stroke=NAVY, stroke_width=0.035, opacity=opacity
        ),
    ]
    return replace(Scene.of(shapes, PAPER), depth=depth)


def pictures() -> dict[str, bytes]:
    """Name → PNG."""
    coverage = {name: _drawn(scene(), name, 0.03) for name in reversed(PROFILES)}
    softness = {f"softness {value:g}": _drawn(scene(), "sigmoid", value) for value in (0.1, 0.03, 0.01)}
    softness["exact"] = _drawn(scene(), "ramp", 0.01)
    pixels = {"softness 0.1": ("sigmoid", 0.1), "softness 0.03": ("sigmoid", 0.03), "hard": ("hard", 0.01)}
    pixels["exact"] = "ramp", 0.01
    moved = {name: _derivative(*how) for name, how in pixels.items()}
    return {
        "coverage.png": _sheet(coverage),
        "softness.png": _sheet(softness),
        "pixels.png": _sheet({name: _drawn(scene(), *how, size=COARSE) for name, how in pixels.items()}),
        "derivative.png": _sheet(moved),
        "compositing.png": _sheet(_composited()),
    }


def _composited() -> dict[str, Image.Image]:
    """The ways in which shapes become one image."""
    deep, shallow = torch.tensor([[0.9, 0.6, 0.3, 1.0]]), torch.tensor([[0.53, 0.51, 0.49, 1.0]])
    ink = replace(scene(opacity=0.7).grey(), background=torch.zeros(1, 1))
    ink = replace(ink, color=torch.ones_like(ink.color))
    return {
        "over": _drawn(scene(), "ramp"),
        "over, opacity 0.7": _drawn(scene(opacity=0.7), "ramp"),
        "soft_or, one ink": _drawn(ink, "ramp", compositing="soft_or"),
        "by depth": _drawn(scene(depth=deep), "ramp", temperature=0.01),
        "undecided": _drawn(scene(depth=shallow), "ramp", temperature=0.1),
    }


def _drawn(
    drawing: Scene,
    coverage: str,
    softness: float = 0.01,
    size: int = SIZE,
    compositing: str | None = None,
    temperature: float = 0.0,
) -> Image.Image:
    image = vectorae.rasterize(
        drawing,
        size,
        size,
        coverage=coverage,
        softness=softness,
        compositing=compositing,
        temperature=temperature,
        backend="reference",
    )
    return _enlarged(image)


def _derivative(coverage: str, softness: float) -> Image.Image:
    """By how much the circle covers each pixel more, coral, or less, teal, as it moves to the right."""
    right, left = (
        vectorae.rasterize(
            Scene.of([vectorae.circle((0.6 + shift, 0.44), 0.24, fill="white")], "black"),
            COARSE,
            COARSE,
            coverage=coverage,
            softness=softness,
            backend="reference",
        )[:, :1]
        for shift in (STEP, -STEP)
    )
    change = (right - left) / (2 * STEP)
    change = change / change.abs().amax().clamp_min(1e-6)
    more, less, none = (torch.tensor(color)[None, :, None, None] for color in (_rgb(CORAL), _rgb(TEAL), _rgb(PAPER)))
    return _enlarged(none + change.abs().sqrt() * (torch.where(change > 0, more, less) - none))


def _rgb(color: str) -> list[float]:
    return [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def _enlarged(image: Tensor) -> Image.Image:
    factor = SIZE // image.shape[-1]
    return with_round_corners(to_picture(image.repeat_interleave(factor, 2).repeat_interleave(factor, 3)))


def _sheet(named: dict[str, Image.Image]) -> bytes:
    return png_bytes(drawing_sheet([(name, [picture]) for name, picture in named.items()], columns=len(named)))


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in pictures().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
