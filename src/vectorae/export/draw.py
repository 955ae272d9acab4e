"""Draw images as SVG with an exported encoder: `python draw.py model.onnx photo.png out.svg`, or `import draw`.

As a library: `draw.Drawer("exported").svg(image)`, of a path, bytes or an array. Needs numpy, onnxruntime and Pillow;
`scene.json` lies beside the model.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from PIL import Image

from vectorae.errors import UserError
from vectorae.export.drawer import Drawer, DrawValueError, check_file
from vectorae.io.images import MAX_PIXELS, RESIZES


def check_output(output: Path, image: Path, overwrite: bool) -> None:
    """Refuse to write over anything but an earlier drawing, and that unless it is wanted."""
    if output.is_dir():
        raise DrawValueError(f"output: '{output}' is a folder; name a file in it, such as '{output / image.stem}.svg'")
    if output.exists() and output.samefile(image):
        raise DrawValueError(f"output: '{output}' is the image itself; name another file")
    if output.suffix.lower() != ".svg":
        raise DrawValueError(f"output: '{output}' is to be SVG; write '{output.with_suffix('.svg')}'")
    if not output.parent.is_dir():
        raise DrawValueError(f"output: no folder '{output.parent}'; make it, or choose another")
    if output.exists() and not output.is_file():
        raise DrawValueError(f"output: '{output}' is a device or a pipe, not a file; choose another name")
    if output.exists() and not overwrite:
        raise DrawValueError(f"output: '{output}' is there already; choose another name or write --overwrite")


def write_drawing(output: Path, text: str) -> None:
    """Write a file that is complete or absent."""
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, output)
    except OSError as error:
        raise DrawValueError(
            f"output: '{output}' cannot be written ({error.strerror}); choose another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Draw an image as SVG with an exported encoder.")
    parser.add_argument("model", type=Path, help="model.onnx, or its folder; scene.json lies beside it")
    parser.add_argument("image", type=Path, help="any image that Pillow reads")
    parser.add_argument("output", type=Path, help="the SVG file")
    parser.add_argument("--overwrite", action="store_true", help="write over a drawing that is there")
    parser.add_argument("--resize", choices=RESIZES, default="pad", help="how the image becomes square")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--width", help="of the SVG: pixels (1200), millimetres (120mm); default: the image's")
    sizes.add_argument("--scale", type=float, help="the same as a factor on the image's own size")
    parser.add_argument("--background", help="colour behind what is transparent")
    parser.add_argument("--invert", action="store_true", help="black becomes white first")
    parser.add_argument("--keep-hidden", action="store_true", help="write shapes beyond the picture too")
    parser.add_argument("--max-pixels", type=int, default=MAX_PIXELS, help="larger images are refused")
    return parser.parse_args()


def main() -> int:
    """Draw what the command line says. Returns the exit code."""
    given = arguments()
    Image.MAX_IMAGE_PIXELS = None  # the view's limit takes its place
    try:
        width = int(given.width) if given.width and given.width.isdecimal() else given.width
        drawer = Drawer(
            given.model,
            resize=given.resize,
            width=width,
            scale=given.scale,
            background=given.background,
            invert=given.invert,
            keep_hidden=given.keep_hidden,
            max_pixels=given.max_pixels,
        )
        check_file("image", given.image, "name an image")
        check_output(given.output, given.image, given.overwrite)
        write_drawing(given.output, drawer.svg(given.image))
    except (UserError, OSError) as error:  # such as a name that is too long
        print(f"draw.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
