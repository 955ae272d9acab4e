"""An optimizer of your own: gradient descent with momentum.

    vectorae train plugins=[own_optimizer] optimizer._target_=own_optimizer.Momentum optimizer.lr=0.05

The rate rises and falls with the run's progress as that of ours, unless ``rate`` says otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from vectorae.config.arguments import Fraction
from vectorae.training import Optimizer


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Stochastic gradient descent with Nesterov's momentum.

    Attributes:
        momentum: decay of the running sum of gradients, in [0, 1].
    """

    momentum: Fraction = 0.9

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.momentum, nesterov=self.momentum > 0)
