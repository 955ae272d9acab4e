"""A sweep: how its jobs are named, what became of each, and the table that compares them.

Jobs may run in other processes and on other machines, which share with this one no more than the sweep's folder: there
each leaves a record, from which the table is made.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import OmegaConf

from vectorae.commands import shell
from vectorae.commands.run_name import changes, short_value
from vectorae.commands.sweep_plot import Point, plot
from vectorae.io.atomic import write_atomic

if TYPE_CHECKING:
    from rich.table import Table

NAMED_BY = "hydra.job.config.override_dirname.exclude_keys="
"""Override of Hydra that says what is not in a job's name."""

CALLBACK = "+hydra.callbacks.vectorae._target_=vectorae.commands.sweep.SweepStart"
"""Override of Hydra by which a sweep is noticed."""

OF_SWEEPS = (NAMED_BY, CALLBACK, "hydra.mode=")
"""Beginnings of the overrides of Hydra that a job which runs alone does not have."""

RECORDS, TABLE, PLOT = ".jobs", "sweep.csv", "sweep.svg"
"""Names in the sweep's folder."""

UNFINISHED, DONE, INCOMPLETE, REFUSED = "unfinished", "done", "incomplete", "refused"
"""What became of a job."""

METRICS = {"psnr_crisp": "crisp PSNR, dB", "accuracy_val": "accuracy"}
"""What jobs are compared by, the first of them that there is: larger is better."""


class SweepStart(Callback):
    """What Hydra calls in the process that starts a sweep."""

    folder: Path | None = None
    """Of the sweep that this process has started."""

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        """Keep the sweep's folder in mind, and what it does not sweep over out of the names of its jobs."""
        SweepStart.folder = Path(config.hydra.sweep.dir).absolute()
        shutil.rmtree(SweepStart.folder / RECORDS, ignore_errors=True)
        overrides: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
        parsed = OverridesParser.create().parse_overrides(overrides)
        same = [override.key_or_group for override in parsed if not override.is_sweep_override()]
        config.hydra.overrides.hydra.append(NAMED_BY + "[" + ",".join(f"'{key}'" for key in same) + "]")


@dataclass(frozen=True)
class SweepJob:
    """A job of a sweep.

    Attributes:
        number: in the sweep.
        sweep: the sweep's folder.
        name: of the job's folder in it.
        settings: what it sets, of what is swept over: values by key, as written on a command line.
        outcome: what became of it.
        reason: why it was refused.
        metrics: numbers by name, as far as it has written any.
    """

    number: int
    sweep: Path
    name: str
    settings: dict[str, str]
    outcome: str = UNFINISHED
    reason: str = ""
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """In which it runs."""
        return self.sweep / self.name

    def end(self, outcome: str, reason: str = "") -> None:
        """Record what became of it, and bring the sweep's table up to date."""
        replace(self, outcome=outcome, reason=reason).record()
        _write_table(self.sweep, read_jobs(self.sweep))

    def record(self) -> None:
        """Write down, for the process that makes the table, all but the metrics."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("sweep", "metrics")}
        write_atomic(self.sweep / RECORDS / f"{self.number}.json", json.dumps(kept).encode())


def start_job(hydra: Any, folder: Path) -> SweepJob:
    """The job of a sweep that begins in this process, recorded as unfinished."""
    sweep = Path(hydra.sweep.dir).absolute()
    job = SweepJob(hydra.job.num, sweep, os.path.relpath(folder, sweep), changes())
    job.record()
    return job


def read_jobs(sweep: Path) -> list[SweepJob]:
    """The jobs of a sweep that have begun, by number."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (sweep / RECORDS).glob("*.json")]
    jobs = [SweepJob(sweep=sweep, metrics=_metrics(sweep / record["name"]), **record) for record in records]
    return sorted(jobs, key=lambda job: job.number)


def _metrics(folder: Path) -> dict[str, float]:
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


def end_sweep() -> list[SweepJob]:
    """Compare the jobs of the sweep that this process started: a table, `sweep.csv`, and a plot over swept numbers.

    What is left of a sweep whose jobs leave nothing behind is removed.

    Returns:
        The jobs.
    """
    sweep, SweepStart.folder = SweepStart.folder, None
    if sweep is None:
        return []
    jobs = read_jobs(sweep)
    for job in jobs:
        with suppress(OSError):  # it has something in it
            job.folder.rmdir()
    if not any(job.folder.is_dir() for job in jobs):
        shutil.rmtree(sweep / RECORDS, ignore_errors=True)
        (sweep / TABLE).unlink(missing_ok=True)
        shell.remove_unused(sweep, "multirun.yaml")
    elif (metric := _metric(jobs)) is not None:
        _write_table(sweep, jobs)
        points = [Point(job.settings, job.metrics[metric]) for job in jobs if metric in job.metrics]
        drawn = plot(points, METRICS[metric])
        if drawn is not None:
            write_atomic(sweep / PLOT, drawn.encode())
        if shell.main_process():
            _print_table(sweep, jobs, metric)
            print(f"written to {shell.short(sweep / TABLE)}" + (f" and {PLOT}" if drawn is not None else ""))
    return jobs


def _metric(jobs: Sequence[SweepJob]) -> str | None:
    return next((name for name in METRICS if any(name in job.metrics for job in jobs)), None)


def _differing(jobs: Sequence[SweepJob]) -> list[str]:
    """The keys of which not all jobs have one value."""
    keys = dict.fromkeys(key for job in jobs for key in job.settings)
    return [key for key in keys if len({job.settings.get(key) for job in jobs}) > 1]


def _write_table(sweep: Path, jobs: Sequence[SweepJob]) -> None:
    """Write `sweep.csv`: a row a job, its settings, outcome and folder, and all of its metrics."""
    keys, metric = _differing(jobs), _metric(jobs)
    first = [*([] if metric is None else [metric]), "seconds"]
    others = dict.fromkeys(name for job in jobs for name in job.metrics if name not in first)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["job", *keys, *first, "outcome", "reason", "folder", *others])
    for job in jobs:
        settings = [job.settings.get(key, "").strip("'\"") for key in keys]
        numbers, more = ([job.metrics.get(name, "") for name in names] for names in (first, others))
        writer.writerow([job.number, *settings, *numbers, job.outcome, job.reason, job.name, *more])
    write_atomic(sweep / TABLE, text.getvalue().encode())


def _print_table(sweep: Path, jobs: Sequence[SweepJob], metric: str) -> None:
    """Print a row a job, the best one in bold with a star, and below it what went wrong with others."""
    from rich.console import Console

    best = max(jobs, key=lambda job: job.metrics.get(metric, -math.inf))
    console = Console()
    table = _table(jobs, metric, best, folders=True)
    fits = console.measure(table, options=console.options.update(width=sys.maxsize)).maximum <= console.width
    count = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
    print(f"\nsweep of {count} in {shell.short(sweep)}{'' if fits else ', in folders NUMBER_…'}")
    console.print(table if fits else _table(jobs, metric, best, folders=False))
    for job in jobs:
        if job.outcome != DONE:
            print(f"job {job.number}: {job.outcome}" + (f": {job.reason}" if job.reason else ""))
    print(f"* best: {shell.short(best.folder)}")


def _table(jobs: Sequence[SweepJob], metric: str, best: SweepJob, folders: bool) -> Table:
    """The settings that differ, what was reached, and the folders, which repeat the settings."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("job", justify="right")
    keys = _differing(jobs)
    for key in keys:
        table.add_column(key.replace(".", ".\n"), overflow="fold")
    for title in (METRICS[metric].replace(" ", "\n", 1), "seconds"):
        table.add_column(title, justify="right", no_wrap=True)
    if folders:
        table.add_column("folder", no_wrap=True)
    for job in jobs:
        number, seconds = job.metrics.get(metric), job.metrics.get("seconds")
        row = [f"{job.number}", *(short_value(job.settings.get(key, "")) for key in keys)]
        row += ["–" if number is None else f"{number:.2f}{'*' if job is best else ' '}"]
        row += ["–" if seconds is None else f"{seconds:.{0 if seconds >= 10 else 1}f}"]
        row += [job.name if job.folder.is_dir() else "–"] if folders else []
        table.add_row(*(Text(cell) for cell in row), style="bold" if job is best else None)
    return table
