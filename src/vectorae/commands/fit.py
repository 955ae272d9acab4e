"""`python scripts/fit.py`, `vectorae fit`: one photograph, or several, drawn without a network."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge
from omegaconf import OmegaConf

from vectorae.commands import shell
from vectorae.commands.command_line import Duration, duration, seconds_of
from vectorae.commands.fit_start import start_of
from vectorae.commands.output_size import Width, output_size
from vectorae.commands.report import print_metrics, print_next
from vectorae.commands.resume import remove_leftovers, runs_beside
from vectorae.commands.run_loggers import begin_loggers, build_loggers, viewed_by, without_loggers
from vectorae.config.arguments import Choices, Device, NonNegativeInt, PositiveInt, Requires, Scale
from vectorae.config.components import flatten, instantiate
from vectorae.config.paths import AUTO, NETWORK, ModelFile, ResumedFile, StartingFile, check_weight
from vectorae.config.sections import Component, Primitives, Sections
from vectorae.errors import UserError
from vectorae.io.colour import Ground
from vectorae.io.image_files import ImagesThere
from vectorae.io.images import MAX_PIXELS, NONE

if TYPE_CHECKING:
    import torch

    from vectorae.decoder import Feedback
    from vectorae.fitting import Fitting
    from vectorae.fitting.photos import Photo
    from vectorae.fitting.record import Record
    from vectorae.io.frame import OutputSize
    from vectorae.io.signals import Signals
    from vectorae.layout import Layout
    from vectorae.loggers import Loggers
    from vectorae.losses import LPIPS

    Build = Callable[[int], tuple[Fitting, list[str | None]]]

STATE = "state.pt"

SMALLEST = 8
"""Shorter side of the smallest images that can be evaluated, pixels."""

FREE_TO_DIFFER = ("max_steps", "max_time", "plateau", "snapshots", "width", "scale", "keep_hidden", "resume", "device")
"""Keys that may change on resume: how long the fit takes, and how it is shown."""

FREE_TO_DIFFER_AUTO = ("max_steps", "max_time", "resume")
"""Keys that a fit that `resume=auto` finds by its config may have with other values."""

LOG_EVERY = 10
"""Steps between two points of the logs."""


@dataclass
class FitConfig:
    """The keys at the root of a fit's config."""

    image: ImagesThere | None = None
    size: Annotated[int, Ge(SMALLEST)] = 200
    channels: Annotated[int, Choices((1, 3))] = 3
    background: Ground = "white"
    max_pixels: PositiveInt = MAX_PIXELS
    primitives: Primitives = field(default_factory=dict)
    rasterizer: Component = field(default_factory=dict)
    loss: Component = field(default_factory=dict)
    softness: Component = field(default_factory=dict)
    temperature: Component = field(default_factory=dict)
    growth: Component = field(default_factory=dict)
    seeding: Component = field(default_factory=dict)
    relocation: Component = field(default_factory=dict)
    replacement: Component = field(default_factory=dict)
    coarse: Component = field(default_factory=dict)
    rates: Component = field(default_factory=dict)
    max_steps: PositiveInt | None = 1000
    max_time: Duration = None
    plateau: PositiveInt | None = None
    restarts: PositiveInt = 1
    seed: NonNegativeInt = 0
    palette: PositiveInt | None = None
    weight: Annotated[str, Requires(check_weight)] | None = None
    init: StartingFile | None = None
    checkpoint: ModelFile | None = None
    tiles_along: PositiveInt | None = None
    resume: ResumedFile | None = None
    snapshots: PositiveInt = 40
    width: Width | None = None
    scale: Scale | None = None
    keep_hidden: bool = False
    batch_size: PositiveInt = 16
    device: Device = "auto"
    logger: Annotated[dict[str, Any], Sections()] = field(default_factory=dict)
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Fit with the config on the command line. Returns the exit code."""
    return shell.run_command("fit", FitConfig, fit)


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
    started, limit = time.perf_counter(), duration(config["max_time"], "max_time")
    max_time = None if limit is None else float(seconds_of(limit))
    size = output_size(config)
    device = shell.device(config["device"], only_draws=True)

    from PIL import Image

    from vectorae.fitting.photos import Reader, batches
    from vectorae.fitting.plan import build_plan
    from vectorae.fitting.state import read_state

    build_plan(config, max_time)
    check_background(config)
    objective = instantiate(config["loss"], "loss")
    build_loggers(config["logger"])
    Image.MAX_IMAGE_PIXELS = config["max_pixels"]
    read = Reader(config["size"], config["channels"], config["background"], config["max_pixels"])
    photos, failures = read(config["image"], folder)
    if config["image"] is None:
        size = size.or_readable(config["size"])
    for photo in photos:
        if (why := size.refusal(size.frame(photo.part, photo.width, photo.height), photo.title)) is not None:
            raise UserError(why)
    several = list(batches(photos, 1 if config["init"] == NETWORK else config["batch_size"]))
    settings = flatten(without_loggers(config)) | {"images": ", ".join(photo.title for photo in photos)}
    state = _find_state(config["resume"], folder, settings)
    states = {} if state is None else read_state(state, settings, FREE_TO_DIFFER)
    if state is not None and config["resume"] == AUTO:
        folder = state.parent
        remove_leftovers(folder)
    for batch in several:
        objective.check(*batch[0].pixels.shape[-2:])
    build = builder(config, several, device, max_time)
    build(0)
    print(f"run folder: {shell.short(folder)}", flush=True)
    if state is not None:
        print(f"continues from {shell.short(state)}", flush=True)
    metrics, signal = draw(several, build, folder, size, settings, states, log_of(config), started)
    _report(metrics, photos, folder, config["logger"])
    for path, why in failures.items():
        print(f"vectorae: left out '{path}' ({why})", file=sys.stderr)
    if signal is not None:
        return 128 + signal
    return shell.INCOMPLETE if failures else 0


def check_background(config: Mapping[str, Any]) -> None:
    """Refuse a background of the drawing where that of the image stays transparent, or the other way round.

    Raises:
        UserError: naming the key.
    """
    below = config["primitives"].get("background")
    if config["background"] == NONE and "primitives.background" in shell.given("primitives") and below != NONE:
        raise UserError(
            f"primitives.background: {below}, but with background={NONE} there is nothing below the shapes; "
            "leave one of them out"
        )
    if config["background"] != NONE and below == NONE:
        raise UserError(f"primitives.background: {NONE}; write background={NONE}, which keeps images transparent too")


def builder(
    config: Mapping[str, Any],
    several: Sequence[Sequence[Photo]],
    device: torch.device,
    max_time: float | None,
    own: Layout | None = None,
) -> Build:
    """What builds the fit of a batch, by its number.

    Args:
        config: with the keys of `FitConfig`.
        several: the batches.
        device: to draw on.
        max_time: seconds for all of them.
        own: the layout of new shapes, instead of that of the section `primitives`.

    Raises:
        UserError: `init` cannot be read, or has another aspect than an image; `weight` cannot be read.
    """
    import torch

    from vectorae.fitting.build import build_fitting
    from vectorae.fitting.importance import importance

    photos = [photo for batch in several for photo in batch]
    start = start_of(config, photos, device)
    weight, max_pixels = config["weight"], config["max_pixels"]
    weights = [None if weight is None else importance(weight, batch, max_pixels).to(device) for batch in several]

    def build(number: int) -> tuple[Fitting, list[str | None]]:
        batch = several[number]
        images = torch.stack([photo.pixels for photo in batch]).to(device)
        share = None if max_time is None else max_time * len(batch) / len(photos)
        init = None if start is None else start(batch[0])
        on_top, movable = own is not None or shell.chosen("primitives"), config["init"] == NETWORK
        return build_fitting(config, images, share, init, on_top, movable, weights[number], own)

    return build


def log_of(config: Mapping[str, Any]) -> Callable[[Path, int | None], Loggers]:
    """What begins the log of a batch in a folder, or goes on with it at a step."""
    return lambda folder, step: begin_loggers(config, folder, ("primitives", "loss"), step)


def draw(
    several: Sequence[Sequence[Photo]],
    build: Build,
    folder: Path,
    size: OutputSize,
    settings: Mapping[str, Any],
    states: dict[int, Any],
    log_to: Callable[[Path, int | None], Loggers],
    started: float,
    lpips: LPIPS | None = None,
) -> tuple[list[dict[str, float]], int | None]:
    """Draw batch after batch into a folder: the metrics of each drawing, and the signal that came, if one did."""
    from vectorae.fitting.record import Drawing, Record, written_metrics
    from vectorae.fitting.state import write_state
    from vectorae.io.signals import Signals

    metrics: list[dict[str, float]] = []
    with Signals() as signals:
        for number, batch in enumerate(several):
            frames = [size.frame(photo.part, photo.width, photo.height) for photo in batch]
            drawings = [
                Drawing(photo.title, folder / photo.name, frame) for photo, frame in zip(batch, frames, strict=True)
            ]
            fitting, layers = build(number)
            if number in states:
                fitting.load_state_dict(states[number])
                if fitting.done and (written := written_metrics(drawings, fitting.steps)) is not None:
                    print(f"nothing to do: {fitting.steps} steps are taken; give more to continue", flush=True)
                    metrics += written
                    continue

            def keep(number: int = number, fitting: Fitting = fitting) -> None:
                states[number] = fitting.state_dict()
                write_state(folder / STATE, settings, states)

            log = folder / "logs" / str(number + 1) if len(several) > 1 else folder
            # What a fit that was killed logged after its last state is forgotten.
            with log_to(log, fitting.steps + 1 if number in states else None) as loggers:
                record = Record(fitting, drawings, layers, loggers, started, lpips, settings["keep_hidden"])
                _run(fitting, record, settings["snapshots"], signals, keep)
            metrics += record.finish()
            if signals.received is not None:
                break
        return metrics, signals.received


def _find_state(resume: str | None, folder: Path, settings: Mapping[str, Any]) -> Path | None:
    """The state that `resume` names, or that `resume=auto` finds; None begins a new fit.

    `auto` takes the state in the run's folder; where the command line names no folder, that of the newest fit beside it
    of the same images with the same config. A damaged one is named and left out.
    """
    from vectorae.fitting.state import has_settings

    if resume != AUTO:
        return None if resume is None else Path(resume).expanduser()
    for candidate in [folder] if shell.run_dir_given() else runs_beside(folder):
        path = candidate / STATE
        try:
            # Another fit in the folder that was named is refused later, by the key that differs.
            if path.is_file() and (has_settings(path, settings, FREE_TO_DIFFER_AUTO) or candidate == folder):
                return path
        except UserError as error:
            print(f"vectorae: left out: {error}", file=sys.stderr)
    return None


def _run(fitting: Fitting, record: Record, snapshots: int, signals: Signals, keep: Callable[[], None]) -> None:
    """Run a fit until it is done or a signal comes, with a bar, logs, snapshots and its state on disk."""

    def step(feedback: Feedback) -> None:
        if fitting.steps % LOG_EVERY == 0:
            record.step(feedback)

    def snapshot() -> str:
        crisp = f"crisp {record.snapshot():.2f} dB"
        keep()
        return crisp

    run_with_bar(fitting, snapshots, step, snapshot, stop=lambda: signals.received is not None)


def run_with_bar(
    fitting: Fitting,
    snapshots: int = 1,
    on_step: Callable[[Feedback], object] = lambda feedback: None,
    on_snapshot: Callable[[], str] = lambda: "",
    stop: Callable[[], bool] = lambda: False,
    visible: bool = True,
    stderr: bool = False,
) -> None:
    """Run a fit with a bar; see ``Fitting.run``.

    Args:
        fitting: the fit.
        snapshots: how many evaluations of the crisp drawings, beside those at the start and at the end.
        on_step: called after each step.
        on_snapshot: called after each evaluation; what it returns is shown.
        stop: asked before each step.
        visible: whether the bar is shown.
        stderr: show it there, instead of on stdout.
    """
    from vectorae.io.progress import RunBar
    from vectorae.rasterizer import show_compiling

    said = ""

    def step(feedback: Feedback) -> None:
        on_step(feedback)
        if fitting.steps % LOG_EVERY == 0 or bar.is_due:
            speed = fitting.steps / max(fitting.seconds, 1e-9)
            loss = float(fitting.best_costs(feedback)[0].mean())
            parts = [f"step {fitting.steps}", said, f"loss {loss:.4g}", f"{speed:.0f} steps/s"]
            bar.update(fitting.progress, *filter(None, parts), f"{fitting.num_visible} shapes")

    def snapshot() -> None:
        nonlocal said
        said = on_snapshot()

    with RunBar(fitting.progress, "", "starting", visible=visible, stderr=stderr) as bar, show_compiling(bar.showing):
        fitting.run(snapshots, step, snapshot, stop)
        if fitting.done:
            bar.update(1.0, f"{fitting.steps} steps", *filter(None, [said, "on a plateau" * fitting.on_plateau]))


def _report(
    metrics: Sequence[Mapping[str, float]], photos: Sequence[Photo], folder: Path, logger: Mapping[str, Any]
) -> None:
    """What came out, in a few lines; for the images of a folder their means as a file too."""
    from vectorae.io.atomic import write_json

    means = {name: sum(one[name] for one in metrics) / len(metrics) for name in metrics[0]}
    alone = photos[0].name == Path()
    if not alone:
        means |= {"images": float(len(metrics)), "seconds": sum(one["seconds"] / one["images"] for one in metrics)}
        means["seconds_total"] = max(one["seconds_total"] for one in metrics)
        write_json(folder / "metrics.json", means)
    several = [] if len(metrics) == 1 else [f"{len(metrics)} drawings, on average:"]
    print_metrics(means, "", f"drawn: {shell.short(folder / 'drawing.svg' if alone else folder)}", *several)
    if len(metrics) < len(photos):
        left = f"{len(photos) - len(metrics)} of {len(photos)} images were not begun"
        print(f"{left}; go on with the same command and resume={shell.short(folder / STATE)}")
    print_next(*viewed_by(logger, folder))


# Here and not in `main`, for the jobs of a sweep that run in other processes.
OmegaConf.register_new_resolver("name_of", name_of, replace=True)

if __name__ == "__main__":
    shell.run_as_program(__file__)
