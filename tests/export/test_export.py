"""Exports: compared with the model, told about in scene.json, and drawn without torch."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch
from helpers.commands import run_vectorize as vectorize
from helpers.image_folders import picture
from helpers.models import small_model
from PIL import Image
from safetensors.torch import save_file

import vectorae
from vectorae import UserError
from vectorae.commands import export as command
from vectorae.export import export
from vectorae.export.export import probes
from vectorae.export.formats import FORMATS
from vectorae.export.left_out import measure_left_out
from vectorae.export.network import SceneNetwork, named
from vectorae.io.pixels import to_float
from vectorae.losses.metrics import psnr
from vectorae.primitives import KINDS
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.build import build_dataset

MIXED = [f"primitives.kinds=[{','.join(KINDS)}]", "primitives=mixed_free", f"primitives.count={len(KINDS) + 3}"]
INK = [
    "primitives=mixed_free",
    "primitives.kinds=[squircle,circle,blob,cubic]",
    "primitives.count=6",
    "primitives.paint=stroke",
    "primitives.ordering=depth",
    "primitives.fields.softness=learned",
    "rasterizer.coverage=gaussian",
    "dataset.channels=1",
]


def scattered(*overrides: str) -> VectorAutoencoder:
    """A model whose drawings differ from each other."""
    torch.manual_seed(0)
    model = small_model(*overrides).eval()
    with torch.no_grad():
        for parameter in model.encoder.head.parameters():
            parameter.normal_(std=0.3)
    return model


def saved(model: VectorAutoencoder, path: Path) -> Path:
    """A checkpoint with this model."""
    content: dict[str, Any] = {"state_dict": model.state_dict()}
    model.on_save_checkpoint(content)
    torch.save(content, path)
    return path


@pytest.fixture(scope="module", params=["mixed", "ink"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its export as ONNX."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    model = scattered(*(MIXED if request.param == "mixed" else INK))
    saved(model, folder / "model.ckpt")
    assert export(model, "onnx", folder / "onnx").difference < 1e-5
    return folder


def test_the_description_fits_the_outputs(exported: Path) -> None:
    described = json.loads((exported / "onnx" / "scene.json").read_text())
    model = vectorae.load(exported / "model.ckpt")
    _, channels, side, _ = described["input"]["shape"]
    assert (channels, side) == (model.layout.channels, model.image_size)
    images = torch.rand(3, channels, side, side)
    answers = FORMATS["onnx"].run(exported / "onnx" / "model.onnx", images)
    shapes = {output["name"]: [3, *output["shape"][1:]] for output in described["outputs"]}
    assert {name: list(answer.shape) for name, answer in answers.items()} == shapes
    assert all(output["meaning"] and output["unit"] for output in described["outputs"])
    slots = [slot for group in described["groups"] for slot in group["slots"]]
    assert sorted(slots) == list(range(model.layout.count))


def numbers(text: str) -> tuple[str, list[float]]:
    """A document without its numbers and colours, and these."""
    found = re.findall(r"#[0-9a-f]{6}|-?\d+\.?\d*", text)
    values = [
        value
        for one in found
        for value in ([int(one[i : i + 2], 16) / 100 for i in (1, 3, 5)] if one[0] == "#" else [float(one)])
    ]
    return re.sub(r"#[0-9a-f]{6}|-?\d+\.?\d*", "0", text), values


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_it_draws_what_vectorize_draws_where_there_is_no_torch(exported: Path, resize: str, tmp_path: Path) -> None:
    picture((30, 20), seed=3).save(tmp_path / "a <b>.png")
    program = tmp_path / "no_torch.py"
    program.write_text(
        "import runpy, sys\n"
        "for name in ('torch', 'torchvision', 'vectorae'):\n    sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    arguments = [exported / "onnx" / "draw.py", exported / "onnx" / "model.onnx", tmp_path / "a <b>.png"]
    ended = subprocess.run(
        [sys.executable, "-P", program, *arguments, tmp_path / "alone.svg", "--resize", resize, "--scale", "2"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    given = (exported / "model.ckpt", tmp_path / "a <b>.png", tmp_path / "out", f"resize={resize}", "scale=2")
    assert vectorize(*given) == 0
    alone, drawn = (numbers(path.read_text()) for path in (tmp_path / "alone.svg", tmp_path / "out" / "a <b>.svg"))
    assert alone[0] == drawn[0]
    assert alone[1] == pytest.approx(drawn[1], abs=0.0101)


def draw(exported: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    given: list[str | Path] = [sys.executable, exported / "onnx" / "draw.py", exported / "onnx" / "model.onnx"]
    return subprocess.run([*given, *arguments], capture_output=True, text=True, timeout=120)


def test_a_picture_keeps_its_shape_and_is_as_large_as_one_wants(exported: Path, tmp_path: Path) -> None:
    picture((30, 20), seed=3).save(tmp_path / "a.png")
    for size, width, height in (
        ([], "30", "20"),
        (["--width", "600"], "600", "400"),
        (["--width", "60mm"], "60mm", "40mm"),
        (["--scale", "0.5"], "15", "10"),
    ):
        assert draw(exported, tmp_path / "a.png", tmp_path / "out.svg", *size).returncode == 0
        head = (tmp_path / "out.svg").read_text().splitlines()[0]
        assert f'width="{width}" height="{height}" viewBox="0 0 16 10.6667">' in head or "style" in head
        assert "preserveAspectRatio" not in head
    for wrong, message in (
        (["--width", "12cm"], "must be pixels (1200), millimetres (120mm), got '12cm'"),
        (["--scale", "nan"], "must be a number in (0, 1000], got 'nan'"),
        (["--width", "9", "--scale", "2"], "not allowed with argument"),
    ):
        ended = draw(exported, tmp_path / "a.png", tmp_path / "no.svg", *wrong)
        assert ended.returncode == 2 and message in ended.stderr
        assert not (tmp_path / "no.svg").exists()


def test_what_cannot_be_drawn_ends_in_one_line(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    Image.new("L", (50, 50)).save(tmp_path / "large.png")
    for name, *more in (["broken.png"], ["missing.png"], ["large.png", "--max-pixels", "2000"]):
        ended = draw(exported, tmp_path / name, tmp_path / "out.svg", *more)
        assert ended.returncode == 2
        assert ended.stderr.startswith("draw.py: error: ") and len(ended.stderr.splitlines()) == 1
        assert not (tmp_path / "out.svg").exists()


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_writes_every_format(
    name: str, finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*overrides: str) -> int:
        checkpoint = finished_run / "checkpoints" / "best.ckpt"
        given = [f"checkpoint={checkpoint}", f"output={tmp_path / 'out'}", f"format={name}", *overrides]
        with patch.object(sys, "argv", ["export.py", *given]):
            return command.main()

    assert run() == 0
    said = capsys.readouterr().out
    assert "largest difference from the model: " in said
    described = json.loads((tmp_path / "out" / "scene.json").read_text())
    if name == "safetensors":
        assert described["left_out"] is None and "dB" not in said
    else:
        assert described["left_out"].keys() == {"psnr_crisp", "psnr_encoder_crisp", "images", "source"}
        assert described["left_out"]["source"] == "validation images of dataset=toy_faces"
        assert f"{described['left_out']['psnr_encoder_crisp']:.2f} dB instead of" in said
    (tmp_path / "usual").touch()
    modes = {path.stat().st_mode for path in (tmp_path / "out").iterdir()}
    assert modes == {(tmp_path / "usual").stat().st_mode}
    (tmp_path / "usual").unlink()
    files = {FORMATS[name].file, "scene.json"} | ({"draw.py"} if name == "onnx" else set())
    assert {path.name for path in (tmp_path / "out").iterdir()} == files
    assert run() == 2
    assert "overwrite=true" in capsys.readouterr().err
    assert run("overwrite=true") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_left_out_is_measured_on_the_models_own_images(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for seed in range(40):
        picture((20, 16), seed).save(tmp_path / "photos" / f"{seed}.png")
    model = scattered("dataset=folder", f"dataset.root={tmp_path / 'photos'}", f"dataset.cache={tmp_path / 'cache'}")
    assert model.refiner is not None
    for parameter in model.refiner.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    left = measure_left_out(model)
    assert left is not None and (left.images, left.source) == (2, "validation images of dataset=folder")
    assert not (tmp_path / "cache").exists()
    images = to_float(build_dataset(model.config).images("val"))
    with torch.no_grad():
        first, *_, last = (raw for raw, _ in model.predictions(images))
        for raw, decibels in ((last, left.psnr_crisp), (first, left.psnr_encoder_crisp)):
            assert float(psnr(model.render(raw, crisp=True), images).mean()) == pytest.approx(decibels, abs=0.0051)
    assert left.psnr_crisp != left.psnr_encoder_crisp
    assert measure_left_out(scattered("model.refine_steps=0")) is None


@pytest.mark.parametrize(
    "dataset", ["folder dataset.root=gone", "mnist dataset.download=true", "streaming dataset.root=s3://a/b"]
)
def test_without_the_models_own_images_it_is_measured_on_toy_faces(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    left = measure_left_out(scattered(*f"dataset={dataset}".split()))
    assert left is not None and (left.images, left.source) == (128, "toy faces, for want of the model's own images")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("head", ["grid", "queries"])
def test_heads_leave_without_what_corrects_them(head: str, tmp_path: Path) -> None:
    model = scattered(f"head={head}", "model.variational=true", "model.latent=4")
    assert export(model, "torch_export", tmp_path / "out").difference < 1e-4
    described = json.loads((tmp_path / "out" / "scene.json").read_text())
    assert described["network"] == "encoder and layout, without the learned refinement, which needs the rasterizer"
    with pytest.raises(UserError, match=r"^checkpoint: its recurrent head draws while it predicts"):
        export(scattered("head=recurrent"), "onnx", tmp_path / "recurrent")
    assert not (tmp_path / "recurrent").exists()


def test_an_export_that_is_off_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = FORMATS["safetensors"]

    def off(path: Path, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: one + 2e-4 for name, one in kept.run(path, images).items()}

    monkeypatch.setitem(FORMATS, "safetensors", kept._replace(run=off))
    with pytest.raises(UserError, match=r"off by 2\.0e-04"):
        export(scattered(), "safetensors", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=2**20))
    with pytest.raises(UserError, match=r"^output: \d+ MiB are needed and 1 MiB are free"):
        export(scattered(), "onnx", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"needs the package onnxruntime; pip install 'vectorae\[export\]'"):
        export(scattered(), "onnx", tmp_path / "out")


def test_discrete_choices_leave_as_they_are_and_can_be_made_by_others() -> None:
    model = scattered(*INK)
    network, images = SceneNetwork(model), probes(1, 16)[0]
    with torch.no_grad():
        outputs, crisp = network(images), model.decoder.scene(model.encoder(images), model.state, crisp=True)
    roundness = outputs["squircle.roundness"]
    assert ((roundness > 0) & (roundness < 1)).all()
    assert torch.equal((roundness >= 0.5).float(), crisp.groups[0].outline.roundness)  # type: ignore[union-attr]
    assert torch.equal(outputs["depth"].argsort(dim=1, stable=True), crisp.order())
    width = crisp.groups[3].stroke_width
    assert width is not None and torch.equal(outputs["cubic.stroke_width"], width)


def test_an_export_in_mid_growth_draws_what_the_model_draws(tmp_path: Path) -> None:
    """Shapes that are not visible yet are in the file, without opacity."""
    model = scattered("growth.rounds=2", "growth.until=1")
    model.run.progress = 0.2
    assert export(model, "torch_export", tmp_path / "out").difference < 1e-4
    outputs = FORMATS["torch_export"].run(tmp_path / "out" / "model.pt2", probes(3, 16)[0])
    assert (outputs["opacity"][:, 8:] == 0).all() and (outputs["opacity"][:, :8] > 0).all()


def test_an_export_is_compared_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that shows what the model hides is refused, though the file answers as the network does."""

    def all_shapes(self: SceneNetwork, images: torch.Tensor) -> dict[str, torch.Tensor]:
        scene = self.decoder.whole_scene(self.encoder(images), replace(self._state, visible=None), discrete=False)
        return named(scene, self.kinds)

    monkeypatch.setattr(SceneNetwork, "forward", all_shapes)
    model = scattered("growth.rounds=2", "growth.until=1")
    model.run.progress = 0.2
    with pytest.raises(UserError, match=r"^format: the safetensors export is off by"):
        export(model, "safetensors", tmp_path / "out")


def test_exported_weights_are_a_checkpoint_without_pickle(tmp_path: Path) -> None:
    model = scattered(*INK)
    export(model, "safetensors", tmp_path)
    loaded = vectorae.load(tmp_path / "model.safetensors")
    images = probes(1, 16)[0]
    with torch.no_grad():
        assert torch.equal(loaded.draw(images), model.draw(images))


@pytest.mark.parametrize("damage", ["truncated", "text", "foreign", "header"])
def test_damaged_weights_are_refused(damage: str, tmp_path: Path) -> None:
    export(scattered(), "safetensors", tmp_path)
    path, good = tmp_path / "damaged.safetensors", (tmp_path / "model.safetensors").read_bytes()
    match damage:
        case "truncated":
            path.write_bytes(good[:-100])
        case "text":
            path.write_text("no weights")
        case "foreign":
            save_file({"weight": torch.zeros(3)}, path)
        case "header":
            path.write_bytes(b"\xff" * 8 + good[8:])
    with pytest.raises(UserError, match=r"^checkpoint: '.*damaged\.safetensors' is "):
        vectorae.load(path)


def test_nothing_is_unpickled_in_any_load_path(finished_run: Path, tmp_path: Path) -> None:
    """Python's own unpickler, which calls whatever a file names, is out of order; all loads work."""
    shutil.copy(finished_run / "checkpoints" / "best.ckpt", tmp_path / "best.ckpt")
    export(vectorae.load(tmp_path / "best.ckpt"), "safetensors", tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("unpickled")

    with patch("pickle.load", refuse), patch("pickle.loads", refuse), patch("pickle.Unpickler", refuse):
        for name in ("best.ckpt", "model.safetensors"):
            vectorae.load(tmp_path / name)
