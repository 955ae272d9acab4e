"""Workloads F, T1 and T2 are steps of trainings (benchmarks/training.py)."""

from dataclasses import replace
from unittest.mock import patch

import pytest
import torch
from helpers.benchmarks import CPU
from helpers.models import composed

from benchmarks import passes, training
from benchmarks.passes import make_work
from benchmarks.workloads import Size
from vectorae.rasterizer import rasterize


def test_the_step_is_that_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    small = ("dataset.image_size=32", "primitives.rows=2", "primitives.columns=2", "encoder.width=8")
    config = composed(*small, "head.width=16", "model.refine_steps=0")
    work = make_work("F", Size(batch=4), config, CPU)
    assert isinstance(work, training.Step)
    assert len(work.images) == 4 and make_work("F", Size(), config, CPU).images.shape == (128, 3, 32, 32)  # type: ignore[union-attr]
    model = work.model("auto")
    monkeypatch.setattr(training.Step, "model", lambda self, backend: model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    times = passes.make_pass(work, "auto")()
    assert set(times) == {"forward", "backward", "optimizer", "both", "rasterizer"}
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_the_step_is_drawn_exactly_where_training_is() -> None:
    config = composed(
        "dataset.image_size=32", "encoder.width=8", "head=mlp", "model.refine_steps=0", "softness.exact=1"
    )
    work = make_work("F", Size(batch=2), config, CPU)
    assert isinstance(work, training.Step)
    assert work.drawing().coverage == "ramp"
    drawn = work.model("auto").eval()
    with patch("vectorae.decoder.decoder.rasterize", wraps=rasterize) as draw:
        training.step_pass(replace(work), "auto")()
    assert {call.kwargs["coverage"] for call in draw.call_args_list} == {"ramp"}
    assert drawn.state.exact


@pytest.mark.parametrize(("name", "exact"), [("T1", False), ("T2", True)])
def test_steps_with_corrections_count_all_drawings(name: str, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    config = composed("dataset.image_size=32", "encoder.width=8", "model.refine_steps=2", "refiner.width=16")
    work = make_work(name, Size(batch=2), config, CPU)
    assert isinstance(work, training.Step) and len(work.images) == 2
    assert work.model("auto").state.exact == exact and work.drawing().coverage == ("ramp" if exact else "sigmoid")
    monkeypatch.setattr(training, "_rasterizer_alone", lambda model, scene, images: 1.0)
    assert training.step_pass(work, "auto")()["rasterizer"] == 3.0
