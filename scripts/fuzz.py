"""Hostile input: configs, images, checkpoints, exports and shards that are wrong in random ways.

`python -m scripts.fuzz 10000 --seed 0`: each gives a result or one line within ten seconds and 2 GiB; nothing is
executed or fetched, and nothing is written outside of the folder that belongs to it.
"""

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tarfile
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from scripts.sandbox import SECONDS, Sandbox, TooLongError, within_limits
from vectorae.commands import evaluate, export, fit, sample, shards, train, vectorize
from vectorae.config.components import flatten
from vectorae.datasets import ImageData, Streaming
from vectorae.datasets.write_shards import index_shards, write_shards
from vectorae.errors import UserError
from vectorae.export import draw
from vectorae.io.image_files import find_images
from vectorae.io.images import View, read_picture, read_whole
from vectorae.training import checkpoint as checkpoints

SHARES = {"images": 0.4, "configs": 0.2, "checkpoints": 0.2, "shards": 0.1, "exports": 0.1}
"""Of the inputs of each kind."""

TINY = [
    "dataset.image_size=16",
    "dataset.train_count=4",
    "dataset.val_count=2",
    "dataset.test_count=2",
    "encoder.width=4",
    "head.width=8",
    "refiner.width=8",
    "primitives.rows=2",
    "primitives.columns=2",
    "model.refine_steps=1",
    "model.answer_steps=1",
    "model.hypotheses=1",
    "trainer.accelerator=cpu",
]

VALUES = [
    *("0", "-1", "1", "2", "3", "16", "65", "1000000", "99999999999999999999", "1e308", "-1e308", "1e-320", "0.5"),
    *(
        "nan",
        "inf",
        "-inf",
        "true",
        "false",
        "null",
        "''",
        "abc",
        "\u00e9\u0000",
        "[]",
        "[1,2]",
        "[null]",
        "{}",
        "{a: 1}",
    ),
    *(
        "../../x",
        "/etc/passwd",
        "/dev/zero",
        "~",
        "CON",
        "a b",
        "${seed}",
        "${oc.env:HOME}",
        "${nothing}",
        "$(touch x)",
    ),
    *("'" + "9" * 5000 + "'", "x" * 5000, "__import__", "os.system", "builtins.eval", "http://127.0.0.1:9/x"),
]
"""Values that keys of configs are given."""


def flipped(chance: random.Random, content: bytes) -> bytes:
    """A file with some bytes changed, cut, doubled or put in the wrong place."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 4, 64))):
        at = chance.randrange(len(changed) or 1)
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at:]
            case 2:
                changed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"))
            case 3:
                piece = changed[at : at + chance.randrange(1, 200)]
                changed[at:at] = piece * chance.randrange(1, 5)
            case 4:
                del changed[at : at + chance.randrange(1, 200)]
    return bytes(changed)


@dataclass
class Inputs:
    """Makes inputs and tries them, one of each kind at a time.

    Attributes:
        chance: of the inputs.
        folder: for all files.
    """

    chance: random.Random
    folder: Path

    def prepare(self) -> None:
        """Write the good files that the bad ones are made of."""
        self.pictures = _good_pictures(self.folder / "pictures")
        run = self.folder / "run"
        own = [f"hydra.run.dir={run}", f"dataset.cache={self.folder / 'cache'}"]
        _command(train.main, [*TINY, *own, "trainer.max_steps=1", "trainer.val_check_interval=1"])
        self.checkpoint = run / "checkpoints" / "last.ckpt"
        self.content = torch.load(self.checkpoint, weights_only=True)
        for kind, limits in (("onnx", ["answer_steps=0"]), ("safetensors", [])):
            given = [f"checkpoint={self.checkpoint}", f"format={kind}", f"output={self.folder / kind}"]
            _command(export.main, [*given, *limits])
        self.weights = self.folder / "safetensors" / "model.safetensors"
        (self.folder / "photos").mkdir()
        for number in range(9):
            shutil.copy(self.pictures[0], self.folder / "photos" / f"{number}.png")
        found = find_images(str(self.folder / "photos"), self.folder)
        list(write_shards(found, self.folder / "good", 3, 10, None, 0, 0))

    def images(self) -> None:
        """A damaged image file, as a square and whole."""
        original = self.chance.choice(self.pictures)
        content = flipped(self.chance, original.read_bytes())
        view = View(16, self.chance.choice((1, 3)), self.chance.choice(("crop", "pad", "stretch")))
        with contextlib.suppress(Exception):  # its reader says which: any error leaves an image out
            pixels = read_picture(io.BytesIO(content), view).pixels
            assert pixels.shape == view.shape
            assert pixels.dtype == np.uint8
        with contextlib.suppress(Exception):
            read_whole(io.BytesIO(content), 16, 3, most=10**6)

    def configs(self) -> None:
        """A command with values that it does not expect; what takes long is left out."""
        name = self.chance.choice(list(COMMANDS))
        schema, main, base = COMMANDS[name]
        defaults = self._defaults(name, schema)
        keys = self.chance.choices(defaults, k=self.chance.choice((1, 1, 2, 3)))
        overrides = [f"{self.chance.choice(('', '', '', '+', '++'))}{key}={self.chance.choice(VALUES)}" for key in keys]
        output = self.folder / "out"
        places = {"checkpoint": self.checkpoint, "output": output, "photos": self.folder / "photos"}
        arguments = [one.format(**places) for one in base]
        if name == "export":
            arguments.append("overwrite=true")
        with contextlib.ExitStack() as stack:
            for target, method, result in QUICK:
                stack.enter_context(patch.object(target, method, result))
            _command(main, [*arguments, *overrides])

    def _defaults(self, name: str, schema: type) -> list[str]:
        if name == "train":
            return list(flatten(self.content["vectorae"]["config"]))
        return [key for key in schema.__dataclass_fields__ if key not in ("device",)]  # type: ignore[attr-defined]

    def checkpoints(self) -> None:
        """A checkpoint or exported weights with damaged bytes, or a whole checkpoint with wrong contents."""
        good = self.chance.choice((self.checkpoint, self.weights))
        path = self.folder / f"bad{good.suffix}"
        if self.chance.random() < 0.5:
            path.write_bytes(flipped(self.chance, good.read_bytes()))
        else:
            path = path.with_suffix(".ckpt")
            torch.save(self._changed(self.content), path)
        with _one_line():
            model = checkpoints.load(path)
            model.vectorize(torch.rand(1, model.layout.channels, model.image_size, model.image_size))

    def _changed(self, content: Any) -> Any:
        """A copy with something, somewhere, replaced."""
        if isinstance(content, dict) and content and self.chance.random() < 0.9:
            key = self.chance.choice(list(content))
            if self.chance.random() < 0.15:
                return {name: value for name, value in content.items() if name != key}
            return {**content, key: self._changed(content[key])}
        if isinstance(content, torch.Tensor) and content.numel() and self.chance.random() < 0.5:
            changed = content.clone()
            if changed.is_floating_point():
                changed[(0,) * changed.dim()] = self.chance.choice((float("nan"), float("inf"), 1e30))
            return changed
        junk: list[Any] = [None, 0, -1, 10**20, "x", [], {}, 1.5, float("nan"), torch.zeros(3), torch.zeros(0), True]
        return self.chance.choice(junk)

    def shards(self) -> None:
        """A folder of shards with damaged tar files, a damaged index, or both."""
        folder = self.folder / "shards"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "good", folder)
        for path in self.chance.sample(sorted(folder.iterdir()), self.chance.choice((1, 2))):
            path.write_bytes(flipped(self.chance, path.read_bytes()))
        with tarfile.open(folder / "train-000009.tar", "w") as tar:
            for name in ("../../x.png", "/etc/x.png", "a.png"):
                member = tarfile.TarInfo(name)
                member.type = self.chance.choice((tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE))
                member.linkname = "/etc/passwd"
                tar.addfile(member, io.BytesIO(b""))
        with _one_line():
            if self.chance.random() < 0.5:
                (folder / "shards.json").unlink()
                index_shards(folder)
            data = Streaming(str(folder), cache=str(self.folder / "cache"), image_size=16, batch_size=4, open_shards=2)
            next(iter(data.train_dataloader()))

    def exports(self) -> None:
        """An export of a checkpoint with wrong contents, or a drawing by a damaged export."""
        if self.chance.random() < 0.5:
            self._bad_checkpoint()
        else:
            self._damaged_export()

    def _bad_checkpoint(self) -> None:
        path = self.folder / "bad.ckpt"
        torch.save(self._changed(self.content), path)
        output, kind = self.folder / "out", self.chance.choice(("safetensors", "safetensors", "nonsense", "../x"))
        shutil.rmtree(output, ignore_errors=True)
        _command(export.main, [f"checkpoint={path}", f"format={kind}", f"output={output}"])

    def _damaged_export(self) -> None:
        folder = self.folder / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "onnx", folder)
        model, scene, image = folder / "model.onnx", folder / "scene.json", folder / "image.png"
        shutil.copy(self.pictures[0], image)
        match self.chance.randrange(4):
            case 0:
                model.write_bytes(flipped(self.chance, model.read_bytes()))
            case 1:
                scene.write_bytes(flipped(self.chance, scene.read_bytes()))
            case 2:
                scene.write_text(json.dumps(self._changed(json.loads(scene.read_text())), default=str))
            case 3:
                image.write_bytes(flipped(self.chance, image.read_bytes()))
        _command(draw.main, [str(model), str(image), str(self.folder / "out.svg")], "draw.py: error:")


def _nothing(*_: Any, **__: Any) -> None:
    """In place of what takes long."""


COMMANDS: dict[str, tuple[type, Callable[[], int], Sequence[str]]] = {
    "train": (train.TrainConfig, train.main, TINY),
    "fit": (fit.FitConfig, fit.main, ["size=16", "max_steps=2", "primitives.count=4", "device=cpu"]),
    "vectorize": (
        vectorize.VectorizeConfig,
        vectorize.main,
        ["checkpoint={checkpoint}", "input={photos}", "output={output}", "overwrite=true", "device=cpu"],
    ),
    "sample": (sample.SampleConfig, sample.main, ["checkpoint={checkpoint}", "output={output}", "device=cpu"]),
    "export": (export.ExportConfig, export.main, ["checkpoint={checkpoint}", "output={output}", "format=safetensors"]),
    "evaluate": (
        evaluate.EvaluateConfig,
        evaluate.main,
        ["checkpoint={checkpoint}", "output={output}/x.json", "device=cpu", "limit=2"],
    ),
    "shards": (shards.ShardsConfig, shards.main, ["input={photos}", "output={output}"]),
}
"""For each command its schema, its function, and arguments that work."""

QUICK = [(train, "_fit", _nothing), (ImageData, "prepare_data", _nothing)]
"""What is left out of commands."""


def _command(main: Callable[[], int], arguments: Sequence[str], label: str = "vectorae: error:") -> None:
    """Call a command: it must end with a result, or with one line on stderr that begins with a label."""
    said, errors = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["vectorae", *arguments]),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(errors),
    ):
        code = main()
    if code == 2:
        lines = [line for line in errors.getvalue().splitlines() if line.startswith(label)]
        assert len(lines) == 1, f"{len(lines)} lines of errors"
        assert "Traceback" not in errors.getvalue()
    else:
        assert code in (0, 1), f"exit code {code}"


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Within it a UserError is right, if it is one line."""
    said = ""
    try:
        yield
    except UserError as error:
        said = str(error)
    assert "\n" not in said, f"more than one line: {said}"


def _good_pictures(folder: Path) -> list[Path]:
    """Small images of many formats and modes."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 4), np.uint8)
    modes = {"RGB": ("png", "jpg", "webp", "bmp", "tiff", "ppm", "tga"), "RGBA": ("png", "webp", "tiff"), "L": ("png",)}
    modes |= {
        "P": ("gif", "png"),
        "CMYK": ("jpg",),
        "I;16": ("png",),
        "F": ("tiff",),
        "1": ("png", "pbm"),
        "LA": ("png",),
    }
    paths = []
    for mode, suffixes in modes.items():
        image = Image.fromarray(pixels)
        if mode == "I;16":
            image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
        else:
            image = image.convert("RGB").convert(mode) if mode != "RGBA" else image
        for suffix in suffixes:
            paths.append(folder / f"{mode.replace(';', '')}.{suffix}")
            image.save(paths[-1])
    return paths


def fuzz(count: int, seed: int, folder: Path, kinds: Sequence[str] = tuple(SHARES)) -> list[str]:
    """Try ``count`` inputs.

    Args:
        count: of all kinds together.
        seed: of the inputs.
        folder: for all files.
        kinds: of inputs.

    Returns:
        What went wrong, a text for each input that did.
    """
    folder = folder.resolve()
    inputs = Inputs(random.Random(seed), folder)
    inputs.prepare()
    sandbox, found, done = Sandbox(folder), [], Counter[str]()
    with contextlib.chdir(folder), patch.dict(os.environ, HOME=str(folder / "home")):
        for kind in kinds:
            start = time.perf_counter()
            for number in range(max(1, round(count * SHARES[kind] / sum(SHARES[one] for one in kinds)))):
                inputs.chance = random.Random(f"{seed} {kind} {number}")
                try:
                    with within_limits(sandbox):
                        getattr(inputs, kind)()
                except TooLongError:
                    found.append(f"{kind} {number}: more than {SECONDS} s\n{traceback.format_exc()}")
                except Exception:
                    found.append(f"{kind} {number}:\n{traceback.format_exc()}")
                # A command may try to write where it is told to; that it cannot must be one line.
                if kind != "configs":
                    found += [f"{kind} {number}: {what}" for what in sandbox.seen]
                sandbox.seen.clear()
                done[kind] += 1
            seconds = time.perf_counter() - start
            print(f"{done[kind]} {kind} in {seconds:.0f} s, {len(found)} wrong so far", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Do what the command line says. Returns the exit code: 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, help="how many inputs")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs")
    parser.add_argument("--kind", choices=SHARES, help="of inputs; all by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="fuzz-") as folder:
        found = fuzz(given.count, given.seed, Path(folder), [given.kind] if given.kind else list(SHARES))
    print("\n".join(found))
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
