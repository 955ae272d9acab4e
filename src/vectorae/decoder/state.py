"""The draw state: how drawings look at one moment of a run, as plain numbers on the host."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class DrawState:
    """How drawings look at one moment of a run. Whoever runs makes one each step and hands it to the decoder.

    The numbers live on the host, so that reading them never waits for a device; the softness of a step that a CUDA
    graph repeats is a tensor on the device instead.

    Attributes:
        softness: width of the soft edges, canvas units, > 0.
        temperature: how undecided the order of shapes with a depth is, in units of depth; 0 sorts them.
        exact: edges, order and discrete choices are those of crisp drawings.
        visible: how many shapes are drawn, from the bottom; None draws all.

    Example:
        >>> DrawState(softness=0.02, exact=True)
        DrawState(softness=0.02, temperature=0.0, exact=True, visible=None)
    """

    softness: float | Tensor
    temperature: float = 0.0
    exact: bool = False
    visible: int | None = None
