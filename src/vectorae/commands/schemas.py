"""The keys at the root of each command's config."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


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
    relocation: dict[str, Any] = field(default_factory=dict)
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
    relocation: dict[str, Any] = field(default_factory=dict)
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
