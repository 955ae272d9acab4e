"""Weights of networks, as files."""

from pathlib import Path

import torch


def place_random_weights(path: Path) -> None:
    """SqueezeNet's, at random."""
    from torchvision.models import squeezenet1_1

    torch.manual_seed(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(squeezenet1_1(weights=None).state_dict(), path)
