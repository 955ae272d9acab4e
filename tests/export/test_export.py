"""Exports: compared with the model, and described in scene.json."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import onnx
import pytest
import torch
from helpers.exports import INK, scattered
from helpers.image_folders import picture
from safetensors.torch import save_file

import vectorae
from vectorae import UserError
from vectorae.commands import export as command
from vectorae.export import Limits, export
from vectorae.export.export import probes
from vectorae.export.formats import FORMATS
from vectorae.export.left_out import LeftOut, measure_left_out
from vectorae.export.network import SceneNetwork, named
from vectorae.io.pixels import to_float
from vectorae.losses.metrics import psnr
from vectorae.training.build import build_dataset

ENCODER_ALONE = Limits(hypotheses=1, answer_steps=0)


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_writes_every_format(
    name: str, finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*overrides: str) -> int:
        checkpoint = finished_run / "checkpoints" / "best.ckpt"
        given = [f"checkpoint={checkpoint}", f"output={tmp_path / 'out'}", f"format={name}", *overrides]
        given += ["answer_steps=0"] if name != "safetensors" else []
        with patch.object(sys, "argv", ["export.py", *given]):
            return command.main()

    assert run() == 0
    said = capsys.readouterr().out
    assert "largest difference from the model: " in said
    described = json.loads((tmp_path / "out" / "scene.json").read_text())
    if name == "safetensors":
        assert described["left_out"] is None and "dB" not in said
    else:
        left = described["left_out"]
        assert left.keys() == set(LeftOut._fields) and left["psnr_export_crisp"] == left["psnr_encoder_crisp"]
        assert left["source"] == "validation images of dataset=toy_faces"
        assert f"(answer_steps=0); crisp PSNR {left['psnr_export_crisp']:.2f} dB instead of" in said
    (tmp_path / "usual").touch()
    modes = {path.stat().st_mode for path in (tmp_path / "out").iterdir()}
    assert modes == {(tmp_path / "usual").stat().st_mode}
    (tmp_path / "usual").unlink()
    files = {FORMATS[name].file, "scene.json"} | ({"draw.py"} if name == "onnx" else set())
    assert {path.name for path in (tmp_path / "out").iterdir()} == files
    assert run() == 2
    assert "overwrite=true" in capsys.readouterr().err
    # One format for all: the others take seconds, and what is written in place of what is the same.
    assert name != "safetensors" or run("overwrite=true") == 0
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


def assert_no_checkpoint(path: Path) -> None:
    with pytest.raises(UserError, match=f"^checkpoint: '{re.escape(str(path))}' is an export, which .*; name the ckpt"):
        vectorae.load(path)


@pytest.mark.parametrize("head", ["grid", "queries"])
def test_heads_leave_without_what_corrects_them(head: str, tmp_path: Path) -> None:
    model = scattered(f"head={head}", "model.variational=true", "model.latent=4")
    assert export(model, "torch_export", tmp_path / "out", limits=ENCODER_ALONE).difference < 1e-4
    assert_no_checkpoint(tmp_path / "out" / FORMATS["torch_export"].file)
    described = json.loads((tmp_path / "out" / "scene.json").read_text())
    assert described["network"] == "encoder and layout, without the learned refinement"
    export(model, "safetensors", tmp_path / "weights")
    described = json.loads((tmp_path / "weights" / "scene.json").read_text())
    assert described["network"].startswith("weights of the whole model, learned refinement included; the outputs are ")


def test_of_several_hypotheses_the_first_leaves_alone(tmp_path: Path) -> None:
    """For any number of images: `export` compares several with the model's drawings."""
    model = scattered("model.hypotheses=2")
    assert export(model, "torch_export", tmp_path / "out", limits=ENCODER_ALONE).difference < 1e-4
    assert model.options.num_hypotheses == 2


def test_a_recurrent_head_cannot_leave(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^checkpoint: its recurrent head draws while it predicts"):
        export(scattered("head=recurrent"), "onnx", tmp_path / "recurrent")
    assert not (tmp_path / "recurrent").exists()


def test_the_batch_has_a_name(exported: Path) -> None:
    folder = exported / "onnx"
    graph = onnx.load(folder / "model.onnx").graph
    shapes = [[dim.dim_param or dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in graph.output]
    described = json.loads((folder / "scene.json").read_text())
    assert shapes == [one["shape"] for one in described["outputs"]]
    assert [dim.dim_param for dim in graph.input[0].type.tensor_type.shape.dim] == ["batch", "", "", ""]
    names = {dim.dim_param for one in graph.value_info for dim in one.type.tensor_type.shape.dim}
    assert all(re.fullmatch(r"(\d+\*)?batch|", name) for name in names), names


def test_an_export_is_no_checkpoint(exported: Path, tmp_path: Path) -> None:
    assert_no_checkpoint(exported / "onnx" / "model.onnx")
    for name in ("onnx", "torch_export"):
        with pytest.raises(UserError, match=r"^checkpoint: no file '"):
            vectorae.load(tmp_path / FORMATS[name].file)


def test_an_export_that_is_off_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = FORMATS["safetensors"]

    def opened(path: Path) -> Callable[[torch.Tensor], dict[str, torch.Tensor]]:
        run = kept.open(path)
        return lambda images: {name: one + 2e-4 for name, one in run(images).items()}

    monkeypatch.setitem(FORMATS, "safetensors", kept._replace(open=opened))
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
    assert export(model, "torch_export", tmp_path / "out", limits=ENCODER_ALONE).difference < 1e-4
    outputs = FORMATS["torch_export"].open(tmp_path / "out" / "model.pt2")(probes(3, 16)[0])
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
