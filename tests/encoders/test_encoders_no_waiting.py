"""Encoders and refiners never make a GPU wait."""

from typing import Any

import pytest
import torch
from helpers.waiting import no_waiting
from torch import Tensor, nn

from vectorae import Layout
from vectorae.decoder import Feedback
from vectorae.encoders import CNN, MLP, Encoder, Grid, Latent, Queries, Recurrent, Refiner
from vectorae.primitives import KINDS

LAYOUTS: dict[str, dict[str, Any]] = {
    "grid": {"kinds": ["circle", "square"], "rows": 2, "columns": 3},
    "every kind": {"kinds": list(KINDS), "count": 2 * len(KINDS), "ordering": "depth", "background": 0},
}


@pytest.mark.parametrize("variational", [None, False, True])
@pytest.mark.parametrize("head", [MLP, Grid, Queries, Recurrent])
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_encoder_waits(name: str, head: type[nn.Module], variational: bool | None) -> None:
    layout, backbone = Layout(**LAYOUTS[name]), CNN(3, 16, width=8)
    shape = {"features": backbone.features, "side": backbone.side}
    latent = None if variational is None else Latent(**shape, size=4, variational=variational)
    encoder = Encoder(backbone, head(**shape, layout=layout), layout.raw_size, latent)
    images = torch.rand(2, 3, 16, 16)

    def draw(raw: Tensor, visible: int) -> Tensor:
        return layout(raw).select(0, visible).background[:, :, None, None].expand(-1, -1, 16, 16)

    encoder(images, draw)  # fills the caches of indices
    for training in (True, False):
        encoder.train(training)
        with no_waiting():
            encoder(images, draw).sum().backward()
            if latent is not None and head is not Recurrent:
                encoder.decode_latent(torch.zeros(2, 4))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYOUTS)
def test_no_refiner_waits(name: str, training: bool) -> None:
    layout = Layout(**LAYOUTS[name])
    refiner = Refiner(layout, features=4, width=16).train(training)
    raw, images, features = layout.random_raw(2, seed=0), torch.rand(2, 3, 16, 16), torch.rand(2, 4, 2, 2)
    feedback = Feedback(layout(raw), images, torch.zeros(2), {}, torch.randn_like(raw))
    _, memory = refiner(raw, feedback, images, refiner.see(features), None)  # fills the caches of indices
    with no_waiting():
        corrected, _ = refiner(raw, feedback, images, refiner.see(features), memory)
        corrected.sum().backward()
