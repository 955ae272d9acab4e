"""From a plain nested dict to the objects it describes: the only place that instantiates.

A component's section is `{"_target_": "vectorae....Class", **keyword arguments}`; the signature of the class is its
schema. Nothing here needs Hydra or OmegaConf, so that `vectorae.load` rebuilds a model from a checkpoint alone.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from vectorae.errors import UserError
from vectorae.signatures import check_arguments

if TYPE_CHECKING:
    from vectorae.autoencoder import VectorAutoencoder
    from vectorae.datasets import ImageData
    from vectorae.fitting import Plan

OWN = "vectorae"


@dataclass
class TrainConfig:
    """The keys at the root of a training's config: any other is refused, wherever it is written."""

    seed: int = 0
    resume: str | None = None
    dataset: dict[str, Any] = field(default_factory=dict)
    primitives: dict[str, Any] = field(default_factory=dict)
    encoder: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    refiner: dict[str, Any] = field(default_factory=dict)
    rasterizer: dict[str, Any] = field(default_factory=dict)
    softness: dict[str, Any] = field(default_factory=dict)
    temperature: dict[str, Any] = field(default_factory=dict)
    growth: dict[str, Any] = field(default_factory=dict)
    revival: dict[str, Any] = field(default_factory=dict)
    seeding: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = field(default_factory=dict)


@dataclass
class BaselinesConfig:
    """What an evaluation is compared with, beyond mean image and blocks."""

    fit: int = 0
    steps: int = 1500


@dataclass
class EvaluateConfig:
    """The keys at the root of an evaluation's config."""

    checkpoint: str = "???"
    dataset: dict[str, Any] = field(default_factory=dict)
    split: str = "test"
    limit: int | None = None
    batch_size: int = 256
    refine: int = 0
    classifier: str | None = None
    baselines: BaselinesConfig = field(default_factory=BaselinesConfig)
    output: str | None = None
    device: str = "auto"
    seed: int | None = None


@dataclass
class TrainClassifierConfig:
    """The keys at the root of a classifier's training."""

    dataset: dict[str, Any] = field(default_factory=dict)
    epochs: int = 4
    learning_rate: float = 0.003
    device: str = "auto"
    seed: int = 0


@dataclass
class VectorizeConfig:
    """The keys at the root of a vectorization's config."""

    checkpoint: str = "???"
    input: str = "???"
    output: str = "???"
    resize: str = "crop"
    scale: float = 1.0
    png: bool = False
    overwrite: bool = False
    background: str = "white"
    invert: bool = False
    max_pixels: int = 178_956_970
    batch_size: int = 64
    refine: int = 0
    device: str = "auto"


@dataclass
class FitConfig:
    """The keys at the root of a fit's config."""

    image: str | None = None
    size: int = 200
    channels: int = 3
    background: str = "white"
    max_pixels: int = 178_956_970
    primitives: dict[str, Any] = field(default_factory=dict)
    rasterizer: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, Any] = field(default_factory=dict)
    softness: dict[str, Any] = field(default_factory=dict)
    temperature: dict[str, Any] = field(default_factory=dict)
    growth: dict[str, Any] = field(default_factory=dict)
    seeding: dict[str, Any] = field(default_factory=dict)
    revival: dict[str, Any] = field(default_factory=dict)
    rates: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    max_time: str | None = None
    plateau: int | None = None
    restarts: int = 1
    seed: int = 0
    init: str | None = None
    resume: str | None = None
    looks: int = 40
    scale: float = 1.0
    batch_size: int = 16
    device: str = "auto"


@dataclass
class SampleConfig:
    """The keys at the root of a sampling's config."""

    checkpoint: str = "???"
    count: int = 16
    steps: int = 12
    temperature: float = 1.0
    seed: int = 0
    output: str | None = None
    overwrite: bool = False
    device: str = "auto"


@dataclass
class ExportConfig:
    """The keys at the root of an export's config."""

    checkpoint: str = "???"
    format: str = "onnx"
    output: str = "???"
    overwrite: bool = False


@dataclass
class GalleryConfig:
    """The keys at the root of a gallery's config."""

    output: str | None = None
    size: int = 108
    image: str | None = None
    image_size: int = 200
    steps: int | None = None


@dataclass
class BenchmarkConfig:
    """The keys at the root of a benchmark's config."""

    workloads: list[str] | None = None
    repeats: int = 10
    backends: list[str] = field(default_factory=lambda: ["auto", "reference"])
    peers: bool = True
    memory: bool = True
    output: str | None = None
    threads: int | None = None
    device: str = "auto"
    max_time: str | None = "1m"
    scale: float = 1.0
    batch: int | None = None
    seed: int = 0


def instantiate(section: Mapping[str, Any], key: str, **extra: Any) -> Any:
    """Call the class that a section names.

    Args:
        section: `{"_target_": "vectorae....Class", **keyword arguments}`.
        key: where the section stands in the config, for messages: `primitives`.
        **extra: keyword arguments that other sections decide; a section may not name them.

    Raises:
        UserError: `_target_` is not a class of this package, a name is not in its signature or is missing, or a
            value has a type that the signature does not allow. A UserError of the class that begins with the name of
            an argument gets the section in front of it: `lr: …` becomes `optimizer.lr: …`. Whatever else the class
            raises passes unchanged.
    """
    target = check(section, key, extra)
    try:
        return target(**{name: value for name, value in section.items() if name != "_target_"}, **extra)
    except UserError as error:
        if str(error).partition(":")[0].partition(".")[0] in inspect.signature(target).parameters:
            raise UserError(f"{key}.{error}") from error
        raise


def check(section: Mapping[str, Any], key: str, extra: Iterable[str] = ()) -> type:
    """The class that a section names, after comparing the section with the class's signature.

    Raises:
        UserError: as `instantiate`.
    """
    if not section:
        raise UserError(f"{key}: nothing chosen; write {key}=NAME")
    if not isinstance(section, Mapping) or "_target_" not in section:
        raise UserError(f"{key}: expected a section with the key _target_, not {section!r}")
    target = _locate(section["_target_"], key)
    values = {name: value for name, value in section.items() if name != "_target_"}
    check_arguments(target, values, key, extra)
    return target


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
    from vectorae.autoencoder import VectorAutoencoder
    from vectorae.course import Course
    from vectorae.encoders import Encoder, Latent, Recurrent

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


def build_plan(config: Mapping[str, Any], max_time: float | None) -> Plan:
    """The plan of a resolved config of a fit: its sections softness, temperature, growth, seeding, revival and rates.

    Args:
        config: with the keys of `FitConfig`.
        max_time: seconds.

    Raises:
        UserError: anything in the config that the components refuse.
    """
    from vectorae.fitting import Budget, Plan

    names = ("softness", "temperature", "growth", "seeding", "revival", "rates")
    return Plan(
        Budget(config["max_steps"], max_time, config["plateau"]),
        **{name: instantiate(config[name], name) for name in names},
        restarts=config["restarts"],
        seed=config["seed"],
    )


def build_dataset(config: Mapping[str, Any]) -> ImageData:
    """The images of a resolved config: its section `dataset`.

    Raises:
        UserError: anything that the data refuse, such as a folder that is not there.
    """
    dataset: ImageData = instantiate(config["dataset"], "dataset")
    return dataset


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by dots, for tables: `{"a": {"b": 1}}` → `{"a.b": 1}`. Lists become text."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat


def _locate(target: Any, key: str) -> type:
    """The class of this package named by a dotted path. A path from a file is code: no other class is ever called."""
    refusal = UserError(f"{key}._target_: {target!r} is not a class of {OWN}")
    if not isinstance(target, str) or not target.startswith(f"{OWN}."):
        raise refusal
    module_name, _, name = target.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.startswith(error.name):
            raise refusal from None
        raise
    found = getattr(module, name, None)
    if not inspect.isclass(found) or not found.__module__.startswith(f"{OWN}."):
        raise refusal
    return found


def _positive(section: Mapping[str, Any], name: str) -> int:
    value = section.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f"dataset.{name}: {value!r} is not a whole number above 0")
    return value
