"""Images with transparency, from the file to the drawing: fits, training, vectorize, evaluation and export."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.commands import Command, command_in, run_vectorize
from helpers.exports import saved, scattered
from helpers.models import SMALL, metrics_of
from helpers.renderer import rendered
from PIL import Image, ImageDraw

import vectorae
from vectorae.commands import evaluate, fit, train
from vectorae.errors import UserError
from vectorae.export import export
from vectorae.export.drawer import Drawer
from vectorae.io.images import View, read_picture, read_whole

ORANGE = (255, 140, 0)


def logo(size: int = 96, shift: int = 0) -> Image.Image:
    """An orange disc with a hole; what is transparent is blue, which nobody is to see."""
    image = Image.new("RGBA", (size, size), (0, 0, 255, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((12 + shift, 12, size - 12 + shift, size - 12), fill=(*ORANGE, 255))
    pen.ellipse((36 + shift, 36, size - 36 + shift, size - 36), fill=(0, 0, 255, 0))
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logos").mkdir()
    for number in range(8):
        logo(shift=number - 4).save(tmp_path / "logos" / f"{number}.png")
    return tmp_path / "logos"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_in(tmp_path, fit.main, monkeypatch, capsys)


@pytest.mark.parametrize("name", ["RGBA", "LA", "P", "RGB", "L", "I;16", "F"])
@pytest.mark.parametrize("channels", [1, 3])
def test_colours_are_multiplied_with_alpha_before_they_are_resized(channels: int, name: str, tmp_path: Path) -> None:
    path = tmp_path / ("a.tif" if name == "F" else "a.png")
    grey = logo().convert("L")
    special = {"P": lambda: logo().quantize(16), "F": lambda: grey.convert("F"), "I;16": lambda: grey.convert("I;16")}
    special.get(name, lambda: logo().convert(name))().save(path)
    whole = read_whole(path, 24, channels, "none").pixels
    square = read_picture(path, View(24, channels, "pad", background="none")).pixels
    for pixels in (whole, square):
        assert pixels.shape == (channels + 1, 24, 24)
        assert (pixels[:-1] <= pixels[-1:]).all()
        if name in ("RGBA", "P"):
            assert pixels[:, 0, 0].tolist() == [0] * (channels + 1)
            assert pixels[-1].max() == 255
            assert channels == 1 or pixels[2].max() <= 16  # nothing of the blue
        elif name != "LA":
            assert (pixels[-1] == 255).all()
    inverted = read_picture(path, View(24, channels, "pad", background="none", invert=True)).pixels
    assert np.array_equal(inverted[-1], square[-1])
    assert np.array_equal(inverted[:-1], square[-1:] - square[:-1])


def test_a_fit_of_a_transparent_logo_is_a_transparent_drawing(command: Command, folder: Path, tmp_path: Path) -> None:
    given = (f"image={folder / '4.png'}", "background=none", "size=32", "max_steps=150", "snapshots=2", "device=cpu")
    code, _, error = command(*given, "primitives=rings_free", "primitives.count=2", "hydra.run.dir=run")
    assert code == 0, error
    assert metrics_of(tmp_path / "run")["psnr_crisp"] > 17
    text = (tmp_path / "run" / "drawing.svg").read_text("utf-8")
    assert "<rect" not in text
    with Image.open(tmp_path / "run" / "drawing.png") as drawing:
        assert drawing.mode == "RGBA" and drawing.size == (96, 96)
        pixels = torch.from_numpy(np.array(drawing)).float()
    assert pixels[:4, :4, 3].max() == 0
    assert pixels[48, 48, 3] < 128 < pixels[48, 20, 3]
    # Without fringes: what is half transparent has the colour of the disc.
    edge = (pixels[..., 3] > 64) & (pixels[..., 3] < 192)
    assert (pixels[edge][:, :3] - torch.tensor(ORANGE)).abs().mean() < 40
    for paper in ("black", "white"):
        shown = rendered(text, zoom=1, paper=paper).permute(1, 2, 0) * 255
        ground = 0.0 if paper == "black" else 255.0
        alpha = pixels[..., 3:] / 255
        assert (shown - (pixels[..., :3] * alpha + ground * (1 - alpha))).abs().mean() < 3
    with Image.open(tmp_path / "run" / "fit.gif") as animation:
        assert animation.convert("RGB").getpixel((0, 0)) != (0, 0, 0)
    again = ("init=run/drawing.svg", "hydra.run.dir=again", "max_steps=2")
    assert command(*given[:3], *given[4:], *again)[0] == 0
    assert "<rect" not in (tmp_path / "again" / "drawing.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            ("background=none", "primitives.background=0.5"),
            "primitives.background: 0.5, but with background=none",
        ),
        (("primitives.background=none",), "primitives.background: none; write background=none"),
        (("background=nome",), "background must be a colour such as white or '#ff8800', or none, got 'nome'"),
    ],
)
def test_a_fit_refuses_what_contradicts_itself(keys: tuple[str, ...], message: str, command: Command) -> None:
    code, _, error = command("size=16", "max_steps=1", "device=cpu", *keys)
    assert code == 2 and message in error and len(error.splitlines()) == 1


def test_a_fit_refuses_a_drawing_that_paints_its_background(command: Command, tmp_path: Path) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9">'
    (tmp_path / "a.svg").write_text(f'{head}<rect width="9" height="9"/><circle cx="4" cy="4" r="2" fill="red"/></svg>')
    code, _, error = command("size=16", "max_steps=1", "device=cpu", "background=none", "init=a.svg")
    assert code == 2 and "paints its background" in error


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("dataset.channels=1", "loss=ssim", "primitives=circles_4x4"),
        ("head=recurrent", "head.rounds=2", "rasterizer.compositing=soft_or", "primitives.background=none"),
    ],
)
def test_a_model_of_transparent_images(more: tuple[str, ...], command: Command, folder: Path, tmp_path: Path) -> None:
    keys = {key.partition("=")[0]: key for key in (*SMALL, *more)}
    data = ("dataset=folder", f"dataset.root={folder}", "dataset.background=none", "dataset.cache=cache")
    short = ("dataset.batch_size=4", "trainer.max_steps=2", "trainer.val_check_interval=2", "hydra.run.dir=run")
    code, _, error = command(*keys.values(), *data, *short, main=train.main)
    assert code == 0, error
    best = tmp_path / "run" / "checkpoints" / "best.ckpt"
    assert run_vectorize(best, folder / "1.png", tmp_path / "out", "png=true", "refine=2") == 0
    assert "<rect" not in (tmp_path / "out" / "1.svg").read_text("utf-8").replace('<rect x="', "")
    with Image.open(tmp_path / "out" / "1.png") as drawing:
        assert drawing.mode == "RGBA"
    assert command(f"checkpoint={best}", "split=all", "limit=4", "device=cpu", main=evaluate.main)[0] == 0
    code, _, error = command(f"checkpoint={best}", "dataset.background=white", "device=cpu", main=evaluate.main)
    assert code == 2 and "do not suit a model of transparent drawings" in error


def test_a_model_of_opaque_images_reads_no_transparent_ones(finished_run: Path, tmp_path: Path, capsys: Any) -> None:
    logo().save(tmp_path / "a.png")
    best = finished_run / "checkpoints" / "best.ckpt"
    assert run_vectorize(best, tmp_path / "a.png", tmp_path / "out", "background=none") == 2
    assert "this model was trained on opaque images; train one with dataset.background=none" in capsys.readouterr().err


def test_a_background_below_transparent_drawings_is_refused() -> None:
    for keys in (("dataset.background=none", "primitives.background=0"), ("primitives.background=none",)):
        with pytest.raises(UserError, match=r"primitives\.background: "):
            scattered("dataset=folder", *keys)


def test_an_export_of_transparent_drawings(tmp_path: Path) -> None:
    model = scattered("dataset=folder", "dataset.background=none", "primitives=mixed_free")
    best = saved(model, tmp_path / "model.ckpt")
    assert export(model, "onnx", tmp_path / "onnx").difference < 1e-5
    logo().save(tmp_path / "a.png")
    assert run_vectorize(best, tmp_path / "a.png", tmp_path / "out", "background=white") == 2
    assert run_vectorize(best, tmp_path / "a.png", tmp_path / "tiles", "tiles=true", "invert=true") == 0
    with Image.open(tmp_path / "tiles" / "contact_sheet.png") as sheet:
        assert sheet.mode == "RGB"
    assert run_vectorize(best, tmp_path / "a.png", tmp_path / "out") == 0
    text = Drawer(tmp_path / "onnx").svg(tmp_path / "a.png")
    images = [rendered(one, zoom=1, paper="gray") for one in (text, (tmp_path / "out" / "a.svg").read_text("utf-8"))]
    assert (images[0] - images[1]).abs().max() < 0.05
    assert vectorae.load(best).layout.is_transparent
