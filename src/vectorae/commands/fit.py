"""`python scripts/fit.py`, `vectorae fit`: one photograph, or several, drawn without a network."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands import shell
from vectorae.commands.command_line import duration, seconds_of
from vectorae.commands.schemas import FitConfig
from vectorae.config.components import flatten, instantiate
from vectorae.errors import UserError
from vectorae.fitting.plan import build_plan

if TYPE_CHECKING:
    import torch

    from vectorae.fitting import Fitting, Photo, Record
    from vectorae.io.signals import Signals
    from vectorae.layout import Layout, OverlayLayout, SceneLayout
    from vectorae.scene import Scene
    from vectorae.svg import Reading

STATE = "state.pt"

SMALLEST = 8
"""Shorter side of the smallest images that can be judged, pixels."""

FREE_TO_DIFFER = ("max_steps", "max_time", "plateau", "looks", "scale", "resume", "device")
"""What a fit may be resumed without: how long it takes, and how it is shown."""

ROUND = "round-"
"""Begins the id of the group that a round's shapes have in the SVG."""

KEPT_OF_INIT = ("primitives.fields.", "primitives.background")
"""Keys by which fields of the shapes of `init` stay as they are."""

ASPECT_ERROR = 0.02
"""Part by which the aspect of a drawing that is given may differ from the image's: sizes are whole pixels."""

LOG_EVERY = 10
"""Steps between two entries of the numbers in TensorBoard."""


def main() -> int:
    """Fit with the config on the command line. Returns the exit code."""
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("name_of", name_of, replace=True)
    return shell.run("fit", FitConfig, fit)


def name_of(image: str | None) -> str:
    """What a fit's folder is called: the image's name without suffix, or its folder's.

    >>> name_of("photos/alley.jpg"), name_of("photos/*.jpg"), name_of(None)
    ('alley', 'photos', 'toy_face')
    """
    if image is None:
        return "toy_face"
    path = Path(image).expanduser()
    while re.search(r"[*?[]", path.name) and not path.exists():
        path = path.parent
    return path.stem if path.suffix and not path.is_dir() else path.resolve().name


def fit(config: dict[str, Any], folder: Path) -> int:
    """Draw one image or several into `folder`.

    Args:
        config: plain resolved config with the keys of `FitConfig`.
        folder: the run's folder.

    Returns:
        0; 1 if images were left out; 128 + the signal that ended it early.

    Raises:
        UserError: anything in the config that cannot work, before the first step; a loss that is no number.
    """
    _check_numbers(config)
    time = duration(config["max_time"], "max_time")
    max_time = None if time is None else float(seconds_of(time))
    device = shell.device(config["device"])

    from vectorae.fitting import Reader, batches, read_state

    build_plan(config, max_time)
    read = Reader(config["size"], config["channels"], config["background"], config["max_pixels"])
    photos, failures = read(config["image"], folder)
    several = list(batches(photos, config["batch_size"]))
    settings = flatten(config) | {"images": ", ".join(photo.title for photo in photos)}
    states = {} if config["resume"] is None else read_state(Path(config["resume"]), settings, FREE_TO_DIFFER)
    drawn = _drawn_before(config, photos) if config["init"] is not None else None
    objective = instantiate(config["loss"], "loss")
    for batch in several:
        objective.check(*batch[0].pixels.shape[-2:])
    _build(config, several[0], max_time, device, drawn)
    print(f"run folder: {shell.short(folder)}", flush=True)
    shares = [None if max_time is None else max_time * len(batch) / len(photos) for batch in several]

    def build(number: int) -> tuple[Fitting, list[str | None]]:
        return _build(config, several[number], shares[number], device, drawn)

    metrics, signal = _draw(several, build, folder, settings, states)
    _report(metrics, photos, folder)
    for path, why in failures.items():
        print(f"vectorae: left out '{path}' ({why})", file=sys.stderr)
    if signal is not None:
        return 128 + signal
    return shell.INCOMPLETE if failures else 0


def _draw(
    several: Sequence[Sequence[Photo]],
    build: Callable[[int], tuple[Fitting, list[str | None]]],
    folder: Path,
    settings: Mapping[str, Any],
    states: dict[int, Any],
) -> tuple[list[dict[str, float]], int | None]:
    """Draw batch after batch: the metrics of each drawing, and the signal that came, if one did."""
    from torch.utils.tensorboard import SummaryWriter

    from vectorae.fitting import write_state
    from vectorae.io.signals import Signals

    metrics: list[dict[str, float]] = []
    with Signals() as signals, SummaryWriter(folder) as writer:
        for number, batch in enumerate(several):
            fitting, layers = build(number)
            if number in states:
                fitting.restore(states[number])

            def keep(number: int = number, fitting: Fitting = fitting) -> None:
                states[number] = fitting.state()
                write_state(folder / STATE, settings, states)

            tag = f"{number + 1}/" if len(several) > 1 else ""
            record = _record(settings["scale"], folder, batch, fitting, layers, writer, tag)
            _run(fitting, record, settings["looks"], signals, keep)
            metrics += record.finish()
            if signals.received is not None:
                break
        return metrics, signals.received


def _check_numbers(config: Mapping[str, Any]) -> None:
    from PIL import ImageColor

    for name, least in (("size", SMALLEST), ("max_pixels", 1), ("looks", 1), ("batch_size", 1)):
        if config[name] < least:
            raise UserError(f"{name}: {config[name]} is not a whole number of {least} or more")
    if config["channels"] not in (1, 3):
        raise UserError(f"channels: {config['channels']} is neither 1 (grey) nor 3 (colour)")
    if not 0 < config["scale"] < float("inf"):
        raise UserError(f"scale: {config['scale']} is not a factor above 0")
    try:
        ImageColor.getrgb(config["background"])
    except ValueError as error:
        raise UserError(f"background: no colour '{config['background']}'; write a name or '#rrggbb'") from error


def _drawn_before(config: Mapping[str, Any], photos: Sequence[Photo]) -> Reading:
    """The drawing that `init` names, which all images are to begin with."""
    from vectorae.svg import counted, read_svg

    path = Path(config["init"]).expanduser()
    if not path.is_file():
        raise UserError(f"init: no file '{path}'")
    try:
        reading = read_svg(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"init: '{path}' is no SVG in UTF-8") from error
    except UserError as error:
        raise UserError(f"init: '{path}': {error}") from error
    if reading.skipped:
        print(f"vectorae: left out of '{path}': {counted(reading.skipped)}", file=sys.stderr)
    if not reading.scene.count:
        raise UserError(f"init: '{path}' has no shapes to begin with")
    for photo in photos:
        height, width = photo.pixels.shape[-2:]
        if abs(reading.width / reading.height * height / width - 1) > ASPECT_ERROR:
            raise UserError(
                f"init: '{path}' is {reading.width:g}×{reading.height:g} and the image '{photo.title}' "
                f"{width}×{height}; they need to have one aspect"
            )
    if not shell.chosen("primitives"):
        for key in shell.given("primitives"):
            if not key.startswith(KEPT_OF_INIT):
                raise UserError(
                    f"{key}: the shapes are those of '{path}'; write primitives=NAME to put new ones on top of them"
                )
    return reading


def _build(
    config: Mapping[str, Any],
    batch: Sequence[Photo],
    max_time: float | None,
    device: torch.device,
    drawn: Reading | None,
) -> tuple[Fitting, list[str | None]]:
    """What draws a batch of images, and for each shape the id of its group."""
    import torch

    from vectorae.fitting import Fitting
    from vectorae.layout import OverlayLayout

    images = torch.stack([photo.pixels for photo in batch]).to(device)
    rasterizer = instantiate(config["rasterizer"], "rasterizer")
    plan = build_plan(config, max_time)
    layout: Layout | SceneLayout | OverlayLayout
    if drawn is None:
        layout = new_shapes(config, images)
    else:
        softness = plan.softness(1.0, min(images.shape[-2:]))
        layout = _redrawn(config, drawn, images, lambda scene: rasterizer.soft_scene(scene, softness))
        if shell.chosen("primitives"):
            layout = OverlayLayout(layout, new_shapes(config, images))
    layers = [] if drawn is None else list(drawn.layers)
    fitting = Fitting(images, layout, rasterizer, instantiate(config["loss"], "loss"), plan)
    before = max([0, *(int(found[1]) for one in layers if one and (found := re.match(rf"{ROUND}(\d+)", one)))])
    return fitting, layers + [f"{ROUND}{before + number}" for number in fitting.rounds if number]


def new_shapes(config: Mapping[str, Any], images: torch.Tensor) -> Layout:
    """The layout of `primitives`, on the images' canvas."""
    aspect = images.shape[-1] / images.shape[-2]
    layout: Layout = instantiate(config["primitives"], "primitives", channels=config["channels"], aspect=aspect)
    return layout


def _redrawn(
    config: Mapping[str, Any], drawn: Reading, images: torch.Tensor, soften: Callable[[Scene], Scene]
) -> SceneLayout:
    """A drawing as a layout: what `primitives` fixes stays as it is in the drawing."""
    from vectorae.layout import SceneLayout

    height, width = images.shape[-2:]
    section = config["primitives"]
    fixed = [name for name, value in (section.get("fields") or {}).items() if value != "learned"]
    fixed += [] if section.get("background", "learned") == "learned" else ["background"]
    scene = drawn.scene if config["channels"] == 3 else drawn.scene.grey()
    return SceneLayout(soften(scene), width / height, fixed)


def _record(
    scale: float,
    folder: Path,
    batch: Sequence[Photo],
    fitting: Fitting,
    layers: Sequence[str | None],
    writer: Any,
    tag: str,
) -> Record:
    from vectorae.fitting import Drawing, Record

    drawings = [Drawing(photo.title, folder / photo.name) for photo in batch]
    return Record(fitting, drawings, layers, writer, tag, scale)


def _run(fitting: Fitting, record: Record, looks: int, signals: Signals, keep: Callable[[], None]) -> None:
    """Step until it is done or a signal comes, and now and then look at the drawings and keep the state."""

    def look() -> None:
        fitting.look()
        record.look()
        keep()

    look()
    seen = int(fitting.progress * looks)
    with shell.running() as show:
        while not fitting.done and signals.received is None:
            cost, terms = fitting.step()
            progress = fitting.progress
            if fitting.steps % LOG_EVERY == 0:
                record.step(cost, terms)
                speed = fitting.steps / max(fitting.seconds, 1e-9)
                text = f"step {fitting.steps} · {speed:.0f} steps/s · {fitting.num_visible} shapes"
                show(progress, f"{text} · loss {float(cost.mean()):.4g}")
            if int(progress * looks) > seen and progress < 1:
                seen = int(progress * looks)
                look()
        fitting.pause()
        look()
        if fitting.done:
            show(1.0, f"{fitting.steps} steps" + (", on a plateau" if fitting.on_plateau else ""))


def _report(metrics: Sequence[Mapping[str, float]], photos: Sequence[Photo], folder: Path) -> None:
    """What came out, in a few lines; for the images of a folder their means as a file too."""
    from vectorae.io.atomic import write_json

    means = {name: sum(one[name] for one in metrics) / len(metrics) for name in metrics[0]}
    alone = photos[0].name == Path()
    if not alone:
        means |= {"images": float(len(metrics)), "seconds": sum(one["seconds"] / one["images"] for one in metrics)}
        write_json(folder / "metrics.json", means)
    shell.print_metrics(means, "the drawing" if len(metrics) == 1 else f"{len(metrics)} drawings, on average")
    print(f"drawn: {shell.short(folder / 'drawing.svg' if alone else folder)}")
    if len(metrics) < len(photos):
        left = f"{len(photos) - len(metrics)} of {len(photos)} images were not begun"
        print(f"{left}; go on with the same command and resume={shell.short(folder / STATE)}")


if __name__ == "__main__":
    raise SystemExit(main())
