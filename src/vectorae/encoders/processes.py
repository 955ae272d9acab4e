"""Several processes that train one model as one would."""

import torch
import torch.distributed as dist
from torch import Tensor, nn


def process_count() -> int:
    """How many processes train together, 1 for a single one."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def local_rows(whole: Tensor) -> Tensor:
    """The rows of this process, of those of the whole batch: every n-th of n processes."""
    return whole[dist.get_rank() :: process_count()] if process_count() > 1 else whole


def mean_over_processes(value: Tensor) -> Tensor:
    """The mean of a tensor of the same shape in every process, differentiable; the tensor itself where there is one."""
    count = process_count()
    if count == 1:
        return value
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(value.contiguous()) / count


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of ``[B, C, H, W]`` over all processes, on any device: torch's own takes GPUs alone.

    All processes have equally many images (see ``ImageData``). With a single process it is ``nn.BatchNorm2d``.
    """

    def forward(self, images: Tensor) -> Tensor:
        if not self.training or process_count() == 1:
            return super().forward(images)
        mean = mean_over_processes(images.mean((0, 2, 3)))
        centred = images - mean[:, None, None]
        variance = mean_over_processes(centred.square().mean((0, 2, 3)))
        if self.running_mean is not None and self.running_var is not None:
            with torch.no_grad():
                count = process_count() * images.numel() / images.shape[1]
                batches = self.get_buffer("num_batches_tracked").add_(1)
                # As torch has it: without a momentum the running mean is that of all batches.
                momentum = 1 / float(batches) if self.momentum is None else self.momentum
                self.running_mean.lerp_(mean.detach(), momentum)
                self.running_var.lerp_(variance.detach() * (count / (count - 1)), momentum)
        normal = centred * (variance + self.eps).rsqrt()[:, None, None]
        return normal * self.weight[:, None, None] + self.bias[:, None, None]


def synchronise_batch_norm(module: nn.Module) -> None:
    """Let every batch normalisation of a module see the batches of all processes."""
    for one in module.modules():
        if type(one) is nn.BatchNorm2d:
            one.__class__ = SyncedBatchNorm2d
