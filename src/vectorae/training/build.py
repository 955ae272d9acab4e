"""From the plain config of a training to its model and its images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from vectorae.config import instantiate
from vectorae.errors import UserError

if TYPE_CHECKING:
    from vectorae.datasets import ImageData
    from vectorae.training.autoencoder import VectorAutoencoder


def build_model(config: Mapping[str, Any], pretrained: bool = True) -> VectorAutoencoder:
    """The untrained model of a resolved config.

    Args:
        config: plain nested dicts with the sections `dataset` (for `channels` and `image_size`), `primitives`,
            `encoder`, `head`, `model`, `refiner`, `rasterizer`, `softness`, `temperature`, `growth`, `revival`,
            `seeding`, `loss` and `optimizer`. The model keeps it for its checkpoints.
        pretrained: fetch weights that the encoder is to begin with; else it only has room for them.

    Raises:
        UserError: anything in the config that the components refuse.
    """
    from vectorae.decoder.course import Course
    from vectorae.encoders import Encoder, Latent, Recurrent
    from vectorae.training.autoencoder import VectorAutoencoder

    channels = _positive(config["dataset"], "channels")
    image_size = _positive(config["dataset"], "image_size")
    layout = instantiate(config["primitives"], "primitives", channels=channels, aspect=1.0)
    inference = instantiate(config["model"], "model")
    section = (
        config["encoder"] if pretrained else {key: one for key, one in config["encoder"].items() if key != "weights"}
    )
    backbone = instantiate(section, "encoder", channels=channels, image_size=image_size)
    seen = {"features": backbone.features, "side": backbone.side}
    head = instantiate(config["head"], "head", layout=layout, **seen)
    if inference.variational and isinstance(head, Recurrent):
        raise UserError("head: a recurrent one looks at the image, and a sample has none; choose mlp, grid or queries")
    size = inference.latent_size
    latent = None if size is None else Latent(size=size, variational=inference.variational, **seen)
    refiner = instantiate(config["refiner"], "refiner", layout=layout, features=backbone.features)
    try:
        rates = inference.rates_of(layout)
    except UserError as error:
        raise UserError(f"model.{error}") from error
    return VectorAutoencoder(
        Encoder(backbone, head, layout.raw_size, latent, rates),
        refiner if inference.refine_steps else None,
        inference,
        layout,
        instantiate(config["rasterizer"], "rasterizer"),
        Course(**{one.name: instantiate(config[one.name], one.name) for one in fields(Course)}),
        instantiate(config["loss"], "loss"),
        instantiate(config["optimizer"], "optimizer"),
        image_size=image_size,
        config=dict(config),
    )


def build_dataset(config: Mapping[str, Any]) -> ImageData:
    """The images of a resolved config: its section `dataset`.

    Raises:
        UserError: anything that the data refuse, such as a folder that is not there.
    """
    dataset: ImageData = instantiate(config["dataset"], "dataset")
    return dataset


def _positive(section: Mapping[str, Any], name: str) -> int:
    value = section.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f"dataset.{name}: {value!r} is not a whole number above 0")
    return value
