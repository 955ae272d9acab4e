"""Images of any shape for a model that sees squares: what is drawn lies where it lies in the image."""

import pytest
import torch
from helpers.models import small_model
from torch import Tensor

import vectorae
from vectorae import Layout, UserError, VectorAutoencoder
from vectorae.training.squares import Resize, squares


@pytest.fixture(scope="module")
def model() -> VectorAutoencoder:
    return small_model().eval()


def disc(height: int, width: int) -> Tensor:
    """A white disc in the middle of the left upper quarter, on grey, ``[1, 3, H, W]``."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    inside = (x - width / 4) ** 2 + (y - height / 4) ** 2 < (min(height, width) / 8) ** 2
    return torch.where(inside, 1.0, 0.5).expand(1, 3, -1, -1)


@pytest.mark.parametrize("resize", ["pad", "stretch"])
@pytest.mark.parametrize(("height", "width"), [(40, 64), (64, 40), (41, 64), (48, 48)])
def test_a_drawing_of_the_square_lies_on_the_image(height: int, width: int, resize: Resize) -> None:
    seen = squares(disc(height, width), 32, resize, "edge")
    bright = seen.images[0, 0] > 0.75
    y, x = torch.nonzero(bright).float().add(0.5).mean(0).div(32).tolist()  # where the square shows the disc
    dot = vectorae.Scene.of([vectorae.circle((x, y), 0.06, fill="white")], background="black")
    drawn = vectorae.rasterize(seen.on_image(dot), height, width, coverage="ramp")[0, 0]
    weights = drawn / drawn.sum()
    assert (weights.sum(1) * (torch.arange(height) + 0.5)).sum().item() == pytest.approx(height / 4, abs=1)
    assert (weights.sum(0) * (torch.arange(width) + 0.5)).sum().item() == pytest.approx(width / 4, abs=1)


def test_the_middle_is_cut_out() -> None:
    image = torch.rand(1, 3, 8, 14)
    seen = squares(image, 8, "crop", "edge")
    torch.testing.assert_close(seen.images, image[..., 3:11])
    scene = vectorae.Scene.of([vectorae.circle((0.5, 0.5), 0.2)])
    assert seen.on_image(scene) is scene


@pytest.mark.parametrize("bars", ["edge", "black"])
def test_bars(bars: str) -> None:
    seen = squares(torch.ones(1, 3, 4, 8), 8, "pad", bars).images
    assert seen[0, 0, :, 0].tolist() == [float(bars == "edge" or 2 <= row < 6) for row in range(8)]


def test_images_of_any_size_and_type(model: VectorAutoencoder) -> None:
    images = torch.rand(2, 3, 20, 30)
    as_bytes = (images * 255).round().byte()
    torch.testing.assert_close(model.vectorize(as_bytes / 255).color, model.vectorize(as_bytes).color)
    for resize in ("pad", "crop", "stretch"):
        scene = model.vectorize(images, resize=resize)
        assert vectorae.rasterize(scene, 20, 30, coverage="ramp").isfinite().all()


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (torch.rand(0, 3, 16, 16), {"refine": 2}, r"images \[0, 3, 16, 16\]"),
        (torch.rand(1, 3, 0, 0), {}, r"images \[1, 3, 0, 0\]"),
        (torch.rand(1, 1, 16, 16), {}, r"takes \[B, 3, H, W\]"),
        (torch.rand(3, 16, 16), {}, r"takes \[B, 3, H, W\]"),
        (torch.rand(1, 3, 16, 16).numpy(), {}, "images.*ndarray"),
        ([[0.5]], {}, "images.*"),
        (torch.zeros(1, 3, 16, 16, dtype=torch.int64), {}, "torch.int64"),
        (torch.full((1, 3, 16, 16), torch.nan), {}, "NaN"),
        (torch.rand(1, 3, 16, 16), {"refine": 1.5}, "refine must be an integer ≥ 0, got 1.5"),
        (torch.rand(1, 3, 16, 16), {"refine": -1}, "refine must be an integer ≥ 0"),
        (torch.rand(1, 3, 16, 16), {"resize": "fill"}, "resize must be .*stretch"),
        (torch.rand(1, 3, 16, 16), {"count": 2}, "count"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(
    model: VectorAutoencoder, images: Tensor, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        model.vectorize(images, **settings)  # type: ignore[arg-type]
    assert len(str(refusal.value)) < 300


def test_an_encoder_of_other_features_is_refused_by_name() -> None:
    from vectorae.encoders import CNN, MLP, Encoder

    model = small_model("model.refine_steps=1")
    model.encoder.backbone = CNN(3, 16, width=16)
    with pytest.raises(UserError, match=r"encoder: CNN makes feature maps .* the head of this model takes"):
        model.vectorize(torch.rand(1, 3, 16, 16))
    backbone, layout = CNN(3, 16, width=16), model.layout
    model.encoder = Encoder(backbone, MLP(backbone.features, backbone.side, layout), layout.raw_size)
    with pytest.raises(UserError, match=r"encoder: a feature map of .* features, and the refiner of this model takes"):
        model.vectorize(torch.rand(1, 3, 16, 16))
    model.refiner = None
    assert model.vectorize(torch.rand(1, 3, 16, 16)).count == layout.count


def test_an_encoder_that_does_not_say_what_it_returns_is_refused_by_name() -> None:
    from vectorae.encoders import CNN, MLP, Encoder

    layout, backbone = Layout(["circle"], count=4), CNN(3, 16)
    encoder = Encoder(backbone, MLP(backbone.features, backbone.side, layout), layout.raw_size)
    backbone.forward = lambda images: torch.zeros(len(images), 7, 4, 4)  # type: ignore[method-assign]
    with pytest.raises(UserError, match=r"encoder: CNN returned \[2, 7, 4, 4\]; by its features and side it is \[B, "):
        encoder(torch.rand(2, 3, 16, 16))
    del backbone.side
    with pytest.raises(UserError, match=r"CNN\.side is None"):
        encoder(torch.rand(2, 3, 16, 16))
