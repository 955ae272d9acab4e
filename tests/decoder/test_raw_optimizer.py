"""Optimizer steps on raw numbers: better drawings, never worse ones, each on its own."""

from functools import partial

import pytest
import torch
from helpers.models import small_model
from torch import Tensor

from vectorae import Layout
from vectorae.decoder.raw_optimizer import descend
from vectorae.errors import UserError
from vectorae.evaluation.best_found import evaluate_optimum
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

SIDE = 16


descended = partial(descend, learning_rate=0.1, softness=lambda progress: 0.02, temperature=lambda progress: 0.01)


def crisp(layout: Layout, raw: Tensor) -> Tensor:
    return Rasterizer().crisp(layout(raw, crisp=True), SIDE, SIDE)


def squares(count: int) -> Tensor:
    """Red squares on blue, at several places."""
    images = torch.zeros(count, 3, SIDE, SIDE)
    images[:, 2] = 0.8
    for index, image in enumerate(images):
        image[:, 2 + index : 8 + index, 3:10] = torch.tensor([0.9, 0.1, 0.0])[:, None, None]
    return images


@pytest.mark.parametrize("ordering", ["slot", "depth"])
def test_it_finds_what_is_there(ordering: str) -> None:
    layout, images = Layout(["rectangle", "squircle"], count=2, ordering=ordering), squares(3)
    start = torch.zeros(3, layout.raw_size)
    raw = descended(start, images, layout, Rasterizer(), Objective({"mse": 1.0}), steps=150)
    before, after = ((crisp(layout, one) - images).square().mean((1, 2, 3)) for one in (start, raw))
    assert (after < before / 5).all()
    assert not raw.requires_grad


def test_no_drawing_comes_out_worse_whatever_the_steps_do() -> None:
    layout, images = Layout(["circle", "squircle"], rows=2, columns=2), squares(4)
    raw = layout.random_raw(4, seed=3)
    objective = Objective({"mse": 1.0, "overlap": 0.01})
    for steps, rate in ((1, 0.1), (7, 3.0), (25, 100.0)):
        better = descended(raw, images, layout, Rasterizer(), objective, steps=steps, learning_rate=rate)
        costs = []
        for numbers in (raw, better):
            scene = layout(numbers, crisp=True)
            costs.append(objective(Rasterizer().crisp(scene, SIDE, SIDE), images, scene))
        assert (costs[1] <= costs[0]).all()
        assert better.isfinite().all()


def test_drawings_do_not_depend_on_each_other() -> None:
    layout, images = Layout(["circle"], count=3), squares(3)
    raw, objective = layout.random_raw(3, seed=1), Objective({"mse": 1.0})
    together = descended(raw, images, layout, Rasterizer(), objective, steps=20)
    alone = descended(raw[1:2], images[1:2], layout, Rasterizer(), objective, steps=20)
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-3)
    assert torch.equal(raw, layout.random_raw(3, seed=1))


def test_every_step_is_counted_and_none_refused() -> None:
    layout, done = Layout(["circle"], count=1), []
    objective = Objective({"mse": 1.0})
    start = torch.zeros(1, layout.raw_size)
    descended(start, squares(1), layout, Rasterizer(), objective, steps=5, step_done=lambda: done.append(1))
    assert len(done) == 5
    with pytest.raises(UserError, match=r"^steps: 0 is not"):
        descended(start, squares(1), layout, Rasterizer(), objective, steps=0)


def test_a_model_refines_what_its_encoder_answers() -> None:
    model, images = small_model().eval(), squares(2)
    raw = model(images).detach()
    assert model.refine(raw, images, 0) is raw
    refined = model.refine(raw, images, 30)
    errors = [
        (model.draw_scene(model.scene_of(one, crisp=True), crisp=True) - images).square().mean()
        for one in (raw, refined)
    ]
    assert errors[1] < 0.7 * errors[0]
    torch.testing.assert_close(
        model.draw_scene(model.vectorize(images, refine=30), crisp=True),
        model.draw_scene(model.scene_of(refined, crisp=True), crisp=True),
    )
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_optimum_is_better_than_the_start_and_independent_of_the_encoder() -> None:
    first, second = (small_model(f"seed={seed}").eval() for seed in (0, 1))
    images = squares(2).mul(255).round().byte()
    found = [evaluate_optimum(model, images, steps=60) for model in (first, second)]
    assert torch.equal(found[0]["psnr_optimum"], found[1]["psnr_optimum"])
    start = first.draw_scene(first.scene_of(torch.zeros(2, first.layout.raw_size), crisp=True), crisp=True)
    assert (found[0]["mse_optimum"] < (start - squares(2)).square().mean((1, 2, 3)) / 3).all()
    assert set(found[0]) == {f"{name}_optimum" for name in ("psnr", "ssim", "mse", "l1")}
