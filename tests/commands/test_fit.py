"""A photograph drawn through the command."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from helpers.renderer import rendered
from PIL import Image

from vectorae import from_svg
from vectorae.commands import fit, train
from vectorae.commands.fit import name_of
from vectorae.fitting import Fitting

SMALL = ("size=24", "max_steps=6", "snapshots=3", "device=cpu")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call the command in a folder of its own: exit code, stdout and stderr."""
    return command_in(tmp_path, fit.main, monkeypatch, capsys)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph that is wider than high."""
    path = tmp_path / "été (1).png"
    smooth = picture((6, 4), seed=1).resize((90, 60), Image.Resampling.BICUBIC)
    smooth.save(path)
    return path


def run_folder(tmp_path: Path) -> Path:
    """The newest run."""
    return max(tmp_path.glob("outputs/fit/*/*"), key=lambda path: path.stat().st_mtime_ns)


def metrics_of(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return read


def png(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1) / 255


def test_the_bare_command_draws_a_picture_of_its_own(command: Command, tmp_path: Path) -> None:
    code, out, _ = command(*SMALL, "primitives.count=12")
    assert code == 0
    folder = run_folder(tmp_path)
    assert folder.parent.name == "toy_face"
    assert {path.name for path in folder.iterdir() if not path.name.startswith("events.")} >= {
        "drawing.svg",
        "drawing.png",
        "comparison.png",
        "fit.gif",
        "fit.svg",
        "latest.png",
        "metrics.json",
        "snapshots.npz",
        "state.pt",
        ".hydra",
    }
    assert any(path.name.startswith("events.out.tfevents") for path in folder.iterdir())
    metrics = metrics_of(folder)
    assert (metrics["steps"], metrics["shapes"] + metrics["collapsed"]) == (6, 12)
    assert metrics["seconds_total"] > metrics["seconds"] > 0
    assert f"drawn: {folder.relative_to(tmp_path) / 'drawing.svg'}" in out
    with Image.open(folder / "fit.gif") as gif:
        assert gif.n_frames >= 3  # type: ignore[attr-defined]


def test_a_photo_at_its_own_aspect(command: Command, photo: Path, tmp_path: Path) -> None:
    assert command(f"image={photo}", *SMALL, "growth.rounds=3", "primitives.count=9", "scale=2")[0] == 0
    folder = run_folder(tmp_path)
    assert folder.parent.name == "été (1)"
    text = (folder / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert (root.attrib["viewBox"], root.attrib["width"]) == ("0 0 36 24", "180")
    groups = [child for child in root if child.tag.endswith("}g")]
    assert [group.attrib["id"] for group in groups] == ["round-1", "round-2", "round-3"]
    assert [len(group) for group in groups] == [3, 3, 3]
    drawn = png(folder / "drawing.png")
    assert drawn.shape == (3, 120, 180)
    # The picture and an independent renderer's of the SVG, which has the same size.
    assert (drawn - rendered(text)).abs().mean() < 3 / 255
    assert metrics_of(folder)["psnr_crisp"] > 10


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_key_raises_pillows_limit(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("L", (40, 40), 200).save(tmp_path / "large.png")
    code, _, error = command("image=large.png", *SMALL, "max_pixels=1599")
    assert code == 2 and "'large.png' cannot be read (40×40 pixels are more than the 1599" in error
    assert command("image=large.png", *SMALL, "max_pixels=1600")[0] == 0


def test_ink(command: Command, photo: Path, tmp_path: Path) -> None:
    overrides = ("experiment=fit_500_lines", "primitives.count=40", "max_steps=20", "size=24", "snapshots=2")
    assert command(f"image={photo}", *overrides)[0] == 0
    scene = from_svg((run_folder(tmp_path) / "drawing.svg").read_text(encoding="utf-8"))
    assert scene.color.max() == 0
    assert scene.ground.min() == 1
    # √π pixels: as much ink as a gaussian edge of one pixel.
    widths = scene.groups[0].stroke_width
    assert widths is not None
    torch.testing.assert_close(widths * 24, torch.full_like(widths, 1.77), atol=0.01, rtol=0)


def test_it_does_without_what_takes_seconds_and_memory(tmp_path: Path) -> None:
    heavy = {"pytorch_lightning", "sympy", "torch._dynamo", "torchmetrics", "torchvision"}
    program = (
        "import sys; from vectorae.commands.fit import main; code = main();"
        f"print('heavy:', sorted({heavy!r} & set(sys.modules))); raise SystemExit(code)"
    )
    arguments = ("size=16", "max_steps=2", "primitives.count=2", "device=cpu", f"hydra.run.dir={tmp_path}/run")
    finished = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert "heavy: []" in finished.stdout


def test_a_folder_is_drawn_together(command: Command, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    (root / "sub").mkdir(parents=True)
    for seed, (name, size) in enumerate([("a.png", (40, 24)), ("b.jpg", (80, 48)), ("sub/c.png", (24, 40))]):
        picture((4, 3), seed).resize(size).save(root / name)
    (root / "broken.png").write_bytes(b"no image")
    code, out, err = command("image=photos", *SMALL, "primitives.count=5")
    assert code == 1
    assert f"left out '{Path('photos') / 'broken.png'}'" in err
    folder = run_folder(tmp_path)
    assert folder.parent.name == "photos"
    for name, width in (("a", "40"), ("b", "80"), ("sub/c", "24")):
        document = ElementTree.fromstring((folder / name / "drawing.svg").read_text(encoding="utf-8"))
        assert document.attrib["width"] == width
        assert (folder / name / "fit.gif").is_file()
    assert metrics_of(folder)["images"] == 3
    assert metrics_of(folder / "a")["images"] == 2
    assert "3 drawings" in out


def test_it_goes_on_with_a_drawing_of_ours(command: Command, photo: Path, tmp_path: Path) -> None:
    given = (f"image={photo}", "size=24", "snapshots=2", "growth.rounds=2")
    assert command(*given, "primitives.count=8", "max_steps=20")[0] == 0
    first = run_folder(tmp_path)
    shutil.copy(first / "drawing.svg", tmp_path / "a=b, c.svg")
    rates = [f"rates.{name}=0" for name in ("point", "length", "color", "opacity", "background")]
    assert command(*given, f"init={tmp_path / 'a=b, c.svg'}", "max_steps=1", *rates)[0] == 0
    again = run_folder(tmp_path)
    assert again != first
    # Nothing may move: the same drawing, in the same groups.
    assert (png(again / "drawing.png") - png(first / "drawing.png")).abs().max() < 0.02
    assert (again / "drawing.svg").read_text(encoding="utf-8").count("<g id=") == 2
    assert command(*given, f"init={tmp_path / 'a=b, c.svg'}", "max_steps=30")[0] == 0
    assert metrics_of(run_folder(tmp_path))["mse_crisp"] < metrics_of(first)["mse_crisp"]


def test_new_shapes_lie_on_top_of_a_drawing_by_anyone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><g id="round-3" fill="teal">'
        '<circle cx="50" cy="50" r="30"/><text x="3" y="4">no shape</text></g>'
        '<path d="M10,10 L 90,20" stroke="red"/></svg>'
    )
    code, _, err = command("init=mine.svg", "primitives=lines_500", "primitives.count=4", "growth.rounds=1", *SMALL)
    assert code == 0
    assert "left out of 'mine.svg': <text>" in err
    text = (run_folder(tmp_path) / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert [child.attrib.get("id") for child in root if child.tag.endswith(("}g", "}path"))] == [
        "round-3",
        None,
        "round-4",
    ]
    assert metrics_of(run_folder(tmp_path))["shapes"] == 6


def test_an_interrupted_fit_leaves_its_best_and_goes_on(
    command: Command, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Fitting.step

    def interrupted(self: Fitting) -> Any:
        if self.steps == 12:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self)

    given = (f"image={photo}", "size=24", "snapshots=4", "primitives.count=8", "max_steps=24")
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(Fitting, "step", interrupted)
    assert command(*given)[0] == 130
    assert signal.getsignal(signal.SIGINT) is handler
    stopped = run_folder(tmp_path)
    assert metrics_of(stopped)["steps"] == 13
    assert {"drawing.svg", "drawing.png", "fit.gif", "state.pt"} <= {path.name for path in stopped.iterdir()}
    monkeypatch.setattr(Fitting, "step", step)
    assert command(*given, f"resume={stopped / 'state.pt'}")[0] == 0
    resumed = metrics_of(run_folder(tmp_path))
    assert command(*given)[0] == 0
    whole = metrics_of(run_folder(tmp_path))
    assert resumed["steps"] == whole["steps"] == 24
    assert resumed["mse_crisp"] == pytest.approx(whole["mse_crisp"], rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("image=nothing.jpg", "image: 'nothing.jpg' does not exist"),
        ("size=7", "size must be an integer ≥ 8, got 7"),
        ("image=", "image: empty; name a path"),
        ("image=bad.svg,wide.svg", "to sweep over several: image="),
        ("image=long.png size=200", "its shorter side as 200 pixels makes 20000000"),
        ("channels=2", "channels must be 1 or 3, got 2"),
        ("scale=0", "scale must be a number in (0, 1000] or null, got 0"),
        ("width=wide", "width must be pixels (1200), millimetres (120mm) or null, got 'wide'"),
        ("background=sky", "background must be a colour such as white or '#ff8800', or none, got 'sky'"),
        ("max_time=soon", "max_time: 'soon' is not a time"),
        ("max_time=0.2s", "max_time: '0.2s' is less than a second"),
        ("max_steps=null", "max_steps: null, and so is max_time"),
        ("max_steps=0", "max_steps must be an integer ≥ 1 or null, got 0"),
        ("growth.rounds=0", "growth.rounds must be an integer ≥ 1, got 0"),
        ("growth.round=2", "growth.round: no such key"),
        ("looks=3", "looks: is called snapshots now"),
        ("rates.place=1", "rates.place: is called rates.point now"),
        ("weight=nothing.png", "weight: 'nothing.png' does not exist; name a grey picture"),
        ("weight=bad.svg", "weight: 'bad.svg' cannot be read"),
        ("palette=1", "palette: the background is one of the colours"),
        ("palette=4 medium=ink", "palette: the colour of these shapes is fixed"),
        ("palette=0", "palette must be an integer ≥ 1 or null, got 0"),
        ("coarse.factor=3", "coarse.factor must be 1, 2, 4 or 8, got 3"),
        ("replacement.part=2", "replacement.part must be a number in (0, 1], got 2"),
        ("growth.sizes=odd", "growth.sizes must be equal or doubling, got 'odd'"),
        ("seeding.places=here", "seeding.places must be residual, gradient or layout, got 'here'"),
        ("rates.fields.radios=1", "rates.fields.radios: no such learned field"),
        ("softness.unit=inch", "softness.unit must be canvas or pixel, got 'inch'"),
        ("softness.shape=flat", "softness.shape must be exponential, linear, cosine or plateau, got 'flat'"),
        ("primitives=lines_100", "primitives: no 'lines_100'"),
        ("medium=oil", "medium: no 'oil'; choose from ink, paint"),
        ("init=nothing.svg", "init: no file 'nothing.svg'"),
        ("init=empty.svg", "init: 'empty.svg' has no shapes"),
        ("init=bad.svg", "init: 'bad.svg': svg: not well-formed"),
        ("init=wide.svg", "init: 'wide.svg' is 30×10 and the image 'toy_face' 24×24"),
        ("init=long.png", "init: 'long.png': svg: it is no SVG"),
        ("init=one.svg primitives.count=9", "primitives.count: the shapes are those of 'one.svg'"),
        ("resume=nothing.pt", "resume: no file 'nothing.pt'"),
        ("resume=bad.svg", "resume: 'bad.svg' is damaged"),
        ("image=bad.svg", "image: 'bad.svg' cannot be read"),
        ("loss=ms_ssim loss.terms.ms_ssim.scales=5", "loss.terms.ms_ssim: "),
        ("experiment=mnist_lines", "dataset: not a key of this command"),
        ("primitives.ordering=depth rasterizer.compositing=soft_or", "primitives.ordering: ink that adds up"),
        ("primitives.ordering=depth primitives=circles_256 init=one.svg", "primitives.ordering: new shapes lie on top"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(
    command: Command, tmp_path: Path, arguments: str, message: str
) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
    (tmp_path / "empty.svg").write_text(f"{head}</svg>")
    (tmp_path / "one.svg").write_text(f'{head}<circle r="3"/></svg>')
    (tmp_path / "bad.svg").write_text("<svg")
    (tmp_path / "wide.svg").write_text(f'{head.replace("0 0 10", "0 0 30")}<circle r="3"/></svg>')
    picture((500, 1), seed=0).save(tmp_path / "long.png")
    code, _, err = command("size=24", *arguments.split())
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "outputs").exists()


def test_a_picture_of_our_own_can_be_seen_without_a_lens(command: Command, tmp_path: Path) -> None:
    assert command(*SMALL, "primitives.count=4")[0] == 0
    text = (run_folder(tmp_path) / "drawing.svg").read_text(encoding="utf-8")
    assert 'width="528" height="528" viewBox="0 0 24 24">' in text
    assert png(run_folder(tmp_path) / "drawing.png").shape == (3, 528, 528)


@pytest.mark.parametrize(
    ("key", "shown", "pixels"),
    [
        ("width=601", ("601", "400", "0 0 36.048 23.992"), (400, 601)),
        ("width=120mm", ("120mm", "79.89mm", "0 0 36.048 24"), (302, 454)),
        ("scale=3", ("2253", "1500", "0 0 36.048 24"), (1500, 2253)),
        ("scale=null", ("751", "500", "0 0 36.048 24"), (500, 751)),
    ],
)
def test_the_drawing_is_not_squeezed(
    command: Command, tmp_path: Path, key: str, shown: tuple[str, str, str], pixels: tuple[int, int]
) -> None:
    """A photo whose longer side is no whole number of pixels as it is drawn."""
    picture((6, 4), seed=1).resize((751, 500), Image.Resampling.BICUBIC).save(tmp_path / "photo.png")
    assert command("image=photo.png", *SMALL, "primitives.count=9", key)[0] == 0
    text = (run_folder(tmp_path) / "drawing.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert (root.attrib["width"], root.attrib["height"], root.attrib["viewBox"]) == shown
    assert "preserveAspectRatio" not in root.attrib
    drawn = png(run_folder(tmp_path) / "drawing.png")
    assert drawn.shape[1:] == pixels
    if "mm" not in key:
        assert (drawn - rendered(text, zoom=1)).abs().mean() < 1 / 255


def test_a_picture_that_is_too_large_is_refused(command: Command, tmp_path: Path) -> None:
    picture((40, 24), seed=1).save(tmp_path / "photo.png")
    code, _, err = command("image=photo.png", "scale=400", *SMALL)
    assert code == 2 and not (tmp_path / "outputs").exists()
    assert "scale: 'photo.png' would become a PNG of 16000×9600 pixels, more than 67108864; write width=10522" in err
    code, _, err = command("image=photo.png", "scale=4", "width=9", *SMALL)
    assert code == 2 and "width: 9, and scale is 4; give one of them" in err


def test_ink_does_not_grow(command: Command, tmp_path: Path) -> None:
    # Black strokes cover what lies below no better for coming later.
    assert command("medium=ink", "primitives=lines_500", "primitives.count=12", *SMALL)[0] == 0
    text = (run_folder(tmp_path) / "drawing.svg").read_text(encoding="utf-8")
    assert (text.count('id="round-1"'), text.count('id="round-2"')) == (1, 0)


def test_images_of_any_aspect_begin_with_one_drawing_or_none(command: Command, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture((4, 4), seed=1).save(tmp_path / "photos" / "a.png")
    picture((8, 4), seed=1).save(tmp_path / "photos" / "b.png")
    (tmp_path / "one.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="3"/></svg>')
    code, _, err = command("image=photos", "init=one.svg", *SMALL)
    assert (code, err.count("\n")) == (2, 1)
    assert "init: 'one.svg' is 9×9 and the image 'b.png' 48×24" in err
    assert not (tmp_path / "outputs").exists()


def test_a_folder_of_one_image_is_a_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture((4, 4), seed=1).save(tmp_path / "photos" / "a.png")
    code, out, _ = command("image=photos", "primitives.count=3", *SMALL)
    folder = run_folder(tmp_path)
    assert code == 0
    assert f"drawn: {folder.relative_to(tmp_path)}\n" in out
    assert metrics_of(folder)["images"] == 1
    assert (folder / "a" / "drawing.svg").is_file()


def test_a_sweep_goes_on_where_images_are_left_out(command: Command, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture((4, 4), seed=1).save(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "b.png").write_text("no picture")
    assert command("-m", "image=photos", "seed=1,2", "primitives.count=3", *SMALL)[0] == 1
    assert len(list(tmp_path.glob("outputs/sweeps/*/*/a/drawing.svg"))) == 2


def test_a_recipe_for_fit_cannot_be_trained(command: Command) -> None:
    code, _, err = command("experiment=fit_500_lines", main=train.main)
    assert code == 2
    assert "fit_500_lines.yaml: medium: not a key of this command" in err


def test_a_resumed_fit_needs_the_same_settings(command: Command, tmp_path: Path) -> None:
    assert command(*SMALL, "primitives.count=5")[0] == 0
    state = run_folder(tmp_path) / "state.pt"
    code, _, err = command(*SMALL, "primitives.count=6", f"resume={state}")
    assert code == 2
    assert "primitives.count=5 and this run has primitives.count=6" in err
    assert command(*SMALL, "primitives.count=5", "max_steps=9", f"resume={state}")[0] == 0
    assert metrics_of(run_folder(tmp_path))["steps"] == 9


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_a_video_where_ffmpeg_is_there(command: Command, tmp_path: Path) -> None:
    assert command(*SMALL, "primitives.count=5", "size=25")[0] == 0
    assert (run_folder(tmp_path) / "fit.mp4").stat().st_size > 1000


def test_an_ffmpeg_that_fails_leaves_nothing(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command(*SMALL, "primitives.count=5")[0] == 0
    assert not list(run_folder(tmp_path).glob("fit.mp4*"))


def test_names() -> None:
    assert name_of("photos/alley.v2.jpg") == "alley.v2"
    assert name_of("photos/*.jpg") == "photos"
    assert name_of(None) == "toy_face"
    assert name_of(".") == Path.cwd().name
