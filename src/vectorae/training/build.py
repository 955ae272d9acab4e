"""From the plain config of a training to its model and its images."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le

from vectorae.config.arguments import LARGEST_SIDE, PositiveInt, check_value
from vectorae.config.components import instantiate, instantiate_all
from vectorae.config.memory import MemoryLimit
from vectorae.decoder import Decoder, Schedule, Strategy
from vectorae.encoders import Encoder, Hypotheses, Latent, RefinerBase
from vectorae.errors import UserError
from vectorae.io.images import NONE
from vectorae.training.autoencoder import TrainingPlan, VectorAutoencoder
from vectorae.training.optimizer import Optimizer
from vectorae.training.parts import build_backbone, build_network, try_networks

if TYPE_CHECKING:
    from vectorae.datasets import ImageData


def build_model(config: Mapping[str, Any], pretrained: bool = True) -> VectorAutoencoder:
    """The untrained model of a resolved config.

    Args:
        config: plain nested dicts with the sections `dataset` (for `channels` and `image_size`), `primitives`,
            `encoder`, `head`, `model`, `refiner`, `rasterizer`, `softness`, `temperature`, `growth`, `relocation`,
            `seeding`, `loss` and `optimizer`. The model keeps it for its checkpoints.
        pretrained: fetch the weights that the encoder starts from; else it only has room for them.

    Raises:
        UserError: anything in the config that the components refuse, or a model larger than the machine's memory.
    """
    with MemoryLimit():
        return _build_model(config, pretrained)


def _build_model(config: Mapping[str, Any], pretrained: bool) -> VectorAutoencoder:
    for name, hint in (("channels", PositiveInt), ("image_size", Annotated[int, Ge(1), Le(LARGEST_SIDE)])):
        check_value(f"dataset.{name}", config["dataset"].get(name), hint)
    channels, image_size = config["dataset"]["channels"], config["dataset"]["image_size"]
    primitives, transparent = dict(config["primitives"]), config["dataset"].get("background") == NONE
    below = primitives.get("background", "learned")
    if transparent:
        if below not in ("learned", NONE):
            raise UserError(
                f"primitives.background: {below}, but with dataset.background={NONE} nothing is below the shapes; "
                "write primitives.background=learned"
            )
        primitives["background"] = NONE
    elif below == NONE:
        raise UserError(f"primitives.background: {NONE}; write dataset.background={NONE}, of images with transparency")
    layout = instantiate(primitives, "primitives", channels=channels, aspect=1.0)
    decoder = Decoder(layout, instantiate(config["rasterizer"], "rasterizer"))
    options = instantiate(config["model"], "model")
    backbone = build_backbone(config["encoder"], layout.image_channels, image_size, pretrained)
    seen = {"features": backbone.features, "side": backbone.side}
    many_counts = {"any_count": options.any_count}
    head = build_network(config["head"], "head", {**many_counts, **seen}, layout=layout)
    if options.variational and getattr(head, "draws", False):
        name = type(head).__name__.lower()
        raise UserError(f"head: head={name} needs an image; it cannot be sampled from; choose mlp, grid or queries")
    size = options.latent_size
    latent = None if size is None else Latent(size=size, variational=options.variational, **seen)
    many = options.num_hypotheses
    hypotheses = Hypotheses(many, layout.raw_size, backbone.features) if many > 1 else None
    refiner = build_network(config["refiner"], "refiner", {**many_counts, "features": backbone.features}, layout=layout)
    if not isinstance(refiner, RefinerBase):
        raise UserError(f"refiner: {type(refiner).__name__} is no vectorae.encoders.RefinerBase")
    try:
        rates = options.rates_of(layout)
    except UserError as error:
        raise UserError(f"model.{error}") from error
    strategy = Strategy(*instantiate_all(config, "growth", "relocation", "seeding"))
    if options.any_count and strategy.growth.rounds > 1:
        raise UserError(
            f"growth.rounds: {strategy.growth.rounds}, and with model.any_count=true every step has a number of shapes "
            "of its own; write growth.rounds=1"
        )
    starts = layout.starts() if options.any_count else None
    optimizer = instantiate(config["optimizer"], "optimizer")
    if not isinstance(optimizer, Optimizer):
        raise UserError(f"optimizer: {config['optimizer']['_target_']} is no vectorae.training.Optimizer")
    encoder = Encoder(backbone, head, layout.raw_size, latent, rates, starts, hypotheses)
    corrects = refiner if options.refine_steps else None
    try_networks(encoder, corrects, layout, image_size)
    return VectorAutoencoder(
        encoder,
        corrects,
        decoder,
        options,
        TrainingPlan(
            instantiate(config["loss"], "loss"),
            optimizer,
            Schedule(*instantiate_all(config, "softness", "temperature")),
            strategy,
        ),
        dict(config),
    )


def build_dataset(config: Mapping[str, Any]) -> "ImageData":
    """The images of a resolved config: its section `dataset`.

    Raises:
        UserError: anything that the data refuse, such as a folder that is not there.
    """
    return instantiate(config["dataset"], "dataset")
