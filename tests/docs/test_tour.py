"""examples/tour.ipynb: made of examples/tour.py, and it runs from top to bottom."""

import os
from pathlib import Path

import jupytext
import nbformat
import pytest
from helpers.pages import ROOT
from nbclient import NotebookClient

SCRIPT, NOTEBOOK = (ROOT / "examples" / f"tour.{end}" for end in ("py", "ipynb"))


def test_the_notebook_is_that_of_the_script() -> None:
    made, committed = jupytext.read(SCRIPT), nbformat.read(NOTEBOOK, as_version=4)
    hint = "run jupytext --to ipynb examples/tour.py"
    assert [(one.cell_type, one.source) for one in made.cells] == [
        (one.cell_type, one.source) for one in committed.cells
    ], hint
    assert not any(cell.get("outputs") for cell in committed.cells)


def test_it_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its times cut short: trained for a second instead of sixty."""
    monkeypatch.setenv("TOUR_SECONDS", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        str(out.get("data", {}).get("text/html", "")) for cell in notebook.cells for out in cell.get("outputs", [])
    ]
    assert [text.count("</svg>") for text in shown if "<svg" in text] == [1, 4, 2, 6]
    left = {path.name for path in (tmp_path / "outputs" / "tour").iterdir()}
    assert left == {"run", "face.svg", "exported"}
