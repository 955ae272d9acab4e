"""Recorded training steps: with a stand-in for CUDA graphs, on any machine; and with one, where there is a GPU."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from helpers.models import composed, overfit, small_model
from helpers.waiting import no_waiting
from torch import Tensor

from vectorae import UserError
from vectorae.commands.train import trainer_settings
from vectorae.training import step_graph
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.step_graph import WARM_UP, StepGraph, obstacle


class Recorder:
    """Stands for a CUDA graph: recording runs a step and undoes what it changed, a replay runs it once more.

    Attributes:
        recorded, replayed: how often.
    """

    def __init__(self, model: VectorAutoencoder) -> None:
        self._model = model
        self.recorded = self.replayed = 0

    def record(self, step: Callable[[], list[Tensor]]) -> tuple[list[Tensor], Callable[[], None]]:
        buffers = {name: buffer.clone() for name, buffer in self._model.named_buffers()}
        random = torch.get_rng_state()
        # The device may not be waited for while it is recorded.
        with no_waiting():
            results = step()
        torch.set_rng_state(random)
        for name, buffer in self._model.named_buffers():
            buffer.copy_(buffers[name])
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            for result, value in zip(results, step(), strict=True):
                result.copy_(value)

        return [result.zero_() for result in results], replay


def draw(scene: Any, height: int, width: int, *, softness: float | Tensor, **settings: Any) -> Tensor:
    """Stands for a kernel: an image that every number of the scene has a share in, and the softness."""
    total = torch.zeros_like(scene.background[:, :1])

    def add(tensor: Tensor) -> Tensor:
        nonlocal total
        total = total + (tensor * softness).reshape(tensor.shape[0], -1).sin().mean(1, keepdim=True)
        return tensor

    scene.map(add)
    return (scene.background + total)[:, :, None, None].expand(-1, -1, height, width)


def trained(monkeypatch: pytest.MonkeyPatch, graph: bool, *overrides: str) -> tuple[VectorAutoencoder, Any, Any]:
    """A model after ten steps on one batch, the losses, and the recorder."""
    monkeypatch.setattr("vectorae.decoder.decoder.rasterize", draw)
    torch.manual_seed(0)
    model = small_model(*overrides)
    recorder = Recorder(model)
    monkeypatch.setattr(step_graph, "record", recorder.record)
    if graph:
        model.graph = StepGraph(model, required=True)
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return model, overfit(model, images, steps=10), recorder


@pytest.mark.parametrize(
    ("overrides", "recorded", "replayed"),
    [
        (["primitives=mixed_free", "primitives.count=6", "softness.exact=0"], 1, 10 - WARM_UP),
        (["softness.exact=0.5"], 2, 10 - 2 * WARM_UP),  # soft, and exact
        (["growth.rounds=2", "growth.until=1.0", "softness.exact=0"], 2, 10 - 2 * WARM_UP),
        (["model.latent=4", "model.variational=true", "model.kl_warmup=1.0", "softness.exact=0"], 1, 10 - WARM_UP),
        (["softness.exact=0", "relocation.times=2"], 1, 10 - WARM_UP),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_replayed_steps_train_the_same_weights(
    overrides: list[str], recorded: int, replayed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, losses, _ = trained(monkeypatch, False, *overrides)
    found, graph_losses, recorder = trained(monkeypatch, True, *overrides)
    assert (recorder.recorded, recorder.replayed) == (recorded, replayed)
    assert graph_losses == losses and len(set(losses)) > 1
    for (name, one), other in zip(expected.state_dict().items(), found.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_a_step_that_cannot_be_captured_is_an_error_or_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(step: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr("vectorae.decoder.decoder.rasterize", draw)
    monkeypatch.setattr(step_graph, "record", refuse)
    model, images = small_model().train(), torch.rand(4, 3, 16, 16)
    graph = StepGraph(model, required=False)
    expected = model.training_loss(images)[0]
    for _ in range(WARM_UP + 2):
        assert graph(images)[0].isfinite()
    assert expected.isfinite()
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "trainer.cuda_graph: steps run without a CUDA graph: operation not permitted when stream is capturing"
    ]
    graph = StepGraph(model, required=True)
    for _ in range(WARM_UP):
        graph(images)
    with pytest.raises(UserError, match=r"^trainer.cuda_graph: this step cannot be captured \(operation not perm"):
        graph(images)


def trainer_on(device: str = "cuda", processes: int = 1, precision: str = "32-true") -> Any:
    strategy = SimpleNamespace(root_device=torch.device(device))
    return SimpleNamespace(strategy=strategy, world_size=processes, precision=precision)


@pytest.mark.parametrize(
    ("overrides", "trainer", "reason"),
    [
        ([], trainer_on("cpu"), "only a CUDA device has graphs, and this training runs on cpu"),
        ([], trainer_on(processes=2), "several devices"),
        ([], trainer_on(precision="16-mixed"), "precision=16-mixed"),
        (["rasterizer.backend=reference"], trainer_on(), "only the fused kernels"),
        (["primitives=squircles_4x4", "primitives.ordering=depth"], trainer_on(), "undecided"),
    ],
)
def test_what_stands_in_the_way_is_said(
    overrides: list[str], trainer: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small_model(*overrides)
    assert reason in str(obstacle(model, trainer))
    with pytest.raises(UserError, match=r"^trainer.cuda_graph: .*; write trainer.cuda_graph=auto$"):
        step_graph.step_graph(model, trainer, True)
    assert step_graph.step_graph(model, trainer, "auto") is None
    # Where there is no GPU, nobody expects one.
    assert bool(capsys.readouterr().out) == (trainer.strategy.root_device.type == "cuda")
    assert step_graph.step_graph(model, trainer, False) is None


def test_one_gpu_has_graphs() -> None:
    model = small_model("rasterizer.backend=gpu")
    for setting in (True, "auto"):
        assert isinstance(step_graph.step_graph(model, trainer_on(), setting), StepGraph)
    assert step_graph.step_graph(model, trainer_on(), False) is None


def test_the_key_is_checked() -> None:
    section = composed("trainer=cpu")["trainer"]
    assert section["cuda_graph"] is False  # until it has been measured on a GPU
    with pytest.raises(UserError, match=r"trainer\.cuda_graph"):
        trainer_settings({**section, "cuda_graph": "always"})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="captures a CUDA graph: needs a GPU")
@pytest.mark.parametrize("primitives", ["shapes_4x4", "blobs_free", "polygons_free", "cubics_free"])
def test_a_gpu_replays_what_it_would_run(primitives: str) -> None:
    images = torch.rand(4, 3, 16, 16, device="cuda")
    torch.manual_seed(0)
    model = small_model(f"primitives={primitives}").cuda().train()
    graph = StepGraph(model, required=True)
    for _ in range(WARM_UP + 2):
        model.zero_grad()
        cost, _ = graph(images)
        cost.backward()
    found = [one.grad.clone() for one in model.parameters() if one.grad is not None]
    model.zero_grad()
    expected, _ = model.training_loss(images)
    expected.backward()
    wanted = [one.grad for one in model.parameters() if one.grad is not None]
    torch.testing.assert_close(cost, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-2)
