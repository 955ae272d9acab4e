"""Draw an image as SVG with an exported encoder: `python draw.py model.onnx photo.png out.svg`.

Needs numpy, onnxruntime and Pillow; `scene.json` lies beside the model.
"""

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vectorae.io.frame import WIDTH_WORDS, OutputSize, is_width
from vectorae.io.images import MAX_PIXELS, RESIZES, View, read_picture
from vectorae.svg.document import Box, Curve, Shape, document


def shapes_of(outputs: dict[str, Any], scene: dict[str, Any], side: int, origin: tuple[float, float]) -> list[Shape]:
    """The shapes of one image from the bottom to the top, in pixels.

    Args:
        outputs: name → array, of one image, without the batch dimension.
        scene: the content of ``scene.json``.
        side: of the drawing, pixels.
        origin: what becomes (0, 0), pixels.
    """
    painted: dict[int, Shape] = {}
    left, top = origin
    for group in scene["groups"]:
        kind = group["kind"]
        widths = outputs[f"{kind}.stroke_width"].tolist() if group["stroked"] else [None] * len(group["slots"])
        for member, (slot, width) in enumerate(zip(group["slots"], widths, strict=True)):
            outline: Box | Curve
            if group["outline"] == "box":
                (x, y), size = outputs[f"{kind}.center"][member].tolist(), outputs[f"{kind}.size"][member].tolist()
                roundness = float(outputs[f"{kind}.roundness"][member])
                if group["roundness"] == "nearest of 0 and 1":
                    roundness = float(roundness >= 0.5)
                extents = size[0] / 2 * side, size[1] / 2 * side
                angle = float(outputs[f"{kind}.angle"][member])
                outline = Box((x * side - left, y * side - top), extents, angle, roundness)
            else:
                points = outputs[f"{kind}.points"][member].tolist()
                places = [(x * side - left, y * side - top) for x, y in points]
                outline = Curve(places, group["closed"], group["degree"])
            color, opacity = outputs["color"][slot].tolist(), float(outputs["opacity"][slot])
            painted[slot] = Shape(outline, color, opacity, None if width is None else width * side)
    slots = sorted(painted)
    if "depth" in outputs:
        slots = np.argsort(outputs["depth"], kind="stable").tolist()
    return [painted[slot] for slot in slots]


def draw_svg(model: Path, image: Path, view: View, scene: dict[str, Any], size: OutputSize) -> str:
    """An image as an SVG document."""
    import onnxruntime

    pixels, width, height = read_picture(image, view)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    arrays = session.run(names, {"images": pixels[None].astype(np.float32) / 255})
    outputs = {name: array[0] for name, array in zip(names, arrays, strict=True)}
    frame = view.frame(width, height, size)
    shapes = shapes_of(outputs, scene, view.size, (frame.part.left, frame.part.top))
    return document(shapes, outputs["background"].tolist(), frame, image.name, scene["compositing"] == "soft_or")


def width_of(text: str) -> int | str:
    """A width on the command line.

    Raises:
        ArgumentTypeError: it is neither pixels nor millimetres.
    """
    width = int(text) if text.isdecimal() else text
    if not is_width(width):
        raise argparse.ArgumentTypeError(f"must be {WIDTH_WORDS}, got {text!r}")
    return width


def scale_of(text: str) -> float:
    """A factor on the command line.

    Raises:
        ArgumentTypeError: it is not a number in (0, 1000].
    """
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= 1000:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number in (0, 1000], got {text!r}")


def main() -> int:
    """Draw what the command line says. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Draw an image as SVG with an exported encoder.")
    parser.add_argument("model", type=Path, help="model.onnx; scene.json lies beside it")
    parser.add_argument("image", type=Path, help="any image that Pillow reads")
    parser.add_argument("output", type=Path, help="the SVG file")
    parser.add_argument("--resize", choices=RESIZES, default="pad", help="how the image becomes square")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--width", type=width_of, help="of the SVG: pixels (1200), millimetres (120mm); default: the image's"
    )
    sizes.add_argument("--scale", type=scale_of, help="the same as a factor on the image's own size")
    parser.add_argument("--background", default="white", help="colour behind what is transparent")
    parser.add_argument("--invert", action="store_true", help="black becomes white first")
    parser.add_argument("--max-pixels", type=int, default=MAX_PIXELS, help="larger images are refused")
    given = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None  # the view's limit takes its place
    try:
        scene = json.loads(given.model.with_name("scene.json").read_text(encoding="utf-8"))
        _, channels, side, _ = scene["input"]["shape"]
        view = View(
            side,
            channels,
            given.resize,
            bars=scene["input"]["bars"],
            invert=given.invert,
            background=given.background,
            max_pixels=given.max_pixels,
        )
        text = draw_svg(given.model, given.image, view, scene, OutputSize(given.width, given.scale))
        part = given.output.with_name(given.output.name + ".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, given.output)
    except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"draw.py: error: {first}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
