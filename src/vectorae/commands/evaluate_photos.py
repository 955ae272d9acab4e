"""`python scripts/evaluate_photos.py`, `vectorae evaluate_photos`: a table of fits of all photographs of a folder."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from vectorae.commands import shell
from vectorae.commands.command_line import duration, seconds_of
from vectorae.commands.fit import FitConfig, builder, check_background, draw, log_of
from vectorae.commands.output_size import output_size
from vectorae.commands.run_loggers import build_loggers, without_loggers
from vectorae.config.arguments import Requires
from vectorae.config.components import flatten, instantiate
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic, write_json

if TYPE_CHECKING:
    import torch

    from vectorae.fitting.photos import Reader
    from vectorae.io.frame import OutputSize
    from vectorae.io.image_files import ImageFile
    from vectorae.losses import LPIPS

METRICS, SETTINGS, ROWS, TABLE = "metrics.json", "settings.json", "photos.json", "photos.md"

FREE = ("snapshots", "width", "scale", "device")
"""Keys that may change when the command is given again: how drawings are shown, not how they are made."""

COLUMNS = {
    "psnr_crisp": ("crisp dB", ".2f"),
    "psnr_soft": ("soft dB", ".2f"),
    "ssim_crisp": ("SSIM", ".3f"),
    "lpips_crisp": ("LPIPS", ".3f"),
    "seconds": ("seconds", ".0f"),
    "bytes": ("bytes", ".0f"),
    "numbers_per_shape": ("numbers a shape", ".3g"),
}
"""The columns of the table by metric: title and format."""


def _check_folder(key: str, value: str) -> None:
    if not Path(value).expanduser().is_dir():
        raise UserError(f"{key}: '{value}' is no folder; name one that holds photographs")


@dataclass
class EvaluatePhotosConfig(FitConfig):
    """The keys at the root of the config: those of a fit, and a folder instead of an image."""

    folder: Annotated[str, Requires(_check_folder)] = "???"
    image: None = None
    resume: None = None
    batch_size: Literal[1] = 1


def main() -> int:
    """Evaluate with the config on the command line. Returns the exit code."""
    return shell.run_command("evaluate_photos", EvaluatePhotosConfig, evaluate_photos)


def evaluate_photos(config: dict[str, Any], folder: Path) -> int:
    """Fit photograph after photograph, each in its folder below that of the run, and print and write a table.

    Those that were measured by the same command before are not fitted again.

    Args:
        config: plain resolved config with the keys of `EvaluatePhotosConfig`.
        folder: the run's folder.

    Returns:
        0; 1 if images were left out; 128 + the signal that ended it early.

    Raises:
        UserError: anything in the config that cannot work, before the first step.
    """
    limit, size = duration(config["max_time"], "max_time"), output_size(config)
    max_time = None if limit is None else float(seconds_of(limit))
    device = shell.device(config["device"], only_draws=True)

    from PIL import Image

    from vectorae.commands.evaluate import available_lpips
    from vectorae.fitting.photos import Reader
    from vectorae.fitting.plan import build_plan
    from vectorae.io.image_files import find_images

    build_plan(config, max_time)
    check_background(config)
    instantiate(config["loss"], "loss")
    build_loggers(config["logger"])
    files = find_images(config["folder"], folder, "folder")
    _check_settings(folder, flatten(without_loggers(config)))
    Image.MAX_IMAGE_PIXELS = config["max_pixels"]
    reader = Reader(config["size"], config["channels"], config["background"], config["max_pixels"])
    one = _One(config, folder, reader, size, device, max_time, available_lpips(config["size"]))
    rows: dict[str, dict[str, float]] = {}
    failures, signal = 0, None
    for number, file in enumerate(files, 1):
        name = file.name.as_posix()
        if (known := _measured(folder / file.name)) is not None:
            rows[name] = known
            continue
        print(f"{number}/{len(files)}: {file.path.name}", flush=True)
        try:
            metrics, signal = one.fit(file)
        except UserError as error:
            failures += 1
            print(f"vectorae: left out '{file.path}' ({error})", file=sys.stderr)
            continue
        if signal is not None:
            break
        rows[name] = metrics
        _write(folder, rows)
    if rows:
        _write(folder, rows)
        _print(folder, rows)
    if signal is not None:
        print(f"{len(files) - len(rows) - failures} of {len(files)} photographs are left; give the same command again")
        return 128 + signal
    if not rows:
        raise UserError(f"folder: no image in '{config['folder']}' could be fitted")
    return shell.INCOMPLETE if failures else 0


@dataclass(frozen=True)
class _One:
    """Fits one photograph."""

    config: dict[str, Any]
    folder: Path
    read: Reader
    size: OutputSize
    device: torch.device
    max_time: float | None
    lpips: LPIPS | None

    def fit(self, file: ImageFile) -> tuple[dict[str, float], int | None]:
        """Its metrics, and the signal that came before it was done, if one did.

        Raises:
            UserError: it cannot be read, or not be drawn with this config.
        """
        started, folder = time.perf_counter(), self.folder / file.name
        (photo,), _ = self.read(str(file.path), self.folder)
        if (why := self.size.refusal(self.size.frame(photo.part, photo.width, photo.height), photo.title)) is not None:
            raise UserError(why)
        instantiate(self.config["loss"], "loss").check(*photo.pixels.shape[-2:])
        build = builder(self.config, [[photo]], self.device, self.max_time)
        folder.mkdir(parents=True, exist_ok=True)
        settings, log_to = flatten(self.config), log_of(self.config)
        (metrics,), signal = draw([[photo]], build, folder, self.size, settings, {}, log_to, started, self.lpips)
        if signal is not None:
            (folder / METRICS).unlink()  # of a drawing that is not finished
        return metrics, signal


def _check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Refuse a folder with results of other settings, and leave a record of these.

    Raises:
        UserError: naming the first key that differs.
    """
    path, now = folder / SETTINGS, {key: value for key, value in settings.items() if key not in FREE}
    text = json.dumps(now, indent=2, ensure_ascii=False)
    if path.is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        for key, value in json.loads(text).items():
            if before.get(key) != value:
                raise UserError(
                    f"{key}: is {value}, and the drawings in '{shell.short(folder)}' were made with "
                    f"{before.get(key)}; choose another hydra.run.dir"
                )
    write_atomic(path, f"{text}\n".encode())


def _measured(folder: Path) -> dict[str, float] | None:
    """The metrics of a photograph that has been fitted; None where it has not."""
    try:
        found: dict[str, float] = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if "psnr_crisp" in found else None


def _means(rows: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number that all photographs have."""
    shared = [name for name in next(iter(rows.values())) if all(name in row for row in rows.values())]
    return {name: sum(row[name] for row in rows.values()) / len(rows) for name in shared}


def _table(rows: Mapping[str, Mapping[str, float]]) -> tuple[list[str], list[list[str]]]:
    """The titles of the columns, and a row for each photograph; the last is the mean."""
    means = _means(rows)
    columns = [name for name in COLUMNS if name in means]
    cells = [
        [name, *(format(row[one], COLUMNS[one][1]) for one in columns)] for name, row in {**rows, "mean": means}.items()
    ]
    return ["", *(COLUMNS[one][0] for one in columns)], cells


def _write(folder: Path, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Write the table as Markdown and as JSON, and the means as the metrics of the run."""
    titles, cells = _table(rows)
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *cells]
    write_atomic(folder / TABLE, "".join(f"| {' | '.join(line)} |\n" for line in lines).encode())
    content = json.dumps({**rows, "mean": _means(rows)}, indent=2, ensure_ascii=False)
    write_atomic(folder / ROWS, f"{content}\n".encode())
    write_json(folder / METRICS, _means(rows) | {"images": float(len(rows))})


def _print(folder: Path, rows: Mapping[str, Mapping[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    titles, cells = _table(rows)
    printed = Table(show_edge=False, pad_edge=False)
    for number, title in enumerate(titles):
        printed.add_column(title, justify="right" if number else "left", no_wrap=True)
    for number, row in enumerate(cells):
        printed.add_row(*row, end_section=number == len(cells) - 2)
    console = Console()
    console.print(printed)
    print(f"written to: {shell.short(folder / TABLE)} and {ROWS}")


if __name__ == "__main__":
    shell.run_as_program(__file__)
