"""The number of shapes in commands: `count`, `target_psnr`, `price`, and what an evaluation writes."""

import json
from pathlib import Path

import pytest
import torch
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from helpers.models import run_training
from PIL import Image

from vectorae.commands import evaluate, export, vectorize
from vectorae.export.export import probes
from vectorae.export.formats import FORMATS
from vectorae.training.candidates import limit_answers
from vectorae.training.checkpoint import load


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model of any number of shapes."""
    folder = tmp_path_factory.mktemp("any_count") / "run"
    assert run_training(folder, "model.any_count=true", "primitives.kinds=[circle]", "dataset=toy_faces") == 0
    return folder / "checkpoints" / "best.ckpt"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for seed in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        picture((24, 24), seed=seed).save(tmp_path / "in" / f"{seed}.png")
    return command_in(tmp_path, vectorize.main, monkeypatch, capsys)


def circles(folder: Path) -> list[int]:
    return [path.read_text(encoding="utf-8").count("<circle") for path in sorted(folder.glob("*.svg"))]


def test_drawings_have_as_many_shapes_as_are_asked_for(checkpoint: Path, command: Command, tmp_path: Path) -> None:
    given = [f"checkpoint={checkpoint}", "input=in", "device=cpu"]
    assert command(*given, "output=five", "count=5")[0] == 0
    assert circles(tmp_path / "five") == [5, 5, 5]
    code, out, _ = command(*given, "output=easy", "target_psnr=1", "batch_size=2")
    assert code == 0 and ", 1.0 shapes each, " in out
    assert circles(tmp_path / "easy") == [1, 1, 1]
    assert command(*given, "output=hard", "target_psnr=90")[0] == 0
    assert circles(tmp_path / "hard") == [16, 16, 16]
    assert command(*given, "output=dear", "price=9")[0] == 0
    assert circles(tmp_path / "dear") == [0, 0, 0]
    for keys, message in (
        ("count=17", "count must be an integer in [1, 16] for this model, got 17"),
        ("count=0", "count must be an integer ≥ 1 or null, got 0"),
        ("count=4 target_psnr=20", "target_psnr: chooses the number of shapes, and so does count=4; write one of them"),
    ):
        code, _, err = command(*given, "output=refused", *keys.split())
        assert code == 2 and message in " ".join(err.split())
    assert not (tmp_path / "refused").exists()


def test_an_evaluation_shows_the_psnr_over_the_number_of_shapes(
    checkpoint: Path, command: Command, tmp_path: Path
) -> None:
    given = [f"checkpoint={checkpoint}", "device=cpu"]
    assert command(*given, "output=all/e.json", main=evaluate.main)[0] == 0
    assert command(*given, "output=six/e.json", "count=6", main=evaluate.main)[0] == 0
    every, six = (json.loads((tmp_path / name / "e.json").read_text()) for name in ("all", "six"))
    found = {int(name.split("_")[2]): value for name, value in every.items() if name.endswith("_shapes")}
    assert list(found) == [1, 2, 3, 4, 6, 8, 12, 16]
    assert found[16] == pytest.approx(every["psnr_crisp"], abs=1e-4)
    assert found[6] == pytest.approx(six["psnr_crisp"], abs=1e-4)
    assert six["psnr_blocks"] < every["psnr_blocks"]
    with Image.open(tmp_path / "all" / "psnr_over_count.png") as plot:
        assert plot.size == (680, 420)
    assert not (tmp_path / "six" / "psnr_over_count.png").exists()
    code, _, err = command(*given, "count=6", "baselines.fit=1", main=evaluate.main)
    assert code == 2 and "baselines.fit: searches with all shapes of the model; leave count out" in " ".join(
        err.split()
    )


@pytest.mark.parametrize("name", ["onnx", "torch_export"])
def test_an_export_has_as_many_shapes_as_are_asked_for(
    name: str, checkpoint: Path, command: Command, tmp_path: Path
) -> None:
    """Corrections of so many shapes are a test of exports, tests/export/test_corrections.py."""
    given = [f"checkpoint={checkpoint}", f"format={name}", "output=out", "count=5", "answer_steps=0"]
    assert command(*given, main=export.main)[0] == 0
    model, images = load(checkpoint), probes(3, 16)[2]
    limit_answers(model, hypotheses=None, answer_steps=0)
    outputs = FORMATS[name].open(tmp_path / "out" / FORMATS[name].file)(images)
    assert outputs["color"].shape == (8, 5, 3)
    described = json.loads((tmp_path / "out" / "scene.json").read_text())
    assert described["network"].startswith("encoder and layout for 5 shapes")
    assert described["groups"][0]["slots"] == [0, 1, 2, 3, 4]
    with torch.no_grad(), model.limited_to(5):
        expected = model.layout(model.answer(images)).color[:, :5]
    torch.testing.assert_close(outputs["color"], expected, atol=1e-3, rtol=0)


def test_exported_weights_draw_any_number(checkpoint: Path, command: Command, tmp_path: Path) -> None:
    given = [f"checkpoint={checkpoint}", "format=safetensors", "output=out"]
    code, _, err = command(*given, "count=5", main=export.main)
    assert code == 2 and "count: safetensors keeps the whole model, which may be limited when it is used" in " ".join(
        err.split()
    )
    assert command(*given, main=export.main)[0] == 0
    images = probes(3, 16)[2]
    one, other = (
        load(path).vectorize(images, count=5) for path in (checkpoint, tmp_path / "out" / "model.safetensors")
    )
    assert torch.equal(one.color, other.color) and one.count == 5
