"""timm's networks as backbones: the extra ``timm``."""

import difflib
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import getproxies

import torch
from torch import Tensor, nn

from vectorae.config.arguments import PositiveInt, validated
from vectorae.encoders.rgb_backbone import RGBBackbone, keep_details, last_large
from vectorae.errors import UserError, choose, reason
from vectorae.io.weights import downloading

NEAREST = 5
"""Names that are shown in place of one that does not exist, of more than a thousand."""

LEAST_VIEW = 32
"""Pixels: most networks halve images five times."""


class Timm(RGBBackbone):
    """A network of timm up to the last feature map of 4 × 4 or more; grey images become RGB.

    Args:
        channels: of the images.
        image_size: side of the images in pixels.
        name: as ``timm.list_models`` has it: ``convnext_nano``, ``vit_tiny_patch16_224`` …
        weights: None is untrained; or ``DEFAULT``, or a tag such as ``in12k_ft_in1k``, downloaded if necessary.
        view: side in pixels to which images are resized; by default theirs, at least 32, or that of the weights where a
            network is made for one size.
        fetch: whether the weights are fetched; False where those of a checkpoint follow.

    Attributes:
        features: channels of the feature map, F.
        side: of the feature map, s.

    Raises:
        UserError: timm is not installed; an unknown network or weights; one without feature maps; weights that cannot
            be downloaded; a view that the network does not take.
    """

    @validated
    def __init__(
        self,
        channels: int,
        image_size: int,
        name: str,
        weights: str | None = None,
        view: PositiveInt | None = None,
        fetch: bool = True,
    ) -> None:
        settings = _settings(name, weights)
        made_for: int = settings.input_size[-1]
        options: dict[str, Any] = {}
        if settings.fixed_input_size:
            view = view or made_for
            options["img_size"] = view
        view = view or max(image_size, LEAST_VIEW)
        options["out_indices"] = (_last_map(name, view, weights is None, made_for, options),)
        if weights is None or not fetch:
            network = _features(name, **options)
        else:
            with _fetching(name, settings):
                network = _features(f"{name}.{settings.tag}", pretrained=True, **options)
        if weights is None:
            keep_details(network, view)
        super().__init__(channels, image_size, network, view, settings.mean, settings.std)

    def feature_map(self, images: Tensor) -> Tensor:
        return _maps(self.network, images)[-1]


def _settings(name: str, weights: str | None) -> Any:
    """What timm says of a network's weights, or of those that it has by default.

    Raises:
        UserError: timm is not installed, or has no such network or weights.
    """
    try:
        import timm
    except ImportError as error:
        raise UserError("name: networks of timm need the package timm; pip install 'vectorae[timm]'") from error
    network, _, tag = name.partition(".")
    if (names := timm.list_models()) and network not in names:
        near = difflib.get_close_matches(network, names, n=NEAREST, cutoff=0.4)
        raise UserError(f"name: timm has no '{network}'; the nearest are {', '.join(near) or 'none'}")
    if tag:
        raise UserError(f"name: '{name}' names weights too; write encoder.name={network} encoder.weights={tag}")
    if weights not in (None, "DEFAULT"):
        tags = [one.partition(".")[2] for one in timm.list_models(f"{name}.*", pretrained=True)]
        if weights not in tags:
            raise UserError(f"weights: {name} has no '{weights}'; {choose(weights, ['DEFAULT', *tags])}")
        name = f"{name}.{weights}"
    settings: Any = timm.get_pretrained_cfg(name)
    if weights is not None and not settings.has_weights:
        raise UserError(f"weights: timm has none of {name}; leave encoder.weights out")
    return settings


def _features(name: str, **options: Any) -> Any:
    """A network that returns a list of feature maps.

    Raises:
        UserError: the network offers none.
    """
    import timm

    try:
        return timm.create_model(name, features_only=True, **options)
    except (RuntimeError, AttributeError, NotImplementedError, AssertionError, TypeError) as error:
        raise UserError(f"name: {name} offers no feature maps ({reason(error)}); choose another") from error


def _maps(network: nn.Module, images: Tensor) -> list[Tensor]:
    """The feature maps ``[B, F, s, s]`` of normalised images."""
    maps: list[Tensor] = network(images)
    last = str(getattr(network, "output_fmt", "NCHW")).endswith("NHWC")
    return [one.permute(0, 3, 1, 2) if last else one for one in maps]


def _last_map(name: str, view: int, untrained: bool, made_for: int, options: dict[str, Any]) -> int:
    """Which map of a network is its last of enough pixels, by timm's number.

    Raises:
        UserError: the network does not take images of this size.
    """
    network = _features(name, **options).eval()
    if untrained:
        keep_details(network, view)
    try:
        with torch.no_grad():
            sides = [one.shape[-1] for one in _maps(network, torch.zeros(1, 3, view, view))]
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UserError(
            f"view: {name} takes no images of {view} pixels ({reason(error)}); write encoder.view={made_for}"
        ) from error
    numbers: list[int] = list(network.feature_info.out_indices)
    return numbers[last_large(sides)]


@contextmanager
def _fetching(name: str, settings: Any) -> Iterator[None]:
    """Within it timm downloads weights, or reads them where they are."""
    from huggingface_hub import constants

    repository = settings.hf_hub_id
    place = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" if repository else None
    where = f"{repository} from the Hugging Face hub" if repository else settings.url
    quiet = logging.getLogger("huggingface_hub")
    level = quiet.level
    with downloading(f"weights: those of {name}", where, place):
        if place is not None and not place.is_dir() and not getproxies():
            # Without a network the hub's client would try for most of a minute.
            socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, None)
        quiet.setLevel(logging.ERROR)
        try:
            yield
        finally:
            quiet.setLevel(level)
