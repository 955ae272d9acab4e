"""A price for each shape: what a drawing hardly needs goes, and nothing else."""

from dataclasses import replace

import pytest
import torch

from vectorae import Layout, rasterize, to_svg
from vectorae.decoder import Decoder, DrawState, worthwhile
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

STATE, SIDE = DrawState(0.01), 24


@pytest.mark.parametrize("price", [1e-5, 1e-3, 1e-2])
def test_what_goes_costs_less_than_its_price_and_what_stays_more(price: float) -> None:
    layout = Layout(["circle", "square"], rows=3, columns=3)
    decoder, objective = Decoder(layout, Rasterizer()), Objective({"mse": 1.0})
    images = rasterize(layout(layout.random_raw(5, seed=1)), SIDE, SIDE, coverage="ramp")
    scene = decoder.scene(layout.random_raw(5, seed=2), STATE, crisp=True)
    left = worthwhile(scene, images, decoder, objective, STATE, price)
    kept = left.opacity > 0
    assert torch.equal(left.opacity[kept], scene.opacity[kept])

    def cost(opacity: torch.Tensor) -> torch.Tensor:
        return (
            (rasterize(replace(scene, opacity=opacity), SIDE, SIDE, coverage="ramp") - images).square().mean((1, 2, 3))
        )

    rise = cost(left.opacity) - cost(scene.opacity)
    assert (rise <= price * (~kept).sum(1) + 1e-6).all()
    assert (~kept).any()
    alone = [
        worthwhile(scene[index], images[index : index + 1], decoder, objective, STATE, price) for index in range(5)
    ]
    assert torch.equal(torch.cat([one.opacity for one in alone]), left.opacity)
    texts = to_svg(left, SIDE, SIDE)
    assert [text.count("<circle") + text.count("<rect") - 1 for text in texts] == kept.sum(1).tolist()


def test_a_shape_that_is_covered_goes_and_a_high_price_leaves_nothing() -> None:
    layout = Layout(["circle"], count=2, start=[[0.5, 0.5], [0.5, 0.5]], background=0.0, fields={"opacity": 1.0})
    decoder, objective = Decoder(layout, Rasterizer()), Objective({"mse": 1.0})
    scene = decoder.scene(torch.zeros(1, layout.raw_size), STATE, crisp=True)
    images = decoder.draw(scene, SIDE, SIDE, STATE, crisp=True)
    assert worthwhile(scene, images, decoder, objective, STATE, 2e-3).opacity.sum() == 1
    assert worthwhile(scene, images, decoder, objective, STATE, 10.0).opacity.sum() == 0
