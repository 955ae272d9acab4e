"""From a trained model to a folder that another program takes: made beside, compared with the model, then kept."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vectorae.compat import without_stack_traces
from vectorae.config.paths import check_output_folder
from vectorae.encoders import Refiner
from vectorae.errors import UserError, choose
from vectorae.export.corrected import CorrectedNetwork, why_not
from vectorae.export.formats import FORMATS, Tensors
from vectorae.export.left_out import LeftOut, measure_left_out, toy_faces
from vectorae.export.network import SceneNetwork
from vectorae.export.standalone import standalone
from vectorae.io.atomic import replacing, write_atomic
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.candidates import answering, limit_answers
from vectorae.training.options import ModelOptions

TOLERANCE = 1e-4
"""How far an export may be off, in canvas units, parts of 1 and radians."""

CORRECTED_TOLERANCE = 1e-3
"""The same, of half of the drawings that were corrected: in each correction, what rounding to float32 adds may grow."""

FEW_CORRECTIONS = 4
"""After these the drawings of model and export are compared: with many more, what rounding adds may have grown."""

ENCODER, LEFT_OUT = "encoder and layout", ", without the learned refinement"
"""What is in an export of the encoder."""

CORRECTED = "learned corrections"
"""What is in an export that corrects its drawings."""

UNGROWN = "shapes are drawn anew by vectorae alone"
"""Why an export goes without regrowths."""

OPERATOR = "vectorae.rasterizer.cpu.custom_operator"
"""What has to be imported before an export is opened that does not stand alone."""

WHOLE, REFINED = "weights of the whole model", ", learned refinement included"
"""What is in an export of the whole model."""

SCENE, DRAW = "scene.json", "draw.py"


class Exported(NamedTuple):
    """How near an export is to its model.

    Attributes:
        difference: the largest on random images and toy faces, in batches of several sizes; of drawings that are
            corrected, that of the median toy face.
        left_out: what it does not do, in decibels; None if nothing.
        content: what is in it.
    """

    difference: float
    left_out: LeftOut | None
    content: str


@dataclass(frozen=True)
class Limits:
    """With how much of a model an export draws; None is all.

    Attributes:
        count: shapes, of a model of any number of them.
        hypotheses: of which the best drawing is chosen.
        answer_steps: learned corrections of each.
    """

    count: int | None = None
    hypotheses: int | None = None
    answer_steps: int | None = None


ALL = Limits()


@torch.no_grad()
def export(
    model: VectorAutoencoder, name: str, folder: Path, overwrite: bool = False, limits: Limits = ALL
) -> Exported:
    """Write a model, and ``scene.json``; for ONNX also ``draw.py``, which needs no torch.

    Args:
        model: a trained one, on the CPU.
        name: a key of ``FORMATS``.
        folder: where.
        overwrite: write over files that are there.
        limits: with how much of the model it draws.

    Raises:
        UserError: no such format, a package that is missing, files that are there, limits that the model cannot
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
    for key, limit in vars(limits).items():
        if chosen.whole and limit is not None:
            raise UserError(f"{key}: {name} keeps the whole model, which may be limited when it is used; leave it out")
    own = model.options
    with model.limited_to(limits.count), answering(model, own):
        limit_answers(model, limits.hypotheses, limits.answer_steps, regrowths=0 if own.num_regrowths else None)
        network, why = _network(model.float(), name, limits)
        why = why or (UNGROWN if own.num_regrowths else "")
        return _export(model, network.eval(), name, folder.absolute(), files, own, why)


def _network(model: VectorAutoencoder, name: str, limits: Limits) -> tuple[SceneNetwork, str]:
    """What is exported, and why it is less than the model, if it is."""
    chosen, asked = FORMATS[name], {"hypotheses": limits.hypotheses, "answer_steps": limits.answer_steps}
    why = " ".join(f"{key}={limit}" for key, limit in asked.items() if limit is not None)
    if chosen.whole or not model.options.corrects:
        return SceneNetwork(model), why
    if not isinstance(model.refiner, Refiner | None):
        own = f"what {type(model.refiner).__name__} remembers from step to step is known to itself alone"
        if why:
            raise UserError(f"{why.split('=')[0]}: {own}, and exports go without its corrections; leave it out")
        return SceneNetwork(model), own
    reason = why_not(model)
    if reason is None or not chosen.stands_alone:
        return CorrectedNetwork(model, stands_alone=reason is None), why
    if why:
        raise UserError(f"{why.split('=')[0]}: {reason}, and {name} goes without; write format=torch_export")
    return SceneNetwork(model), f"{reason}; format=torch_export has them"


def _export(
    model: VectorAutoencoder,
    network: SceneNetwork,
    name: str,
    folder: Path,
    files: Sequence[str],
    own: ModelOptions,
    why: str,
) -> Exported:
    chosen = FORMATS[name]
    # On the same disk, and where files can be made.
    part = next(one for one in (folder, *folder.parents) if one.is_dir()) / f"{folder.name}.part"
    part.mkdir(exist_ok=True)
    try:
        _check_room(model, part)
        with replacing(part / chosen.file) as unfinished, without_stack_traces():
            chosen.write(model, network, unfinished)
        measure, limit = largest_difference, TOLERANCE
        if isinstance(network, CorrectedNetwork):
            measure, limit = median_difference, CORRECTED_TOLERANCE
        difference = measure(model, network, name, part / chosen.file)
        if not difference <= limit:
            raise UserError(f"format: the {name} export is off by {difference:.1e}; more than {limit} is refused")
        left_out, exported = None, model.options if isinstance(network, CorrectedNetwork) else None
        if not chosen.whole and exported != own:
            with answering(model, own):
                left_out = measure_left_out(model, exported, why)
        content = _content(model, network, chosen.whole, left_out is not None)
        described = {**description(model, network, content), "left_out": left_out and left_out._asdict()}
        write_atomic(part / SCENE, (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode())
        if name == "onnx":
            write_atomic(part / DRAW, standalone().encode())
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            os.replace(part / file, folder / file)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(difference, left_out, content)


def _check_room(model: VectorAutoencoder, folder: Path) -> None:
    """Torch and safetensors have errors of their own for a full disk."""
    weights = sum(one.numel() * one.element_size() for one in model.state_dict().values())
    needed, free = int(1.2 * weights) + 2**20, shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(f"output: {needed / 2**20:.0f} MiB are needed and {free / 2**20:.0f} MiB are free; make room")


def _content(model: VectorAutoencoder, network: SceneNetwork, whole: bool, less: bool) -> str:
    """What is in an export, in a line."""
    options, content = model.options, ENCODER + ("" if model.count is None else f" for {model.count} shapes")
    if whole:
        return f"{WHOLE}{REFINED if options.refine_steps else ''}; the outputs are those of its {ENCODER}"
    if not isinstance(network, CorrectedNetwork):
        return content + (LEFT_OUT if less else "")
    content += f", {options.num_corrections} {CORRECTED}"
    content += f" of each of {options.num_hypotheses} hypotheses" if options.num_hypotheses > 1 else ""
    return content if network.stands_alone else f"{content}; import {OPERATOR} before it is opened"


def description(model: VectorAutoencoder, network: SceneNetwork, content: str) -> dict[str, Any]:
    """The content of ``scene.json``, of an export whose content is this.

    ``input.bars`` says what fills the square around a picture that is not square: ``edge``, its outermost pixels, which
    go on, or ``black``. ``left_out`` is null, or what the export does without costs: see ``LeftOut``.
    """
    channels, side, meaning = model.layout.image_channels, model.image_size, "square images"
    meaning += ", grey" if model.layout.channels == 1 else ""
    meaning += ", multiplied with alpha, which is the last channel" if model.layout.is_transparent else ""
    return {
        "made_by": f"vectorae {version('vectorae')}",
        "network": content,
        "left_out": None,
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
    run = FORMATS[name].open(path)
    faces = probes(model.layout.image_channels, model.image_size)
    return max(float(_differences(model, network, name, run, images).max()) for images in faces)


def median_difference(model: VectorAutoencoder, network: SceneNetwork, name: str, path: Path) -> float:
    """The largest difference between the file and the model on the median of some toy faces, as above.

    Of noise, which no drawing is like, corrections lead anywhere.
    """
    *_, faces = probes(model.layout.image_channels, model.image_size)
    return float(_differences(model, network, name, FORMATS[name].open(path), faces).median())


def _differences(
    model: VectorAutoencoder, network: SceneNetwork, name: str, run: Callable[[Tensor], Tensors], images: Tensor
) -> Tensor:
    """The largest difference of each image, ``[B]``: of the file from the network, or of the network from the model."""
    found, off = run(images), torch.full((len(images),), torch.inf)
    if isinstance(network, CorrectedNetwork) and network.stands_alone and name == "onnx":
        off = _between(network.in_double(images), found)
    if not off.median() <= TOLERANCE:  # a file in float32
        off = torch.minimum(off, _between(network(images), found))
    return torch.maximum(off, _from_model(model, network, images))


def _between(expected: Tensors, found: Tensors) -> Tensor:
    """The largest difference of each image, ``[B]``; infinite where the outputs are others."""
    shapes, others = ({name: one.shape for name, one in outputs.items()} for outputs in (expected, found))
    if shapes != others:
        return torch.full((len(next(iter(expected.values()))),), torch.inf)
    return torch.stack([_largest(one - found[name]) for name, one in expected.items()]).amax(0)


def _from_model(model: VectorAutoencoder, network: SceneNetwork, images: Tensor) -> Tensor:
    """The largest difference of each crisp drawing ``[B]``; after few corrections, before rounding has grown."""
    side = model.image_size
    if isinstance(network, CorrectedNetwork):
        few = replace(model.options, answer_steps=min(FEW_CORRECTIONS, model.options.num_corrections))
        with answering(model, few):
            raw, outputs = model.answer(images), network.outputs(network.answer(images, FEW_CORRECTIONS))
    else:
        raw, outputs = network.answer(images), network(images)
    drawn = model.decoder.draw(network.scene(outputs), side, side, model.state, crisp=True)
    return _largest(model.render(raw, crisp=True) - drawn)


def _largest(differences: Tensor) -> Tensor:
    return differences.abs().nan_to_num(torch.inf).flatten(1).amax(1)


def probes(channels: int, side: int) -> list[Tensor]:
    """Images to compare on: noise, one alone, and toy faces, which are opaque if there is alpha."""
    noise = torch.rand(5, channels, side, side, generator=torch.Generator().manual_seed(0))
    return [noise, noise[:1], toy_faces("test", 8, side, channels, backend="reference")]
