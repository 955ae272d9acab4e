"""Draw an image as SVG with an exported encoder: `python draw.py model.onnx photo.png out.svg`.

Needs numpy, onnxruntime and Pillow; `scene.json` lies beside the model.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor

from vectorae.errors import UserError, reason
from vectorae.geometry.gradient_limits import FARTHEST_FOCUS
from vectorae.io.frame import WIDTH_WORDS, OutputSize, is_width
from vectorae.io.images import MAX_PIXELS, NONE, RESIZES, Picture, View, picture_size, read_picture
from vectorae.svg.definitions import Gradient, Stop
from vectorae.svg.document import Ends, Shape, document
from vectorae.svg.markup import Box, Curve


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
        widths, inks, shares = (
            outputs[f"{kind}.{name}"].tolist() if name in group["painted"] else [None] * len(group["slots"])
            for name in ("stroke_width", "stroke_color", "contour_opacity")
        )
        ends = Ends(**group["ends"])
        ends = ends._replace(dashes=[one * side for one in ends.dashes], dash_offset=ends.dash_offset * side)
        own, of_stroke = (gradients_of(outputs, group, name, side, origin) for name in ("gradient", "stroke_gradient"))
        for member, slot in enumerate(group["slots"]):
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
                outline = Curve(places, group["closed"], group["degree"], group["sizes"], group["fill_rule"])
            color, opacity = outputs["color"][slot].tolist(), float(outputs["opacity"][slot])
            width = widths[member]
            more = inks[member], group["stroke_below"], shares[member], ends, own[member], of_stroke[member]
            painted[slot] = Shape(outline, color, opacity, None if width is None else width * side, None, *more)
    slots = sorted(painted)
    if "depth" in outputs:
        slots = np.argsort(outputs["depth"], kind="stable").tolist()
    return [painted[slot] for slot in slots]


def gradients_of(
    outputs: dict[str, Any], group: dict[str, Any], name: str, side: int, origin: tuple[float, float]
) -> list[Gradient | None]:
    """The gradients of a group's shapes, in pixels; None for those without.

    Args:
        outputs, side, origin: as of ``shapes_of``.
        group: of the scene.
        name: ``gradient`` or ``stroke_gradient``.
    """
    if name not in group:
        return [None] * len(group["slots"])

    def output(part: str) -> "np.ndarray[Any, Any]":
        array: np.ndarray[Any, Any] = outputs[f"{group['kind']}.{name}.{part}"]
        return array

    if group[name]["kind"] == "linear":
        places = np.stack([output("start"), output("end")], axis=-2)
    else:
        center, axes = output("center")[:, None], output("axes")
        focus = output("focus")
        length = np.linalg.norm(focus, axis=-1, keepdims=True)
        inner = focus * np.minimum(1, FARTHEST_FOCUS / np.maximum(length, 1e-30))
        places = np.concatenate([center, center + axes, center + inner[:, None] @ axes], axis=-2)
    points = (places * side - np.array(origin)).tolist()
    stops = zip(output("offsets").tolist(), output("colors").tolist(), output("opacities").tolist(), strict=True)
    return [
        Gradient(where, list(map(Stop, *given)), group[name]["spread"])
        for where, given in zip(points, stops, strict=True)
    ]


@contextlib.contextmanager
def refusing(what: str, instead: str) -> Iterator[None]:
    """Turn whatever an outside file leads to into one line: what is wrong (why); what to do instead."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # Pillow's plugins and ONNX Runtime raise nearly anything for a damaged file
        raise UserError(f"{what} ({reason(error)}); {instead}") from error


def check_file(name: str, path: Path, instead: str) -> None:
    """Refuse what is no file.

    Args:
        name: of the argument.
        path: its value.
        instead: what to do, for messages.
    """
    if path.is_dir():
        raise UserError(f"{name}: '{path}' is a folder; {instead}")
    if not path.exists():
        raise UserError(f"{name}: no file '{path}'; {instead}")


def check_output(output: Path, image: Path, overwrite: bool) -> None:
    """Refuse to write over anything but an earlier drawing, and that unless it is wanted."""
    if output.is_dir():
        raise UserError(f"output: '{output}' is a folder; name a file in it, such as '{output / image.stem}.svg'")
    if output.exists() and output.samefile(image):
        raise UserError(f"output: '{output}' is the image itself; name another file")
    if output.suffix.lower() != ".svg":
        raise UserError(f"output: '{output}' is to be SVG; write '{output.with_suffix('.svg')}'")
    if not output.parent.is_dir():
        raise UserError(f"output: no folder '{output.parent}'; make it, or choose another")
    if output.exists() and not output.is_file():
        raise UserError(f"output: '{output}' is a device or a pipe, not a file; choose another name")
    if output.exists() and not overwrite:
        raise UserError(f"output: '{output}' is there already; choose another name or write --overwrite")


def read_image(image: Path, view: View) -> Picture:
    """The image as the network takes it."""
    with refusing(f"image: '{image}' cannot be read", "choose another, or convert it to PNG"):
        width, height = picture_size(image)
        if width * height > view.max_pixels:
            raise UserError(
                f"image: '{image}' has {width}×{height} pixels, more than the {view.max_pixels} that are allowed; "
                f"write --max-pixels {width * height}"
            )
        return read_picture(image, view)


def run_network(model: Path, pixels: "np.ndarray[Any, Any]", scene: dict[str, Any]) -> dict[str, Any]:
    """The outputs of the network for one image, by name, without the batch dimension.

    Args:
        model: the ONNX file.
        pixels: uint8 ``[C, S, S]``.
        scene: the content of ``scene.json``.

    Raises:
        UserError: the file is no model, or not the one that the scene describes.
    """
    with refusing("onnxruntime cannot be imported", "pip install onnxruntime"):
        import onnxruntime

    with refusing(f"model: '{model}' is damaged or not an ONNX model", "name the model.onnx of an export"):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; weights that no drawing needs are none
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    described = {output["name"]: output["shape"][1:] for output in scene["outputs"]}
    found = {output.name: output.shape[1:] for output in session.get_outputs()}
    inputs = [one.shape[1:] for one in session.get_inputs()]
    if described != found or inputs != [scene["input"]["shape"][1:]]:
        raise UserError(f"model: '{model}' and the scene.json beside it belong to two models; export it again")
    with refusing(f"model: '{model}' cannot be run", "export it again"):
        arrays = session.run(list(found), {"images": pixels[None].astype(np.float32) / 255})
    return {name: array[0] for name, array in zip(found, arrays, strict=True)}


def draw_svg(given: argparse.Namespace) -> str:
    """An image as an SVG document.

    Args:
        given: the arguments of the command line.
    """
    description = given.model.with_name("scene.json")
    check_file("model", description, "it lies beside its model.onnx; export it again")
    with refusing(f"model: '{description}' is damaged or not complete", "export it again"):
        scene = json.loads(description.read_text(encoding="utf-8"))
        _, channels, side, _ = scene["input"]["shape"]
        transparent = channels in (2, 4)
        if transparent and given.background is not None:
            raise UserError(
                f"--background: {given.background}, and this model draws what is transparent so; leave it out"
            )
        view = View(
            side,
            channels - transparent,
            given.resize,
            bars=scene["input"]["bars"],
            invert=given.invert,
            background=given.background or (NONE if transparent else "white"),
            max_pixels=given.max_pixels,
        )
        pixels, width, height = read_image(given.image, view)
        outputs = run_network(given.model, pixels, scene)
        frame = view.frame(width, height, OutputSize(given.width, given.scale))
        shapes = shapes_of(outputs, scene, side, (frame.part.left, frame.part.top))
        background = outputs["background"].tolist() if "background" in outputs else None
        screen = scene["compositing"] == "soft_or"
        return document(shapes, background, frame, given.image.name, screen, given.keep_hidden)


def write_drawing(output: Path, text: str) -> None:
    """Write a file that is complete or absent."""
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, output)
    except OSError as error:
        raise UserError(f"output: '{output}' cannot be written ({error.strerror}); choose another folder") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


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


def colour_of(text: str) -> str:
    """A colour on the command line.

    Raises:
        ArgumentTypeError: Pillow does not know it.
    """
    with contextlib.suppress(ValueError):
        ImageColor.getrgb(text)
        return text
    raise argparse.ArgumentTypeError(f"must be a colour such as white or '#ff8800', got {text!r}")


def main() -> int:
    """Draw what the command line says. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Draw an image as SVG with an exported encoder.")
    parser.add_argument("model", type=Path, help="model.onnx; scene.json lies beside it")
    parser.add_argument("image", type=Path, help="any image that Pillow reads")
    parser.add_argument("output", type=Path, help="the SVG file")
    parser.add_argument("--overwrite", action="store_true", help="write over a drawing that is there")
    parser.add_argument("--resize", choices=RESIZES, default="pad", help="how the image becomes square")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--width", type=width_of, help="of the SVG: pixels (1200), millimetres (120mm); default: the image's"
    )
    sizes.add_argument("--scale", type=scale_of, help="the same as a factor on the image's own size")
    parser.add_argument("--background", type=colour_of, help="colour behind what is transparent")
    parser.add_argument("--invert", action="store_true", help="black becomes white first")
    parser.add_argument("--keep-hidden", action="store_true", help="write shapes beyond the picture too")
    parser.add_argument("--max-pixels", type=int, default=MAX_PIXELS, help="larger images are refused")
    given = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None  # the view's limit takes its place
    try:
        check_file("model", given.model, "name the model.onnx of an export")
        check_file("image", given.image, "name an image")
        check_output(given.output, given.image, given.overwrite)
        write_drawing(given.output, draw_svg(given))
    except (UserError, OSError) as error:  # such as a name that is too long
        print(f"draw.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
