"""`python scripts/vectorize.py`, `vectorae vectorize`: image files as SVG files, by a trained encoder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from vectorae.commands import shell
from vectorae.commands.output_size import Width, output_size
from vectorae.config.arguments import (
    Device,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Requires,
    Scale,
    Workers,
)
from vectorae.config.paths import ModelFile, OutputFolder
from vectorae.errors import UserError
from vectorae.io.colour import Ground
from vectorae.io.image_files import ImagesThere, shard_number
from vectorae.io.images import MAX_PIXELS, NONE, View, as_png

if TYPE_CHECKING:
    from vectorae.inference.vectorize import DrawnBatch


@dataclass
class VectorizeConfig:
    """The keys at the root of a vectorization's config."""

    checkpoint: ModelFile = "???"
    input: ImagesThere = "???"
    output: OutputFolder = "???"
    resize: Literal["crop", "pad", "stretch"] = "pad"
    tiles: bool = False
    tiles_along: PositiveInt | None = None
    width: Width | None = None
    scale: Scale | None = None
    png: bool = False
    overwrite: bool = False
    skip: bool = False
    shard: Annotated[str, Requires(shard_number)] | None = None
    workers: Workers = 0
    background: Ground | None = None
    invert: bool = False
    max_pixels: PositiveInt = MAX_PIXELS
    batch_size: PositiveInt = 64
    refine: NonNegativeInt = 0
    count: PositiveInt | None = None
    hypotheses: PositiveInt | None = None
    answer_steps: NonNegativeInt | None = None
    regrowths: NonNegativeInt | None = None
    target_psnr: PositiveFloat | None = None
    price: NonNegativeFloat = 0.0
    keep_hidden: bool = False
    device: Device = "auto"
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Vectorize with the config on the command line. Returns the exit code."""
    return shell.run_command("vectorize", VectorizeConfig, vectorize)


def vectorize(config: dict[str, Any], folder: Path) -> int:
    """Vectorize images, write the drawings and a contact sheet, and name the files that cannot be read.

    Args:
        config: plain resolved config with the keys of `VectorizeConfig`.
        folder: unused; the drawings are written to `output`.

    Returns:
        The exit code: 1 if images were left out.

    Raises:
        UserError: anything in the config that cannot work, before the first image is read.
    """
    size = output_size(config)
    if config["overwrite"] and config["skip"]:
        raise UserError("skip: true, and so is overwrite; a drawing that is there is left or replaced, not both")
    _check_tiles(config)
    device = shell.device(config["device"])

    from PIL import Image

    from vectorae.inference import tiles
    from vectorae.inference import vectorize as inference
    from vectorae.io.atomic import write_atomic
    from vectorae.io.image_files import find_images, shard_of
    from vectorae.io.progress import counting
    from vectorae.io.speed import speed
    from vectorae.training import checkpoint as checkpoints
    from vectorae.training.any_count import check_counts
    from vectorae.training.candidates import limit_answers

    model = checkpoints.load(config["checkpoint"])
    limit_answers(model, config["hypotheses"], config["answer_steps"], config["regrowths"])
    check_counts(config["count"], config["target_psnr"], model.layout.count, model.options.any_count)
    background = _background(config["background"], model.layout.is_transparent)
    if config["refine"] or config["price"]:
        model.loss.check(model.image_size, model.image_size)
    output = Path(config["output"]).expanduser()
    existing: inference.Existing = "skip" if config["skip"] else "overwrite" if config["overwrite"] else "refuse"
    found, sheet_name = find_images(config["input"], output, reserved=Path(inference.SHEET).stem), inference.SHEET
    if config["shard"] is not None:
        found = shard_of(found, config["shard"])
        sheet_name = f"contact_sheet_{config['shard'].replace('/', '_of_')}.png"
    outputs = inference.Outputs(output, size, config["png"], existing, sheet_name, config["keep_hidden"])
    files = inference.check_outputs(found, outputs)
    view = View(
        model.image_size,
        model.layout.channels,
        config["resize"],
        bars=model.bars,
        invert=config["invert"],
        background=background,
        max_pixels=config["max_pixels"],
    )
    Image.MAX_IMAGE_PIXELS = None  # the view's limit takes its place
    inference.check_sizes(files, view, outputs)
    start = time.perf_counter()
    settings = {name: config[name] for name in ("refine", "count", "price")}
    model, workers = model.to(device), config["workers"]
    if config["tiles"]:
        shown = background, config["invert"], config["max_pixels"]
        reader = tiles.TileReader(model.image_size, model.layout.channels, config["tiles_along"], *shown)
        drawn = tiles.vectorize_tiled(model, files, reader, outputs, workers=workers, **settings)
    else:
        draw = partial(model.vectorize, target_psnr=config["target_psnr"], **settings)
        drawn = inference.vectorize_files(model, files, view, outputs, config["batch_size"], draw, workers)
    with counting("drawing", len(files)) as advance:
        on_sheet, left_out, shapes = _followed(drawn, inference.MOST_ON_SHEET, advance)
    seconds = time.perf_counter() - start
    if on_sheet and (sheet := inference.comparison_sheet(model, on_sheet)) is not None:
        write_atomic(output / outputs.sheet, as_png(sheet))
    done = len(files) - left_out
    there = f" ({len(found) - len(files)} were there)" if len(files) < len(found) else ""
    each = _shapes_each(config, shapes, done)
    print(f"{done} of {len(files)} images drawn into {output}{there}{each}, {speed(done, seconds)}")
    return shell.INCOMPLETE if left_out else 0


def _followed(
    drawn: Iterable[DrawnBatch], most_on_sheet: int, advance: Callable[[int], None]
) -> tuple[list[DrawnBatch], int, int]:
    """Wait for drawings, and name the images that are left out.

    Args:
        drawn: the batches, as they are drawn and written.
        most_on_sheet: images for the contact sheet.
        advance: is told how many images are done.

    Returns:
        The first batches, for the contact sheet; how many images are left out; how many shapes are visible in all.
    """
    on_sheet: list[DrawnBatch] = []
    left_out = shapes = 0
    for batch in drawn:
        left_out += len(batch.failures)
        for path, why in batch.failures.items():
            print(f"vectorae: left out '{path}' ({why})", file=sys.stderr)
        if sum(len(one.images) for one in on_sheet) < most_on_sheet:
            on_sheet.append(batch)
        if batch.scene is not None:
            shapes += int((batch.scene.opacity > 0).sum())
        advance(len(batch.files))
    return on_sheet, left_out, shapes


def _background(given: str | None, transparent: bool) -> str:
    """What is behind transparent pixels of the images that a model reads.

    Raises:
        UserError: transparent pixels for a model that was trained on opaque images, or the other way round.
    """
    if transparent and given not in (None, NONE):
        raise UserError(f"background: {given}, and this model draws what is transparent so; leave background out")
    if given == NONE and not transparent:
        raise UserError(
            f"background: {NONE}, and this model was trained on opaque images; train one with dataset.background={NONE}"
        )
    return (NONE if transparent else "white") if given is None else given


def _check_tiles(config: Mapping[str, Any]) -> None:
    """Refuse what has no meaning with tiles, or without."""
    if not config["tiles"]:
        if config["tiles_along"] is not None:
            raise UserError(f"tiles_along: {config['tiles_along']}, without tiles; write tiles=true")
        return
    if config["resize"] != "pad":
        raise UserError(f"resize: {config['resize']}, with tiles=true; pictures are drawn whole, whatever their aspect")
    if config["target_psnr"] is not None:
        raise UserError(f"target_psnr: {config['target_psnr']}, with tiles=true; give count, the shapes of each tile")


def _shapes_each(config: Mapping[str, Any], shapes: int, drawings: int) -> str:
    """How many shapes drawings have, where that differs from one to the next."""
    chosen = config["target_psnr"] is not None or config["price"] > 0 or config["tiles"]
    return f", {shapes / drawings:.1f} shapes each" if chosen and drawings else ""


if __name__ == "__main__":
    shell.run_as_program(__file__)
