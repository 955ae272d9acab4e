"""The public function: checks what it is given and hands it to a backend."""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, OneOf, PositiveFloat, PositiveInt, validated
from vectorae.errors import UserError
from vectorae.io.pixels import straight
from vectorae.rasterizer import cpu, reference
from vectorae.rasterizer.composites import draw_composites
from vectorae.rasterizer.contributions import Contributions, estimated
from vectorae.rasterizer.coverage import PROFILES
from vectorae.scene import COMPOSITING_CHOICES, Scene
from vectorae.scene.plain import plain


def _on_gpu(*arguments: Any, **settings: Any) -> Tensor:
    """``gpu.rasterize``, imported where it is wanted: there is no Triton for macOS and Windows."""
    from vectorae.rasterizer import gpu

    return gpu.rasterize(*arguments, **settings)


def _on_cpu(*arguments: Any, **settings: Any) -> Tensor:
    """``cpu.rasterize``; in a model that torch compiles, as an operator."""
    if torch.compiler.is_compiling():
        from vectorae.rasterizer.cpu import custom_operator

        return custom_operator.rasterize(*arguments, **settings)
    return cpu.rasterize(*arguments, **settings)


BACKENDS: dict[str, Callable[..., Tensor]] = {"reference": reference.rasterize, "cpu": _on_cpu, "gpu": _on_gpu}

BACKEND_CHOICES = ("auto", *BACKENDS)

MOST_NUMBERS = 2**36
"""Of the images that are drawn at once: 256 GiB."""

UNDECIDED_LIMITS = {"cpu": 512, "gpu": 0}
"""How many shapes of undecided order a backend draws; more are left to the reference.

Each of them may hide a part of each other. On a GPU they would have to meet in pairs, but a program goes from the
bottom to the top once; on the CPU the product of very many factors would need a rescaling that the kernel does not do.
"""


@validated
def rasterize(
    scene: Scene,
    height: PositiveInt,
    width: PositiveInt,
    *,
    coverage: Annotated[str, OneOf(PROFILES)] = "sigmoid",
    compositing: Annotated[str, OneOf(COMPOSITING_CHOICES)] | None = None,
    softness: PositiveFloat | Tensor = 0.01,
    temperature: NonNegativeFloat = 0.0,
    alpha: bool | None = None,
    oversampling: PositiveInt = 1,
    backend: Annotated[str, OneOf(BACKEND_CHOICES)] = "auto",
) -> Tensor:
    """Draw a scene. Differentiable with respect to every tensor in it, the background included, and to softness.

    Args:
        scene: B drawings of N shapes, float32 or float64, on any device.
        height, width: size of the images in pixels. The shorter side spans the canvas units [0, 1].
        coverage: ``gaussian``, ``sigmoid``, ``ramp`` (anti-aliased) or ``hard`` (nearest pixel).
        compositing: ``over`` (painter's order) or ``soft_or`` (ink adds up like light); None is the scene's own.
        softness: width of the soft edge in canvas units, > 0: a number or ``[B, N]``. The scene's own factors multiply
            it. ``ramp`` and ``hard`` ignore it.
        temperature: of scenes whose shapes have a depth, under ``over``: how undecided their order is, in units of
            depth. At 0 they are sorted, larger on top; above it gradients reach the depths (see
            ``compositing.over_by_depth``).
        alpha: draw the shapes alone, over nothing, with their alpha as one more channel; None does so for scenes
            without a background. Colours are not multiplied with alpha; where it is 0 they are 0, and below a
            ten-thousandth they fade to it. Under ``soft_or``, alpha is how much any ink covers, as of SVG's *screen* in
            a group of its own.
        oversampling: draw this many times as high and wide, and average. Coverage is exact shape by shape, but where
            edges of several shapes lie on each other, as in traced pictures, what is below shows through a seam, in
            every renderer that blends coverages; at 4 it is a quarter as strong, for 16 times the work.
        backend: ``reference`` (dense torch, any device; ``reference.chunk_size`` bounds its memory), ``cpu`` or ``gpu``
            (fused kernels; their gradient cannot be differentiated again), or ``auto``: ``gpu`` for scenes on an NVIDIA
            or AMD GPU if Triton is installed, else ``cpu``. The CPU draws scenes of every device: they are copied to it
            and their images back, gradients likewise. Shapes that are painted as one are layers, drawn one after the
            other by the same backend; shapes with gradients whose order is undecided are drawn by the reference.

    Returns:
        Images ``[B, C, H, W]`` in [0, 1], on the scene's device; with alpha ``[B, C + 1, H, W]``.

    Raises:
        UserError: an unknown coverage, compositing or backend, a size, oversampling or softness (as a number) that is
            not positive, a temperature below 0, ``alpha=False`` for a scene without a background, a scene of another
            dtype or on a device that the GPU's kernels do not draw on, or what the backend refuses. In a model that
            torch compiles, values are not looked at.

    Example:
        >>> import vectorae
        >>> layout = vectorae.Layout(["circle", "square"], rows=4, columns=4)
        >>> scene = layout(layout.random_raw(batch=8, seed=0))
        >>> vectorae.rasterize(scene, 64, 64, softness=0.02).shape
        torch.Size([8, 3, 64, 64])
        >>> vectorae.rasterize(scene, 64, 64, softness=0.02, alpha=True).shape
        torch.Size([8, 4, 64, 64])
    """
    if scene.opacity.dtype not in (torch.float32, torch.float64):
        raise UserError(f"scene: {scene.opacity.dtype} has too few digits for geometry; use scene.to(torch.float32)")
    if compositing is not None:
        scene = replace(scene, compositing=compositing)
    if scene.background is None and alpha is False:
        raise UserError("alpha: false, but the scene has no background; give it one, or leave alpha out")
    _check_sizes(scene, oversampling * height, oversampling * width, softness)
    transparent = scene.background is None if alpha is None else alpha
    if transparent:
        scene = scene.with_alpha()
    image = _draw(scene, oversampling * height, oversampling * width, coverage, softness, temperature, backend)
    if oversampling > 1:
        image = F.avg_pool2d(image, oversampling)
    return straight(image) if transparent else image


def _check_sizes(scene: Scene, height: int, width: int, softness: float | Tensor) -> None:
    """Refuse images that fit into no memory, and a softness of other shapes than the scene's."""
    if (numbers := scene.batch * scene.channels * height * width) > MOST_NUMBERS:
        raise UserError(
            f"height, width: {scene.batch} images of {height}×{width} would take {numbers / 2**28:.0f} GiB; draw them "
            "smaller or part by part"
        )
    if isinstance(softness, Tensor) and not torch.compiler.is_compiling():
        wanted = scene.softness.shape
        try:
            fits = torch.broadcast_shapes(softness.shape, wanted) == wanted
        except RuntimeError:
            fits = False
        if not fits:
            raise UserError(f"softness: {list(softness.shape)}; a number or {list(wanted)} is wanted")


def _draw(
    scene: Scene,
    height: int,
    width: int,
    coverage: str,
    softness: float | Tensor,
    temperature: float,
    backend: str,
) -> Tensor:
    if isinstance(softness, Tensor) and softness.dim() > 0:
        scene, softness = replace(scene, softness=scene.softness * softness.to(scene.softness)), 1.0
    device = scene.opacity.device
    if backend == "auto":
        backend = fastest(device.type)
    if backend == "gpu":
        _check_gpu(device.type)
    if backend == "cpu" and device.type != "cpu":
        scene = _copy_to_cpu(scene)

    def draw(shapes: Scene) -> Tensor:
        return _draw_shapes(shapes, height, width, coverage, softness, temperature, backend)

    return draw_composites(scene, draw).to(device)


def _draw_shapes(
    scene: Scene,
    height: int,
    width: int,
    coverage: str,
    softness: float | Tensor,
    temperature: float,
    backend: str,
) -> Tensor:
    """Draw a scene without composites, which lies on a device that the backend draws on."""
    if 0 in (scene.batch, scene.count):
        return scene.ground[:, :, None, None].expand(-1, -1, height, width).clone()
    scene, edge = _prepared(scene, height, width, softness)
    if scene.depth is not None and scene.compositing == "over" and temperature > 0:
        many = scene.count > UNDECIDED_LIMITS.get(backend, scene.count)
        backend = "reference" if many or any(group.gradient for group in scene.groups) else backend
    # Geometry needs its digits: half precision would move edges by pixels.
    with torch.autocast(edge.device.type, enabled=False):
        return BACKENDS[backend](scene, height, width, coverage=coverage, edge=edge, temperature=temperature)


def _prepared(scene: Scene, height: int, width: int, softness: float | Tensor) -> tuple[Scene, Tensor]:
    """A scene as backends draw it, and the softness of each shape ``[B, N]``, canvas units."""
    scene = plain(scene, 1 / min(height, width))
    width_of_edge = softness.to(scene.opacity) if isinstance(softness, Tensor) else softness
    return scene, (width_of_edge * scene.softness).expand_as(scene.opacity).clamp_min(1e-8)


def measure_contributions(
    scene: Scene,
    images: Tensor,
    importance: Tensor | None = None,
    *,
    coverage: str,
    softness: float | Tensor,
    temperature: float = 0.0,
    backend: str = "auto",
) -> Contributions:
    """Draw a scene, and measure what each of its shapes contributes.

    Exactly and in one pass where the CPU's kernels draw shapes of one colour each, over one another in an order that is
    decided; else squares are estimates.

    Args:
        scene: B drawings of N shapes, with a background.
        images: that they are compared with, broadcastable to ``[B, C, H, W]``.
        importance: of their pixels, ``[B, 1, H, W]`` in [0, 1]; None: all count alike.
        coverage, temperature, backend: as for ``rasterize``; softness: a number, as there.
    """
    height, width = images.shape[-2:]
    decided = scene.compositing == "over" and (scene.depth is None or temperature == 0)
    in_one_color = not scene.composites and not any(group.gradient for group in scene.groups)
    on_cpu = scene.opacity.device.type == "cpu" and backend in ("auto", "cpu") and 0 not in (scene.batch, scene.count)
    if on_cpu and decided and in_one_color:
        drawn, edge = _prepared(scene, height, width, softness)
        if drawn.count == scene.count:  # none is filled and stroked
            with torch.autocast("cpu", enabled=False):  # as where shapes are drawn
                return cpu.measure_contributions(
                    drawn, height, width, coverage=coverage, edge=edge, images=images, importance=importance
                )

    def draw(opacity: Tensor) -> Tensor:
        shapes = replace(scene, opacity=opacity)
        return _draw(shapes, height, width, coverage, softness, temperature, backend)

    return estimated(draw, scene.opacity, images, importance)


def fastest(device: str) -> str:
    """The backend that ``auto`` stands for on a type of device."""
    return "gpu" if device == "cuda" and importlib.util.find_spec("triton") else "cpu"


def _copy_to_cpu(scene: Scene) -> Scene:
    """``scene.to("cpu")`` in one copy of all numbers, and one of the gradient back: each copy waits for the device."""
    tensors: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        tensors.append(tensor)
        return tensor

    scene.map(note)
    numbers = torch.cat([tensor.flatten() for tensor in tensors]).to("cpu")
    parts = iter(numbers.split([tensor.numel() for tensor in tensors]))
    return scene.map(lambda tensor: next(parts).view(tensor.shape))


def _check_gpu(device: str) -> None:
    """Refuse a scene on a device that the GPU's kernels do not draw on."""
    if not importlib.util.find_spec("triton"):
        raise UserError("backend: 'gpu' needs the package triton, which is not there; choose auto or reference")
    # Triton's interpreter draws scenes on the CPU: slow, and how the kernels are tested where there is no GPU.
    if device != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        raise UserError(f"backend: 'gpu' draws scenes on a GPU, and this one is on {device}; choose auto or reference")
