"""Functions as graphs of torch's operators, for any number of images, with the gradients that they take."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._dynamo.source import ConstantSource
from torch._higher_order_ops.while_loop import while_loop_op
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

from vectorae.export.double import FLOAT32, Operators

MOST_IMAGES = 2**31 - 1
"""In a batch. Without a limit torch 2.6 exports nothing that stacks tensors."""

EXAMPLES = 7
"""Images that a graph is traced with: a number that few other sizes are."""

Function = Callable[..., Sequence[Tensor]]


class Repeated(nn.Module):
    """A program in three parts, of which the second is repeated.

    Args:
        start: images → what the body keeps, and what it carries.
        body: images, what it keeps and what it carries → what it carries next.
        finish: images and what was carried last → the outputs.
        steps: how often the body is run.
        names: of the outputs.
        dtype: in which all three compute; images and outputs are of the images' own.
    """

    def __init__(
        self,
        start: nn.Module,
        body: nn.Module,
        finish: nn.Module,
        steps: int,
        names: Sequence[str],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.start, self.body, self.finish, self.steps = start, body, finish, steps
        self._names, self._dtype = tuple(names), dtype

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        given, images = images, images.to(self._dtype)
        seen, *carried = self.start(images)

        def more(step: Tensor, *_: Tensor) -> Tensor:
            return step < self.steps

        weights = dict(self.body.state_dict(keep_vars=True))

        def once(step: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
            carried, (images, seen, *own) = given[: len(given) - 2 - len(weights)], given[-2 - len(weights) :]
            after = functional_call(self.body, dict(zip(weights, own, strict=True)), (images, seen, *carried))
            # What a loop returns must be none of what it is given.
            return (step + 1, *(one.clone() for one in after))

        if self.steps:
            step = torch.zeros((), dtype=torch.long)
            # The operator itself: around it torch would trace the body several times more, to find its weights.
            same = (images, seen, *weights.values())
            _, *carried = while_loop_op(more, once, (step, *carried), same)
        outputs = (one.to(given.dtype) for one in self.finish(images, *carried))
        return dict(zip(self._names, outputs, strict=True))


def exported(network: nn.Module, images: Tensor) -> Any:
    """A network as torch.export has it, for any number of images ``[B, C, S, S]``."""
    batch = torch.export.Dim("batch", max=MOST_IMAGES)
    program = torch.export.export(network, (images,), dynamic_shapes=({0: batch},), strict=False)
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, GraphModule) else ():
            # Files are to hold no paths of this machine, and of a long graph these are most of its size.
            node.meta.pop("stack_trace", None)
    return program


def traced(
    function: Function, arguments: Sequence[Tensor], batch_dims: Sequence[int], operators: Operators = FLOAT32
) -> nn.Module:
    """A function as a graph, in which the gradients that it takes are operators like all others.

    Args:
        function: of tensors; it has been called with these once, so that what it keeps for later calls is there.
        arguments: of it, with ``EXAMPLES`` images.
        batch_dims: the dimension of each argument that is as long as there are images.
        operators: that others take the place of.
    """
    mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    stand_ins = []
    for number, (one, batch) in enumerate(zip(arguments, batch_dims, strict=True)):
        sizes = [DimDynamic.DYNAMIC if dim == batch else DimDynamic.STATIC for dim in range(one.dim())]
        context: Any = StatelessSymbolicContext(dynamic_sizes=sizes)
        source = ConstantSource(f"argument_{number}")
        stand_ins.append(mode.from_tensor(one, source=source, symbolic_context=context))
    with _compiling():
        graph: nn.Module = make_fx(
            lambda *given: tuple(function(*given)),
            decomposition_table=dict(operators),
            tracing_mode="symbolic",
            _allow_non_fake_inputs=True,
        )(*stand_ins)
    return graph


@contextmanager
def constant_weights(module: nn.Module) -> Iterator[None]:
    """Within it, weights are constants, so that a trace holds no derivative by them."""
    before = [(one, one.requires_grad) for one in module.parameters()]
    module.requires_grad_(False)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, needed in before:
            one.requires_grad_(needed)


@contextmanager
def _compiling() -> Iterator[None]:
    """Within it, code that asks is told that tensors are stand-ins."""
    before = torch.compiler.is_compiling
    torch.compiler.is_compiling = lambda: True
    try:
        yield
    finally:
        torch.compiler.is_compiling = before
