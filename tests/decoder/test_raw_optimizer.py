"""Optimizer steps on raw numbers: better drawings, never worse ones, each on its own."""

import pytest
import torch
from helpers.models import small_model
from torch import Tensor

from vectorae import Layout
from vectorae.decoder import Decoder, DrawState, optimize_raw
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

SIDE = 16


STATE = DrawState(softness=0.02, temperature=0.01)


def optimized(layout: Layout, raw: Tensor, images: Tensor, steps: int, terms: dict[str, float] | None = None) -> Tensor:
    objective = Objective(terms or {"mse": 1.0})
    decoder = Decoder(layout, Rasterizer())
    return optimize_raw(raw, images, decoder, objective, lambda done: STATE, steps=steps, learning_rate=0.1)


def crisp(layout: Layout, raw: Tensor) -> Tensor:
    return Decoder(layout, Rasterizer()).render(raw, SIDE, SIDE, STATE, crisp=True)


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
    raw = optimized(layout, start, images, 150)
    before, after = ((crisp(layout, one) - images).square().mean((1, 2, 3)) for one in (start, raw))
    assert (after < before / 5).all()
    assert not raw.requires_grad


def test_no_drawing_comes_out_worse_whatever_the_steps_do() -> None:
    layout, images = Layout(["circle", "squircle"], rows=2, columns=2), squares(4)
    raw = layout.random_raw(4, seed=3)
    objective, decoder = Objective({"mse": 1.0, "overlap": 0.01}), Decoder(layout, Rasterizer())
    for steps, rate in ((1, 0.1), (7, 3.0), (25, 100.0)):
        better = optimize_raw(raw, images, decoder, objective, lambda done: STATE, steps=steps, learning_rate=rate)
        costs = [decoder.cost(numbers, images, objective, STATE, crisp=True) for numbers in (raw, better)]
        assert (costs[1] <= costs[0]).all()
        assert better.isfinite().all()


def test_drawings_do_not_depend_on_each_other() -> None:
    layout, images = Layout(["circle"], count=3), squares(3)
    raw = layout.random_raw(3, seed=1)
    together, alone = optimized(layout, raw, images, 20), optimized(layout, raw[1:2], images[1:2], 20)
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-3)
    assert torch.equal(raw, layout.random_raw(3, seed=1))


def test_every_step_is_counted() -> None:
    layout, done = Layout(["circle"], count=1), list[int]()
    optimize_raw(
        torch.zeros(1, layout.raw_size),
        squares(1),
        Decoder(layout, Rasterizer()),
        Objective({"mse": 1.0}),
        lambda progress: STATE,
        steps=5,
        learning_rate=0.1,
        step_done=lambda: done.append(1),
    )
    assert len(done) == 5


def test_a_model_refines_the_prediction_of_its_encoder() -> None:
    model, images = small_model().eval(), squares(2)
    raw = model(images).detach()
    assert model.refine(raw, images, 0) is raw
    refined = model.refine(raw, images, 30)
    errors = [(model.render(one, crisp=True) - images).square().mean() for one in (raw, refined)]
    assert errors[1] < 0.7 * errors[0]
    drawn = model.decoder.draw(model.vectorize(images, refine=30), SIDE, SIDE, model.state, crisp=True)
    torch.testing.assert_close(drawn, model.render(refined, crisp=True))
    assert all(parameter.grad is None for parameter in model.parameters())
