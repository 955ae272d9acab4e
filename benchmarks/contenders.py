"""Who draws the workloads: our backends, and the packages that are importable; all with the same tensors to learn."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from benchmarks.timing import Clock, Pass, Times
from benchmarks.workloads import Workload
from vectorae.rasterizer import rasterize
from vectorae.scene import Group, Path, RoundedBox, Scene

NEGLIGIBLE = 2.0**-14
"""Coverage below this counts as none: what culling may drop."""


class Drawing(Protocol):
    """One way to draw workloads."""

    def leaves(self, workload: Workload) -> tuple[Any, list[Tensor]]:
        """What ``draw`` takes, and the tensors in it that get gradients. Not timed."""

    def draw(self, workload: Workload, state: Any) -> Tensor:
        """The images, ``[B, C, H, W]``. Timed: whatever has to be done anew when the parameters have changed."""


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
            compositing=workload.compositing,
            softness=workload.softness,
            backend=self.backend,
        )


def drawing_pass(drawing: Drawing, workload: Workload) -> Pass:
    """Draw, and bring a gradient back to every learned tensor; the gradient of the images is the same for all."""
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

    def renew(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(renew(item) for item in part)
        if not isinstance(part, Scene | Group | RoundedBox | Path):
            return part
        changed = {field.name: renew(getattr(part, field.name)) for field in fields(part)}
        for name in names:
            if isinstance(changed.get(name), Tensor):
                changed[name] = changed[name].detach().clone().requires_grad_()
                leaves.append(changed[name])
        return replace(part, **changed)

    renewed: Scene = renew(scene)
    return renewed, leaves


@torch.no_grad()
def covered_pairs(workload: Workload, backend: str = "auto") -> int:
    """How many pairs of pixel and shape there are in which the shape covers the pixel, by more than is negligible.

    Every shape is drawn alone, white and opaque on black.
    """
    scene, total = workload.scene, 0
    ink = replace(
        scene,
        color=torch.ones_like(scene.color[..., :1]),
        opacity=torch.ones_like(scene.opacity),
        background=torch.zeros_like(scene.background[:, :1]),
    )
    for slot in range(scene.count):
        alone = replace(workload, scene=ink.select(slot, slot + 1), compositing="over")
        total += int((Ours(backend).draw(alone, alone.scene) >= NEGLIGIBLE).sum())
    return total


@dataclass(frozen=True)
class Peer:
    """Another package.

    Attributes:
        module: that is imported.
        distribution: whose version it is.
        drawing: makes what draws the workloads; called only where the module can be imported.
        on_gpu: whether it is timed on a GPU too.
    """

    module: str
    distribution: str
    drawing: Callable[[], Drawing]
    on_gpu: bool

    @property
    def importable(self) -> bool:
        """Whether the package is there; it is not imported to find out."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """As its metadata say."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return "unknown"
