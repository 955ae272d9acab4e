"""The last layer of every encoder."""

from torch import nn


def zero_head(features: int, raw_size: int) -> nn.Linear:
    """A linear layer that answers zeros at first, so that an untrained encoder draws the starting arrangement."""
    head = nn.Linear(features, raw_size)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head
