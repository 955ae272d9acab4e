"""The public function: checks what it is given and hands it to a backend."""

import math
from collections.abc import Callable, Collection

import torch
from torch import Tensor

from vectorae.errors import UserError, choose
from vectorae.rasterizer import cpu, reference
from vectorae.rasterizer.compositing import COMPOSITINGS
from vectorae.rasterizer.coverage import PROFILES
from vectorae.scene import Scene

BACKENDS: dict[str, Callable[..., Tensor]] = {"reference": reference.rasterize, "cpu": cpu.rasterize}

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
        backend: ``reference`` (dense torch, any device), ``cpu`` (fused kernels; its gradient cannot be differentiated
            again), or ``auto``: ``cpu`` for scenes on the CPU, else ``reference``.
        chunk_size: shapes × pixels evaluated at once: smaller needs less memory.

    Returns:
        Images ``[B, C, H, W]`` in [0, 1].

    Raises:
        UserError: an unknown coverage, compositing or backend, or a size, softness (as a number) or chunk that is not
            positive, a temperature below 0, or a scene of another dtype.
    """
    check_choice("coverage", coverage, PROFILES)
    check_choice("compositing", compositing, COMPOSITINGS)
    check_choice("backend", backend, BACKEND_CHOICES)
    for name, value in (("height", height), ("width", width), ("chunk_size", chunk_size)):
        if value < 1:
            raise UserError(f"{name}: {value} is not a number of 1 or more")
    edge = torch.as_tensor(softness, dtype=scene.opacity.dtype, device=scene.opacity.device)
    if isinstance(softness, float | int) and not softness > 0:
        raise UserError(f"softness: {softness} is not a width above 0")
    if not 0 <= temperature < math.inf:
        raise UserError(f"temperature: {temperature} is not a number of 0 or more")
    if scene.opacity.dtype not in (torch.float32, torch.float64):
        raise UserError(f"scene: {scene.opacity.dtype} has too few digits for geometry; use scene.to(torch.float32)")
    device = scene.opacity.device.type
    if backend == "auto":
        backend = "cpu" if device == "cpu" else "reference"
    if backend == "cpu" and device != "cpu":
        raise UserError(
            f"backend: 'cpu' draws scenes on the CPU, and this one is on {device}; choose auto or reference"
        )
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


def check_choice(key: str, value: str, choices: Collection[str]) -> None:
    """Refuse a value that is not among the choices.

    Raises:
        UserError: naming the key and the choices.
    """
    if value not in choices:
        raise UserError(f"{key}: no {value!r}; {choose(value, choices)}")
