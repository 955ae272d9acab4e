"""Encoders: whatever the image, zeros before training; after it, they look."""

import pytest
import torch
from torch import nn

from vectorae import UserError
from vectorae.encoders import CNN, ResNet18

ENCODERS = [CNN, ResNet18]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("image_size", [16, 28, 64])
@pytest.mark.parametrize("kind", ENCODERS)
def test_untrained_encoders_answer_zeros(kind: type[nn.Module], image_size: int, channels: int) -> None:
    encoder = kind(channels=channels, image_size=image_size, raw_size=37)
    for training in (True, False):
        raw = encoder.train(training)(torch.rand(2, channels, image_size, image_size))
        assert torch.equal(raw, torch.zeros(2, 37))


@pytest.mark.parametrize("image_size", [16, 17, 28, 64])
@pytest.mark.parametrize("kind", ENCODERS)
def test_every_pixel_counts_and_every_weight_learns(kind: type[nn.Module], image_size: int) -> None:
    torch.manual_seed(0)
    encoder = kind(channels=1, image_size=image_size, raw_size=5)
    heads = [module for module in encoder.modules() if isinstance(module, nn.Linear) and module.out_features == 5]
    nn.init.normal_(heads[-1].weight)
    images = torch.rand(4, 1, image_size, image_size, requires_grad=True)
    encoder(images).square().sum().backward()
    assert images.grad is not None
    # With an odd side a strided convolution may leave out the last row.
    assert (images.grad[..., : image_size // 4 * 4, : image_size // 4 * 4] != 0).float().mean() > 0.95
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in encoder.parameters())


def test_the_head_learns_from_the_first_step() -> None:
    encoder = CNN(channels=1, image_size=16, raw_size=3)
    encoder(torch.rand(4, 1, 16, 16)).sum().backward()
    assert encoder.head.weight.grad is not None
    assert encoder.head.weight.grad.abs().max() > 0


@pytest.mark.parametrize("name", ["width", "hidden"])
def test_mistakes_are_refused_by_name(name: str) -> None:
    with pytest.raises(UserError, match=rf"^{name}: 0 is not a number of 1 or more$"):
        CNN(channels=1, image_size=16, raw_size=3, **{name: 0})
