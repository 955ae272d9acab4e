"""Training steps as CUDA graphs: forward and backward pass are recorded once, and replayed in one launch each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from vectorae.decoder import DrawState
from vectorae.errors import UserError
from vectorae.io.pixels import to_float
from vectorae.rasterizer.rasterize import fastest

if TYPE_CHECKING:
    import pytorch_lightning as pl

    from vectorae.training.autoencoder import VectorAutoencoder

WARM_UP = 3
"""Ordinary steps before one is recorded: kernels are compiled and caches filled, which cannot be recorded."""


class HeldValues:
    """Numbers that change from step to step, as tensors on the device that recorded steps read.

    Args:
        device: where they lie.

    Attributes:
        softness, kl_weight: float32 scalars.
    """

    def __init__(self, device: torch.device) -> None:
        self.softness, self.kl_weight = (torch.zeros((), device=device) for _ in range(2))

    def update(self, state: DrawState, kl_weight: float) -> None:
        """Take the values of a step."""
        self.softness.fill_(state.softness)
        self.kl_weight.fill_(kl_weight)

    def of(self, state: DrawState) -> DrawState:
        """The state with these values; exact drawings have the same softness at every step, which is kept."""
        return state if state.exact else replace(state, softness=self.softness)


@dataclass
class _Recorded:
    """A recorded step: what it reads, what it writes, and how it is run; ``gradient`` is that of all parameters."""

    images: Tensor
    parameters: list[Tensor]
    cost: Tensor
    gradient: Tensor
    logged: dict[str, Tensor]
    replay: Callable[[], object]


class StepGraph:
    """``training_loss`` of a model with its backward pass, recorded after a few ordinary steps.

    It is recorded anew when something changes that a recording cannot follow: the size of the batch, whether drawings
    are exact, how many shapes are visible. Clipping, the optimizer and relocation are not part of it: they see the
    gradients as after any backward pass.

    Args:
        model: on its device.
        required: whether a step that cannot be recorded is an error, rather than run as it is.
    """

    def __init__(self, model: VectorAutoencoder, required: bool) -> None:
        self._model, self._required = model, required
        self._key: tuple[Any, ...] = ()
        self._warm_up = WARM_UP
        self._held: HeldValues | None = None
        self._recorded: _Recorded | None = None
        self._failed = False

    def __call__(self, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """As ``training_loss`` of the images ``[B, C, S, S]``, as a dataset yields them.

        Raises:
            UserError: the step cannot be recorded, and must be.
        """
        state = self._model.state
        key = (batch.shape, batch.dtype, batch.device, state.exact, state.visible)
        if key != self._key:
            self._key, self._warm_up, self._recorded = key, WARM_UP, None
        if self._failed or self._warm_up > 0:
            self._warm_up -= 1
            return self._model.training_loss(to_float(batch))
        self._held = self._held or HeldValues(batch.device)
        self._held.update(state, self._model.options.kl_weight_at(self._model.run.progress))
        if self._recorded is None:
            try:
                self._recorded = self._record(batch, self._held)
            except RuntimeError as error:
                self._give_up(error)
                return self._model.training_loss(to_float(batch))
        recorded = self._recorded
        recorded.images.copy_(batch)
        recorded.replay()
        cost = _Replayed.apply(recorded.cost, recorded.gradient, *recorded.parameters)
        return cost, {name: value.clone() for name, value in recorded.logged.items()}

    def _record(self, batch: Tensor, held: HeldValues) -> _Recorded:
        images, names, parameters = batch.clone(), list[str](), list[Tensor]()

        def step() -> list[Tensor]:
            with _holding(self._model, held):
                cost, logged = self._model.training_loss(to_float(images))
            learned = [parameter for parameter in self._model.parameters() if parameter.requires_grad]
            gradients = torch.autograd.grad(cost, learned, allow_unused=True)
            names[:] = logged
            parameters[:] = [one for one, gradient in zip(learned, gradients, strict=True) if gradient is not None]
            # In one tensor, so that one launch hands them on.
            flat = torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])
            return [cost.detach(), flat, *(value.detach() for value in logged.values())]

        (cost, gradient, *values), replay = record(step)
        return _Recorded(images, parameters, cost, gradient, dict(zip(names, values, strict=True)), replay)

    def _give_up(self, error: RuntimeError) -> None:
        reason = str(error).strip().splitlines()[0]
        if self._required:
            raise UserError(
                f"trainer.cuda_graph: this step cannot be captured ({reason}); write trainer.cuda_graph=auto"
            ) from error
        self._failed = True
        print(f"trainer.cuda_graph: steps run without a CUDA graph: {reason}", flush=True)


def record(step: Callable[[], list[Tensor]]) -> tuple[list[Tensor], Callable[[], object]]:
    """Record what a function launches on the GPU, without running it.

    Returns:
        The tensors that it returns, which hold values after each replay; and how to replay it.
    """
    graph = torch.cuda.CUDAGraph()
    # Other threads, such as those that load images, may go on using the device.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        results = step()
    return results, graph.replay


def step_graph(model: VectorAutoencoder, trainer: pl.Trainer, setting: bool | Literal["auto"]) -> StepGraph | None:
    """What runs the steps of a training, or None for ordinary ones; says in a line why a GPU has ordinary ones.

    Args:
        model: to be trained.
        trainer: that will train it.
        setting: the key `trainer.cuda_graph`.

    Raises:
        UserError: a graph is asked for where there can be none.
    """
    if setting is False:
        return None
    reason = obstacle(model, trainer)
    if reason is None:
        return StepGraph(model, required=setting is True)
    if setting is True:
        raise UserError(f"trainer.cuda_graph: {reason}; write trainer.cuda_graph=auto")
    if trainer.strategy.root_device.type == "cuda":
        print(f"trainer.cuda_graph: steps run without a CUDA graph: {reason}", flush=True)
    return None


def obstacle(model: VectorAutoencoder, trainer: pl.Trainer) -> str | None:
    """Why steps cannot be recorded, or None."""
    if trainer.strategy.root_device.type != "cuda":
        return f"only a CUDA device has graphs, and this training runs on {trainer.strategy.root_device.type}"
    if trainer.world_size > 1:
        return "several devices exchange their gradients in every step"
    if trainer.precision == "16-mixed":
        return "precision=16-mixed scales the loss before the backward pass, which bf16-mixed does not"
    backend = model.decoder.rasterizer.backend
    if (fastest("cuda") if backend == "auto" else backend) != "gpu":
        return "only the fused kernels for GPUs can be captured, and something else draws here"
    if model.layout.ordering == "depth":
        return "shapes whose order is undecided are not drawn by the fused kernels"
    if any(not block.painting.style.is_plain for block in model.layout.kind_blocks):
        return "how many corners strokes with other ends than round ones have depends on what is drawn"
    if model.options.any_count:
        return "with model.any_count=true the number of shapes changes from step to step"
    return None


class _Replayed(torch.autograd.Function):
    """The cost of a replayed step, whose gradient by the parameters is known."""

    @staticmethod
    def forward(ctx: Any, cost: Tensor, gradient: Tensor, *parameters: Tensor) -> Tensor:
        ctx.gradient, ctx.shapes = gradient, [parameter.shape for parameter in parameters]
        return cost.clone()

    @staticmethod
    def backward(ctx: Any, by_cost: Tensor) -> tuple[Tensor | None, ...]:
        parts = (ctx.gradient * by_cost).split([shape.numel() for shape in ctx.shapes])
        return None, None, *(part.view(shape) for part, shape in zip(parts, ctx.shapes, strict=True))


@contextmanager
def _holding(model: VectorAutoencoder, held: HeldValues) -> Iterator[None]:
    model.held = held
    try:
        yield
    finally:
        model.held = None
