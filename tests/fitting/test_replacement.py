"""Shapes that a drawing hardly needs are replaced by new ones on top; coarse to fine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.fits import HEIGHT, WIDTH, fitting, image, layout, stepped
from torch import Tensor

from vectorae.decoder import Decoder, DrawState, Growth
from vectorae.errors import UserError
from vectorae.fitting import Coarse, FitPlan, Replacement
from vectorae.fitting.coarse import Views
from vectorae.fitting.history import History
from vectorae.fitting.state import read_state, write_state
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer, contributions


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("measured", "kinds", "exact"),
    [
        (True, ("circle", "triangle"), False),
        (True, ("blob", "line"), False),
        (True, ("blob", "line"), True),
        (False, ("circle", "triangle"), False),
    ],
)
def test_the_cost_of_a_removal_is_what_the_error_rises_by(
    measured: bool, kinds: tuple[str, ...], exact: bool, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To rounding where the CPU's kernels measure it, else within the error of thousands of probes."""
    decoder, state = Decoder(layout(*kinds), Rasterizer()), DrawState(0.05, exact=exact)
    raw = decoder.layout.random_raw(batch=2, seed=1)
    images = torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    importance = torch.rand(2, 1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)) if weighted else None
    scene = decoder.scene(raw, state)

    def drawn(opacity: Tensor) -> Tensor:
        return decoder.draw(replace(scene, opacity=opacity), HEIGHT, WIDTH, state)

    monkeypatch.setattr(contributions, "PROBES", 3000)
    if measured:
        found = decoder.contributions(scene, images, state, importance)
    else:
        found = contributions.estimated(drawn, scene.opacity, images, importance)

    def error(opacity: Tensor) -> Tensor:
        squares = (drawn(opacity) - images).square()
        return (squares if importance is None else squares * importance).sum((1, 2, 3))

    costs, tolerance = found.removal_costs, 1e-4 if measured else 0.05
    torch.testing.assert_close(found.drawn, decoder.draw(scene, HEIGHT, WIDTH, state))
    for slot in range(6):
        without = scene.opacity.clone()
        without[:, slot] = 0
        rise = error(without) - error(scene.opacity)
        assert (costs[:, slot] - rise).abs().max() < tolerance * costs.abs().max()


def test_what_is_filled_and_stroked_or_in_gradients_is_measured_too() -> None:
    for paint in ("both", {"fill": "linear"}):
        decoder, state = Decoder(layout("circle", paint=paint), Rasterizer()), DrawState(0.05)
        scene = decoder.scene(decoder.layout.random_raw(batch=2, seed=1), state)
        costs = decoder.contributions(scene, torch.zeros(1, 1, HEIGHT, WIDTH), state).removal_costs
        assert costs.shape == scene.opacity.shape and costs.abs().min() > 0


@pytest.mark.parametrize("kinds", [("blob",), ("circle", "square", "line")])
def test_raised_shapes_stay_as_they_are(kinds: tuple[str, ...]) -> None:
    """In other slots, where other starts are, and above all others of their kind."""
    shapes, state = layout(*kinds, count=12), DrawState(0.05)
    decoder, raw = Decoder(shapes, Rasterizer()), shapes.random_raw(batch=2, seed=1)
    chosen = torch.zeros(2, 12, dtype=torch.bool)
    chosen[0, [2, 5]] = chosen[1, [0, 1, 9]] = True
    index, offset, origin = shapes.raised(range(10), chosen)
    before, after = decoder.scene(raw, state), decoder.scene(raw.gather(1, index) + offset, state)
    torch.testing.assert_close(after.opacity, before.opacity.gather(1, origin))
    torch.testing.assert_close(after.color, before.color.gather(1, origin[..., None].expand_as(before.color)))
    assert torch.equal(origin[:, 10:], torch.arange(10, 12).expand(2, -1))
    centers = before.bounds().center.gather(1, origin[..., None].expand(-1, -1, 2))
    torch.testing.assert_close(after.bounds().center, centers, atol=1e-5, rtol=1e-5)
    if len(kinds) == 1:
        assert origin[0].tolist() == [0, 1, 3, 4, 6, 7, 8, 9, 2, 5, 10, 11]
        assert origin[1].tolist() == [2, 3, 4, 5, 6, 7, 8, 0, 1, 9, 10, 11]


def test_a_shape_of_no_use_is_put_where_the_drawing_is_worst() -> None:
    fit = fitting(steps=400, replacement=Replacement(times=1, until=0.5, threshold=0.01, part=1.0))
    raw = stepped(fit, 199)._optimizer.raw
    # The lowest shape leaves the canvas.
    index = fit.layout.indices_of([0])
    raw[:, index[:2]] = -20.0
    fit._optimizer.place(raw, torch.ones_like(raw, dtype=torch.bool))
    assert float(fit.scene(0, crisp=True, best=False).bounds().center[0, 0].max()) < 0
    stepped(fit, 201)
    names = fit.present_names(0).tolist()
    assert 1 <= fit.relocated < 6
    assert names.index(0) >= 6 - fit.relocated
    center = fit.scene(0, crisp=True, best=False).bounds().center[0, names.index(0)]
    assert ((center > 0) & (center < torch.tensor([WIDTH / HEIGHT, 1.0]))).all()


def test_at_most_a_part_is_replaced_and_only_what_costs_little() -> None:
    costs = torch.tensor([[0.0, 0.1, 5.0, 5.0, -1.0], [4.0, 5.0, 6.0, 5.0, 5.0]])
    assert Replacement(1, 0.5, 0.1, 1.0).chosen(costs).tolist() == [[True, True, False, False, True], [False] * 5]
    assert Replacement(1, 0.5, 0.1, 0.2).chosen(costs).tolist() == [[False] * 4 + [True], [False] * 5]


def test_rounds_that_double() -> None:
    growth = Growth(rounds=3, until=0.6, sizes="doubling")
    assert [growth.count(number, 8) for number in range(3)] == [2, 4, 8]
    fit = fitting(layout(count=8), growth=growth)
    assert fit.rounds == [1, 1, 2, 2, 3, 3, 3, 3]
    assert growth.count(0, 3) == 1


def test_coarse_to_fine_ends_at_full_size() -> None:
    fit, heights = fitting(coarse=Coarse(4, 0.5)), []
    while not fit.done:
        heights.append(fit.step().drawing.shape[-2])
    assert heights == [6] * 15 + [12] * 15 + [24] * 30
    fit.evaluate()
    assert float((fit.draw(0, crisp=True) - fit.images).square().mean()) < float(fit.images.var()) / 4


def test_reduced_images_are_means() -> None:
    importance = torch.rand(1, 1, HEIGHT, WIDTH)
    views = Views(image(), Objective({"mse": 1.0}), importance)
    view = views(2)
    assert view.size == (12, 16)
    assert view.importance is not None
    torch.testing.assert_close(view.images[0, :, 0, 0], image()[0, :, :2, :2].mean((1, 2)))
    torch.testing.assert_close(view.importance[0, 0, 1, 1], importance[0, 0, 2:4, 2:4].mean())
    assert views(1).images.shape == image().shape


def test_a_resumed_fit_with_all_of_it_equals_one_that_never_stopped(tmp_path: Path) -> None:
    plan: dict[str, Any] = {
        "replacement": Replacement(8, 0.6, 2.0, 0.3),
        "coarse": Coarse(2, 0.3),
        "palette": 3,
        "restarts": 2,
    }
    for steps in (20, 50):
        whole, stopped, again = stepped(fitting(**plan)), stepped(fitting(**plan), steps), fitting(**plan)
        stopped.pause()
        write_state(tmp_path / "state.pt", {}, {0: stopped.state_dict()})
        again.load_state_dict(read_state(tmp_path / "state.pt", {}, ())[0])
        stepped(again)
        assert torch.equal(whole._optimizer.raw, again._optimizer.raw)
        assert torch.equal(whole.present_names(0), again.present_names(0))
        assert whole.relocated == again.relocated > 0


def test_an_animation_folcenters_each_shape(tmp_path: Path) -> None:
    """A shape that has come to lie on top is one and the same in all pictures."""
    decoder, state = Decoder(layout("circle", "square"), Rasterizer()), DrawState(0.05)
    shapes = decoder.layout
    raw, chosen = shapes.random_raw(batch=1, seed=1), torch.zeros(1, 6, dtype=torch.bool)
    chosen[0, 0] = True
    index, offset, origin = shapes.raised(range(6), chosen)
    history = History(tmp_path / "snapshots.npz")
    history.append(0, 6, raw, torch.arange(6))
    history.append(1, 6, raw.gather(1, index) + offset, origin[0])
    history = History.before(history.path, step=2)
    first, last = history.aligned(history.scenes(decoder, state))
    torch.testing.assert_close(first.color, last.color)
    torch.testing.assert_close(first.bounds().center, last.bounds().center, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Replacement(-1), "times must be an integer ≥ 0, got -1"),
        (lambda: Replacement(part=1.5), "part must be a number in (0, 1], got 1.5"),
        (lambda: Replacement(threshold=-1.0), "threshold must be a number ≥ 0, got -1.0"),
        (lambda: Coarse(3), "factor must be 1, 2, 4 or 8, got 3"),
        (lambda: Growth(sizes="halving"), "sizes must be equal or doubling, got 'halving'"),  # type: ignore[arg-type]
        (lambda: FitPlan(palette=0), "palette must be an integer ≥ 1 or null, got 0"),
    ],
)
def test_settings_of_moves_that_cannot_be_are_refused(make: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert message in str(caught.value)
