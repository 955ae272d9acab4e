"""The public function: checks what it is given and hands it to a backend."""

import importlib.util
import math
import os
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.rasterizer import cpu, reference
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import PROFILES
from vectorae.scene import Scene


def _on_gpu(*arguments: Any, **settings: Any) -> Tensor:
    """``gpu.rasterize``, imported where it is wanted: there is no Triton for macOS and Windows."""
    from vectorae.rasterizer import gpu

    return gpu.rasterize(*arguments, **settings)


BACKENDS: dict[str, Callable[..., Tensor]] = {"reference": reference.rasterize, "cpu": cpu.rasterize, "gpu": _on_gpu}

BACKEND_CHOICES = ("auto", *BACKENDS)


def rasterize(
    scene: Scene,
    height: int,
    width: int,
    *,
    coverage: str = "sigmoid",
    compositing: str = "over",
    softness: float | Tensor = 0.01,
    temperature: float = 0.0,
    backend: str = "auto",
    chunk_size: int = reference.CHUNK_SIZE,
) -> Tensor:
    """Draw a scene. Differentiable with respect to every tensor in it, the background included, and to softness.

    Args:
        scene: B drawings of N shapes, float32 or float64, on any device.
        height, width: size of the images in pixels. The shorter side spans the canvas units [0, 1].
        coverage: ``gaussian``, ``sigmoid``, ``ramp`` (anti-aliased) or ``hard`` (nearest pixel).
        compositing: ``over`` (painter's order) or ``soft_or`` (ink adds up like light).
        softness: width of the soft edge in canvas units, > 0: a number or ``[B, N]``. The scene's own factors multiply
            it. ``ramp`` and ``hard`` ignore it.
        temperature: of scenes whose shapes have a depth, under ``over``: how undecided their order is, in units of
            depth. At 0 they are sorted, larger on top; above it gradients reach the depths (see
            ``compositing.over_by_depth``).
        backend: ``reference`` (dense torch, any device), ``cpu`` or ``gpu`` (fused kernels for scenes on the CPU and on
            an NVIDIA or AMD GPU; their gradient cannot be differentiated again), or ``auto``: the fused kernels where
            there are any for the scene's device, else ``reference``.
        chunk_size: shapes × pixels evaluated at once: smaller needs less memory.

    Returns:
        Images ``[B, C, H, W]`` in [0, 1].

    Raises:
        UserError: an unknown coverage, compositing or backend, or a size, softness (as a number) or chunk that is not
            positive, a temperature below 0, a scene of another dtype or on a device that is not the backend's, or
            what the backend refuses.
    """
    check_choice("coverage", coverage, PROFILES)
    check_choice("compositing", compositing, COMPOSITINGS)
    check_choice("backend", backend, BACKEND_CHOICES)
    for name, value in (("height", height), ("width", width), ("chunk_size", chunk_size)):
        if value < 1:
            raise UserError(f"{name}: {value} is not a number of 1 or more")
    edge = softness.to(scene.opacity) if isinstance(softness, Tensor) else scene.opacity.new_full((), softness)
    if isinstance(softness, float | int) and not softness > 0:
        raise UserError(f"softness: {softness} is not a width above 0")
    if not 0 <= temperature < math.inf:
        raise UserError(f"temperature: {temperature} is not a number of 0 or more")
    if scene.opacity.dtype not in (torch.float32, torch.float64):
        raise UserError(f"scene: {scene.opacity.dtype} has too few digits for geometry; use scene.to(torch.float32)")
    device = scene.opacity.device.type
    if backend == "auto":
        backend = fastest(device)
    _check_device(backend, device)
    # Geometry needs its digits: half precision would move edges by pixels.
    with torch.autocast(device, enabled=False):
        return BACKENDS[backend](
            scene,
            height,
            width,
            coverage=coverage,
            compositing=compositing,
            softness=edge.expand_as(scene.opacity),
            temperature=temperature,
            chunk_size=chunk_size,
        )


def fastest(device: str) -> str:
    """The backend that ``auto`` stands for on a type of device."""
    if device == "cpu":
        return "cpu"
    return "gpu" if device == "cuda" and importlib.util.find_spec("triton") else "reference"


def _check_device(backend: str, device: str) -> None:
    """Refuse a scene on a device that the backend does not draw on."""
    if backend == "cpu" and device != "cpu":
        raise UserError(
            f"backend: 'cpu' draws scenes on the CPU, and this one is on {device}; choose auto or reference"
        )
    if backend == "gpu" and not importlib.util.find_spec("triton"):
        raise UserError("backend: 'gpu' needs the package triton, which is not there; choose auto or reference")
    # Triton's interpreter draws scenes on the CPU: slow, and how the kernels are tested where there is no GPU.
    if backend == "gpu" and device != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        raise UserError(f"backend: 'gpu' draws scenes on a GPU, and this one is on {device}; choose auto or reference")


def check_choice(key: str, value: str, choices: Collection[str]) -> None:
    """Refuse a value that is not among the choices.

    Raises:
        UserError: naming the key and the choices.
    """
    if value not in choices:
        raise UserError(f"{key}: no {value!r}; {choose(value, choices)}")
