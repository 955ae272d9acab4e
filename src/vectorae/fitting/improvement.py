"""When drawings last improved."""

from dataclasses import dataclass

from torch import Tensor


@dataclass
class Improvement:
    """When a drawing last improved, by its crisp cost.

    Attributes:
        least: of each image, ``[B]``, on the CPU.
        improved: step of the last improvement.
        evaluated: step of the last evaluation.
    """

    least: Tensor
    improved: int = 0
    evaluated: int = 0
