"""Between tensors and 8-bit pixels."""

import numpy as np
import torch

from vectorae.io.pixels import to_float, to_picture, to_uint8


def test_every_8_bit_value_returns() -> None:
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(values)), values)
    assert torch.equal(to_uint8(to_float(values).double()), values)


def test_floats_stay_as_they_are() -> None:
    images = torch.rand(2, 3, 4, 4)
    assert to_float(images) is images


def test_values_outside_are_clamped_and_gradients_left_behind() -> None:
    images = torch.tensor([-0.5, 1.5, 0.25], requires_grad=True)
    assert to_uint8(images).tolist() == [0, 255, 64]


def test_pictures_are_rgb() -> None:
    grey, colour = torch.rand(1, 1, 4, 6), torch.rand(1, 3, 4, 6)
    for image in (grey, colour):
        picture = to_picture(image)
        assert (picture.mode, picture.size) == ("RGB", (6, 4))
        assert (np.asarray(picture) == to_uint8(image[0]).expand(3, -1, -1).permute(1, 2, 0).numpy()).all()
