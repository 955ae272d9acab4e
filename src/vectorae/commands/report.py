"""What came out of a run or an evaluation: a table to read at a glance, and the next commands, ready to copy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from vectorae.commands.shell import short

ROWS = {
    "images": "the images themselves",
    "soft": "soft",
    "crisp": "crisp",
    "encoder_crisp": "encoder alone",
    "refined_soft": "refined, soft",
    "refined_crisp": "refined",
    "best_found": "best found",
    "blocks": "blocks",
    "mean_image": "mean image",
}
"""The drawings that are measured, by the end of a metric's name."""

COLUMNS = {
    "psnr": ("PSNR dB", ".2f"),
    "psnr_eyes": ("eyes dB", ".2f"),
    "ssim": ("SSIM", ".3f"),
    "mse": ("MSE", ".3g"),
    "l1": ("L1", ".3g"),
    "lpips": ("LPIPS", ".3f"),
    "accuracy": ("accuracy", ".3f"),
}
"""Metrics by the beginning of their names: title and format."""


def table(metrics: Mapping[str, float]) -> tuple[list[str], list[list[str]], dict[str, float]]:
    """Metrics by drawing and kind.

    Args:
        metrics: flat, ``psnr_crisp`` and so on.

    Returns:
        The titles of the columns; the rows, equal neighbours merged; and what is no metric of a drawing.
    """
    places = {f"{metric}_{row}": (metric, row) for metric in COLUMNS for row in ROWS}
    found = {places[name]: value for name, value in metrics.items() if name in places}
    columns = [metric for metric in COLUMNS if any(one == metric for one, _ in found)]
    rows: list[list[str]] = []
    for row, title in ROWS.items():
        cells = [format(found[one, row], COLUMNS[one][1]) if (one, row) in found else "" for one in columns]
        if not any(cells):
            continue
        if rows and rows[-1][1:] == cells:
            rows[-1][0] += f", {title}"
        else:
            rows.append([title, *cells])
    others = {name: value for name, value in metrics.items() if name not in places}
    return [COLUMNS[one][0] for one in columns], rows, others


def print_metrics(metrics: Mapping[str, float], *above: str) -> None:
    """Print metrics: lines above, a table with a row for each drawing, and all other numbers below it.

    Args:
        metrics: flat, ``psnr_crisp`` and so on.
        *above: such as what was measured, and the path of what measured it.
    """
    from rich.console import Console
    from rich.table import Table

    from vectorae.io.progress import SEPARATOR, fitting

    console = Console()
    for line in above:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    titles, rows, others = table(metrics)
    if rows:
        printed = Table(show_edge=False, pad_edge=False)
        printed.add_column("")
        for title in titles:
            printed.add_column(title, justify="right", no_wrap=True)
        for row in rows:
            printed.add_row(*row)
        console.print(printed)
    if others:
        texts = [
            f"{name.replace('_per_second', '/s').replace('_', ' ')} {_number(one)}" for name, one in others.items()
        ]
        while texts:
            first = fitting(texts, console.width)
            console.print(SEPARATOR.join(first), highlight=False, markup=False)
            texts = texts[len(first) :]


def with_plugins(words: str, plugins: Sequence[str]) -> str:
    """The words of a command that needs the plug-ins of this one.

    >>> with_plugins("input=IMAGES", ["mine", "yours"])
    'input=IMAGES plugins=[mine,yours]'
    """
    return f"{words} plugins=[{','.join(plugins)}]" if plugins else words


def print_next(*commands: Sequence[str | Path]) -> None:
    """Print commands that go on from here, ready to copy.

    Args:
        *commands: the words of each; a path is written as seen from the working directory, ``key=`` and a path are two
            words.
    """
    print("next:")
    for words in commands:
        line = ""
        for word in words:
            text = shlex.quote(short(word)) if isinstance(word, Path) else word
            line += text if not line or line.endswith("=") else f" {text}"
        print(f"  {line}")


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.4g}"
