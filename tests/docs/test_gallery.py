"""The gallery: every kind, layout and profile is drawn, and the committed pictures are those of the code as it is."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from PIL import Image

from docs._gallery import gallery, recipes
from docs._gallery.gallery import GalleryConfig
from vectorae import from_svg, rasterize
from vectorae.commands.command_line import conf_folder
from vectorae.config.arguments import describe
from vectorae.primitives import DEPTH, KINDS, PAINT, STROKE
from vectorae.rasterizer import PROFILES

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs" / "gallery"
FILES = {f"{kind}.{end}" for kind in KINDS for end in ("png", "svg")} | {
    "kinds.png",
    "layouts.png",
    "paints.png",
    "profiles.png",
    "README.md",
}
SIZE = 32


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command with some arguments, in an empty folder: exit code, stdout and stderr."""
    return command_in(tmp_path, gallery.main, monkeypatch, capsys)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small gallery, drawn in a folder of its own."""
    here = tmp_path_factory.mktemp("gallery")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.setattr(sys, "argv", ["vectorae", "output=été, (1)", f"size={SIZE}"])
        assert gallery.main() == 0
    assert [entry.name for entry in here.iterdir()] == ["été, (1)"]
    return here / "été, (1)"


def test_it_writes_every_file_and_nothing_else(drawn: Path) -> None:
    assert {entry.name for entry in drawn.iterdir()} == FILES


@pytest.mark.parametrize("kind", KINDS)
def test_both_drawings_of_a_kind_show_something(drawn: Path, kind: str) -> None:
    pixels = np.asarray(Image.open(drawn / f"{kind}.png").convert("RGB")).astype(float)
    for drawing in (pixels[:, :SIZE], pixels[:, -SIZE:]):
        assert drawing.std() > 10
    assert np.abs(pixels[:, :SIZE] - pixels[:, -SIZE:]).max() > 20, "soft and crisp are the same"


@pytest.mark.parametrize("kind", KINDS)
def test_the_svg_of_a_kind_is_its_crisp_drawing(drawn: Path, kind: str) -> None:
    crisp = gallery.composition(kind, crisp=True)
    read = from_svg((drawn / f"{kind}.svg").read_text(encoding="utf-8"))
    images = [rasterize(scene, SIZE, SIZE, coverage="ramp") for scene in (crisp, read)]
    assert (images[0] - images[1]).abs().mean() < 2e-3


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_lie_on_the_canvas_and_on_one_another(kind: str) -> None:
    """Every shape is seen, and where shapes have an inside one sees what is on top of what."""
    scene = gallery.composition(kind, crisp=True)
    ink = dataclasses.replace(scene, color=torch.ones_like(scene.color), background=torch.zeros(1, 3))
    alone = [rasterize(ink.select(slot, slot + 1), 64, 64, coverage="ramp")[0, 0] for slot in range(scene.count)]
    assert min(float(shape.mean()) for shape in alone) > 5e-3
    if KINDS[kind].paint == "fill":
        assert (torch.stack(alone) > 0.5).sum(0).max() > 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_shape_is_stroked_and_keeps_its_kind(kind: str) -> None:
    scene = gallery.composition(kind)
    strokes = [group.stroke_width is not None for group in scene.groups]
    assert strokes == ([True] if KINDS[kind].paint == "stroke" else [False, True])
    assert scene.groups[-1].slots[-1] == scene.count - 1
    assert len({type(group.outline) for group in scene.groups}) == 1


@pytest.mark.parametrize("name", ["kinds.png", "layouts.png", "profiles.png"])
def test_sheets_show_something(drawn: Path, name: str) -> None:
    picture = Image.open(drawn / name).convert("L")
    assert np.asarray(picture).std() > 10


def test_the_same_code_draws_the_same_bytes(drawn: Path) -> None:
    assert {name: (drawn / name).read_bytes() for name in FILES} == dict(gallery.files(SIZE))


def test_every_layout_is_drawn() -> None:
    names = [path.stem for path in sorted((conf_folder() / "primitives").glob("*.yaml"))]
    found = gallery.layouts()
    assert list(found) == names
    for layout in found.values():
        scene = gallery.start(layout)
        assert len(scene.color[0].unique(dim=0)) == min(scene.count, len(gallery.PALETTE))
    assert all(name in gallery.page() for name in names)


def test_points_in_one_dimension() -> None:
    x = torch.linspace(0, 1, 101)
    for profile in PROFILES:
        covered = gallery.point_coverage(profile, x)
        assert covered.argmax() == 50 or covered[50] == covered.max()
        torch.testing.assert_close(covered, covered.flip(0), atol=1e-4, rtol=0)
        assert covered[[0, -1]].max() < 1e-2
        assert covered[50] > 0.7


def cells(page: str, kind: str) -> list[str]:
    """The cells of a kind's line in the table."""
    (line,) = [line for line in page.splitlines() if line.startswith(f"| **`{kind}`**")]
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_names_every_field_and_option(kind: str) -> None:
    page = gallery.page()
    _, picture, svg, fields, options = cells(page, kind)
    assert f'"{kind}.png"' in picture and f'"{kind}.svg"' in svg
    shared = {**PAINT, **STROKE, **DEPTH}
    for name in KINDS[kind].fields():
        assert f"`{name}`" in fields if name not in shared else f"\n| `{name}` | " in page
    for name, option in KINDS[kind].options().items():
        assert f"`{name}`" in options
        assert str(option.default).lower() in options.lower()
        assert describe(option.allowed) in options


def test_ranges_in_words() -> None:
    page = gallery.page()
    assert "`radius`: a length, 0 … 0.75" in cells(page, "circle")[3]
    assert "`roundness`: 0 … 1; crisp 0 or 1" in cells(page, "squircle")[3]
    assert "`vertices`: 3 points" in cells(page, "triangle")[3]
    assert "`angle`: an angle" in cells(page, "square")[3]
    assert "| `softness` | 0.25 … 4; fixed to 1.0 unless learned | all |" in page
    assert "| `color` | 0 … 1 for each channel | all |" in page


# What is committed


def test_the_committed_gallery_is_complete() -> None:
    assert {entry.name for entry in COMMITTED.iterdir()} == FILES, "run scripts/gallery.py"
    assert sum(entry.stat().st_size for entry in COMMITTED.iterdir()) < 2**20


def test_the_committed_page_is_that_of_the_code() -> None:
    assert (COMMITTED / "README.md").read_text(encoding="utf-8") == gallery.page(), "run scripts/gallery.py"


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_drawings_are_those_of_the_code(kind: str) -> None:
    """SVGs are read back: another machine rounds the last digit of a coordinate its own way."""
    images = [
        rasterize(scene, SIZE, SIZE, coverage="ramp")
        for scene in (
            from_svg((COMMITTED / f"{kind}.svg").read_text(encoding="utf-8")),
            gallery.composition(kind, crisp=True),
        )
    ]
    assert (images[0] - images[1]).abs().mean() < 2e-3, "run scripts/gallery.py"


# The command


def test_the_schema_has_every_key() -> None:
    written = yaml.safe_load((conf_folder() / "gallery.yaml").read_text(encoding="utf-8"))
    assert set(written) - {"defaults", "hydra"} == {field.name for field in dataclasses.fields(GalleryConfig)}
    assert GalleryConfig() == GalleryConfig(
        **{key: written[key] for key in ("output", "size", "image", "image_size", "steps")}
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["siez=32"], "siez: no such key; choose from image, image_size, output, size, steps (did you mean size?)"),
        (["size=0"], "size must be an integer in [16, 1024], got 0"),
        (["size=big"], "size must be an integer in [16, 1024], got 'big'"),
        (["output="], "output: empty; name a path, or leave output= out"),
        (["image=nothing.jpg"], "image: no file 'nothing.jpg'"),
        (["image=a_file", "steps=0"], "steps must be an integer ≥ 1 or null, got 0"),
        (["image=a_file", "image_size=-1"], "image_size must be an integer ≥ 1, got -1"),
        (["output=a_file"], "output: a_file/point.png cannot be written: File exists"),
        (["output=a_file/below"], "output: a_file/below/point.png cannot be written: Not a directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(command: Command, arguments: list[str], message: str) -> None:
    Path("a_file").touch()
    code, _, err = command(*arguments)
    assert (code, err) == (2, f"vectorae: error: {message}\n")
    assert [entry.name for entry in Path.cwd().iterdir()] == ["a_file"]


def test_the_script_refuses_an_unknown_key(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "gallery.py"), "outptu=x"]
    run = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("vectorae: error: outptu: no such key; choose from image, image_size, output")
    assert run.stderr.endswith("(did you mean output?)\n")
    assert not list(tmp_path.iterdir())


def test_every_recipe_of_a_photograph(command: Command, tmp_path: Path) -> None:
    picture((6, 4), seed=1).resize((30, 20)).save("photo.png")
    code, out, _ = command("image=photo.png", "image_size=16", "steps=2", f"output={tmp_path / 'sheets'}")
    assert code == 0
    assert "LPIPS is left out" in out
    sheets = {path.name: Image.open(path) for path in (tmp_path / "sheets").iterdir()}
    assert set(sheets) == {"photo_ink.png", "photo_colour.png"}
    for sheet in sheets.values():
        # Photo and seven drawings of 24×16, three side by side.
        assert sheet.size == (3 * (24 + recipes.GAP) + recipes.GAP, 3 * (16 + recipes.CAPTION) + recipes.GAP)
    ink, colour = (np.array(sheets[f"photo_{name}.png"]) for name in ("ink", "colour"))
    first = slice(recipes.GAP, recipes.GAP + 16), slice(recipes.GAP, recipes.GAP + 24)
    assert (ink[first][..., 0] == ink[first][..., 2]).all()
    assert (colour[first][..., 0] != colour[first][..., 2]).any()
