"""Several learned starts, and more corrections than in training: the best drawing is the answer."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from helpers.models import composed, run_training, small_model
from torch import Tensor

from vectorae.encoders import Refiner
from vectorae.errors import UserError
from vectorae.training.build import build_model
from vectorae.training.candidates import find_candidates, limit_answers


def images(count: int = 5) -> Tensor:
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def costs(overrides: tuple[str, ...], steps: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The cost of the answer of an untrained model, and of every drawing that it is chosen from, ``[·, B]``."""
    torch.manual_seed(seed)
    model, batch = small_model(*overrides).eval(), images()
    if isinstance(model.refiner, Refiner):  # its corrections are none at first
        torch.nn.init.normal_(model.refiner.shift.shapes[0].weight, std=0.05)  # type: ignore[arg-type]
    with torch.no_grad():
        features = model.encoder.encode(batch)
        found = [
            feedback.cost
            for number in range(model.options.num_hypotheses)
            for _, feedback in model.corrections(batch, features, torch.full((5,), number), steps, complete=True)
            if feedback is not None
        ]
        cost = model.decoder.feedback(model(batch), batch, model.loss, model.state).cost
    return cost, torch.stack(found)


@pytest.mark.parametrize(
    ("overrides", "steps"),
    [
        (("model.hypotheses=3",), 1),
        (("model.hypotheses=3", "head=recurrent", "model.refine_steps=0"), 0),
        (("model.answer_steps=4",), 4),
        (("model.hypotheses=2", "model.answer_steps=3", "model.latent=8"), 3),
    ],
)
def test_the_answer_is_the_best_of_all(overrides: tuple[str, ...], steps: int) -> None:
    cost, found = costs(overrides, steps)
    torch.testing.assert_close(cost, found.min(0).values)
    if "hypotheses" in overrides[0]:
        assert (found[0] != found[-1]).all()  # they start elsewhere


def test_without_them_the_answer_is_the_last_correction() -> None:
    model, batch = small_model("model.refine_steps=2").eval(), images()
    *_, (raw, _) = model.predictions(batch)
    assert torch.equal(model(batch), raw)
    assert not any("hypotheses" in name for name in model.state_dict())


def test_each_image_of_a_batch_trains_one_of_them() -> None:
    model = small_model("model.hypotheses=4")
    cost, _ = model.training_loss(images(3))
    cost.backward()
    hypotheses = model.encoder.hypotheses
    assert hypotheses is not None
    assert hypotheses.starts.grad is not None
    assert hypotheses.starts.grad.abs().sum(1).bool().tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (("model.hypotheses=2", "model.variational=true"), "model.hypotheses: a variational model samples"),
        (("model.answer_steps=3", "model.refine_steps=0"), "model.answer_steps: with refine_steps=0"),
        (("model.hypotheses=0",), "model.hypotheses must be an integer ≥ 1"),
    ],
)
def test_what_cannot_be_is_refused(overrides: tuple[str, ...], line: str) -> None:
    with pytest.raises(UserError, match=line):
        small_model(*overrides)


@pytest.mark.parametrize(
    ("overrides", "hypotheses", "corrections"),
    [
        ((), 4, 24),
        (("model.refine_steps=0",), 4, 0),
        (("model.variational=true",), 1, 24),
        (("model.any_count=true", "model.answer_steps=5"), 4, 5),
    ],
)
def test_by_default_there_are_several_where_they_can_be(
    overrides: tuple[str, ...], hypotheses: int, corrections: int
) -> None:
    options = build_model(composed("encoder.width=8", "dataset.image_size=16", *overrides)).options
    assert (options.num_hypotheses, options.num_corrections) == (hypotheses, corrections)


def test_processes_share_the_hypotheses_of_a_batch() -> None:
    model, trained = small_model("model.hypotheses=3"), []

    def seen(images: Tensor, features: Tensor, hypothesis: Tensor, *_: Any) -> list[Any]:
        trained.append(hypothesis.tolist())
        return []

    with patch.object(model, "corrections", seen):
        list(model.predictions(images(6)))
        for rank in (0, 1):
            model._trainer = SimpleNamespace(global_rank=rank, world_size=2)  # type: ignore[assignment]
            list(model.predictions(images(3)))
    assert trained == [[0, 1, 2, 0, 1, 2], [0, 2, 1], [1, 0, 2]]


def test_answers_may_be_limited() -> None:
    model, batch = small_model("model.hypotheses=3", "model.answer_steps=4").eval(), images()
    limit_answers(model, None, None)
    assert (model.options.num_hypotheses, model.options.num_corrections) == (3, 4)
    limit_answers(model, 2, 1)
    assert (model.options.num_hypotheses, model.options.num_corrections) == (2, 1)
    assert find_candidates(model, batch).raw.shape[:2] == (2, 5)
    with pytest.raises(UserError, match=r"^hypotheses: 3, and this model has 2$"):
        limit_answers(model, 3, None)
    with pytest.raises(UserError, match=r"^answer_steps: with refine_steps=0 there is nothing"):
        limit_answers(small_model("model.refine_steps=0"), None, 2)


@pytest.mark.parametrize(
    ("overrides", "times"),
    [
        (("model.hypotheses=2",), 1),
        (("model.any_count=true",), 1),
        (("model.refine_steps=0", "model.hypotheses=1"), 0),
        (("model.refine_steps=2", "model.answer_steps=2", "model.hypotheses=1"), 0),
        (("model.hypotheses=1", "model.answer_steps=4", "model.regrowths=3"), 3),
    ],
)
def test_answers_that_are_chosen_are_regrown_once(overrides: tuple[str, ...], times: int) -> None:
    options = build_model(composed("encoder.width=8", "dataset.image_size=16", *overrides)).options
    assert options.num_regrowths == times
    assert options.chooses == (times > 0)


def test_no_drawing_is_worse_for_regrowths_and_refinement() -> None:
    model, batch = small_model("model.hypotheses=3").eval(), images(3)

    def cost(raw: Tensor) -> Tensor:
        return model.decoder.cost(raw, batch, model.loss, model.state, crisp=True)

    with torch.no_grad():
        before = find_candidates(model, batch)
        limit_answers(model, None, None, regrowths=1)
        grown = find_candidates(model, batch)
        refined = grown.refined(model, batch, 4)
        assert torch.equal(grown.refined(model, batch, 0), grown.best)
    assert (cost(grown.best) <= cost(before.best) + 1e-6).all()
    assert cost(grown.best).mean() < cost(before.best).mean()
    assert (cost(refined) <= cost(grown.best) + 1e-6).all()


def test_a_run_is_watched_from_the_starting_arrangement(tmp_path: Path) -> None:
    """Not from what the best of the hypotheses begins with."""
    assert run_training(tmp_path / "run", "model.hypotheses=3") == 0
    first, *_, last = sorted((tmp_path / "run" / "renders").glob("step_*.npz"))
    with np.load(first) as begun, np.load(last) as ended:
        assert not begun["raw"].any()
        assert ended["raw"].any()
