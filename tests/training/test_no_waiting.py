"""A training step never makes a GPU wait: ranges, indices and starts are buffers, progress is a host number."""

from contextlib import nullcontext
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from helpers.models import small_model
from helpers.scenes import CLOSED_KINDS
from helpers.waiting import no_waiting
from torch import Tensor

from vectorae import Scene
from vectorae.primitives import KINDS

VARIANTS = [
    "primitives=shapes_4x4",
    "primitives=mixed_free primitives.count=6",
    "primitives=squircles_4x4 primitives.ordering=depth",
    "growth.rounds=3",
    "softness.exact=1 rasterizer.coverage=gaussian primitives=lines_free primitives.count=4",
    "softness.shape=plateau",
    "model.latent=4 model.variational=true model.refine_steps=0",
    "model.any_count=true primitives=mixed_free primitives.count=6",
]


def rasterize(scene: Scene, height: int, width: int, **settings: Any) -> Tensor:
    """Stands for a kernel: any image that every number of the scene has a share in."""
    total = torch.zeros_like(scene.ground[:, :1])

    def add(tensor: Tensor) -> Tensor:
        nonlocal total
        total = total + tensor.reshape(tensor.shape[0], -1).mean(1, keepdim=True)
        return tensor

    scene.map(add)
    return (scene.ground + total)[:, :, None, None].expand(-1, -1, height, width)


@pytest.mark.parametrize("head", ["mlp", "grid", "queries", "recurrent"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_training_step_does_not_wait(variant: str, head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "variational" in variant and head == "recurrent":
        pytest.skip("samples have no image for a recurrent head")
    monkeypatch.setattr("vectorae.decoder.decoder.rasterize", rasterize)
    model = small_model(f"head={head}", *variant.split()).train()
    images = torch.rand(4, 3, 16, 16)
    model.count = 3 if model.options.any_count else None
    model.training_loss(images)  # fills the caches of indices
    with no_waiting():
        cost, _ = model.training_loss(images)
        cost.backward()
        assert model.state.softness > 0


@pytest.mark.skipif(find_spec("triton") is None, reason="there is no Triton for this system")
@pytest.mark.parametrize("exact", [0, 1])
@pytest.mark.parametrize(
    ("kinds", "paint"),
    [(list(KINDS), "fill"), (CLOSED_KINDS, "stroke"), (["circle"], "fill"), (["line"], "fill")],
    ids=["all-fill", "closed-stroke", "circle", "line"],
)
def test_drawing_in_a_training_step_does_not_wait(
    kinds: list[str], paint: str, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All kinds at once, and scenes without paths or boxes, on torch's meta device: it has no values to read."""
    monkeypatch.setattr("torch.autocast", lambda *arguments, **settings: nullcontext())  # that device has none
    options = [f"primitives.kinds=[{','.join(kinds)}]", f"primitives.paint={paint}"]
    options.append(f"primitives.count={len(kinds) + 2}")
    model = small_model("primitives=mixed_free", *options, f"softness.exact={exact}", "rasterizer.backend=gpu")
    model = model.to("meta").train()
    images = torch.rand(4, 3, 16, 16, device="meta")
    model.training_loss(images)  # fills the caches of indices
    with no_waiting():
        cost, _ = model.training_loss(images)
        cost.backward()
    assert model.state.exact == bool(exact)
    assert all(one.grad is not None for one in model.encoder.parameters())


def test_waiting_is_found() -> None:
    tensor = torch.ones(3)
    for wait in (
        lambda: tensor.sum().item(),
        lambda: float(tensor[0]),
        lambda: bool(tensor[0] > 0),
        lambda: torch.tensor([1.0], device=tensor.device),
        lambda: torch.as_tensor(1.0, device=tensor.device),
        lambda: tensor.new_tensor([1.0]),
        lambda: tensor[[0, 1]],
        lambda: tensor[tensor > 0],
        lambda: tensor.tolist(),
    ):
        with no_waiting(), pytest.raises(AssertionError, match="makes a GPU wait"):
            wait()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="counts what a GPU waits for: needs one")
def test_a_training_step_on_a_gpu_does_not_wait() -> None:
    model = small_model().cuda().train()
    images = torch.rand(4, 3, 16, 16, device="cuda")
    model.training_loss(images)
    torch.cuda.set_sync_debug_mode("error")
    try:
        cost, _ = model.training_loss(images)
        cost.backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
