"""What else a training may do: shapes that enter late or come back, averaged weights, fields that learn faster."""

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.models import metrics_of, run_training, small_model
from torch import Tensor, nn
from torch.optim import swa_utils

import vectorae
from vectorae import UserError
from vectorae.callbacks import MovingAverage
from vectorae.callbacks.moving_average import not_averaged
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.decoder import Plateaus, SoftnessSchedule, draw_and_measure
from vectorae.io.pixels import to_float
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.relocation import relocate_dead


def faces(count: int) -> Tensor:
    return to_float(draw_faces(0, "train", 0, count, 16, 3))


def answering(model: VectorAutoencoder) -> VectorAutoencoder:
    """With an encoder that answers differently to different images."""
    torch.manual_seed(0)
    nn.init.normal_(model.encoder.head.numbers.weight, std=0.1)  # type: ignore[union-attr,arg-type]
    return model.eval()


def test_shapes_enter_in_rounds_from_the_bottom() -> None:
    model = small_model("growth.rounds=4", "growth.until=0.5")
    raw = torch.zeros(1, model.layout.raw_size)
    for progress, visible in ((0.0, 4), (0.13, 8), (0.3, 12), (0.5, 16), (1.0, 16)):
        model.run.progress = progress
        assert model.state.visible == visible
        scene, whole = model.decoder.scene(raw, model.state, crisp=True), model.decoder.whole_scene(raw, model.state)
        assert (scene.count, whole.count) == (visible, 16)
        assert (whole.opacity[0] > 0).tolist() == [slot < visible for slot in range(16)]


def test_what_is_not_there_yet_does_not_learn() -> None:
    model = answering(small_model("growth.rounds=2")).train()
    cost, _ = model.training_loss(faces(2))
    cost.backward()
    gradient = model.encoder.head.numbers.weight.grad  # type: ignore[union-attr]
    assert isinstance(gradient, Tensor)
    late = gradient[model.layout.indices_of(range(8, 16))]
    assert (late == 0).all()
    assert (gradient[model.layout.indices_of(range(8))] != 0).any()


@pytest.mark.parametrize("head", ["mlp", "grid", "queries", "recurrent"])
def test_shapes_that_paint_nothing_come_back_where_the_error_is(head: str) -> None:
    model = small_model("relocation.times=5", f"head={head}").eval()
    images = faces(12)
    small = {slot: model.layout.indices_of([slot]) for slot in (2, 5, 9)}
    names = model.layout.field_names()
    for numbers in small.values():
        places = torch.tensor([int(n) for n in numbers if names[n] in ("radius", "side")])
        model.encoder.add_offset(places, torch.full((len(places),), -20.0))

    def pixels() -> Tensor:
        _, found = draw_and_measure(model.decoder, model(images), 16, 16, model.state)
        return found.mean(0)

    before = pixels()
    assert all(before[slot] < 0.01 for slot in small)
    assert relocate_dead(model, images) == 3
    after = pixels()
    assert all(after[slot] > 0.2 for slot in small)
    assert relocate_dead(model, images) == 0
    others = [slot for slot in range(16) if slot not in small]
    scene = model.decoder.scene(model(images), model.state)
    start = model.layout(torch.zeros(1, model.layout.raw_size))
    torch.testing.assert_close(scene.opacity[:1, others], start.opacity[:, others])


def test_fields_learn_at_their_own_rates() -> None:
    models = []
    for overrides in ([], ["++model.rates.color=3"]):
        torch.manual_seed(1)
        models.append(answering(small_model(*overrides)))
    even, uneven = models
    images = faces(2)
    color = torch.tensor([name == "color" for name in even.layout.field_names()])
    torch.testing.assert_close(uneven(images)[:, color], 3 * even(images)[:, color])
    torch.testing.assert_close(uneven(images)[:, ~color], even(images)[:, ~color])
    with pytest.raises(UserError, match=r"^model\.rates\.colour: no such learned field; choose .*did you mean color"):
        small_model("++model.rates.colour=3")
    with pytest.raises(UserError, match=r"^model\.rates\.color must be a number > 0, got 0"):
        small_model("++model.rates.color=0")


@pytest.mark.parametrize("shape", ["exponential", "linear", "cosine", "plateau"])
def test_softness_falls_from_start_to_end(shape: str) -> None:
    schedule = SoftnessSchedule(0.08, 0.02, until=0.5, shape=shape)  # type: ignore[arg-type]
    values = [schedule(step / 100, 64) for step in range(101)]
    assert values[0] == pytest.approx(0.08)
    assert values[50:] == pytest.approx([0.02] * 51)
    assert values == sorted(values, reverse=True)
    middle = {"linear": 0.05, "cosine": 0.05}.get(shape, 0.04)
    assert values[25] == pytest.approx(middle)


def test_plateaus_wait_for_the_loss_but_not_too_long() -> None:
    falling, flat = Plateaus(), Plateaus()
    found: dict[str, list[float]] = {"falling": [], "flat": []}
    for step in range(1001):
        progress = step / 1000
        falling.observe(0.99**step, progress, 0.8)
        flat.observe(1.0, progress, 0.8)
        found["falling"].append(falling.progress(0.8))
        found["flat"].append(flat.progress(0.8))
    assert found["falling"][600] == 0
    assert found["falling"][800] == pytest.approx(0.8)
    assert found["flat"][100] == pytest.approx(0.32, abs=0.081)
    assert found["flat"][250] == pytest.approx(0.8)
    assert all(one <= other for name in found for one, other in zip(found[name], found[name][1:], strict=False))


def test_a_model_that_waits_is_soft_until_it_has_waited() -> None:
    model = small_model("softness.shape=plateau", "softness.start=0.08")
    model.run.progress = 0.5
    assert model.state.softness == pytest.approx(0.08)
    model.run.plateaus = Plateaus(stage=10)
    assert model.state.softness == pytest.approx(0.18 / 16)


@pytest.mark.parametrize(
    "overrides",
    [
        "softness.shape=plateau",
        "growth.rounds=2 relocation.times=3 model.refine_steps=1",
        "model.ema=0.9 model.refine_steps=1 trainer.precision=bf16-mixed",
        "model.variational=true model.latent=8 head=queries model.refine_steps=1",
        "head=recurrent primitives.ordering=depth model.refine_steps=1 refiner.width=32",
        "encoder=resnet18 head=grid model.latent=8",
    ],
)
def test_they_go_together(overrides: str, tmp_path: Path) -> None:
    given = overrides.split()
    if "encoder=resnet18" in given:
        given += ["~encoder.width"]
    assert run_training(tmp_path / "run", *given, "trainer.max_steps=4") == 0
    assert metrics_of(tmp_path / "run")["psnr_crisp"] > 5
    model = vectorae.load(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert model.run.progress == 1
    assert model.vectorize(faces(2)).count == 16


def test_averaged_weights_are_what_is_kept(tmp_path: Path) -> None:
    given = ("model.ema=0.5", "trainer.max_steps=6", "trainer.val_check_interval=3")
    assert run_training(tmp_path / "whole", *given) == 0
    content = torch.load(tmp_path / "whole" / "checkpoints" / "last.ckpt", weights_only=True)
    kept, current = content["state_dict"], content["current_model_state"]
    assert any(not torch.equal(kept[name], current[name]) for name in kept if kept[name].is_floating_point())
    assert float(kept["_extra_state"][0]) == float(current["_extra_state"][0]) == 1
    assert MovingAverage(0.9).should_update(step_idx=0)


def test_state_that_a_module_declares_is_not_averaged() -> None:
    class Counting(nn.Module):
        not_averaged = ("steps",)

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("steps", torch.zeros(()))

    model = small_model()
    model.encoder.counting = Counting()
    assert not_averaged(model) == ["encoder.offset", "encoder.counting.steps"]
    callback: Any = MovingAverage(0.9)
    callback.setup(None, model, "fit")
    model.encoder.counting.steps.fill_(5)  # type: ignore[operator]
    model.encoder.offset.fill_(1)  # type: ignore[operator]
    model.run.progress = 0.5
    callback._average_model.update_parameters(model)
    callback._average_model.update_parameters(model)
    checkpoint = {"state_dict": model.state_dict()}
    callback.on_save_checkpoint(None, model, checkpoint)
    saved = checkpoint["state_dict"]
    assert saved["encoder.counting.steps"] == 5
    assert (saved["encoder.offset"] == 1).all()
    assert saved["_extra_state"][0] == 0.5


def test_averaged_weights_soon_forget_how_they_began() -> None:
    average: Any = swa_utils.AveragedModel(torch.nn.Linear(1, 1), avg_fn=MovingAverage(0.999)._kwargs["avg_fn"])
    model = torch.nn.Linear(1, 1)
    for step in range(300):
        torch.nn.init.constant_(model.weight, 100.0 if step == 0 else 1.0)
        average.update_parameters(model)
    assert average.module.weight.item() == pytest.approx(1, abs=1e-3)
    # Then it is as slow as it was asked to be.
    average.n_averaged.fill_(10**6)
    torch.nn.init.constant_(model.weight, 2.0)
    average.update_parameters(model)
    assert average.module.weight.item() == pytest.approx(1.001, abs=1e-4)
