"""A page that draws in the browser: a static folder of the page, the model, its runtime and examples."""

import json
import os
import shutil
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import torch

from vectorae.config.paths import check_output_folder
from vectorae.errors import UserError
from vectorae.export import onnxruntime_web
from vectorae.export.examples import examples
from vectorae.export.export import ALL, CORRECTED, TOLERANCE, Exported, Limits, export, largest_difference
from vectorae.export.formats import FORMATS
from vectorae.export.network import SceneNetwork
from vectorae.export.onnxruntime_web import Runtime
from vectorae.io.atomic import write_atomic
from vectorae.training.autoencoder import VectorAutoencoder

INDEX, SITE = "index.html", "site.json"

FIRST, MODEL = "first.onnx", "model.onnx"
"""Where the model corrects its drawings, a page draws with the encoder alone until all of it is loaded too."""

OWN_HOST = "connect-src 'self';"
"""In the page's policy: it reads from nowhere else."""


@torch.no_grad()
def export_site(
    model: VectorAutoencoder, folder: Path, overwrite: bool = False, limits: Limits = ALL, runtime: str = "npm"
) -> Exported:
    """Write a page that draws images with the model, for any web server of static files.

    Args:
        model, overwrite, limits: as of ``export``, whose ONNX file and ``scene.json`` the page reads.
        folder: where.
        runtime: ``npm`` copies ONNX Runtime into the folder; ``cdn`` leaves it where a content delivery network has it.

    Raises:
        UserError: as ``export``; a runtime that npm does not deliver; nothing is written then.
    """
    check_output_folder("output", folder)
    if (folder / INDEX).exists() and not overwrite:
        raise UserError(f"output: '{folder / INDEX}' is there already; choose another folder or write overwrite=true")
    folder = folder.absolute()
    # On the same disk, and where files can be made.
    part = next(one for one in (folder, *folder.parents) if one.is_dir()) / f"{folder.name}.{os.getpid()}.part"
    try:
        described = onnxruntime_web.linked() if runtime == "cdn" else onnxruntime_web.copied(part)
        done = export(model, "onnx", part, True, limits)
        if CORRECTED in done.content:
            write_first(model, part / FIRST, limits)
        write_page(part, described, model.layout.image_channels)
        for file in sorted(path for path in part.rglob("*") if path.is_file()):
            target = folder / file.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return done


def write_first(model: VectorAutoencoder, path: Path, limits: Limits) -> None:
    """The encoder of a model that corrects its drawings, alone."""
    with model.limited_to(limits.count):
        network = SceneNetwork(model.float()).eval()
        FORMATS["onnx"].write(model, network, path)
        difference = largest_difference(model, network, "onnx", path)
    if not difference <= TOLERANCE:
        raise UserError(f"format: the encoder's file is off by {difference:.1e}; more than {TOLERANCE} is refused")


def write_page(folder: Path, runtime: Runtime, channels: int) -> None:
    """The page's own files, its examples, and what it must know of both."""
    for name, content in page().items():
        if name == INDEX and "://" in runtime["wasm"]["binary"]:
            content = content.replace(OWN_HOST.encode(), f"{OWN_HOST[:-1]} {onnxruntime_web.CDN};".encode())
        write_atomic(folder / name, content)
    networks = [name for name in (FIRST, MODEL) if (folder / name).exists()]
    described: dict[str, Any] = {"runtime": runtime, "networks": networks, "examples": []}
    for example in examples(channels):
        write_atomic(folder / "examples" / example.file, example.content)
        described["examples"].append({"file": f"examples/{example.file}", "name": example.name})
    write_atomic(folder / SITE, (json.dumps(described, indent=1) + "\n").encode())


def page() -> dict[str, bytes]:
    """The files of the page by their places in its folder."""

    def contents(folder: Traversable, place: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for one in folder.iterdir():
            if one.is_dir():
                found |= contents(one, f"{place}{one.name}/")
            else:
                found[f"{place}{one.name}"] = one.read_bytes()
        return found

    return contents(files("vectorae.export") / "web", "")
