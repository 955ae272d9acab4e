"""Signed distances."""

import pytest
import torch
from helpers.pydiffvg_scenes import CURVE, RED, RING, SIDE, draw, one
from torch import Tensor

from vectorae import pydiffvg

SDF = pydiffvg.OutputType.sdf


def centres() -> Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    return torch.stack([x, y], dim=-1)


def test_of_a_disc() -> None:
    center = torch.tensor([16.0, 15.2])
    image = draw(one(pydiffvg.Circle(torch.tensor(9.3), center), fill_color=torch.tensor(RED)), output_type=SDF)
    expected = (centres() - center).norm(dim=-1) - 9.3
    torch.testing.assert_close(image[..., 0], expected, atol=0.02, rtol=0)


def test_of_a_curve_it_is_not_negative_and_ignores_the_width() -> None:
    widths = [torch.tensor(2.0), torch.tensor([1.0, 2.0, 3.0, 4.0])]
    images = [
        draw(
            one(pydiffvg.Path(torch.tensor([2]), torch.tensor(CURVE), False, width), stroke_color=torch.tensor(RED)),
            output_type=SDF,
        )
        for width in widths
    ]
    torch.testing.assert_close(*images)
    assert float(images[0].min()) >= 0
    t = torch.linspace(0, 1, 2000)[:, None]
    a, b, c, d = torch.tensor(CURVE)
    dense = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    torch.testing.assert_close(
        images[0].flatten(), torch.cdist(centres().view(-1, 2), dense).amin(1), atol=0.02, rtol=0
    )


@pytest.mark.parametrize(("even_odd", "sign"), [(True, 1), (False, -1)])
def test_the_fill_rule_says_what_is_inside(even_odd: bool, sign: int) -> None:
    shapes = [pydiffvg.Polygon(torch.tensor(corners), True) for corners in RING]
    scene = shapes, [pydiffvg.ShapeGroup(torch.tensor([0, 1]), torch.tensor(RED), even_odd)]
    image = draw(scene, output_type=SDF)
    assert float(image[16, 16, 0]) * sign > 3
    assert float(image[9, 9, 0]) < 0 < float(image[2, 2, 0])


def test_at_positions_and_under_a_map() -> None:
    shift = torch.tensor([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    disc = one(
        pydiffvg.Circle(torch.tensor(5.0), torch.tensor([10.0, 10.0])),
        fill_color=torch.tensor(RED),
        shape_to_canvas=shift,
    )
    places = torch.tensor([[13.0, 10.0], [13.0, 20.0], [0.0, 10.0]])
    found = draw(disc, output_type=SDF, eval_positions=places)
    torch.testing.assert_close(found, torch.tensor([[-5.0], [5.0], [8.0]]), atol=0.02, rtol=0)
    assert draw(([], []), output_type=SDF).abs().sum() == 0
