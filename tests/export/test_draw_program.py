"""``draw.py``: draws what vectorize draws, without torch, and says in one line why it does not."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.commands import Outcome
from helpers.commands import run_vectorize as vectorize
from helpers.documents import numbers
from helpers.image_folders import picture

import vectorae
from vectorae.export.formats import FORMATS


def test_the_description_fits_the_outputs(exported: Path) -> None:
    described = json.loads((exported / "onnx" / "scene.json").read_text())
    model = vectorae.load(exported / "model.ckpt")
    _, channels, side, _ = described["input"]["shape"]
    assert (channels, side) == (model.layout.channels, model.image_size)
    images = torch.rand(3, channels, side, side)
    answers = FORMATS["onnx"].open(exported / "onnx" / "model.onnx")(images)
    shapes = {output["name"]: [3, *output["shape"][1:]] for output in described["outputs"]}
    assert {name: list(answer.shape) for name, answer in answers.items()} == shapes
    assert all(output["meaning"] and output["unit"] for output in described["outputs"])
    slots = [slot for group in described["groups"] for slot in group["slots"]]
    assert sorted(slots) == list(range(model.layout.count))


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
    settings = ["--keep-hidden", "--resize", resize, "--scale", "2"]
    ended = subprocess.run(
        [sys.executable, "-P", program, *arguments, tmp_path / "alone.svg", *settings],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    given = (
        exported / "model.ckpt",
        tmp_path / "a <b>.png",
        tmp_path / "out",
        f"resize={resize}",
        "scale=2",
        "keep_hidden=true",
    )
    assert vectorize(*given) == 0
    alone, drawn = (numbers(path.read_text()) for path in (tmp_path / "alone.svg", tmp_path / "out" / "a <b>.svg"))
    assert alone[0] == drawn[0]
    assert alone[1] == pytest.approx(drawn[1], abs=0.0101)


Draw = Callable[..., Outcome]


def test_a_picture_keeps_its_shape_and_is_as_large_as_one_wants(draw: Draw, exported: Path, tmp_path: Path) -> None:
    picture((30, 20), seed=3).save(tmp_path / "a.png")
    given = exported / "onnx" / "model.onnx", tmp_path / "a.png"
    for size, width, height in (
        ([], "30", "20"),
        (["--width", "600"], "600", "400"),
        (["--width", "60mm"], "60mm", "40mm"),
        (["--scale", "0.5"], "15", "10"),
    ):
        assert draw(*given, tmp_path / "out.svg", "--overwrite", *size)[0] == 0
        head = (tmp_path / "out.svg").read_text().splitlines()[0]
        assert f'width="{width}" height="{height}" viewBox="0 0 16 10.6667">' in head or "style" in head
        assert "preserveAspectRatio" not in head
    for wrong, message in (
        (["--width", "12cm"], "must be pixels (1200), millimetres (120mm), got '12cm'"),
        (["--scale", "nan"], "must be a number in (0, 1000], got nan"),
        (["--width", "9", "--scale", "2"], "not allowed with argument"),
        (["--background", "whit"], "must be a colour such as white or '#ff8800', got 'whit'"),
    ):
        code, _, err = draw(*given, tmp_path / "no.svg", *wrong)
        assert code == 2 and message in err
        assert not (tmp_path / "no.svg").exists()


@pytest.fixture
def here(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a picture, a copy of an export, and what is none."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported / "onnx", "onnx")
    picture((50, 50)).save("a.png")
    Path("truncated.png").write_bytes(Path("a.png").read_bytes()[:900])
    Path("broken.png").write_bytes(b"no image")
    Path("old.svg").write_text("a drawing")
    shutil.copy("a.png", "a_picture.svg")
    Path("folder").mkdir()
    return tmp_path


def refused(draw: Draw, here: Path, model: str, *arguments: str) -> str:
    """The one line of an error; all files are afterwards as they were."""

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}

    before = contents()
    code, _, err = draw(model, *arguments)
    assert contents() == before
    assert code == 2 and err.count("\n") == 1, err
    return err.removeprefix("draw.py: error: ").removesuffix("\n")


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("onnx/model.onnx a.png a.png --overwrite", "output: 'a.png' is the image itself; name another file"),
        ("onnx/model.onnx a_picture.svg a_picture.svg --overwrite", "output: 'a_picture.svg' is the image itself; "),
        ("onnx/model.onnx a.png onnx/model.onnx", "output: 'onnx/model.onnx' is to be SVG; write 'onnx/model.svg'"),
        ("onnx/model.onnx a.png old.svg", "output: 'old.svg' is there already; choose another name or write --overw"),
        ("onnx/model.onnx a.png folder", "output: 'folder' is a folder; name a file in it, such as 'folder/a.svg'"),
        ("onnx/model.onnx a.png gone/a.svg", "output: no folder 'gone'; make it, or choose another"),
        pytest.param(
            "onnx/model.onnx a.png /proc/a.svg",
            "output: '/proc/a.svg' cannot be written (No such file or directory); choose another folder",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="a folder in which not even root can write"),
        ),
        (f"onnx/model.onnx a.png {'9' * 300}.svg", "[Errno "),
        ("onnx/model.onnx gone.png a.svg", "image: no file 'gone.png'; name an image"),
        ("onnx/model.onnx folder a.svg", "image: 'folder' is a folder; name an image"),
        ("onnx/model.onnx broken.png a.svg", "image: 'broken.png' cannot be read (cannot identify image file"),
        ("onnx/model.onnx truncated.png a.svg", "image: 'truncated.png' cannot be read ("),
        ("onnx/model.onnx a.png a.svg --max-pixels 2000", "image: 'a.png' has 50×50 pixels, more than the 2000 that "),
        ("gone.onnx a.png a.svg", "model: no file 'gone.onnx'; name the model.onnx of an export"),
        ("folder a.png a.svg", "model: 'folder' is a folder; name the model.onnx of an export"),
        ("a.png a.png a.svg", "model: no file 'scene.json'; it lies beside its model.onnx; export it again"),
        ("onnx/draw.py a.png a.svg", "model: 'onnx/draw.py' is damaged or not an ONNX model ("),
    ],
)
def test_what_cannot_be_drawn_ends_in_one_line(draw: Draw, here: Path, arguments: str, message: str) -> None:
    assert refused(draw, here, *arguments.split()).startswith(message)


@pytest.mark.parametrize("exported", ["mixed"], indirect=True)
@pytest.mark.parametrize(
    ("scene", "message"),
    [
        ("{", "model: 'onnx/scene.json' is damaged or not complete ("),
        ("[]", "model: 'onnx/scene.json' is damaged or not complete ("),
        (["input"], "model: 'onnx/scene.json' is damaged or not complete ('input'); export it again"),
        (["outputs"], "model: 'onnx/scene.json' is damaged or not complete ('outputs'); export it again"),
        (["groups"], "model: 'onnx/scene.json' is damaged or not complete ('groups'); export it again"),
        (["outputs", 0], "model: 'onnx/model.onnx' and the scene.json beside it belong to two models; export it again"),
    ],
)
def test_a_scene_that_is_not_the_models_is_refused(
    draw: Draw, here: Path, scene: str | list[Any], message: str
) -> None:
    path = Path("onnx/scene.json")
    if isinstance(scene, list):
        inner = content = json.loads(path.read_text())
        for key in scene[:-1]:
            inner = inner[key]
        del inner[scene[-1]]
        scene = json.dumps(content)
    path.write_text(scene)
    assert refused(draw, here, "onnx/model.onnx", "a.png", "a.svg").startswith(message)
