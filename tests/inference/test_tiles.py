"""Pictures of any size, drawn tile by tile."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from helpers.commands import run_vectorize
from helpers.models import small_model
from helpers.renderer import rendered
from PIL import Image
from torch import Tensor

from vectorae.errors import UserError
from vectorae.inference.tiles import TiledDrawing, TileReader, Tiles, options_alone, tiles_along
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.candidates import answering, find_candidates, limit_answers
from vectorae.training.eval_mode import eval_mode


def smooth(height: int, width: int) -> Tensor:
    """A picture of broad waves, ``[1, 3, height, width]``."""
    y, x = torch.meshgrid(torch.linspace(0, 5, height), torch.linspace(0, 7, width), indexing="ij")
    return torch.stack([x.sin(), (x + y).cos(), (y - x).sin()]).mul(0.4).add(0.5)[None]


def drawn(model: VectorAutoencoder, picture: Tensor) -> TiledDrawing:
    with eval_mode(model), torch.no_grad():
        return TiledDrawing(model, picture, Tiles.of(picture.shape[2], picture.shape[3], model.image_size))


@pytest.mark.parametrize(
    ("height", "width", "along", "rows", "columns"),
    [(512, 768, 3, 3, 5), (768, 512, 3, 5, 3), (64, 64, 1, 1, 1), (40, 30, 1, 2, 1), (160, 2000, 1, 1, 13)],
)
def test_as_many_tiles_as_cover_a_picture(height: int, width: int, along: int, rows: int, columns: int) -> None:
    assert tiles_along(height, width, 64) == along
    longer = round(64 * along * max(height, width) / min(height, width))
    size = (64 * along, longer) if height <= width else (longer, 64 * along)
    tiles = Tiles.of(*size, 64)
    assert (tiles.rows, tiles.columns) == (rows, columns)
    corners = tiles.corners
    assert corners.amin(0).tolist() == [0, 0]
    assert (corners.amax(0) + 64).tolist() == [size[1], size[0]]
    for axis in range(2):
        steps = corners[:, axis].unique().diff()
        assert not len(steps) or 0 < steps.min() <= steps.max() <= 65 * 1.11


def test_tiles_are_cut_where_they_lie() -> None:
    picture = torch.rand(1, 3, 16, 40)
    tiles = Tiles.of(16, 40, 16)
    cut = tiles.cut(picture)
    assert cut.shape == (3, 3, 16, 16)
    assert torch.equal(cut[1], picture[0, :, :, 12:28])


@pytest.mark.parametrize("overrides", [(), ("model.hypotheses=2", "model.answer_steps=3"), ("model.refine_steps=0",)])
def test_tiles_together_are_never_worse_than_each_for_itself(overrides: tuple[str, ...]) -> None:
    model, picture = small_model(*overrides), smooth(32, 48)
    drawing, tiles = drawn(model, picture), Tiles.of(32, 48, 16)
    assert (tiles.count, drawing.raw.shape) == (6, (1, 6 * model.layout.raw_size))

    def cost(raw: Tensor) -> float:
        with torch.no_grad():
            return float(drawing.decoder.cost(raw, picture, model.loss, drawing.state))

    with eval_mode(model), answering(model, options_alone(model.options)):
        alone = find_candidates(model, tiles.cut(picture)).best.flatten()[None].detach()
    assert cost(drawing.raw) <= cost(alone)
    before = cost(drawing.raw)
    drawing.refine(15)
    assert cost(drawing.raw) < before


def test_half_of_all_tiles_shapes_are_drawn_anew_together() -> None:
    model, picture = small_model("model.refine_steps=1", "model.hypotheses=1"), smooth(32, 48)
    costs = []
    for regrowths in (0, 1, 2):
        limit_answers(model, None, None, regrowths)
        drawing = drawn(model, picture)
        with torch.no_grad():
            costs.append(float(drawing.decoder.cost(drawing.raw, picture, model.loss, drawing.state, crisp=True)))
    assert costs[1] < 0.5 * costs[0]
    assert costs[2] <= costs[1]
    drawing.refine(100)
    with torch.no_grad():
        assert drawing.decoder.cost(drawing.raw, picture, model.loss, drawing.state, crisp=True) < costs[2]


def test_the_gradient_of_a_tile_is_that_of_the_whole_picture() -> None:
    model, picture = small_model(), smooth(16, 32)
    drawing = drawn(model, picture)
    raw = drawing.raw.view(2, -1)
    whole, feedback = drawing._feedback(raw)
    cost, change = drawing.decoder.cost, torch.randn_like(drawing.raw) * 1e-3
    with torch.no_grad():
        rise = cost(drawing.raw + change, picture, model.loss, drawing.state) - whole
    # Two tiles: of each the cost is a mean over half of the pixels.
    expected = (feedback.gradient.flatten() * change[0]).sum() / 2
    torch.testing.assert_close(rise[0], expected, rtol=0.1, atol=1e-7)
    assert feedback.drawing.shape == (2, 3, 16, 16)


def test_of_any_count_each_tile_has_as_many() -> None:
    model, picture = small_model("model.any_count=true", "model.refine_steps=1"), smooth(16, 32)
    with model.limited_to(3):
        assert drawn(model, picture).scene().count == 2 + 2 * 3


def test_backgrounds_that_add_up_are_refused() -> None:
    with pytest.raises(UserError, match=r"^checkpoint: the shapes of this model add up like light"):
        drawn(small_model("rasterizer.compositing=soft_or"), smooth(16, 32))
    drawn(small_model("rasterizer.compositing=soft_or", "primitives.background=0"), smooth(16, 32))


def test_a_picture_is_read_with_its_tiles_in_mind(tmp_path: Path) -> None:
    Image.fromarray((smooth(90, 200)[0] * 255).byte().permute(1, 2, 0).numpy()).save(tmp_path / "a.png")
    read = TileReader(16, 3)(tmp_path / "a.png")
    assert not isinstance(read, str)
    assert read.pixels.shape == (3, 32, 72) and (read.width, read.height) == (200, 90)
    inverted = TileReader(16, 1, along=3, invert=True)(tmp_path / "a.png")
    assert not isinstance(inverted, str)
    assert inverted.pixels.shape == (1, 48, 107)


class TestTheCommand:
    @pytest.fixture
    def checkpoint(self, finished_run: Path) -> Path:
        return finished_run / "checkpoints" / "best.ckpt"

    @pytest.fixture
    def photos(self, tmp_path: Path) -> Path:
        root = tmp_path / "photos"
        root.mkdir()
        for name, size in (("wide", (50, 130)), ("high", (101, 60))):
            Image.fromarray((smooth(*size)[0] * 255).byte().permute(1, 2, 0).numpy()).save(root / f"{name}.png")
        return root

    def test_drawings_have_the_size_of_their_pictures(
        self, checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (photos / "broken.png").write_bytes(b"no picture")
        assert run_vectorize(checkpoint, photos, tmp_path / "out", "tiles=true", "png=true", "refine=2") == 1
        said = capsys.readouterr()
        assert "2 of 3 images drawn" in said.out and "broken.png" in said.err
        for name, size in (("wide", (130, 50)), ("high", (60, 101))):
            text = (tmp_path / "out" / f"{name}.svg").read_text(encoding="utf-8")
            root = ElementTree.fromstring(text)
            assert (int(root.attrib["width"]), int(root.attrib["height"])) == size
            with Image.open(tmp_path / "out" / f"{name}.png") as picture:
                seen = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1) / 255
            assert (seen - rendered(text)).abs().mean() < 3 / 255
        assert (tmp_path / "out" / "contact_sheet.png").is_file()

    def test_as_many_tiles_as_are_asked_for(
        self, checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ("tiles=true", "tiles_along=2")
        assert run_vectorize(checkpoint, photos / "wide.png", tmp_path / "out", *given) == 0
        # 2 × 6 tiles of 16 shapes and a background each.
        assert f"{12 * 17}.0 shapes each" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            (("tiles_along=2",), "tiles_along: 2, without tiles; write tiles=true"),
            (("tiles=true", "resize=crop"), "resize: crop, with tiles=true"),
            (("tiles=true", "target_psnr=20"), "target_psnr: 20"),
            (("tiles=3",), "tiles must be true or false, got 3"),
        ],
    )
    def test_mistakes(
        self,
        keys: tuple[str, ...],
        said: str,
        checkpoint: Path,
        photos: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert run_vectorize(checkpoint, photos, tmp_path / "out", *keys) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"vectorae: error: {said}") and len(error.splitlines()) == 1
        assert not (tmp_path / "out").exists()
