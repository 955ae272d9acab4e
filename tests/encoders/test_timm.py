"""Networks of timm as encoders; its smallest ones, which have no more than some hundred thousand weights."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.models import small_model
from helpers.rounds import whole_round

from vectorae import UserError
from vectorae.encoders import Timm
from vectorae.export.corrected import CorrectedNetwork
from vectorae.export.tracing import EXAMPLES, constant_weights, traced

timm = pytest.importorskip("timm", reason="timm is not installed: pip install 'vectorae[timm]'")

SMALLEST = ("encoder=timm", "encoder.name=test_resnet", "~encoder.width")


@pytest.mark.parametrize(
    ("name", "image_size", "view", "side"),
    [
        ("test_resnet", 64, None, 4),
        ("test_resnet", 28, None, 4),
        ("test_convnext", 16, None, 4),
        ("test_vit", 28, 64, 4),
        ("test_mambaout", 64, None, 4),  # channels last
    ],
)
def test_networks_of_timm(name: str, image_size: int, view: int | None, side: int) -> None:
    for channels in (1, 4):
        backbone = Timm(channels, image_size, name, view=view)
        assert backbone.training
        seen = backbone(torch.rand(2, channels, image_size, image_size))
        assert seen.shape == (2, backbone.features, backbone.side, backbone.side)
        assert backbone.side == side


def test_a_network_made_for_one_size_sees_images_enlarged() -> None:
    assert Timm(3, 16, "test_vit").view == 160


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "test_resnets"}, "name: timm has no 'test_resnets'; the nearest are test_resnet, "),
        ({"name": "test_resnet.r160_in1k"}, "name: .* write encoder.name=test_resnet encoder.weights=r160_in1k$"),
        ({"name": "test_resnet", "weights": "BEST"}, "weights: test_resnet has no 'BEST'; choose from DEFAULT, r160"),
        ({"name": "test_vit", "view": 60}, "view: test_vit takes no images of 60 pixels .*write encoder.view=160$"),
    ],
)
def test_what_timm_does_not_have_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}"):
        Timm(3, 64, **arguments)


def test_a_network_without_feature_maps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: Any, **__: Any) -> None:
        raise RuntimeError("features_only not implemented for tests")

    monkeypatch.setattr("timm.create_model", without)
    with pytest.raises(UserError, match=r"^name: test_resnet offers no feature maps \(features_only not implemented"):
        Timm(3, 64, "test_resnet")


def test_weights_that_cannot_be_fetched_are_named_with_their_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("vectorae.encoders.timm_models.getproxies", dict)

    def unreachable(*_: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr("socket.getaddrinfo", unreachable)
    with pytest.raises(UserError, match=r"^encoder.weights: those of test_resnet cannot be fetched \(no network\); do"):
        small_model("encoder=timm", "encoder.name=test_resnet", "encoder.weights=DEFAULT", "~encoder.width")


def test_without_timm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"^name: networks of timm need .* timm; pip install 'vectorae\[timm\]"):
        Timm(3, 64, "test_resnet")


def test_a_network_of_timm_trains_resumes_draws_and_leaves(tmp_path: Path) -> None:
    whole_round(tmp_path, *SMALLEST, exported=("answer_steps=0",))


def test_its_prediction_is_traced() -> None:
    """As exports of corrections begin; what follows is the same for all encoders."""
    network = CorrectedNetwork(small_model(*SMALLEST).eval(), stands_alone=False).eval()
    images = torch.rand(EXAMPLES, 3, 16, 16)
    with constant_weights(network):
        expected = network.start(images)
        found = traced(network.start, [images], [0])(images)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
