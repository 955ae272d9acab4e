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
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.decoder import Plateaus, SoftnessSchedule, visible_pixels
from vectorae.io.pixels import to_float
from vectorae.training.autoencoder import VectorAutoencoder


def faces(count: int) -> Tensor:
    return to_float(draw_faces(0, "train", 0, count, 16, 3))


def answering(model: VectorAutoencoder) -> VectorAutoencoder:
    """With an encoder that answers differently to different images."""
    torch.manual_seed(0)
    nn.init.normal_(model.encoder.head.numbers.weight, std=0.1)  # type: ignore[union-attr,arg-type]
    return model.eval()


def test_shapes_enter_in_rounds_from_the_bottom() -> None:
    model = small_model("growth.rounds=4", "growth.until=0.5")
    scenes = {}
    for progress in (0.0, 0.13, 0.3, 0.5, 1.0):
        model.progress.fill_(progress)
        scenes[progress] = (model.num_visible, model.scene_of(torch.zeros(1, model.layout.raw_size), crisp=True))
    assert [num_visible for num_visible, _ in scenes.values()] == [4, 8, 12, 16, 16]
    for num_visible, scene in scenes.values():
        assert scene.count == 16
        assert (scene.opacity[0] > 0).tolist() == [slot < num_visible for slot in range(16)]


def test_what_is_not_there_yet_does_not_learn() -> None:
    model = answering(small_model("growth.rounds=2")).train()
    cost, _ = model.learn(faces(2))
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
        model.encoder.move(places, torch.full((len(places),), -20.0))

    def pixels() -> Tensor:
        return visible_pixels(model.scene_of(model(images), False), lambda scene: model.draw_scene(scene, False)).mean(
            0
        )

    before = pixels()
    assert all(before[slot] < 0.01 for slot in small)
    assert model.revive(images) == 3
    after = pixels()
    assert all(after[slot] > 0.2 for slot in small)
    assert model.revive(images) == 0
    others = [slot for slot in range(16) if slot not in small]
    scene = model.scene_of(model(images), False)
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
    with pytest.raises(UserError, match=r"^model\.rates\.color: 0 is not a factor above 0"):
        small_model("++model.rates.color=0")


@pytest.mark.parametrize("shape", ["exponential", "linear", "cosine", "plateau"])
def test_softness_falls_from_start_to_end(shape: str) -> None:
    schedule = SoftnessSchedule(0.08, 0.02, until=0.5, shape=shape)
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
    model.progress.fill_(0.5)
    assert model.softness == pytest.approx(0.08)
    model.plateaus.copy_(torch.tensor([10.0, 1, 1, 0]))
    assert model.softness == pytest.approx(0.18 / 16)


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
    assert float(model.progress) == 1
    assert model.vectorize(faces(2)).count == 16


def test_averaged_weights_are_what_is_kept(tmp_path: Path) -> None:
    given = ("model.ema=0.5", "trainer.max_steps=6", "trainer.val_check_interval=3")
    assert run_training(tmp_path / "whole", *given) == 0
    content = torch.load(tmp_path / "whole" / "checkpoints" / "last.ckpt", weights_only=True)
    kept, current = content["state_dict"], content["current_model_state"]
    assert any(not torch.equal(kept[name], current[name]) for name in kept if kept[name].is_floating_point())
    assert float(kept["progress"]) == float(current["progress"]) == 1
    assert MovingAverage(0.9).should_update(step_idx=0)


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
