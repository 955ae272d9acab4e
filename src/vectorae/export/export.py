"""From a trained model to a folder that another program takes: made beside, compared with the model, then kept."""

import json
import os
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vectorae.config.paths import check_output_folder
from vectorae.errors import UserError, choose
from vectorae.export.formats import FORMATS
from vectorae.export.left_out import LeftOut, measure_left_out, toy_faces
from vectorae.export.network import SceneNetwork
from vectorae.export.standalone import standalone
from vectorae.io.atomic import replacing, write_atomic
from vectorae.training.autoencoder import VectorAutoencoder

TOLERANCE = 1e-4
"""How far an export may be off, in canvas units, parts of 1 and radians."""

ENCODER, LEFT_OUT = "encoder and layout", ", without the learned refinement, which needs the rasterizer"
"""What is in an export of the encoder."""

WHOLE, REFINED = "weights of the whole model", ", learned refinement included"
"""What is in an export of the whole model."""

SCENE, DRAW = "scene.json", "draw.py"


class Exported(NamedTuple):
    """How near an export is to its model.

    Attributes:
        difference: the largest on random images and toy faces, in batches of several sizes.
        left_out: what it does not do, in decibels; None if nothing.
    """

    difference: float
    left_out: LeftOut | None


@torch.no_grad()
def export(
    model: VectorAutoencoder, name: str, folder: Path, overwrite: bool = False, count: int | None = None
) -> Exported:
    """Write the encoder and its layout, and ``scene.json``; for ONNX also ``draw.py``, which needs no torch.

    Args:
        model: a trained one, on the CPU.
        name: a key of ``FORMATS``.
        folder: where.
        overwrite: write over files that are there.
        count: how many shapes the exported encoder draws with, of a model of any number of them; None is all.

    Raises:
        UserError: no such format, a package that is missing, files that are there, a count that the model cannot
            have, or a difference above ``TOLERANCE``; nothing is written then.
    """
    if name not in FORMATS:
        raise UserError(f"format: no '{name}'; {choose(name, FORMATS)}")
    chosen = FORMATS[name]
    chosen.check()
    if getattr(model.encoder.head, "draws", False):
        name = type(model.encoder.head).__name__.lower()
        raise UserError(f"checkpoint: its {name} head draws while it predicts, and an export cannot; use vectorize")
    check_output_folder("output", folder)
    files = [chosen.file, SCENE, *([DRAW] if name == "onnx" else [])]
    there = [folder / file for file in files if (folder / file).exists()]
    if there and not overwrite:
        raise UserError(f"output: '{there[0]}' is there already; choose another folder or write overwrite=true")
    if chosen.whole and count is not None:
        raise UserError(f"count: {name} keeps the whole model, which draws any number of shapes; leave it out")
    with model.limited_to(count):
        return _export(model, name, folder.absolute(), files)


def _export(model: VectorAutoencoder, name: str, folder: Path, files: Sequence[str]) -> Exported:
    chosen, network = FORMATS[name], SceneNetwork(model.float()).eval()
    # On the same disk, and where files can be made.
    part = next(one for one in (folder, *folder.parents) if one.is_dir()) / f"{folder.name}.part"
    part.mkdir(exist_ok=True)
    try:
        _check_room(model, part)
        with replacing(part / chosen.file) as unfinished:
            chosen.write(model, network, unfinished)
        difference = largest_difference(model, network, name, part / chosen.file)
        if not difference <= TOLERANCE:
            raise UserError(f"format: the {name} export is off by {difference:.1e}; more than {TOLERANCE} is refused")
        left_out = None if chosen.whole else measure_left_out(model)
        described = json.dumps(description(model, network, chosen.whole, left_out), indent=1, ensure_ascii=False) + "\n"
        write_atomic(part / SCENE, described.encode())
        if name == "onnx":
            write_atomic(part / DRAW, standalone().encode())
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            os.replace(part / file, folder / file)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(difference, left_out)


def _check_room(model: VectorAutoencoder, folder: Path) -> None:
    """Torch and safetensors have errors of their own for a full disk."""
    weights = sum(one.numel() * one.element_size() for one in model.state_dict().values())
    needed, free = int(1.2 * weights) + 2**20, shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(f"output: {needed / 2**20:.0f} MiB are needed and {free / 2**20:.0f} MiB are free; make room")


def description(
    model: VectorAutoencoder, network: SceneNetwork, whole: bool, left_out: LeftOut | None
) -> dict[str, Any]:
    """The content of ``scene.json``, of an export of the whole model or of its encoder.

    ``input.bars`` says what fills the square around a picture that is not square: ``edge``, its outermost pixels, which
    go on, or ``black``. ``left_out`` is null, or what the export does without costs: ``psnr_crisp`` of the model and
    ``psnr_encoder_crisp`` of what is exported, dB, the means over ``images`` images of a ``source``.
    """
    channels, side, meaning = model.layout.image_channels, model.image_size, "square images"
    meaning += ", grey" if model.layout.channels == 1 else ""
    meaning += ", multiplied with alpha, which is the last channel" if model.layout.is_transparent else ""
    content = ENCODER + ("" if model.count is None else f" for {model.count} shapes") + (LEFT_OUT if left_out else "")
    if whole:
        content = f"{WHOLE}{REFINED if model.options.refine_steps else ''}; the outputs are those of its {ENCODER}"
    return {
        "made_by": f"vectorae {version('vectorae')}",
        "network": content,
        "left_out": None if left_out is None else left_out._asdict(),
        "input": {
            "name": "images",
            "shape": ["batch", channels, side, side],
            "unit": "[0, 1], sRGB",
            "meaning": meaning,
            "bars": model.bars,
        },
        **network.describe(),
    }


def largest_difference(model: VectorAutoencoder, network: SceneNetwork, name: str, path: Path) -> float:
    """The largest difference between the file and the model; infinite if anything is not finite.

    The file's numbers are compared with the network's, and the network's crisp drawing with the model's: numbers near
    a discrete choice may differ by rounding, and then the drawings of two programs would.
    """
    largest, side = 0.0, model.image_size
    for images in probes(model.layout.image_channels, side):
        expected, found = network(images), FORMATS[name].run(path, images)
        if {key: one.shape for key, one in expected.items()} != {key: one.shape for key, one in found.items()}:
            return float("inf")
        drawn = model.decoder.draw(network.scene(expected), side, side, model.state, crisp=True)
        differences = [model.render(model.encoder(images, visible=model.count), crisp=True) - drawn]
        differences += [one - found[key] for key, one in expected.items()]
        for difference in differences:
            largest = max(largest, float(difference.abs().nan_to_num(float("inf")).max()))
    return largest


def probes(channels: int, side: int) -> list[Tensor]:
    """Images to compare on: noise, one alone, and toy faces, which are opaque if there is alpha."""
    noise = torch.rand(5, channels, side, side, generator=torch.Generator().manual_seed(0))
    return [noise, noise[:1], toy_faces("test", 8, side, channels)]
