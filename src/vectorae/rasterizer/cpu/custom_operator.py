"""The CPU backend as one operator of torch, ``vectorae::draw_on_cpu``, for models that are compiled.

How a scene is packed depends on its numbers, so that torch's compiler cannot follow it. It sees one call instead, with
the scene's tensors and a text that says how they make a scene. The backward pass, ``vectorae::differentiate_on_cpu``,
draws the scene once more: an operator cannot keep what autograd has recorded within it.
"""

import ast
import dataclasses
from typing import Any

import torch
from torch import Tensor

from vectorae.rasterizer import cpu
from vectorae.scene import Group, Path, RoundedBox, Scene
from vectorae.scene.gradients import GRADIENTS


def rasterize(
    scene: Scene, height: int, width: int, *, coverage: str, edge: Tensor, temperature: float = 0.0
) -> Tensor:
    """``cpu.rasterize`` as an operator."""
    # As a tensor: a number that follows a schedule would be compiled for again whenever it changes.
    tensors = [scene.ground, edge, edge.new_full((), temperature), *_tensors(scene)]
    image: Tensor = draw(tensors, _structure(scene), height, width, coverage)
    return image


@torch.library.custom_op("vectorae::draw_on_cpu", mutates_args=())
def draw(tensors: list[Tensor], structure: str, height: int, width: int, coverage: str) -> Tensor:
    """Images ``[B, C, H, W]``.

    Args:
        tensors: background ``[B, C]``; edge ``[B, N]``; temperature ``[]``; the others that the scene is made of.
        structure: how they make a scene.
        height, width, coverage: as for ``rasterize``.
    """
    return _draw(tensors, structure, height, width, coverage)


@draw.register_fake
def _(tensors: list[Tensor], structure: str, height: int, width: int, coverage: str) -> Tensor:
    return tensors[0].new_empty(*tensors[0].shape, height, width)


# Not a custom_op, within which autograd records nothing.
torch.library.define(
    "vectorae::differentiate_on_cpu",
    "(Tensor gradient, Tensor[] tensors, str structure, SymInt height, SymInt width, str coverage) -> Tensor[]",
)


@torch.library.impl("vectorae::differentiate_on_cpu", "CPU")
def _differentiate(
    gradient: Tensor, tensors: list[Tensor], structure: str, height: int, width: int, coverage: str
) -> list[Tensor]:
    """The derivatives of Σ gradient · ``draw(…)`` by each of the tensors."""
    with torch.enable_grad(), _recording():
        leaves = [tensor.detach().requires_grad_() for tensor in tensors]
        image = _draw(leaves, structure, height, width, coverage)
        found = torch.autograd.grad(image, leaves, gradient, allow_unused=True, materialize_grads=True)
    # The results of an operator must not share memory.
    return [one.clone(memory_format=torch.contiguous_format) for one in found]


def _recording() -> Any:
    """Within it, autograd records operations, which it does not within a loop of torch's: that excludes its keys."""
    excluded = torch._C._dispatch_tls_local_exclude_set()
    for key in (torch._C.DispatchKey.AutogradCPU, torch._C.DispatchKey.ADInplaceOrView):
        excluded = excluded.remove(key)
    return torch._C._ForceDispatchKeyGuard(torch._C._dispatch_tls_local_include_set(), excluded)


@torch.library.register_fake("vectorae::differentiate_on_cpu")
def _(gradient: Tensor, tensors: list[Tensor], structure: str, height: int, width: int, coverage: str) -> list[Tensor]:
    return [tensor.new_empty(tensor.shape) for tensor in tensors]


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    tensors, *ctx.drawing = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    by_tensors = torch.ops.vectorae.differentiate_on_cpu(gradient, list(ctx.saved_tensors), *ctx.drawing)
    return (by_tensors, *(None for _ in ctx.drawing))


draw.register_autograd(_backward, setup_context=_save)


def _draw(tensors: list[Tensor], structure: str, height: int, width: int, coverage: str) -> Tensor:
    background, edge, temperature, *others = tensors
    scene = _scene(background, others, structure)
    return cpu.rasterize(scene, height, width, coverage=coverage, edge=edge, temperature=temperature.item())


def _tensors(scene: Scene) -> list[Tensor]:
    """The tensors that ``_scene`` takes, in its order."""
    tensors = [scene.color, scene.opacity, scene.softness]
    if scene.depth is not None:
        tensors.append(scene.depth)
    for group in scene.groups:
        outline = group.outline
        if isinstance(outline, Path):
            tensors.append(outline.points)
        else:
            tensors += [outline.center, outline.half_extents, outline.angle, outline.roundness]
        if group.stroke_width is not None:
            tensors.append(group.stroke_width)
        if group.gradient is not None:
            tensors += [getattr(group.gradient, name) for name in TENSORS[group.gradient.kind]]
    return tensors


TENSORS = {
    kind: tuple(field.name for field in dataclasses.fields(one) if field.name != "spread")
    for kind, one in GRADIENTS.items()
}
"""The tensors of gradients of each kind, listed once: torch's compiler cannot list them."""


def _structure(scene: Scene) -> str:
    """All of a scene but its tensors, as a Python literal."""
    groups = []
    for group in scene.groups:
        outline, path, circular = group.outline, None, False
        if isinstance(outline, Path):
            path = outline.closed, outline.degree, outline.sizes, outline.fill_rule
        else:
            circular = outline.circular
        gradient = None
        if group.gradient is not None:
            gradient = group.gradient.kind, group.gradient.spread
        groups.append((group.slots, path, circular, group.stroke_width is not None, gradient))
    return str((groups, scene.depth is not None, scene.compositing))


def _scene(background: Tensor, tensors: list[Tensor], structure: str) -> Scene:
    """The inverse of ``_tensors`` and ``_structure``."""
    groups, has_depth, compositing = ast.literal_eval(structure)
    take = iter(tensors).__next__
    color, opacity, softness = take(), take(), take()
    depth = take() if has_depth else None
    made = []
    for slots, path, circular, is_stroked, of_gradient in groups:
        outline = Path(take(), *path) if path else RoundedBox(take(), take(), take(), take(), circular)
        width, gradient = take() if is_stroked else None, None
        if of_gradient:
            kind, spread = of_gradient
            gradient = GRADIENTS[kind](**{name: take() for name in TENSORS[kind]}, spread=spread)
        made.append(Group(outline, slots, width, gradient=gradient))
    return Scene(tuple(made), color, opacity, softness, background, depth, compositing)
