"""`python scripts/benchmark.py`: speed of drawing and training, compared with the reference and with other packages.

Ratios within one run are the result: contenders take turns, round after round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands import schemas, shell
from vectorae.commands.command_line import duration, seconds_of
from vectorae.commands.train import TrainConfig
from vectorae.config.arguments import NonNegativeInt, PositiveFraction, PositiveInt
from vectorae.errors import UserError, choose

if TYPE_CHECKING:
    from benchmarks.run import Plan


@dataclass
class BenchmarkConfig:
    """The keys at the root of a benchmark's config."""

    workloads: list[str] | None = None
    repeats: PositiveInt = 10
    backends: list[str] = field(default_factory=lambda: ["auto", "reference"])
    peers: bool = True
    memory: bool = True
    output: str | None = None
    threads: PositiveInt | None = None
    device: str = "auto"
    max_time: str | float | None = "1m"  # numbers are refused by `duration`, which says how to write a time
    scale: PositiveFraction = 1.0
    batch: PositiveInt | None = None
    seed: NonNegativeInt = 0


def main() -> int:
    """Measure with the config on the command line. Returns the exit code."""
    return shell.run_command("benchmark", BenchmarkConfig, benchmark)


def benchmark(config: dict[str, Any], folder: Path) -> None:
    """Time the workloads, print the tables, and write them as JSON and as Markdown.

    Args:
        config: plain resolved config with the keys of `BenchmarkConfig`.
        folder: unused; the result is written to `output`.

    Raises:
        UserError: anything in the config that cannot be measured, a file that cannot be written.
    """
    from rich.console import Console

    from benchmarks import report
    from benchmarks.run import measure_all
    from benchmarks.timing import threads
    from vectorae.io.atomic import write_atomic

    plan = planned(config)
    output = Path(config["output"] or f"benchmarks/{'gpu' if plan.device.type == 'cuda' else plan.device.type}.json")
    if output.suffix != ".json":
        raise UserError(f"output: {output} is the name of a JSON file; end it in .json")
    page = output.with_suffix(".md")
    if output.is_dir():
        raise UserError(f"output: {output} is a folder")
    try:  # before minutes of measuring
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"output: {output} cannot be written: {error.strerror or error}") from error
    with threads(plan.threads):
        results = measure_all(plan)
    console = Console()
    for table in report.tables(results):
        console.print(table)
    for line in report.remarks(results):
        console.print(line, markup=False, highlight=False)
    write_atomic(output, report.as_json(results).encode())
    write_atomic(page, report.markdown(results).encode())
    print(f"written to {output} and {page}")


def planned(config: Mapping[str, Any]) -> Plan:
    """The config, checked.

    Raises:
        UserError: naming the key.
    """
    from benchmarks.passes import WORKLOADS
    from benchmarks.run import Plan
    from benchmarks.training import TRAININGS
    from benchmarks.workloads import Size
    from vectorae.rasterizer.rasterize import BACKEND_CHOICES

    time = duration(config["max_time"], "max_time")
    if time is None:
        raise UserError("max_time: say after how much time a slow contender may stop, such as 1m")
    workloads = _named("workloads", config["workloads"], WORKLOADS)
    return Plan(
        workloads=workloads,
        backends=_named("backends", config["backends"], BACKEND_CHOICES),
        peers=config["peers"],
        memory=config["memory"],
        repeats=config["repeats"],
        max_time=seconds_of(time),
        threads=config["threads"],
        device=shell.device(config["device"]),
        size=Size(config["scale"], config["batch"], config["seed"]),
        trainings={
            name: schemas.compose_config("train", TrainConfig, training.overrides)
            for name, training in TRAININGS.items()
            if name in workloads
        },
    )


def _named(key: str, names: Sequence[str] | None, choices: Sequence[str]) -> tuple[str, ...]:
    """The names, or all choices for null; a prefix stands for all that begin with it: `E` for E256, E1024, E4096."""
    found: dict[str, None] = {}
    for name in choices if names is None else names:
        family = [choice for choice in choices if name and key == "workloads" and choice.startswith(name)]
        if name not in choices and not family:
            raise UserError(f"{key}: no {name!r}; {choose(name, choices)}")
        found |= dict.fromkeys([name] if name in choices else family)
    if not found:
        raise UserError(f"{key}: name one or more of {', '.join(choices)}")
    return tuple(found)


if __name__ == "__main__":
    raise SystemExit(main())
