"""The results as tables: on the terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

Row = Mapping[str, Any]

COLUMNS = ("ms", "forward", "backward", "both", "n", "ns/covered", "MiB", "ratio")

EXPLANATION = (
    "Milliseconds: median ± half the interquartile range of *n* rounds, contenders in turn; the first round, "
    "and the first pass of each turn, left out. "
    "*forward* records what the backward needs; *both* is all of it, of a training step the optimizer too. "
    "*ns/covered*: both for each pixel that a shape covers (by 2⁻¹⁴ or more). "
    "*MiB*: peak memory beyond what the process holds with the scene and compiled kernels, each contender in a process "
    "of its own. *ratio*: both as a multiple of the first line's. "
    "reference: dense torch, chunk by chunk; diffvg: 2×2 samples a pixel, on all cores; dsketch: the code of "
    "Differentiable Drawing and Sketching, dense torch. "
    "published: what others report of a scene like this one, on the GPU that is named."
)

NAMES = {"auto": "vectorae", "cpu": "vectorae cpu", "gpu": "vectorae gpu"}


def as_json(results: Mapping[str, Any]) -> str:
    """The whole result as JSON."""
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def tables(results: Mapping[str, Any]) -> Iterator[Table]:
    """A table for the terminal for each workload."""
    for title, rows in _workloads(results):
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
        for index, column in enumerate(COLUMNS):
            table.add_column(column, justify="right" if index else "left", no_wrap=True)
        for cells in _lines(rows):
            table.add_row(*cells)
        yield table
    if found := _exact_table(results):
        title, columns, lines = found
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for index, column in enumerate(columns):
            table.add_column(column, justify="right" if index else "left")
        for line in lines:
            table.add_row(*line)
        yield table


def _exact_table(results: Mapping[str, Any]) -> tuple[str, Sequence[str], list[Sequence[str]]] | None:
    """Exact against soft drawing: title, columns, and a line for each kind of shape."""
    if not (rows := results["exact"]):
        return None
    titles = list(dict.fromkeys(row["title"] for row in rows))
    lines: list[Sequence[str]] = []
    for kind, found in groupby(rows, key=lambda row: row["kind"]):
        cells = [f"{row['exact'] / row['soft']:.2f} ({_ms(row['exact'])} / {_ms(row['soft'])} ms)" for row in found]
        lines.append([str(kind), *cells])
    return "X: exact / soft drawing, forward and backward, one core", ["kind", *titles], lines


def markdown(results: Mapping[str, Any]) -> str:
    """The result as a page: the machine, a table for each workload, and what is missing."""
    device = {"cpu": "CPU", "cuda": "GPU"}.get(results["machine"]["device"], results["machine"]["device"])
    lines = [f"# Benchmarks on the {device}", "", _where(results), "", EXPLANATION]
    for title, rows in _workloads(results):
        lines += ["", f"## {title}", "", _line(COLUMNS), _line(["---", *["---:"] * (len(COLUMNS) - 1)])]
        lines += [_line(cells) for cells in _lines(rows)]
    if found := _exact_table(results):
        title, columns, kinds = found
        lines += ["", f"## {title}", "", _line(columns), _line(["---", *["---:"] * (len(columns) - 1)])]
        lines += [_line(cells) for cells in kinds]
    if said := list(remarks(results)):
        lines += ["", "## Also", "", *(f"- {remark}" for remark in said)]
    return "\n".join(lines) + "\n"


def remarks(results: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit into a table, and what was not measured, one line each."""
    for row in results["rows"]:
        what = f"{row['workload']}, {_name(row)}: "
        if "ns_per_pair" in row:
            yield what + f"{row['ns_per_pair']:.2f} ns of one core per pixel×shape, forward and backward"
        if "rasterizer_share" in row:
            share, speed = row["rasterizer_share"], row["images_per_second"]
            yield what + f"{speed:.0f} images/s; the rasterizer takes {share:.0%} of the step"
        if "times_memory_floor" in row:
            memory, arithmetic = row["times_memory_floor"], row["times_arithmetic_floor"]
            yield what + f"{memory:.1f} × what memory, and {arithmetic:.1f} × what arithmetic would take at least"
    yield from _growth(results["rows"])
    for one in results["not_measured"]:
        who = f", {NAMES.get(one['contender'], one['contender'])}" if one["contender"] else ""
        yield f"{one['workload']}{who}: not measured, {one['reason']}"


def _growth(rows: Sequence[Row]) -> Iterator[str]:
    """How the time grows with the number of shapes of equal total area."""
    for contender in dict.fromkeys(row["contender"] for row in rows):
        crowds = [row for row in rows if row["workload"].startswith("E") and row["contender"] == contender]
        steps = [
            f"{later['workload'][1:]} shapes take {later['both_median'] / former['both_median']:.2f} × the time of "
            f"{former['workload'][1:]}"
            for former, later in pairwise(crowds)
        ]
        if steps:
            yield f"E, {NAMES.get(contender, contender)}: " + ", ".join(steps)


def _workloads(results: Mapping[str, Any]) -> Iterator[tuple[str, list[Row]]]:
    for name, rows in groupby(results["rows"], key=lambda row: row["workload"]):
        found = list(rows)
        yield f"{name}: {found[0]['title']}", found


def _lines(rows: Sequence[Row]) -> Iterator[list[str]]:
    """The cells of each line: of what was measured, and then of what others have published."""
    for row in rows:
        yield _cells(row)
    for one in rows[0].get("published", ()):
        times = [f"{one[phase]:.1f}" if one[phase] else "" for phase in ("forward", "backward", "both")]
        ratio = one["both"] / 1000 / rows[0]["both_median"]
        yield [f"{one['name']} (published)", *times, "", "", "", f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"]


def _cells(row: Row) -> list[str]:
    memory = row.get("memory_mib")
    return [
        _name(row),
        *(
            f"{_ms(row[f'{phase}_median'])} ± {_ms(row[f'{phase}_spread'])}"
            for phase in ("forward", "backward", "both")
        ),
        str(row["rounds"]),
        f"{row['ns_per_covered']:.1f}" if "ns_per_covered" in row else "",
        "" if memory is None else f"{memory:,.1f}" if memory < 10 else f"{memory:,.0f}",
        f"{row['ratio']:.2f}" if row["ratio"] < 10 else f"{row['ratio']:.0f}",
    ]


def _name(row: Row) -> str:
    return str(NAMES.get(row["contender"], row["contender"]))


def _ms(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.1f}" if ms >= 10 else f"{ms:.2f}"


def _where(results: Mapping[str, Any]) -> str:
    """The machine and the versions, in a line."""
    machine, versions, settings = results["machine"], results["versions"], results["settings"]
    gpu = f", {machine['gpu']}" if "gpu" in machine else ""
    small = "" if settings["scale"] == 1 and settings["batch"] is None else " Smaller than specified: a trial run."
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    place = f"{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads, {machine['system']}{gpu}"
    return f"{place}; {packages}; seed {results['seed']}.{small}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
