"""The commands as functions: fit and train from Python, by the configs and the code of the command line."""

from __future__ import annotations

import json
import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands.command_line import conf_folder, quote
from vectorae.commands.schemas import composed
from vectorae.errors import UserError

if TYPE_CHECKING:
    from vectorae.io.given_images import GivenImage
    from vectorae.layout import Layout
    from vectorae.scene import Scene
    from vectorae.training.autoencoder import VectorAutoencoder

Config = Mapping[str, Any] | Sequence[str]

OF_FILES = ("image", "resume", "snapshots", "width", "scale", "keep_hidden", "batch_size", "logger")
"""Keys of the command `fit` that say which files are read and written."""

INTERRUPTED = 130


@dataclass(frozen=True)
class Run:
    """A training that has ended.

    Attributes:
        folder: with checkpoints, logs, pictures and SVG.
        plugins: the modules that its model needs.

    Example:
        >>> import vectorae
        >>> run = vectorae.train(["trainer.max_time=4m"])  # doctest: +SKIP
        >>> run.metrics["psnr_crisp"]  # doctest: +SKIP
        24.6
        >>> run.model.vectorize(images)  # of run.checkpoint  # doctest: +SKIP
    """

    folder: Path
    plugins: tuple[str, ...] = ()

    @property
    def checkpoint(self) -> Path:
        """Of the best model, by the crisp PSNR on the validation split."""
        return self.folder / "checkpoints" / "best.ckpt"

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the last validation: ``psnr_crisp`` and so on."""
        found: dict[str, float] = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def model(self) -> VectorAutoencoder:
        """The best model, on the CPU, ready to draw."""
        from vectorae.training import load

        return load(self.checkpoint, self.plugins)


def train(config: Config = (), *, folder: str | PathLike[str] | None = None) -> Run:
    """Train a model, as `vectorae train` does: with progress, checkpoints, TensorBoard and pictures in a folder.

    Args:
        config: what differs from the default: overrides as on the command line, ``["dataset=mnist"]``, or a mapping,
            ``{"dataset": "mnist", "trainer": {"max_time": "5m"}}``.
        folder: of the run; by default one of its own below ``outputs``, named after the time.

    Raises:
        UserError: anything in the config that cannot work, before training starts; a loss that is no number.
        KeyboardInterrupt: Ctrl-C, once the checkpoint and the pictures are written.

    Example:
        >>> import vectorae
        >>> run = vectorae.train(["dataset=mnist", "primitives=cubics_free", "trainer.max_time=5m"])  # doctest: +SKIP
        >>> svgs = vectorae.to_svg(run.model.vectorize(images), 28, 28)  # doctest: +SKIP
    """
    from vectorae.commands.train import TrainConfig
    from vectorae.commands.train import train as train_into

    named = [] if folder is None else [f"hydra.run.dir={quote(str(folder))}"]
    with composed("train", TrainConfig, [*as_overrides(config), *named]) as (settings, into):
        code = train_into(settings, into)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        raise SystemExit(code)
    return Run(into, tuple(settings["plugins"]))


def fit(
    image: GivenImage,
    layout: str | Mapping[str, Any] | Layout | None = None,
    *,
    steps: int | None = None,
    progress: bool = True,
    **settings: Any,
) -> Scene:
    """Draw one image with shapes, without a network, as `vectorae fit` does.

    Args:
        image: a path, a picture of Pillow's, an array ``[H, W]`` or ``[H, W, C]``, or a tensor ``[C, H, W]``: integers
            from 0 to 255, or floats in [0, 1].
        layout: the name of a choice in ``conf/primitives``, keys of that section (``{"kinds": ["blob"], "count": 64}``)
            or a ``Layout`` of the image's aspect. None: ``circles_256``, or that of ``experiment``.
        steps: of the optimizer; None: 1000, or those of ``experiment``. The command's key ``max_steps``.
        progress: show a bar on stderr.
        **settings: all other keys of the command that are not about files, such as ``size=400`` (pixels of the shorter
            side as it is drawn), ``max_time="30s"``, ``loss="l1"``, ``seed=1``, ``rates={"color": 0.05}``,
            ``experiment="kodak_256"``, ``device="cpu"``.

    Returns:
        The best drawing that was found, on the CPU, at the image's aspect.

    Raises:
        UserError: no image, or a setting that cannot work; a loss that is no number.

    Example:
        >>> import vectorae
        >>> scene = vectorae.fit("photo.jpg", "lines_500", max_time="1m")  # doctest: +SKIP
        >>> svg = vectorae.to_svg(scene, 600, 800)[0]  # doctest: +SKIP
    """
    from vectorae.commands.fit import FitConfig

    for key in OF_FILES:
        if key in settings:
            raise UserError(f"{key}: fit() writes no files and draws one image; leave it out, or use the command")
    own = layout if layout is not None and not isinstance(layout, str | Mapping) else None
    chosen: dict[str, Any] = {} if layout is None or own is not None else {"primitives": layout}
    if steps is not None:
        chosen["max_steps"] = steps
    if both := settings.keys() & chosen.keys():
        raise UserError(f"{min(both)}: given twice, also as {'steps' if 'max_steps' in both else 'layout'}")
    with composed("fit", FitConfig, as_overrides({**settings, **chosen})) as (config, _):
        return _fit(image, own, config, progress)


def _fit(image: GivenImage, layout: Layout | None, config: dict[str, Any], progress: bool) -> Scene:
    from vectorae.commands import shell
    from vectorae.commands.command_line import duration, seconds_of
    from vectorae.commands.fit import builder, check_background, run_with_bar
    from vectorae.fitting.photos import Reader

    limit = duration(config["max_time"], "max_time")
    check_background(config)
    read = Reader(config["size"], config["channels"], config["background"], config["max_pixels"])
    photo = read.given(image)
    device = shell.device(config["device"], only_draws=True)
    build = builder(config, [[photo]], device, None if limit is None else float(seconds_of(limit)), layout)
    fitting, _ = build(0)
    fitting.objective_of(0).check(*photo.pixels.shape[-2:])
    run_with_bar(fitting, visible=progress, stderr=True)
    return fitting.scene(0, crisp=True).detach().to("cpu")


def as_overrides(config: Config) -> list[str]:
    """A config as overrides, as they are written on the command line.

    >>> as_overrides({"dataset": "mnist", "primitives": {"count": 8}, "trainer.max_time": "5m", "resume": None})
    ['dataset=mnist', 'primitives.count=8', "trainer.max_time='5m'", 'resume=null']

    Raises:
        UserError: a value that no config can hold.
    """
    if isinstance(config, Mapping):
        return list(_flat(config))
    if isinstance(config, str):
        raise UserError(f"config: {config!r} is one text; write a list of overrides, [{config!r}]")
    for one in config:
        if not isinstance(one, str) or one.startswith("-"):
            raise UserError(f"config: {one!r} is no override; write 'key=value'")
    return list(config)


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    groups = {folder.name for folder in conf_folder().iterdir() if folder.is_dir()}
    for name, value in config.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{key}.")
        elif key in groups and isinstance(value, str):
            yield f"{key}={value}"
        else:
            yield f"{key}={_written(key, value)}"


def _written(key: str, value: Any) -> str:
    """A value in Hydra's syntax."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, str | PathLike):
        return quote(str(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}:{_written(key, one)}" for name, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(_written(key, one) for one in value) + "]"
    raise UserError(f"{key}: a config holds numbers, texts, lists and mappings of them, not {type(value).__name__}")
