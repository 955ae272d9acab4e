"""Vectorize image files by a trained model, batch by batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vectorae.datasets.decode import decode_all
from vectorae.decoder import DrawState, draw_picture
from vectorae.errors import UserError
from vectorae.fitting.collapsed import seen_shapes
from vectorae.io.atomic import write_atomic
from vectorae.io.frame import Frame, OutputSize
from vectorae.io.image_files import ImageFile
from vectorae.io.images import Picture, View, as_png, picture_size
from vectorae.io.pixels import on_board, to_float, to_picture
from vectorae.io.sheets import contact_sheet, enlargement
from vectorae.scene import Scene
from vectorae.svg import to_svg
from vectorae.training.autoencoder import VectorAutoencoder

SHEET = "contact_sheet.png"

MOST_ON_SHEET = 96
"""Images on the contact sheet, at most; the first are taken."""


Existing = Literal["refuse", "overwrite", "skip"]


@dataclass(frozen=True)
class Outputs:
    """What is written, and where.

    Attributes:
        folder: of the drawings.
        size: of the drawings, by the images' own.
        png: write each drawing as PNG too.
        existing: what becomes of drawings that are there: ``refuse`` or ``overwrite`` them, or ``skip`` their images.
        sheet: name of the contact sheet.
        keep_hidden: write shapes that cannot be seen too.
    """

    folder: Path
    size: OutputSize = OutputSize()
    png: bool = False
    existing: Existing = "refuse"
    sheet: str = SHEET
    keep_hidden: bool = False


@dataclass(frozen=True)
class DrawnBatch:
    """A batch of images and their drawings.

    Attributes:
        files: the images, those that cannot be read included.
        failures: path → why it cannot be read, in one line.
        images: all others, ``[n, C, H, W]`` in [0, 1], on the CPU: squares, or one picture that is drawn in tiles.
        scene: their drawings, on the CPU; None if there are none.
        frames: the part of each that shows the picture.
    """

    files: Sequence[ImageFile]
    failures: dict[Path, str]
    images: Tensor
    scene: Scene | None
    frames: Sequence[Frame]

    @property
    def side(self) -> int:
        """Shorter side of the images, pixels."""
        return min(self.images.shape[-2:])


def check_outputs(files: Sequence[ImageFile], outputs: Outputs) -> Sequence[ImageFile]:
    """The images that are to be drawn, after refusing to replace files.

    Raises:
        UserError: an output exists already and may not be overwritten, or is the only image.
    """
    if len(files) == 1:  # of several, none lies in the output folder
        for target in [outputs.folder / outputs.sheet, *_targets(files[0], outputs)]:
            if target.resolve() == files[0].path.resolve():
                raise UserError(f"output: '{target}' is one of the images; choose another folder")
    if outputs.existing == "skip":
        return [file for file in files if not all(target.exists() for target in _targets(file, outputs))]
    for target in chain([outputs.folder / outputs.sheet], *(_targets(file, outputs) for file in files)):
        if outputs.existing == "refuse" and target.exists():
            raise UserError(
                f"output: '{target}' is there already; choose another folder, or write overwrite=true, or skip=true"
            )
    return files


def check_sizes(files: Sequence[ImageFile], view: View, outputs: Outputs) -> None:
    """Refuse pictures that would be too large, before anything is drawn; of each image the beginning is read.

    Raises:
        UserError: naming the first image, and what to write instead.
    """
    if not outputs.png or not outputs.size.is_chosen:
        return
    for file in files:
        try:
            frame = view.frame(*picture_size(file.path), outputs.size)
        except Exception:  # of many types, if the file is damaged: it is named when it is drawn
            continue
        if (why := outputs.size.refusal(frame, file.path.name)) is not None:
            raise UserError(why)


def _targets(file: ImageFile, outputs: Outputs) -> list[Path]:
    path = outputs.folder / file.name
    return [path.with_name(path.name + suffix) for suffix in (".svg", ".png")[: 1 + outputs.png]]


@torch.no_grad()
def vectorize_files(
    model: VectorAutoencoder,
    files: Sequence[ImageFile],
    view: View,
    outputs: Outputs,
    batch_size: int,
    vectorize: Callable[[Tensor], Scene] | None = None,
    workers: int = 0,
) -> Iterator[DrawnBatch]:
    """Vectorize images as squares and write the drawings, batch by batch.

    Args:
        model: on its device.
        files: the images, and the names of their drawings, as ``find_images`` finds them.
        view: how images become square.
        outputs: what is written, and where.
        batch_size: images at a time.
        vectorize: images ``[B, C, S, S]`` on the model's device → crisp scene; by default the model's own method.
        workers: processes that decode images; 0 decodes in threads.

    Yields:
        Each batch as soon as it is drawn; it is written meanwhile.
    """

    def read() -> Iterator[DrawnBatch]:
        pictures, todo = decode_all((file.path for file in files), view, workers), iter(files)
        while batch := list(islice(todo, batch_size)):
            results = list(islice(pictures, len(batch)))
            good = [one for one in results if isinstance(one, Picture)]
            failures = {file.path: one for file, one in zip(batch, results, strict=True) if isinstance(one, str)}
            pixels = np.stack([one.pixels for one in good]) if good else np.empty((0, *view.shape), np.uint8)
            frames = [view.frame(one.width, one.height, outputs.size) for one in good]
            yield DrawnBatch(batch, failures, to_float(torch.from_numpy(pixels)), None, frames)

    yield from draw_batches(model, read(), vectorize or model.vectorize, outputs)


@torch.no_grad()
def draw_batches(
    model: VectorAutoencoder, read: Iterable[DrawnBatch], vectorize: Callable[[Tensor], Scene], outputs: Outputs
) -> Iterator[DrawnBatch]:
    """Draw batches that were read, without their scenes, and write each while the next one is drawn."""
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing = None
        for batch in read:
            if writing is not None:
                writing.result()
            if len(batch.images):
                batch = replace(batch, scene=vectorize(batch.images.to(model.device)).to("cpu"))
                writing = writer.submit(_write, model, batch, outputs)
            yield batch
        if writing is not None:
            writing.result()


def _write(model: VectorAutoencoder, batch: DrawnBatch, outputs: Outputs) -> None:
    assert batch.scene is not None
    files = [file for file in batch.files if file.path not in batch.failures]
    titles = [file.path.name for file in files]
    height, width = batch.images.shape[-2:]
    kept = None if outputs.keep_hidden else _seen(model, batch.scene, height, width)
    frames, keep_hidden = batch.frames, outputs.keep_hidden
    texts = to_svg(batch.scene, height, width, frames=frames, titles=titles, kept=kept, keep_hidden=keep_hidden)
    for index, (file, text, frame) in enumerate(zip(files, texts, batch.frames, strict=True)):
        path, *picture = _targets(file, outputs)
        write_atomic(path, text.encode())
        if picture:
            drawn = draw_picture(batch.scene[index], batch.side, frame, model.decoder.rasterizer)
            write_atomic(picture[0], as_png(drawn))


def _seen(model: VectorAutoencoder, scene: Scene, height: int, width: int) -> Tensor:
    """The shapes of each drawing that can be seen, bool ``[B, N]``."""
    state = DrawState(softness=1.0, exact=True)  # of which a crisp drawing makes no use
    return seen_shapes(model.decoder, scene, height, width, state)


def comparison_sheet(model: VectorAutoencoder, batches: Sequence[DrawnBatch]) -> Image.Image | None:
    """A contact sheet of images, each above its drawing, without the bars; None if there are no images."""
    rows: dict[str, list[Image.Image]] = {"image": [], "drawing": []}
    for batch in batches:
        times = enlargement(batch.side)
        for index, (image, frame) in enumerate(zip(batch.images, batch.frames, strict=True)):
            if len(rows["image"]) < MOST_ON_SHEET and batch.scene is not None:
                left, top, width, height = (round(pixels) for pixels in frame.part)
                width, height = max(1, width), max(1, height)
                whole = to_picture(image[None])
                rows["image"].append(whole.crop((left, top, left + width, top + height)))
                large = Frame(frame.part, times * width, times * height)
                drawn = draw_picture(batch.scene[index], batch.side, large, model.decoder.rasterizer)
                rows["drawing"].append(on_board(drawn))
    return contact_sheet(rows) if rows["image"] else None
