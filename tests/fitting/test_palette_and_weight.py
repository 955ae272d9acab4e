"""A drawing in a few colours, and one that is closest where it matters."""

from pathlib import Path

import pytest
import torch
from helpers.fits import HEIGHT, WIDTH, fitting, layout, stepped
from PIL import Image
from torch import Tensor

from vectorae.errors import UserError
from vectorae.fitting.importance import LEAST, edge_importance, importance
from vectorae.fitting.palette import k_means
from vectorae.fitting.photos import Photo
from vectorae.layout import Layout
from vectorae.losses import Objective
from vectorae.svg import to_svg


@pytest.mark.parametrize("colors", [2, 4])
def test_a_palette_limits_the_colours_of_the_svg(colors: int) -> None:
    fit = stepped(fitting(layout(count=9), steps=100, palette=colors))
    scene = fit.scene(0, crisp=True)
    assert len(scene.color[0].unique(dim=0)) == colors - 1
    (text,) = to_svg(scene, HEIGHT, WIDTH)
    assert len({part.split('"')[0] for part in text.split('fill="')[1:]}) <= colors
    free = stepped(fitting(layout(count=9), steps=100))
    assert len(free.scene(0, crisp=True).color[0].unique(dim=0)) == 9


def test_shared_colours_are_still_learned() -> None:
    fit = stepped(fitting(steps=100, palette=3), 72)
    before = fit.scene(0, crisp=True, best=False).color
    after = stepped(fit).scene(0, crisp=True, best=False).color
    assert float((after - before).abs().max()) > 1e-4
    assert len(after[0].unique(dim=0)) <= 2


def test_clusters_are_weighted_means() -> None:
    points = torch.tensor([[0.0], [0.1], [1.0], [1.1], [0.5]])
    member, centres = k_means(points, torch.tensor([1.0, 3.0, 1.0, 1.0, 0.0]), 2)
    assert member[0] == member[1] != member[2] == member[3]
    torch.testing.assert_close(centres.sort(0).values, torch.tensor([[0.075], [1.05]]), atol=1e-3, rtol=0)
    member, centres = k_means(points[:1], torch.ones(1), 3)
    assert member.tolist() == [0]
    assert bool(centres.isfinite().all())


@pytest.mark.parametrize(
    ("shapes", "colors", "message"),
    [
        (layout(), 1, "palette: the background is one of the colours"),
        (Layout(["circle"], count=2, fields={"color": 0.5}, aspect=WIDTH / HEIGHT), 4, "palette: the colour of these"),
    ],
)
def test_a_palette_that_cannot_be_is_refused(shapes: Layout, colors: int, message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}"):
        fitting(shapes, palette=colors)


def test_what_counts_most_is_drawn_best() -> None:
    right = torch.full((1, 1, HEIGHT, WIDTH), LEAST)
    right[..., WIDTH // 2 :] = 1.0

    def errors(weight: Tensor | None) -> list[float]:
        """Of the left and of the right half."""
        fit = stepped(fitting(layout(count=2), steps=150, importance=weight))
        squares = (fit.draw(0, crisp=True) - fit.images).square().mean((0, 1, 2))
        return [float(half.mean()) for half in squares.chunk(2)]

    plain, at_right, at_left = errors(None), errors(right), errors(right.flip(-1))
    assert at_right[1] < min(plain[1], at_right[0]) / 2
    assert at_left[0] < plain[0] / 2


def test_weighted_losses_ignore_what_does_not_count() -> None:
    image, drawing = torch.zeros(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    weight = torch.ones(2, 1, 16, 16)
    weight[..., :8] = 0
    scene = layout()(torch.zeros(2, layout().raw_size))
    for name in ("mse", "l1", "ssim", "blurred_mse"):
        plain = Objective({name: 1.0})
        other = drawing.clone()
        other[..., :8] = 0.7
        weighted = plain.weighted(weight)
        torch.testing.assert_close(weighted(drawing, image, scene), weighted(other, image, scene))
        everywhere = plain.weighted(torch.ones_like(weight))
        torch.testing.assert_close(everywhere(drawing, image, scene), plain(drawing, image, scene))


def photo(title: str = "a.jpg") -> Photo:
    pixels = torch.zeros(3, HEIGHT, WIDTH)
    pixels[:, :, WIDTH // 2 :] = 1.0
    return Photo(Path(), title, pixels, WIDTH, HEIGHT)


def test_pictures_of_importance(tmp_path: Path) -> None:
    Image.new("L", (4, 4), 255).save(tmp_path / "a.png")
    half = Image.new("L", (64, 48), 0)
    half.paste(255, (32, 0, 64, 48))
    half.save(tmp_path / "b.tif")
    one = importance(str(tmp_path / "b.tif"), [photo()], 10**6)
    assert one.shape == (1, 1, HEIGHT, WIDTH)
    assert one[0, 0, :, :15].unique().tolist() == pytest.approx([LEAST])
    assert one[0, 0, :, 17:].unique().tolist() == pytest.approx([1.0])
    both = importance(str(tmp_path), [photo("a.jpg"), photo("b.jpg")], 10**6)
    assert bool((both[0] == 1).all())
    torch.testing.assert_close(both[1], one[0])


def test_importance_that_cannot_be_is_refused(tmp_path: Path) -> None:
    Image.new("L", (4, 4), 0).save(tmp_path / "black.png")
    (tmp_path / "bad.png").write_bytes(b"nothing")
    for name, message in (
        ("black.png", "is black all over"),
        ("bad.png", "cannot be read"),
        (".", r"no picture 'a\.\*' in"),
    ):
        with pytest.raises(UserError, match=rf"^weight: .*{message}"):
            importance(str(tmp_path / name), [photo()], 10**6)


def test_edges_count_most() -> None:
    found = edge_importance(photo().pixels[None])[0, 0]
    assert found[12, WIDTH // 2] == 1
    assert found[12, 2] == pytest.approx(LEAST, abs=0.01)
    flat = edge_importance(torch.full((1, 3, 16, 16), 0.3))
    assert bool(flat.isfinite().all())
