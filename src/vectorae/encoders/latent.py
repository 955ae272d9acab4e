"""The latent: a bottleneck between backbone and head, a vector or a distribution of vectors."""

import torch
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated
from vectorae.encoders.processes import local_rows, process_count
from vectorae.encoders.tokens import zero_linear


class Latent(nn.Module):
    """A feature map through a bottleneck, and a map again: ``[B, F, s, s]`` → z ``[B, size]`` → ``[B, F, s, s]``.

    Args:
        features, side: of the map, F and s.
        size: of the latent.
        variational: z is sampled from N(μ, σ²) in training, and is μ otherwise (Kingma and Welling, 2014).

    Attributes:
        divergence: of the last batch in training, KL(N(μ, σ²) ‖ N(0, 1)) ``[B]``, nats; 0 unless variational.
    """

    divergence: Tensor

    @validated
    def __init__(self, features: int, side: int, size: PositiveInt, variational: bool) -> None:
        super().__init__()
        self.size, self.variational = size, variational
        self.mean = nn.Linear(features * side**2, size)
        self.log_deviation = zero_linear(features * side**2, size) if variational else None
        self.map = nn.Sequential(
            nn.Linear(size, features * side**2), nn.SiLU(), nn.Unflatten(1, (features, side, side))
        )

    def forward(self, features: Tensor) -> Tensor:
        z = self.mean(features.flatten(1))
        self.divergence = torch.zeros_like(z[:, 0])
        if self.log_deviation is not None and self.training:
            spread = self.log_deviation(features.flatten(1)).clamp(-8, 4)
            self.divergence = (z.square() + (2 * spread).exp() - 1 - 2 * spread).sum(1) / 2
            noise = torch.randn(process_count() * len(z), self.size, device=z.device)
            z = z + spread.exp() * local_rows(noise).to(z.dtype)
        return self.decode(z)

    def decode(self, z: Tensor) -> Tensor:
        """The feature map of a latent ``[B, size]``, ``[B, F, s, s]``."""
        return self.map(z)
