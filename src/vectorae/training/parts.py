"""The networks of a model from their config sections: ours, or those of plug-ins, which are tried before training."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vectorae.config.arguments import parameters
from vectorae.config.components import OWN, instantiate, locate
from vectorae.decoder import Feedback
from vectorae.encoders import Encoder, RefinerBase, seen_by
from vectorae.errors import UserError
from vectorae.layout import Layout


def build_network(section: Mapping[str, Any], key: str, optional: Mapping[str, Any], **extra: Any) -> Any:
    """The network of a section.

    Args:
        section: with ``_target_``.
        key: where it stands.
        optional: arguments that the program supplies to classes that take them.
        **extra: arguments that every class takes.

    Raises:
        UserError: see ``instantiate``; a class that is no module, or that draws one number of shapes alone where the
            model is of any number.
    """
    target = locate(section["_target_"], f"{key}._target_") if "_target_" in section else None
    if target is not None:
        taken = parameters(target)
        if optional.get("any_count") and "any_count" not in taken:
            raise UserError(f"{key}: {target.__name__} takes no any_count; write model.any_count=false")
        if missing := [name for name in extra if name not in taken]:
            raise UserError(f"{key}: {target.__name__}.__init__ takes no {missing[0]}, which every {key} is given")
        extra |= {name: value for name, value in optional.items() if name in taken}
    network = instantiate(section, key, **extra)
    if not isinstance(network, nn.Module):
        raise UserError(f"{key}: {section['_target_']} is no torch.nn.Module")
    return network


def build_backbone(section: Mapping[str, Any], channels: int, image_size: int, pretrained: bool) -> Any:
    """The encoder of a section, which knows the channels and the side of its feature map.

    Args:
        section: with ``_target_``.
        channels, image_size: of the images, their side in pixels.
        pretrained: fetch the weights that it starts from, ``weights`` in the section; else it is told not to fetch
            them, or where it cannot be told, that there are none.

    Raises:
        UserError: see ``build_network``; a class without ``features`` or ``side``.
    """
    optional = {}
    if not pretrained and "weights" in section:
        if "fetch" in parameters(locate(section.get("_target_"), "encoder._target_")):
            optional["fetch"] = False
        else:
            section = {key: value for key, value in section.items() if key != "weights"}
    backbone = build_network(section, "encoder", optional, channels=channels, image_size=image_size)
    seen_by(backbone)
    return backbone


def is_foreign(network: nn.Module | None) -> bool:
    """Whether a network is that of a plug-in."""
    return network is not None and not type(network).__module__.startswith(f"{OWN}.")


@torch.no_grad()
def try_networks(encoder: Encoder, refiner: RefinerBase | None, layout: Layout, image_size: int) -> None:
    """Try the networks of plug-ins on a black image, so that what does not fit is told before training.

    Raises:
        UserError: naming the network, what it returns and what it must return.
    """
    parts = (encoder.backbone, encoder.head, refiner)
    if not any(map(is_foreign, parts)):
        return
    training = encoder.training
    for part in parts:
        if part is not None:
            part.eval()
    backbone: Any = encoder.backbone
    images = torch.zeros(1, layout.image_channels, image_size, image_size)
    features = backbone(images)
    _compare("encoder", backbone, features, [1, *seen_by(backbone)], "[B, features, side, side] by its attributes")

    def draw(raw: Tensor, visible: int) -> Tensor:
        return images

    raw = encoder.head(features, images, draw, None)
    _compare("head", encoder.head, raw, [1, layout.raw_size], "[B, raw_size] of the layout")
    if refiner is not None:
        feedback = Feedback(layout(raw), images, torch.zeros(1), {}, torch.zeros_like(raw))
        corrected = refiner(raw, feedback, images, refiner.see(features), None, None)
        if not isinstance(corrected, tuple) or len(corrected) != 2:
            raise UserError(f"refiner: {type(refiner).__name__} must return raw numbers and what it remembers")
        _compare("refiner", refiner, corrected[0], [1, layout.raw_size], "[B, raw_size] of the layout")
    for part in parts:
        if part is not None:
            part.train(training)


def _compare(key: str, network: nn.Module, result: Any, wanted: list[int], words: str) -> None:
    found = list(result.shape) if isinstance(result, Tensor) else type(result).__name__
    if found != wanted:
        raise UserError(f"{key}: {type(network).__name__} returns {found} for one image; must be {wanted}, {words}")
