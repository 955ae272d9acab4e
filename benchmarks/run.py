"""The whole measurement: every workload by every contender; what cannot be measured is listed with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from benchmarks import exact, training
from benchmarks.contenders import covered_pairs
from benchmarks.floors import floors
from benchmarks.machine import MIB, free_memory, machine, versions
from benchmarks.memory import peak_growth
from benchmarks.passes import Work, make_pass, make_work
from benchmarks.peers import PEERS
from benchmarks.timing import Pass, Rounds, first_line, measure, median, spread, threads
from benchmarks.workloads import ON_GPU, ON_ONE_CORE, Size, Workload
from vectorae.io.progress import RunBar
from vectorae.rasterizer.rasterize import fastest
from vectorae.rasterizer.reference import CHUNK_SIZE

Row = dict[str, Any]
Missing = list[dict[str, str]]

LARGE = ("G", "G2", "G3")
"""Workloads that only fused kernels draw in reasonable time."""

FORMAT = 1
"""Of the JSON."""

DENSE_BYTES = 60
"""Bytes that DifferentiableSketching needs per pair of pixel and line: 2.9 GiB were measured for workload B."""

KEPT_CANVASES = 3
"""Canvases that the reference holds per chunk: 2.3 and 9.1 GiB were measured for workloads E256 and E1024."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and how.

    Attributes:
        workloads: names, in order.
        backends: our backends; the others are compared with the first.
        peers: whether other packages are timed, where they are importable.
        memory: whether peak memory is measured, in a process for each contender.
        repeats: rounds.
        max_time: seconds after which a contender drops out of a workload's rounds.
        threads: of torch; None for its default.
        device: where the scenes lie.
        size: of the workloads.
        trainings: plain resolved configs of ``training.TRAININGS``, by name.
    """

    workloads: tuple[str, ...]
    backends: tuple[str, ...]
    peers: bool
    memory: bool
    repeats: int
    max_time: float
    threads: int | None
    device: torch.device
    size: Size
    trainings: Mapping[str, Mapping[str, Any]]


def measure_all(plan: Plan) -> dict[str, Any]:
    """Measure a plan: every workload, every contender.

    Returns:
        What the JSON holds: facts about the machine, versions, settings, a row for each workload and contender with
        the seconds of every round, the seconds of exact drawings, and a list of what was not measured and why.
    """
    rows: list[Row] = []
    missing: Missing = []
    of_exact: list[Row] = []
    with RunBar() as bar:
        for number, name in enumerate(plan.workloads):
            done = number / len(plan.workloads)

            def say(what: str, done: float = done, name: str = name) -> None:
                bar.update(done, f"{name}: {what}")

            if refusal := _refusal(plan, name):
                missing.append({"workload": name, "contender": "", "reason": refusal})
            elif name == exact.NAME:
                of_exact = exact.measure_exact(plan.size, plan.repeats, plan.max_time, say)
            else:
                measured, failed = _workload(plan, name, say)
                rows += measured
                missing += failed
        bar.update(1)
    return {
        "format": FORMAT,
        "seed": plan.size.seed,
        "machine": machine(plan.device),
        "versions": versions(PEERS),
        "settings": {
            **{name: getattr(plan, name) for name in ("repeats", "max_time", "peers")},
            "backends": list(plan.backends),
            "scale": plan.size.scale,
            "batch": plan.size.batch,
        },
        "rows": rows,
        "exact": of_exact,
        "not_measured": missing,
    }


def _refusal(plan: Plan, name: str) -> str | None:
    """Why a workload cannot be measured on this device."""
    if name in ON_GPU and plan.device.type != "cuda":
        return "needs a GPU"
    if name in LARGE and fastest(plan.device.type) != "gpu":
        return "there are no fused kernels for this GPU"
    if name in (*ON_ONE_CORE, exact.NAME) and plan.device.type != "cpu":
        return "measures the time of one core: device=cpu"
    return None


def _workload(plan: Plan, name: str, say: Callable[[str], None]) -> tuple[list[Row], Missing]:
    """The rows of one workload, and the contenders that are missing, with the reason."""
    say("making the scene")
    config = plan.trainings.get(name)
    work = make_work(name, plan.size, config, plan.device)
    missing = dict(_absent(plan, work))
    contenders = [one for one in (*plan.backends, *_peers(plan, work)) if one not in missing]
    passes, memory = dict[str, Pass](), dict[str, int]()
    with threads(work.threads if isinstance(work, Workload) else None):
        for contender in contenders:
            try:
                # In a process of its own first: what crashes there does not crash here.
                if plan.memory:
                    say(f"peak memory of {contender}")
                    memory[contender] = peak_growth(name, contender, plan.size, config, plan.device.type)
                say(f"compiling the kernels of {contender}")
                make_pass(work.small(), contender)()
                passes[contender] = make_pass(work, contender)
            except (RuntimeError, MemoryError, AssertionError, ImportError) as error:
                if contender == plan.backends[0]:
                    raise
                missing[contender] = f"failed: {first_line(error)}"
        measured = measure(passes, plan.repeats, plan.max_time, lambda contender: say(f"timing {contender}"))
    missing |= {who: f"failed: {rounds.failure}" for who, rounds in measured.items() if not rounds.count}
    rows = _rows(work, {who: rounds for who, rounds in measured.items() if rounds.count})
    for row in rows:
        if row["contender"] in memory:
            row["memory_mib"] = round(memory[row["contender"]] / MIB, 1)
    return rows, [{"workload": name, "contender": who, "reason": why} for who, why in missing.items()]


def _peers(plan: Plan, work: Work) -> tuple[str, ...]:
    return work.peers if plan.peers and isinstance(work, Workload) else ()


def _absent(plan: Plan, work: Work) -> Iterator[tuple[str, str]]:
    """Contenders that could draw this workload but are left out, with the reason."""
    if not isinstance(work, Workload):
        return
    if work.name in LARGE and "reference" in plan.backends:
        yield "reference", "would take minutes a pass"
    free = free_memory() if plan.device.type == "cpu" else None
    for name, needed in needed_bytes(work).items():
        if free is not None and needed > free / 2 and name in (*plan.backends, *_peers(plan, work)):
            yield name, f"needs about {needed / 2**30:.0f} GiB of memory, more than half of what is free"
    for name in _peers(plan, work):
        if not PEERS[name].importable:
            yield name, f"{PEERS[name].module} is not importable"
        elif plan.device.type == "cuda" and not PEERS[name].on_gpu:
            yield name, "is timed on the CPU only"


def needed_bytes(work: Workload) -> dict[str, int]:
    """Estimated bytes of the contenders that need much memory: on a machine that swaps nothing can be measured."""
    chunks = max(1, work.pairs // CHUNK_SIZE)
    image = 4 * work.scene.channels * work.height * work.width
    return {"reference": KEPT_CANVASES * chunks * image, "dsketch": DENSE_BYTES * work.pairs}


def _rows(work: Work, measured: Mapping[str, Rounds]) -> list[Row]:
    """A row for each contender; ratios refer to the first."""
    drawing = work if isinstance(work, Workload) else work.drawing()
    covered = covered_pairs(drawing)
    rows: list[Row] = []
    for contender, rounds in measured.items():
        facts: Row = {"workload": drawing.name, "title": work.title, "contender": contender}
        facts |= {"pairs": drawing.pairs, "covered": covered}
        rows.append({**facts, **_numbers(rounds), **_extras(work, rounds, covered)})
    for row in rows:
        row["ratio"] = row["both_median"] / rows[0]["both_median"]
    return rows


def _numbers(rounds: Rounds) -> Row:
    """The seconds of each round, their median and spread, by phase."""
    numbers: Row = {"rounds": rounds.count}
    for phase, seconds in rounds.times.items():
        numbers[phase] = [round(one, 7) for one in seconds]
        numbers[f"{phase}_median"] = median(seconds)
        numbers[f"{phase}_spread"] = spread(seconds)
    return numbers


def _extras(work: Work, rounds: Rounds, covered: int) -> Row:
    """Derived numbers, some of certain workloads only."""
    seconds = median(rounds.times["both"])
    if isinstance(work, training.Step):
        share = median(rounds.times["rasterizer"]) / seconds
        return {"images_per_second": len(work.images) / seconds, "rasterizer_share": share}
    extras: Row = {"ns_per_covered": seconds * 1e9 / max(1, covered)}
    if work.published:
        extras["published"] = [asdict(one) for one in work.published]
    if work.name in ON_ONE_CORE:
        extras["ns_per_pair"] = seconds * 1e9 / work.pairs
    if work.name == "A512":
        extras |= floors(work, seconds, covered)
    return extras
