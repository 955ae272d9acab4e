"""Scenes on devices without kernels of their own are drawn on the CPU."""

from importlib.util import find_spec
from typing import Any

import pytest
import torch
from helpers.scenes import leaves_of
from torch import Tensor

from vectorae import Layout, UserError, rasterize
from vectorae.primitives import KINDS
from vectorae.rasterizer.rasterize import BACKENDS, _copy_to_cpu, fastest


class OnMps(Tensor):
    """A tensor that says that it is on Apple's GPU; so do all that are computed from it."""

    device = torch.device("mps")


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets ``Tensor.to`` know ``OnMps``, and notes the device after each copy between devices."""
    noted, to = [], Tensor.to

    def copy(tensor: Tensor, target: Any, *others: Any) -> Tensor:
        device = target.device if isinstance(target, Tensor) else target
        is_on_mps = str(device) == "mps"
        if is_on_mps == isinstance(tensor, OnMps):
            return tensor if is_on_mps else to(tensor, target, *others)
        noted.append(str(device))
        return tensor.as_subclass(OnMps if is_on_mps else Tensor)

    monkeypatch.setattr(Tensor, "to", copy)
    return noted


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("backend", ["auto", "cpu"])
def test_scenes_on_other_devices_are_drawn_on_the_cpu(backend: str, dtype: torch.dtype, copies: list[str]) -> None:
    layout = Layout(list(KINDS), count=len(KINDS), fields={"softness": "learned"})
    scene, leaves = leaves_of(layout(layout.random_raw(2, 0)).to(dtype))
    softness = torch.full((2, scene.count), 0.03, dtype=dtype, requires_grad=True)
    expected = rasterize(scene, 9, 12, softness=softness)
    wanted = torch.autograd.grad(expected.square().sum(), [*leaves, softness])
    assert copies == []
    found = rasterize(scene.to("mps"), 9, 12, softness=softness.to("mps"), backend=backend)
    assert isinstance(found, OnMps) and found.dtype == dtype
    # All tensors of the scene, softness among them, and the image: each copy waits for the device.
    assert copies[-2:] == ["cpu", "mps"] and copies.count("cpu") == 1
    assert torch.equal(found.as_subclass(Tensor), expected)
    gradients = torch.autograd.grad(found.square().sum(), [*leaves, softness])
    assert all(torch.equal(one.as_subclass(Tensor), other) for one, other in zip(gradients, wanted, strict=True))


def test_the_reference_draws_where_the_scene_is(copies: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(["circle", "line"], count=2)
    scene = layout(layout.random_raw(1, 0)).to("mps")
    copies.clear()
    monkeypatch.setitem(BACKENDS, "reference", lambda scene, *size, **drawing: scene.color)
    assert isinstance(rasterize(scene, 4, 4, backend="reference"), OnMps)
    assert copies == []


def test_the_gpu_kernels_refuse_other_devices(copies: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    layout = Layout(["circle"], count=1)
    with pytest.raises(UserError, match="on a GPU, and this one is on mps"):
        rasterize(layout(layout.random_raw(1, 0)).to("mps"), 4, 4, backend="gpu")


def test_the_fastest_backend_is_fused_on_every_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {fastest(device) for device in ("cpu", "mps", "xpu")} == {"cpu"}
    assert fastest("cuda") == ("gpu" if find_spec("triton") else "cpu")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert fastest("cuda") == "cpu"


def test_a_copied_scene_is_the_same() -> None:
    layout = Layout(list(KINDS), count=len(KINDS), ordering="depth")
    scene, copied = layout(layout.random_raw(2, 0)), []
    _copy_to_cpu(scene).map(lambda tensor: copied.append(tensor) or tensor)  # type: ignore[func-returns-value]
    scene.map(lambda tensor: torch.testing.assert_close(copied.pop(0), tensor, rtol=0, atol=0) or tensor)
    assert copied == []
