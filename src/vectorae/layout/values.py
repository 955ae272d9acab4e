"""The values of fields, by name."""

from collections.abc import Mapping

from torch import Tensor

Values = Mapping[str, Tensor]
"""Name of a field → ``[B, n]``, ``[B, n, size]`` or ``[B, n, P, 2]``."""
