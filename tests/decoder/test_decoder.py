"""The decoder: states, visible shapes, exact and crisp drawings, feedback; and what follows from there being one."""

from dataclasses import replace

import pytest
import torch
from helpers.models import small_model
from torch import Tensor

from vectorae import Layout, rasterize, to_svg
from vectorae.decoder import Decoder, DrawState
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer
from vectorae.training.autoencoder import VectorAutoencoder

SIDE = 16
SOFT = DrawState(softness=0.05, temperature=0.1)


def decoder_of(kinds: list[str], ordering: str = "slot", **settings: str) -> Decoder:
    return Decoder(Layout(kinds, count=6, ordering=ordering), Rasterizer(**settings))  # type: ignore[arg-type]


def images(count: int = 2, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def growing_model(*overrides: str) -> VectorAutoencoder:
    """In the first half of a run whose second round has not begun, with an encoder that predicts something."""
    torch.manual_seed(0)
    model = small_model("growth.rounds=2", "growth.until=1", *overrides).eval()
    torch.nn.init.normal_(model.encoder.head.numbers.weight, std=0.3)  # type: ignore[union-attr,arg-type]
    model.run.progress = 0.2
    assert model.state.visible == 8
    return model


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian"])
@pytest.mark.parametrize("ordering", ["slot", "depth"])
def test_an_exact_state_draws_what_is_crisp(coverage: str, ordering: str) -> None:
    decoder = decoder_of(["squircle", "line"], ordering, coverage=coverage)
    raw = decoder.layout.random_raw(2, seed=1)
    crisp = decoder.render(raw, SIDE, SIDE, SOFT, crisp=True)
    assert torch.equal(decoder.render(raw, SIDE, SIDE, replace(SOFT, exact=True)), crisp)
    assert not torch.allclose(decoder.render(raw, SIDE, SIDE, SOFT), crisp)


def test_strokes_are_widened_once() -> None:
    """A crisp scene that is drawn in an exact state keeps its strokes."""
    decoder, exact = decoder_of(["line"], coverage="gaussian"), replace(SOFT, exact=True)
    raw = decoder.layout.random_raw(2, seed=1)
    soft, crisp = decoder.scene(raw, SOFT), decoder.scene(raw, SOFT, crisp=True)
    (thin,), (wide,) = (scene.groups for scene in (soft, crisp))
    assert thin.stroke_width is not None and wide.stroke_width is not None
    torch.testing.assert_close(wide.stroke_width - thin.stroke_width, torch.full((2, 6), 0.05 * torch.pi**0.5))
    expected = rasterize(crisp, SIDE, SIDE, coverage="ramp")
    assert torch.equal(decoder.draw(crisp, SIDE, SIDE, exact), expected)
    assert torch.equal(decoder.draw(crisp, SIDE, SIDE, exact, crisp=True), expected)


@pytest.mark.parametrize("exact", [False, True])
def test_shapes_that_are_not_visible_are_not_drawn(exact: bool) -> None:
    decoder, state = decoder_of(["circle", "line"]), replace(SOFT, visible=4, exact=exact)
    raw = decoder.layout.random_raw(2, seed=1)
    scene, whole = decoder.scene(raw, state, crisp=True), decoder.whole_scene(raw, state)
    assert (scene.count, whole.count) == (4, 6)
    drawn = [decoder.draw(one, SIDE, SIDE, state, crisp=True) for one in (scene, whole)]
    torch.testing.assert_close(*drawn, atol=1e-6, rtol=0)
    feedback = decoder.feedback(raw, images(), Objective({"mse": 1.0, "overlap": 0.1}), state)
    hidden = decoder.layout.indices_of([4, 5])
    assert (feedback.gradient[:, hidden] == 0).all() and (feedback.gradient != 0).any()
    assert feedback.scene.count == 6
    # A penalty on scenes does not count hidden shapes.
    visible = decoder.layout(raw, crisp=exact).select(0, 4)
    expected = Objective({"mse": 1.0, "overlap": 0.1}).terms(feedback.drawing, images(), visible)
    torch.testing.assert_close(feedback.terms["overlap"], expected["overlap"])


def test_feedback_is_cost_and_gradient_of_the_drawing() -> None:
    decoder, objective = decoder_of(["circle"]), Objective({"mse": 1.0, "l1": 0.5})
    raw = decoder.layout.random_raw(2, seed=1).requires_grad_()
    feedback = decoder.feedback(raw, images(), objective, SOFT)
    drawing = decoder.render(raw, SIDE, SIDE, SOFT)
    cost = objective(drawing, images(), decoder.scene(raw, SOFT))
    (gradient,) = torch.autograd.grad(cost.sum(), raw)
    for found, expected in ((feedback.drawing, drawing), (feedback.cost, cost), (feedback.gradient, gradient)):
        torch.testing.assert_close(found, expected)
        assert not found.requires_grad
    torch.testing.assert_close(decoder.cost(raw, images(), objective, SOFT), cost)


def test_the_scene_knows_its_compositing() -> None:
    """README's ``to_svg(scene, …)`` of a model of coloured ink that adds up."""
    model = small_model("rasterizer.compositing=soft_or").eval()
    scene = model.vectorize(images())
    assert scene.compositing == "soft_or"
    assert "screen" in to_svg(scene, SIDE, SIDE)[0]
    drawn = model.draw(images())
    torch.testing.assert_close(rasterize(scene, SIDE, SIDE, coverage="ramp"), drawn)


def test_a_growing_model_refines_what_is_visible() -> None:
    """Whatever is hidden is left alone, and no crisp drawing comes out worse."""
    model = growing_model("primitives.background=0.5")
    raw = model(images()).detach()
    refined = model.refine(raw, images(), 30)
    hidden = model.layout.indices_of(range(8, 16))
    assert torch.equal(refined[:, hidden], raw[:, hidden])
    assert not torch.equal(refined, raw)
    costs = [(model.render(one, crisp=True) - images()).square().mean((1, 2, 3)) for one in (raw, refined)]
    assert (costs[1] <= costs[0]).all()
    assert model.vectorize(images()).count == 8


def test_a_crisp_drawing_and_its_svg_are_of_one_scene() -> None:
    model = growing_model()
    scene = model.vectorize(images())
    drawn = model.decoder.draw(scene, SIDE, SIDE, model.state, crisp=True)
    assert torch.equal(drawn, model.draw(images(), crisp=True))
