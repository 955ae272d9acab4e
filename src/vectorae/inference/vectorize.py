"""Image files as SVG files, by a trained encoder: many at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vectorae.datasets.decode import decode_in_threads
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic
from vectorae.io.image_files import Job
from vectorae.io.images import Frame, Picture, View, as_png
from vectorae.io.pixels import to_float, to_picture
from vectorae.io.sheets import contact_sheet
from vectorae.scene import Scene
from vectorae.svg import to_svg
from vectorae.training.autoencoder import VectorAutoencoder

SHEET = "contact_sheet.png"

MOST_ON_SHEET = 96
"""Images on the contact sheet; of more than these, the first."""

SHEET_COLUMNS = 12


@dataclass(frozen=True)
class Outputs:
    """What is written.

    Attributes:
        folder: where.
        scale: of the drawings' size; 1 is that of the images.
        png: each drawing as PNG too.
        overwrite: write over files that are there.
    """

    folder: Path
    scale: float = 1.0
    png: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Drawn:
    """Some images that were drawn.

    Attributes:
        jobs: all that were tried.
        failures: image file → why it could not be read, in one line.
        images, drawings: of the others, ``[n, C, S, S]`` in [0, 1].
    """

    jobs: Sequence[Job]
    failures: dict[Path, str]
    images: Tensor
    drawings: Tensor


def check_outputs(jobs: Sequence[Job], outputs: Outputs) -> None:
    """Refuse to write where something would be lost.

    Raises:
        UserError: a file that would be written is there already, or is an image that is to be read.
    """
    if outputs.folder.exists() and not outputs.folder.is_dir():
        raise UserError(f"output: '{outputs.folder}' is a file; name a folder")
    targets = [path for job in jobs for path in _targets(job, outputs)]
    targets += [outputs.folder / SHEET]
    inputs = {job.image.resolve() for job in jobs}
    for target in targets:
        if target.resolve() in inputs:
            raise UserError(f"output: '{target}' is one of the images; choose another folder")
    there = [target for target in targets if target.exists()]
    if there and not outputs.overwrite:
        raise UserError(f"output: '{there[0]}' is there already; choose another folder or write overwrite=true")


def _targets(job: Job, outputs: Outputs) -> list[Path]:
    path = outputs.folder / job.name
    return [path.with_name(path.name + suffix) for suffix in (".svg", ".png")[: 1 + outputs.png]]


@torch.no_grad()
def draw_files(
    model: VectorAutoencoder, jobs: Sequence[Job], view: View, outputs: Outputs, batch_size: int, refine: int = 0
) -> Iterator[Drawn]:
    """Draw images and write the drawings, batch by batch.

    Args:
        model: on its device.
        jobs: from ``find_jobs``.
        view: how images become square.
        outputs: what is written.
        batch_size: images at a time.
        refine: optimizer steps that follow the encoder.

    Yields:
        After each batch.
    """
    pictures = decode_in_threads([job.image for job in jobs], view)
    todo = iter(jobs)
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing = None
        while batch := list(islice(todo, batch_size)):
            results = list(islice(pictures, len(batch)))
            good = [(job, one) for job, one in zip(batch, results, strict=True) if isinstance(one, Picture)]
            failures = {job.image: one for job, one in zip(batch, results, strict=True) if isinstance(one, str)}
            pixels = np.stack([one.pixels for _, one in good]) if good else np.empty((0, *view.shape), np.uint8)
            images = to_float(torch.from_numpy(pixels))
            if writing is not None:
                writing.result()
            if good:
                scene = model.vectorize(images.to(model.device), refine)
                frames = [view.frame(one.width, one.height, outputs.scale) for _, one in good]
                drawings = model.decoder.draw(scene, view.size, view.size, model.state, crisp=True).cpu()
                writing = writer.submit(_write, model, [job for job, _ in good], scene.to("cpu"), frames, outputs)
            else:
                drawings = images
            yield Drawn(batch, failures, images, drawings)
        if writing is not None:
            writing.result()


def _write(
    model: VectorAutoencoder, jobs: Sequence[Job], scene: Scene, frames: Sequence[Frame], outputs: Outputs
) -> None:
    size, titles = model.image_size, [job.image.name for job in jobs]
    texts = to_svg(scene, size, size, frames=frames, titles=titles)
    for index, (job, text, frame) in enumerate(zip(jobs, texts, frames, strict=True)):
        path, *picture = _targets(job, outputs)
        write_atomic(path, text.encode())
        if picture:
            write_atomic(picture[0], as_png(framed(model, scene[index], frame)))


def framed(model: VectorAutoencoder, drawing: Scene, frame: Frame) -> Image.Image:
    """A drawing as its SVG shows it: the part in the frame, at the frame's size."""
    times = max(frame.width / frame.seen_width, frame.height / frame.seen_height)
    side = max(1, round(model.image_size * times))
    image = to_picture(model.decoder.draw(drawing, side, side, model.state, crisp=True))
    unit = side / model.image_size
    left, top = frame.left * unit, frame.top * unit
    box = (left, top, min(side, left + frame.seen_width * unit), min(side, top + frame.seen_height * unit))
    return image.resize((frame.width, frame.height), Image.Resampling.BILINEAR, box=box)


def sheet_of(drawn: Sequence[Drawn]) -> Image.Image | None:
    """Images, and below each its drawing; None if there are none."""
    images = torch.cat([one.images for one in drawn])[:MOST_ON_SHEET]
    drawings = torch.cat([one.drawings for one in drawn])[:MOST_ON_SHEET]
    if not len(images):
        return None
    columns = min(SHEET_COLUMNS, len(images))
    missing = -len(images) % columns
    rows = [torch.cat([part, part.new_ones(missing, *part.shape[1:])]).split(columns) for part in (images, drawings)]
    return Image.fromarray(contact_sheet([row for pair in zip(*rows, strict=True) for row in pair]))
