"""Contenders: our backends and the packages that are importable; all differentiate with respect to the same tensors."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from benchmarks.timing import Clock, Pass, Times
from benchmarks.workloads import Workload
from vectorae.rasterizer import rasterize
from vectorae.scene import Scene

NEGLIGIBLE = 2.0**-14
"""Coverage below this counts as zero: culling may drop it."""


class Drawing(Protocol):
    """Draws workloads."""

    def leaves(self, workload: Workload) -> tuple[Any, list[Tensor]]:
        """The state that ``draw`` takes, and its tensors that require gradients. Not timed."""

    def draw(self, workload: Workload, state: Any) -> Tensor:
        """The images, ``[B, C, H, W]``. Timed: all that must be repeated after a change of parameters."""


@dataclass(frozen=True)
class Ours:
    """``vectorae.rasterize`` with one of its backends."""

    backend: str

    def leaves(self, workload: Workload) -> tuple[Scene, list[Tensor]]:
        return learning(workload.scene, workload.learned)

    def draw(self, workload: Workload, state: Scene) -> Tensor:
        return rasterize(
            state,
            workload.height,
            workload.width,
            coverage=workload.coverage,
            softness=workload.canvas_softness,
            backend=self.backend,
        )


def drawing_pass(drawing: Drawing, workload: Workload) -> Pass:
    """A forward and a backward pass to every learned tensor; all contenders get the same gradient of the images."""
    scene = workload.scene
    shape = (scene.batch, scene.channels, workload.height, workload.width)
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(scene.opacity.device)

    def once() -> Times:
        state, leaves = drawing.leaves(workload)
        clock = Clock(scene.opacity.device)
        image = drawing.draw(workload, state)
        clock.tick("forward")
        torch.autograd.grad(image, leaves, gradient)
        clock.tick("backward")
        return clock.total()

    return once


def learning(scene: Scene, names: tuple[str, ...]) -> tuple[Scene, list[Tensor]]:
    """The scene with new leaves in place of the named tensors, and these leaves."""
    leaves: list[Tensor] = []

    def renew(name: str, tensor: Tensor) -> Tensor:
        if name not in names:
            return tensor
        leaves.append(tensor.detach().clone().requires_grad_())
        return leaves[-1]

    return scene.map_named(renew), leaves


@torch.no_grad()
def covered_pairs(workload: Workload, backend: str = "auto") -> int:
    """Number of pairs of a pixel and a shape that covers it by more than a negligible amount.

    Every shape is drawn alone, white and opaque on black.
    """
    scene, total = workload.scene, 0
    ink = replace(
        scene,
        color=torch.ones_like(scene.color[..., :1]),
        opacity=torch.ones_like(scene.opacity),
        background=torch.zeros_like(scene.ground[:, :1]),
        compositing="over",
    )
    for slot in range(scene.count):
        alone = replace(workload, scene=ink.select(slot, slot + 1))
        total += int((Ours(backend).draw(alone, alone.scene) >= NEGLIGIBLE).sum())
    return total


@dataclass(frozen=True)
class Peer:
    """Another package.

    Attributes:
        module: to import.
        distribution: its name on PyPI, for the version.
        drawing: makes the ``Drawing``; called only if the module can be imported.
        on_gpu: whether it is timed on a GPU too.
    """

    module: str
    distribution: str
    drawing: Callable[[], Drawing]
    on_gpu: bool

    @property
    def importable(self) -> bool:
        """Whether the package is installed; it is not imported to find out."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """The installed version, from its metadata."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return "unknown"
