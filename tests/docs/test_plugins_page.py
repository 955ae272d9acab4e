"""docs/plugins.md: its blocks are a module, and every part of it works as the page says."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.models import run_training
from helpers.pages import ROOT, blocks_of

import vectorae
from vectorae.primitives import KINDS

PAGE = ROOT / "docs" / "plugins.md"
MODULE = "parts_of_the_page"
TARGETS = {"encoder": "Grey", "head": "Constant", "refiner": "Downhill", "dataset": "Noise", "optimizer": "Plain"}
TARGETS |= {"callbacks.mine": "Progress", "logger.latest": "Latest"}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / f"{MODULE}.py").write_text(blocks_of(PAGE), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("vectorae.config.plugins._loaded", set())
    yield MODULE
    sys.modules.pop(MODULE, None)
    KINDS.pop("drop", None)  # of other tests it is none


def test_its_parts_are_a_plugin(module: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    gone = ("refiner.width", "dataset.train_count", "dataset.val_count", "dataset.test_count")
    code = run_training(
        run,
        f"plugins=[{module}]",
        *(f"{key}._target_={module}.{name}" for key, name in TARGETS.items()),
        *(f"~{key}" for key in gone),
        "primitives.kinds=[drop,circle]",
        f"loss.terms.far.kind={module}.Far",
        "loss.terms.far.weight=0.1",
        "logger=csv",
    )
    assert code == 0
    assert (run / "drawings_all.png").is_file()
    assert "train/progress" in (run / "metrics.csv").read_text()
    model = vectorae.load(run / "checkpoints" / "best.ckpt")
    assert type(model.encoder.backbone).__name__ == "Grey" and model.layout.kinds == ["drop", "circle"]


def test_it_names_the_keys_of_every_part() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (\w+)$", text, re.MULTILINE))
    anchors = set(re.findall(r"\]\(#(\w+)\)", text))
    assert {heading.lower() for heading in headings} == anchors
    for target in re.findall(r"\]\(\.\./([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
