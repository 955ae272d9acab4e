"""Any number of shapes from one model: each number is a drawing of its own, and is asked for in one place."""

from pathlib import Path

import pytest
import torch
from helpers.models import metrics_of, overfit, run_training, small_model
from torch import Tensor, nn

from vectorae import Layout, UserError, to_svg
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.io.pixels import to_float
from vectorae.losses.metrics import psnr
from vectorae.training import checkpoint
from vectorae.training.any_count import (
    counts_of_step,
    counts_over,
    loss_over_counts,
    smallest_counts,
    validated_counts,
)
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.checkpoint import load

HEADS = ["mlp", "grid", "queries", "recurrent"]


def faces(count: int) -> Tensor:
    return to_float(draw_faces(0, "train", 0, count, 16, 3))


def awake(*overrides: str) -> VectorAutoencoder:
    """A model whose drawings depend on the image and on the number of shapes."""
    torch.manual_seed(0)
    model = small_model("model.any_count=true", *overrides).eval()
    for weight in model.parameters():
        if weight.abs().max() == 0:
            nn.init.normal_(weight, std=0.1)
    assert model.refiner is not None
    model.refiner.get_buffer("mean_square").fill_(1e-4)
    return model


@pytest.mark.parametrize("shapes", [1, 2, 5, 16, 100])
def test_steps_draw_every_number_and_all_shapes_always(shapes: int) -> None:
    steps = [counts_of_step(step, 3, shapes) for step in range(10 * shapes)]
    assert {count for counts in steps for count in counts} == set(range(1, shapes + 1))
    for first, *others in steps:
        assert first == shapes
        # A small one of the lowest ninth, a middle and a large one of more than four ninths.
        assert others == sorted(others) and others[0] <= shapes / 9 + 1 and others[-1] > shapes * 4 / 9
    assert steps == [counts_of_step(step, 3, shapes) for step in range(10 * shapes)]


def test_which_numbers_are_measured() -> None:
    assert validated_counts(16) == [4, 8]
    assert validated_counts(2) == [1]
    assert validated_counts(1) == []
    assert counts_over(16) == [1, 2, 3, 4, 6, 8, 12, 16]
    assert counts_over(10) == [1, 2, 3, 4, 6, 8, 10]
    assert counts_over(1) == [1]


@pytest.mark.parametrize("kind", ["circle", "line"])
def test_an_untrained_model_draws_the_start_of_a_layout_of_as_many_shapes(kind: str) -> None:
    model = small_model("model.any_count=true", f"primitives.kinds=[{kind}]").eval()
    for count, grid in ((4, (2, 2)), (9, (3, 3)), (16, (4, 4))):
        layout = Layout([kind], rows=grid[0], columns=grid[1])
        expected, found = layout(torch.zeros(1, layout.raw_size)), model.vectorize(faces(2), count=count)
        assert found.count == count
        for one, other in zip(expected.bounds()[:2], found.bounds()[:2], strict=True):
            torch.testing.assert_close(other, one.expand_as(other), atol=2e-4, rtol=0)


@pytest.mark.parametrize("head", HEADS)
def test_hidden_shapes_change_nothing(head: str) -> None:
    model, images, count = awake(f"head={head}"), faces(3), 5
    with torch.no_grad(), model.limited_to(count):
        before, others = model.draw(images), model.draw(images[:1])
        hidden = model.layout.indices_of(range(count, 16))
        model.encoder.get_buffer("rates")[hidden] = 7.0
        for name, weight in model.named_parameters():
            if name.endswith("doublings") and weight.dim() == 3:
                weight[:, count:-1] += 1
        assert torch.equal(model.draw(images), before)
    torch.testing.assert_close(others, before[:1], atol=1e-4, rtol=0)
    with torch.no_grad(), model.limited_to(count + 1):
        assert not torch.allclose(model.draw(images), before)


@pytest.mark.parametrize("head", HEADS)
def test_every_weight_learns_whatever_the_number(head: str) -> None:
    model, images = awake(f"head={head}", "model.refine_steps=2").train(), faces(4)
    for count in (1, 2, 6, 16):
        with model.limited_to(count):
            model.training_loss(images)[0].backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in model.parameters())


def test_the_gradients_of_hidden_shapes_do_not_count_as_small_ones() -> None:
    model = awake()
    assert model.refiner is not None
    mean_square, hidden = model.refiner.get_buffer("mean_square"), model.layout.indices_of(range(4, 16))
    before = mean_square.clone()
    with model.limited_to(4):
        model.train().training_loss(faces(4))
    assert torch.equal(mean_square[:, hidden], before[:, hidden])
    assert (mean_square != before).any(1).tolist() == [False, False, True, False, False]


def test_without_it_nothing_is_added() -> None:
    assert not any("doublings" in name or "starts" in name for name in small_model().state_dict())


def test_each_part_of_a_batch_draws_a_number_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, loss = list[tuple[int | None, int]](), VectorAutoencoder.training_loss

    def recorded(self: VectorAutoencoder, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        seen.append((self.state.visible, len(images)))
        return loss(self, images)

    monkeypatch.setattr(VectorAutoencoder, "training_loss", recorded)
    model = small_model("model.any_count=true")
    overfit(model, faces(7), 3)
    sizes = [2, 2, 2, 1]
    assert seen == [one for step in range(3) for one in zip(counts_of_step(step, 0, 16), sizes, strict=True)]
    assert model.count is None and model.state.visible == 16


@pytest.mark.parametrize("images", [1, 3, 10])
def test_the_loss_of_a_batch_is_the_mean_over_its_images(images: int) -> None:
    model, batch = awake(), faces(images)
    cost, logged = loss_over_counts(model, batch, step=5)
    costs, values, parts = [], [], batch.chunk(4)
    for part, count in zip(parts, counts_of_step(5, 0, 16)[: len(parts)], strict=True):
        with model.limited_to(count):
            for index in range(len(part)):
                alone, of_alone = model.training_loss(part[index : index + 1])
                costs.append(float(alone.detach()))
                values.append(float(of_alone["loss_of_encoder"]))
    assert float(cost.detach()) == pytest.approx(sum(costs) / images, rel=1e-4)
    assert float(logged["loss_of_encoder"]) == pytest.approx(sum(values) / images, rel=1e-4)


@pytest.mark.parametrize("shapes", [1, 7, 16])
def test_the_fewest_shapes_are_found(shapes: int) -> None:
    """Against asking for every number."""
    needed = torch.arange(1, shapes + 4)

    def answer(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
        return torch.stack([rows, torch.full_like(rows, count)], dim=1).float(), needed[rows] <= count

    raw, counts = smallest_counts(answer, len(needed), shapes)
    assert counts.tolist() == needed.clamp_max(shapes).tolist()
    assert raw.tolist() == [[index, count] for index, count in enumerate(counts.tolist())]


def test_a_target_is_reached_with_fewer_shapes_than_all() -> None:
    model, images = awake(), faces(6)
    with torch.no_grad():
        reached = psnr(model.draw(images), images)
    target = float(reached.median())
    scene = model.vectorize(images, target_psnr=target)
    drawn = model.decoder.draw(scene, 16, 16, model.state, crisp=True)
    counts = (scene.opacity > 0).sum(1)
    for index, (count, value) in enumerate(zip(counts.tolist(), psnr(drawn, images).tolist(), strict=True)):
        assert value >= target - 1e-3 or count == 16
        alone = model.vectorize(images[index : index + 1], count=count)
        torch.testing.assert_close(scene.opacity[index, :count], alone.opacity[0], atol=1e-4, rtol=0)
        assert to_svg(scene, 16, 16)[index].count("opacity=") == to_svg(alone, 16, 16)[0].count("opacity=")
    assert (model.vectorize(images, target_psnr=1.0).opacity > 0).sum() < 16 * len(images)


def test_what_a_model_cannot_draw_is_refused() -> None:
    images, model = faces(1), awake()
    for count in (0, 17):
        with pytest.raises(UserError, match=rf"^count must be an integer in \[1, 16\] for this model, got {count}$"):
            model.vectorize(images, count=count)
    with pytest.raises(UserError, match=r"^target_psnr: chooses the number of shapes, and so does count=4; write one"):
        model.vectorize(images, count=4, target_psnr=20)
    with pytest.raises(UserError, match=r"^count: this model always draws 16 shapes; train one with model\.any_count="):
        small_model().vectorize(images, count=4)
    with pytest.raises(UserError, match=r"^target_psnr: this model always draws 16 shapes; train one with"):
        small_model().vectorize(images, target_psnr=20)
    with pytest.raises(
        UserError, match=r"^growth\.rounds: 2, and with model\.any_count=true .*; write growth\.rounds=1"
    ):
        small_model("model.any_count=true", "growth.rounds=2")


@pytest.fixture(scope="module")
def any_count_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a model of any number of shapes."""
    folder = tmp_path_factory.mktemp("any_count") / "run"
    assert run_training(folder, "model.any_count=true") == 0
    return folder


def test_smaller_numbers_are_validated_too(any_count_run: Path) -> None:
    metrics = metrics_of(any_count_run)
    model = load(any_count_run / "checkpoints" / "last.ckpt")
    images = to_float(draw_faces(0, "val", 0, 16, 16, 3))
    for count in (4, 8):
        with torch.no_grad(), model.limited_to(count):
            expected = float(psnr(model.draw(images), images).mean())
        assert metrics[f"psnr_crisp_{count}_shapes"] == pytest.approx(expected, abs=1e-3)


def test_models_of_before_have_one_hypothesis(monkeypatch: pytest.MonkeyPatch) -> None:
    """They say nothing of hypotheses, and have no weights of these."""
    model = small_model("model.any_count=true", "model.hypotheses=null")
    weights = {name: one for name, one in model.state_dict().items() if "hypotheses" not in name}
    assert len(weights) < len(model.state_dict())
    for state, hypotheses in ((weights, 1), (model.state_dict(), 4)):
        content = {"vectorae": {"config": model.config}, "state_dict": state}
        monkeypatch.setattr(checkpoint, "read_checkpoint", lambda path, content=content: content)
        assert load("model.ckpt").options.num_hypotheses == hypotheses
