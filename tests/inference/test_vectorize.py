"""Image files as SVG files, through the command."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from helpers.commands import run_vectorize as run
from helpers.image_folders import picture
from helpers.renderer import rendered
from PIL import Image

import vectorae
from vectorae.io.images import View, read_picture


@pytest.fixture
def checkpoint(finished_run: Path) -> Path:
    return finished_run / "checkpoints" / "best.ckpt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of one size, with names of all sorts, in folders below each other."""
    root = tmp_path / "in"
    names = [
        "a.png",
        "a.jpg",
        "A.bmp",
        "été (1).png",
        "图 = x,y.png",
        "<&>.png",
        "sub/a.png",
        "sub/below/contact_sheet.png",
    ]
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture((40, 24), seed=seed).save(root / name)
    picture((40, 24), seed=9).save(root / "contact_sheet.png")
    return root


def written(output: Path) -> set[str]:
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}


def test_every_image_has_a_drawing_of_its_own(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    assert run(checkpoint, folder, tmp_path / "out") == 0
    assert written(tmp_path / "out") == {
        "a.png.svg",
        "a.jpg.svg",
        "A.bmp.svg",
        "été (1).svg",
        "图 = x,y.svg",
        "<&>.svg",
        "sub/a.svg",
        "sub/below/contact_sheet.svg",
        "contact_sheet.png (2).svg",
        "contact_sheet.png",
    }
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        assert sheet.width > 9 * 64


@pytest.mark.parametrize(
    ("given", "names"),
    [("*.png", 5), ("**/*.png", 7), ("sub/*", 1), ("a.*", 2), ("a.png", 1), ("[!a]*.png", 4)],
)
def test_patterns(given: str, names: int, checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    assert run(checkpoint, folder / given, tmp_path / "out") == 0
    assert len([name for name in written(tmp_path / "out") if name.endswith(".svg")]) == names


def test_the_drawing_is_the_models(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    assert run(checkpoint, folder / "<&>.png", tmp_path / "out", "resize=crop") == 0
    model = vectorae.load(checkpoint)
    pixels, width, height = read_picture(folder / "<&>.png", View(16, 3))
    assert (width, height) == (40, 24)
    (expected,) = vectorae.to_svg(model.vectorize(torch.from_numpy(pixels.copy())[None]), 16, 16)
    text = (tmp_path / "out" / "<&>.svg").read_text(encoding="utf-8")
    head, title, *shapes = text.splitlines()
    assert 'width="24" height="24" viewBox="0 0 16 16">' in head  # the square that was cut out, at its own size
    assert title == "<title>&lt;&amp;&gt;.png</title>"
    assert shapes == expected.splitlines()[1:]
    assert torch.equal(
        vectorae.rasterize(vectorae.from_svg(text), 16, 16), vectorae.rasterize(vectorae.from_svg(expected), 16, 16)
    )


def test_refinement_comes_closer(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    view, pictures = View(16, 3), []
    for name, steps in (("as it is", 0), ("refined", 40)):
        assert run(checkpoint, folder / "<&>.png", tmp_path / name, f"refine={steps}", "resize=crop") == 0
        text = (tmp_path / name / "<&>.svg").read_text(encoding="utf-8")
        pictures.append(vectorae.rasterize(vectorae.from_svg(text), 16, 16, coverage="ramp")[0])
    image = torch.from_numpy(read_picture(folder / "<&>.png", view)[0].copy()).float() / 255
    before, after = ((one - image).square().mean() for one in pictures)
    assert after < before


@pytest.mark.parametrize(
    ("keys", "size", "view"),
    [
        (("resize=crop", "scale=3"), (72, 72), "0 0 16 16"),
        (("scale=3",), (120, 72), "0 0 16 9.6"),
        ((), (40, 24), "0 0 16 9.6"),
        (("width=101",), (101, 61), "0 0 16 9.6634"),  # 60.6 rows: nothing is squeezed, the part is a little higher
        (("resize=stretch", "scale=3"), (120, 72), "0 0 16 16"),
    ],
)
def test_svg_and_png_look_the_same_and_have_the_images_shape(
    keys: tuple[str, ...], size: tuple[int, int], view: str, checkpoint: Path, folder: Path, tmp_path: Path
) -> None:
    assert run(checkpoint, folder / "a.png", tmp_path / "out", *keys, "png=true") == 0
    text = (tmp_path / "out" / "a.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert (int(root.attrib["width"]), int(root.attrib["height"])) == size
    assert root.attrib["viewBox"] == view
    assert ("preserveAspectRatio" in root.attrib) == ("resize=stretch" in keys)
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert image.size == size
        found = np.asarray(image, dtype=np.float64)
    svg = rendered(text).mul(255).permute(1, 2, 0).numpy()
    # A stretched picture is drawn as a square first, and its edges are not quite as sharp.
    assert np.abs(svg - found).mean() < (2 if "resize=stretch" in keys else 1)


def test_millimetres(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    assert run(checkpoint, folder / "a.png", tmp_path / "out", "width=60mm", "png=true") == 0
    root = ElementTree.fromstring((tmp_path / "out" / "a.svg").read_text(encoding="utf-8"))
    shown = {name: root.attrib[name] for name in ("width", "height", "viewBox")}
    assert shown == {"width": "60mm", "height": "36mm", "viewBox": "0 0 16 9.6"}
    with Image.open(tmp_path / "out" / "a.png") as image:
        assert image.size == (227, 136)  # at 96 dpi


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "scale=500",
            "scale: '<&>.png' would become a PNG of 20000×12000 pixels, more than 67108864; write width=10522",
        ),
        ("width=20000", "width: '<&>.png' would become a PNG of 20000×12000 pixels"),
        ("width=9999mm", "width: '<&>.png' would become a PNG of 37791×22675 pixels"),
    ],
)
def test_pictures_that_are_too_large_are_refused_before_the_first_is_drawn(
    key: str, message: str, checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "A.bmp").write_bytes(b"damaged")
    assert run(checkpoint, folder, tmp_path / "out", key, "png=true") == 2
    said = capsys.readouterr().err
    assert message in said and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    assert run(checkpoint, folder / "a.png", tmp_path / "out", key) == 0  # an SVG may be as large


def test_the_sheet_shows_pictures_without_bars(checkpoint: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "#204060").save(tmp_path / "a.png")
    assert run(checkpoint, tmp_path / "a.png", tmp_path / "out") == 0
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        colors = {color: count for count, color in sheet.convert("RGB").getcolors(1 << 20) or []}
    assert colors[0x20, 0x40, 0x60] == 64 * 32  # one tile, half of it
    assert (0, 0, 0) not in colors


def test_transparency_lies_over_the_background(checkpoint: Path, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    Image.new("RGB", (16, 16), "#102030").save(tmp_path / "solid.png")
    assert run(checkpoint, tmp_path / "clear.png", tmp_path / "clear", "background='#102030'") == 0
    assert run(checkpoint, tmp_path / "solid.png", tmp_path / "solid") == 0
    drawings = [(tmp_path / name / f"{name}.svg").read_text().split("</title>")[1] for name in ("clear", "solid")]
    assert drawings[0] == drawings[1]


def test_files_that_are_there_are_kept(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.svg").write_text("precious")
    assert run(checkpoint, folder / "a.png", tmp_path / "out") == 2
    assert "overwrite=true" in capsys.readouterr().err
    assert written(tmp_path / "out") == {"a.svg"}
    assert (tmp_path / "out" / "a.svg").read_text() == "precious"
    assert run(checkpoint, folder / "a.png", tmp_path / "out", "overwrite=true") == 0
    assert (tmp_path / "out" / "a.svg").read_text().startswith("<svg")


def test_an_image_is_never_written_over(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "a.png").read_bytes()
    assert run(checkpoint, folder / "a.png", folder, "png=true", "overwrite=true") == 2
    assert "is one of the images" in capsys.readouterr().err
    assert (folder / "a.png").read_bytes() == before


def test_drawings_within_the_folder_are_no_input_the_next_time(checkpoint: Path, folder: Path) -> None:
    assert run(checkpoint, folder, folder / "drawn", "png=true") == 0
    names = written(folder / "drawn")
    assert run(checkpoint, folder, folder / "drawn", "png=true", "overwrite=true") == 0
    assert written(folder / "drawn") == names


def test_what_cannot_be_read_is_named_and_left_out(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.jpg").write_bytes((folder / "a.jpg").read_bytes()[:300])
    (folder / "empty.png").write_bytes(b"")
    assert run(checkpoint, folder, tmp_path / "out", "batch_size=2") == 1
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert len(lines) == 2
    assert "broken.jpg' (" in lines[0] and "empty.png' (" in lines[1]
    assert "9 of 11 images" in said.out.replace("\n", " ")
    assert len(written(tmp_path / "out")) == 10


def test_bombs_are_refused_and_a_key_raises_the_limit(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("L", (40, 40), 200).save(tmp_path / "large.png")
    assert run(checkpoint, tmp_path / "large.png", tmp_path / "out", "max_pixels=1599") == 1
    assert "40×40 pixels are more than the 1599" in capsys.readouterr().err
    assert written(tmp_path) == {"large.png"}
    assert run(checkpoint, tmp_path / "large.png", tmp_path / "out", "max_pixels=1600") == 0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("resize=cut", "resize must be crop, pad or stretch, got 'cut'"),
        ("scale=0", "scale must be a number in (0, 1000] or null, got 0"),
        ("width=0", "width must be pixels (1200), millimetres (120mm) or null, got 0"),
        ("width=12cm", "width must be pixels (1200), millimetres (120mm) or null, got '12cm'"),
        ("width=1e9", "width must be pixels (1200), millimetres (120mm) or null, got 1000000000.0"),
        (["width=100", "scale=2"], "width: 100, and scale is 2; give one of them"),
        ("background=whit", "background must be a colour such as white or '#ff8800', or none or null, got 'whit'"),
        ("max_pixels=0", "max_pixels must be an integer ≥ 1, got 0"),
        ("input=nowhere", "input: 'nowhere' does not exist"),
        ("input=.", "input: no images in '.'"),
        ("output=file", "output: 'file' is a file"),
        ("checkpoint=file", "checkpoint: 'file' is damaged or not a checkpoint of vectorae"),
    ],
)
def test_mistakes_end_in_one_line(
    override: str | list[str],
    message: str,
    checkpoint: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("file").write_text("no checkpoint")
    given: dict[str, Any] = {"checkpoint": checkpoint, "input": folder, "output": tmp_path / "out"}
    overrides = [override] if isinstance(override, str) else override
    name, _, value = overrides[0].partition("=")
    paths = {**given, name: value} if name in given else given
    rest = () if name in given else overrides
    assert run(paths["checkpoint"], paths["input"], paths["output"], *rest) == 2
    said = capsys.readouterr().err
    assert message in said and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_same_command_goes_on_where_it_was_stopped(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(checkpoint, folder, out, "skip=true") == 0
    whole = {name: (out / name).read_bytes() for name in written(out)}
    gone = ["a.png.svg", "sub/a.svg"]
    for name in gone:
        (out / name).unlink()
    (out / "<&>.svg").write_text("as it was")
    capsys.readouterr()
    assert run(checkpoint, folder, out, "skip=true") == 0
    assert "2 of 2 images drawn into" in capsys.readouterr().out
    assert all((out / name).read_bytes() == whole[name] for name in gone)
    assert (out / "<&>.svg").read_text() == "as it was"
    assert run(checkpoint, folder, out, "skip=true") == 0
    assert "0 of 0 images drawn" in capsys.readouterr().out
    assert run(checkpoint, folder, out, "skip=true", "overwrite=true") == 2


def test_machines_share_the_work(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    assert run(checkpoint, folder, tmp_path / "alone") == 0
    for part in (1, 2, 3):
        assert run(checkpoint, folder, tmp_path / "out", f"shard={part}/3") == 0
    alone, together = ({name for name in written(tmp_path / of) if name.endswith(".svg")} for of in ("alone", "out"))
    assert together == alone
    assert all((tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes() for name in alone)
    assert (tmp_path / "out" / "contact_sheet_1_of_3.png").is_file()


def test_a_list_of_images(checkpoint: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (tmp_path / "list.txt").write_text(f"a.png\n\nsub/a.png\n{folder / '图 = x,y.png'}\n", encoding="utf-8")
    assert run(checkpoint, tmp_path / "list.txt", tmp_path / "out") == 0
    assert written(tmp_path / "out") == {"a.svg", "sub/a.svg", "图 = x,y.svg", "contact_sheet.png"}


def test_processes_decode_what_threads_decode(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "broken.png").write_bytes(b"no image")
    assert run(checkpoint, folder, tmp_path / "threads") == 1
    assert run(checkpoint, folder, tmp_path / "processes", "workers=2") == 1
    for name in written(tmp_path / "threads"):
        assert (tmp_path / "processes" / name).read_bytes() == (tmp_path / "threads" / name).read_bytes()


@pytest.mark.parametrize("shard", ["0/3", "4/3", "a/b"])
def test_a_part_that_there_is_not_is_refused(
    shard: str, checkpoint: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(checkpoint, folder, tmp_path / "out", f"shard={shard}") == 2
    assert "is not the number of a part, such as 1/4" in capsys.readouterr().err
