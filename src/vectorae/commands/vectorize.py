"""`python scripts/vectorize.py`, `vectorae vectorize`: image files as SVG files, by a trained encoder."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vectorae.commands import shell
from vectorae.config import NonNegativeInt, PositiveFloat, PositiveInt
from vectorae.io.colour import Colour
from vectorae.io.images import MAX_PIXELS, View, as_png

if TYPE_CHECKING:
    from vectorae.inference.vectorize import Drawn


@dataclass
class VectorizeConfig:
    """The keys at the root of a vectorization's config."""

    checkpoint: str = "???"
    input: str = "???"
    output: str = "???"
    resize: Literal["crop", "pad", "stretch"] = "crop"
    scale: PositiveFloat = 1.0
    png: bool = False
    overwrite: bool = False
    background: Colour = "white"
    invert: bool = False
    max_pixels: PositiveInt = MAX_PIXELS
    batch_size: PositiveInt = 64
    refine: NonNegativeInt = 0
    device: str = "auto"


def main() -> int:
    """Vectorize with the config on the command line. Returns the exit code."""
    return shell.run("vectorize", VectorizeConfig, vectorize)


def vectorize(config: dict[str, Any], folder: Path) -> int:
    """Draw images, write the drawings and a contact sheet, and name the files that cannot be read.

    Args:
        config: plain resolved config with the keys of `VectorizeConfig`.
        folder: of the call; the drawings have a place of their own, `output`.

    Returns:
        0, or 1 if images were left out.

    Raises:
        UserError: anything in the config that cannot be done, before the first image is read.
    """
    device = shell.device(config["device"])

    from PIL import Image

    from vectorae.inference import vectorize as drawing
    from vectorae.io.atomic import write_atomic
    from vectorae.io.image_files import find_images
    from vectorae.training import checkpoint as checkpoints

    model = checkpoints.load(config["checkpoint"])
    if config["refine"]:
        model.loss.check(model.image_size, model.image_size)
    outputs = drawing.Outputs(Path(config["output"]).expanduser(), config["scale"], config["png"], config["overwrite"])
    jobs = find_images(config["input"], outputs.folder, reserved=Path(drawing.SHEET).stem)
    drawing.check_outputs(jobs, outputs)
    view = View(
        model.image_size,
        model.layout.channels,
        config["resize"],
        invert=config["invert"],
        background=config["background"],
        max_pixels=config["max_pixels"],
    )
    Image.MAX_IMAGE_PIXELS = None  # the view's limit takes its place
    start = time.perf_counter()
    drawn: list[Drawn] = []
    failures: dict[Path, str] = {}
    on_sheet = 0
    with shell.progress("drawing", len(jobs)) as advance:
        for some in drawing.draw_files(model.to(device), jobs, view, outputs, config["batch_size"], config["refine"]):
            failures |= some.failures
            if on_sheet < drawing.MOST_ON_SHEET:
                drawn.append(some)
                on_sheet += len(some.images)
            advance(len(some.jobs))
    seconds = time.perf_counter() - start
    if (sheet := drawing.sheet_of(drawn)) is not None:
        write_atomic(outputs.folder / drawing.SHEET, as_png(sheet))
    for path, why in failures.items():
        print(f"vectorae: left out '{path}' ({why})", file=sys.stderr)
    done = len(jobs) - len(failures)
    print(f"{done} of {len(jobs)} images drawn into {outputs.folder}, {done / seconds:.0f} images/s")
    return shell.INCOMPLETE if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
