"""The best drawings found by search: no worse than any start, judged alike however far a model is."""

import pytest
import torch
from helpers.models import small_model
from torch import Tensor

from vectorae.evaluation import best_found
from vectorae.evaluation.best_found import evaluate_best_found
from vectorae.io.pixels import to_float

SIDE = 16


def squares(count: int) -> Tensor:
    """Red squares on blue, at several places, uint8."""
    images = torch.zeros(count, 3, SIDE, SIDE, dtype=torch.uint8)
    images[:, 2] = 200
    for index, image in enumerate(images):
        image[:, 2 + index : 8 + index, 3:10] = torch.tensor([230, 25, 0], dtype=torch.uint8)[:, None, None]
    return images


@pytest.fixture(autouse=True)
def _few_regrowths(monkeypatch: pytest.MonkeyPatch) -> None:
    for regrowths in ("REGROWTHS", "MORE_REGROWTHS"):
        monkeypatch.setattr(best_found, regrowths, 1)


def test_it_is_better_than_what_the_model_answers_and_refines() -> None:
    model, images = small_model().eval(), squares(3)
    found = evaluate_best_found(model, images, steps=60, restarts=2)
    assert set(found) == {f"{name}_best_found" for name in ("psnr", "ssim", "mse", "l1")}
    batch = to_float(images)
    answered = model.render(model(batch), crisp=True)
    assert (found["mse_best_found"] < (answered - batch).square().mean((1, 2, 3)) / 3).all()


def test_a_model_that_knows_the_answer_is_a_start_too() -> None:
    model = small_model("model.refine_steps=0").eval()
    model.encoder.add_offset(torch.arange(model.layout.raw_size), model.layout.random_raw(1, seed=1)[0])
    images = model.render(model(torch.zeros(2, 3, SIDE, SIDE)), crisp=True).mul(255).round().byte()
    assert (evaluate_best_found(model, images, steps=2, restarts=1)["psnr_best_found"] > 45).all()


def test_images_beyond_what_fits_together_are_searched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_found, "TOGETHER", 4)
    found = evaluate_best_found(small_model(), squares(3), steps=20, restarts=2)
    assert found["psnr_best_found"].shape == (3,)
    assert (found["psnr_best_found"] > 15).all()


def test_it_does_not_depend_on_how_far_the_model_is() -> None:
    """Judged and drawn at one softness, where crisp strokes depend on it."""
    lines = "rasterizer.coverage=gaussian", "primitives=lines_free", "primitives.count=3", "model.refine_steps=0"
    model, found = small_model(*lines), []
    for progress in (0.0, 1.0):
        model.run.progress = progress
        found.append(evaluate_best_found(model, squares(2), steps=20, restarts=1)["psnr_best_found"])
    assert torch.equal(*found)
