"""Image files as SVG files, by a trained encoder: many at once."""

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vectorae.autoencoder import VectorAutoencoder
from vectorae.datasets.decode import decode_in_threads
from vectorae.datasets.folder import image_extensions, image_files
from vectorae.errors import UserError
from vectorae.evaluation import contact_sheet, to_float
from vectorae.files import write_beside
from vectorae.pictures import Frame, Picture, View, as_png
from vectorae.scene import Scene
from vectorae.svg import to_svg

SHEET = "contact_sheet.png"

MOST_ON_SHEET = 96
"""Images on the contact sheet; of more than these, the first."""

SHEET_COLUMNS = 12


@dataclass(frozen=True)
class Job:
    """An image file and where its drawing goes.

    Attributes:
        image: the file.
        name: of the drawing below the output folder, without the suffix.
    """

    image: Path
    name: Path


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


def find_jobs(given: str, folder: Path) -> list[Job]:
    """The images that a file, a folder (with all below it) or a glob names, and a name for each drawing.

    Drawings lie below the output folder as images do below the folder given, or below the part of the glob that has no
    wildcard; where two would have one name (``a.png`` and ``a.jpg``), they keep the suffix: ``a.png.svg``.

    Args:
        given: file, folder or glob (``**`` for all folders below).
        folder: of the output; what lies in it is no input.

    Raises:
        UserError: there is nothing, or no image.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        root, files = path, [path / name for name in image_files(path)]
    elif path.is_file():
        root, files = path.parent, [path]
    elif glob.has_magic(str(path)):
        root = _fixed_part(path)
        extensions = image_extensions()
        found = sorted(root.glob(str(path.relative_to(root))))
        files = [file for file in found if file.suffix.lower() in extensions and file.is_file()]
    else:
        raise UserError(f"input: '{given}' does not exist; name an image, a folder of images, or a pattern: 'in/*.png'")
    inside = folder.resolve()
    files = [file for file in files if path.is_file() or not file.resolve().is_relative_to(inside)]
    if not files:
        raise UserError(f"input: no images in '{given}'")
    return [Job(file, name) for file, name in zip(files, _names(files, root), strict=True)]


def _fixed_part(pattern: Path) -> Path:
    parts = list(pattern.parts)
    while parts and glob.has_magic(str(Path(*parts))):
        parts.pop()
    return Path(*parts) if parts else Path()


def _names(files: Sequence[Path], root: Path) -> list[Path]:
    """A name for each file, none twice, on file systems too that take upper and lower case for the same."""
    whole = [file.relative_to(root) for file in files]
    short = [name.with_suffix("") for name in whole]
    often = Counter(str(name).casefold() for name in short)
    names, taken = [], {Path(SHEET).stem}
    for long, name in zip(whole, short, strict=True):
        chosen = name if often[str(name).casefold()] == 1 else long
        number = 2
        while str(chosen).casefold() in taken:
            chosen = long.with_name(f"{long.name} ({number})")
            number += 1
        taken.add(str(chosen).casefold())
        names.append(chosen)
    return names


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
                drawings = model.rasterizer.crisp(scene, view.size, view.size).cpu()
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
    texts = to_svg(scene, size, size, compositing=model.rasterizer.compositing, frames=frames, titles=titles)
    for index, (job, text, frame) in enumerate(zip(jobs, texts, frames, strict=True)):
        path, *picture = _targets(job, outputs)
        write_beside(path, text.encode())
        if picture:
            write_beside(picture[0], as_png(framed(model, scene[index], frame)))


def framed(model: VectorAutoencoder, drawing: Scene, frame: Frame) -> Image.Image:
    """A drawing as its SVG shows it: the part in the frame, at the frame's size."""
    times = max(frame.width / frame.seen_width, frame.height / frame.seen_height)
    side = max(1, round(model.image_size * times))
    pixels = model.rasterizer.crisp(drawing, side, side)[0].clamp(0, 1).mul(255).round().byte().cpu()
    image = Image.fromarray(pixels.permute(1, 2, 0).expand(-1, -1, 3).contiguous().numpy())
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
