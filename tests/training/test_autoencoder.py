"""The autoencoder: it learns, it draws soft and crisp, and it takes images of any size."""

import pytest
import torch
from helpers.models import overfit, small_model
from torch import Tensor

from vectorae import Group, RoundedBox, Scene, UserError, rasterize
from vectorae.io.pixels import to_float


def two_rectangles(count: int, seed: int = 0) -> Tensor:
    """Images ``[count, 3, 16, 16]`` of two rectangles of random place, size and colour."""
    random = torch.Generator().manual_seed(seed)
    center = 0.2 + 0.6 * torch.rand(count, 2, 2, generator=random)
    half = 0.1 + 0.2 * torch.rand(count, 2, 2, generator=random)
    color = torch.rand(count, 2, 3, generator=random)
    ones = torch.ones(count, 2)
    outline = RoundedBox(center, half, 0 * ones, 0 * ones)
    background = torch.rand(count, 3, generator=random)
    return rasterize(Scene((Group(outline, (0, 1)),), color, ones, ones, background), 16, 16, coverage="ramp")


def test_overfits_one_batch() -> None:
    torch.manual_seed(0)
    model = small_model("optimizer.lr=0.01")
    images = two_rectangles(16)
    losses = overfit(model, images, 150)
    assert losses[-1] < losses[0] / 3
    assert model.run.progress == 1
    model.eval()
    with torch.no_grad():
        drawn = model.draw(images)  # crisp
    mean = images.mean(0, keepdim=True)
    assert (drawn - images).square().mean() < (mean - images).square().mean()


def test_an_untrained_model_draws_the_starting_arrangement() -> None:
    model = small_model().eval()
    images = two_rectangles(3)
    start = model.layout(torch.zeros(1, model.layout.raw_size))
    for crisp, coverage in ((False, "sigmoid"), (True, "ramp")):
        with torch.no_grad():
            drawn = model.draw(images, crisp=crisp)
        expected = rasterize(start, 16, 16, coverage=coverage, softness=model.state.softness)
        torch.testing.assert_close(drawn, expected.expand(3, -1, -1, -1), atol=1e-5, rtol=0)


def test_softness_follows_progress_and_travels_in_the_state() -> None:
    model = small_model("softness.start=0.08", "softness.end=0.02", "softness.until=0.5")
    assert model.state.softness == pytest.approx(0.08)
    model.run.progress = 0.25
    assert model.state.softness == pytest.approx(0.04)
    model.run.progress = 0.7
    assert model.state.softness == pytest.approx(0.02)
    other = small_model("softness.start=0.08", "softness.end=0.02", "softness.until=0.5")
    other.load_state_dict(model.state_dict())
    assert other.run.progress == pytest.approx(0.7)
    assert other.state == model.state
    assert small_model("softness.start=0.08").plan.schedule.softness(1.0, 16) == pytest.approx(0.18 / 16)


def test_softness_widens_the_soft_drawing_and_not_the_crisp_one() -> None:
    model = small_model().eval()
    images = two_rectangles(1)
    drawings = {}
    with torch.no_grad():
        for progress in (0.0, 1.0):
            model.run.progress = progress
            drawings[progress] = [model.draw(images, crisp=crisp) for crisp in (False, True)]
    assert torch.equal(drawings[0.0][1], drawings[1.0][1])
    distance = [float((soft - crisp).abs().mean()) for soft, crisp in drawings.values()]
    assert distance[0] > 2 * distance[1]


@pytest.mark.parametrize("primitives", ["shapes_4x4", "squircles_4x4", "lines_free"])
@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian"])
def test_the_last_part_of_a_run_is_drawn_exactly(coverage: str, primitives: str) -> None:
    model = small_model("softness.exact=0.3", f"rasterizer.coverage={coverage}", f"primitives={primitives}").eval()
    torch.nn.init.normal_(model.encoder.head.numbers.weight, std=0.3)  # type: ignore[union-attr,arg-type]
    images = two_rectangles(3)
    for progress, exact in ((0.0, False), (0.69, False), (0.71, True), (1.0, True)):
        model.run.progress = progress
        with torch.no_grad():
            soft, crisp = (model.draw(images, crisp=crisp) for crisp in (False, True))
        assert torch.equal(soft, crisp) == exact
    cost, _ = model.train().training_loss(images)
    cost.backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_the_order_is_decided_while_it_is_drawn_exactly() -> None:
    model = small_model("primitives.ordering=depth", "softness.exact=1").eval()
    torch.nn.init.normal_(model.encoder.head.numbers.weight, std=0.3)  # type: ignore[union-attr,arg-type]
    assert model.state.exact
    images = two_rectangles(3)
    with torch.no_grad():
        assert torch.equal(model.draw(images, crisp=False), model.draw(images, crisp=True))
    cost, _ = model.train().training_loss(images)
    cost.backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert not small_model("softness.exact=0").state.exact


@pytest.mark.parametrize("training", [True, False])
def test_vectorize(training: bool) -> None:
    model = small_model().train(training)
    torch.nn.init.normal_(model.encoder.head.numbers.weight, std=0.3)  # type: ignore[union-attr,arg-type]
    images = two_rectangles(4)
    model.eval()
    expected = model.decoder.scene(model(images), model.state, crisp=True)
    model.train(training)
    scene = model.vectorize(images)
    assert model.training is training
    assert not scene.color.requires_grad
    assert scene.count == model.layout.count
    torch.testing.assert_close(scene.color, expected.color)
    bytes_ = (images * 255).round().byte()
    torch.testing.assert_close(model.vectorize(bytes_).color, model.vectorize(to_float(bytes_)).color)


def test_vectorize_resizes() -> None:
    model = small_model().eval()
    torch.nn.init.normal_(model.encoder.head.numbers.weight, std=0.3)  # type: ignore[union-attr,arg-type]
    images = two_rectangles(2)
    larger = images.repeat_interleave(3, -1).repeat_interleave(3, -2)
    torch.testing.assert_close(model.vectorize(larger).color, model.vectorize(images).color, atol=0.05, rtol=0)
    assert model.vectorize(torch.rand(2, 3, 7, 7)).batch == 2


def test_the_config_travels() -> None:
    model = small_model()
    saved: dict[str, object] = {}
    model.on_save_checkpoint(saved)
    assert saved["vectorae"] == {"format": 6, "config": dict(model.config), "plugins": []}


@pytest.mark.parametrize("pixel", [float("nan"), float("inf"), 1e30])
def test_pixels_that_are_no_numbers_are_refused(pixel: float) -> None:
    model = small_model().eval()
    images = torch.rand(2, 3, 16, 16)
    images[1, 0, 3, 3] = pixel
    with pytest.raises(UserError, match=r"^images: pixels are numbers in \[0, 1\]"):
        model.vectorize(images)
