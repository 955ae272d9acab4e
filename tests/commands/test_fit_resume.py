"""Fits that find by themselves where they were stopped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.commands import Command, command_in
from helpers.image_folders import picture
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vectorae.commands import fit

SMALL = ("size=24", "max_steps=6", "snapshots=3", "device=cpu")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call the command in a folder of its own: exit code, stdout and stderr."""
    return command_in(tmp_path, fit.main, monkeypatch, capsys)


def metrics_of(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return read


class TestResumeAuto:
    SETTINGS = (*SMALL, "primitives.count=5", "resume=auto")

    def test_it_continues_in_the_run_that_has_the_same_config(self, command: Command, tmp_path: Path) -> None:
        assert "continues" not in command(*self.SETTINGS)[1]
        _, out, _ = command(*self.SETTINGS, "max_steps=9")
        assert "continues from" in out
        (folder,) = tmp_path.glob("outputs/fit/*/*/state.pt")
        assert metrics_of(folder.parent)["steps"] == 9
        assert command(*SMALL, "resume=auto", "primitives.count=6")[0] == 0
        assert len(list(tmp_path.glob("outputs/fit/*/*/state.pt"))) == 2

    def test_it_continues_in_the_folder_that_is_named(self, command: Command, tmp_path: Path) -> None:
        whole, parts = tmp_path / "whole", tmp_path / "parts"
        assert command(*self.SETTINGS, "max_steps=9", f"hydra.run.dir={whole}")[0] == 0
        for steps in (4, 9):
            assert command(*self.SETTINGS, f"max_steps={steps}", f"hydra.run.dir={parts}")[0] == 0
        assert metrics_of(parts)["steps"] == 9
        with np.load(parts / "snapshots.npz") as saved:
            steps = saved["steps"].tolist()
        assert steps == sorted(set(steps)) and {0, 4, 9} <= set(steps), "the animation shows all of it"
        code, _, err = command(*SMALL, "primitives.count=6", "resume=auto", f"hydra.run.dir={parts}")
        assert code == 2 and "primitives.count=5" in err

    def test_a_complete_fit_is_left_as_it_is(self, command: Command, tmp_path: Path) -> None:
        command(*self.SETTINGS, f"hydra.run.dir={tmp_path / 'run'}")
        drawing = tmp_path / "run" / "drawing.svg"
        before = drawing.stat().st_mtime_ns
        code, out, _ = command(*self.SETTINGS, f"hydra.run.dir={tmp_path / 'run'}")
        assert code == 0 and "nothing to do: 6 steps" in out
        assert drawing.stat().st_mtime_ns == before

    def test_a_damaged_state_is_named_and_the_fit_begins_anew(self, command: Command, tmp_path: Path) -> None:
        command(*self.SETTINGS, f"hydra.run.dir={tmp_path / 'run'}")
        state = tmp_path / "run" / "state.pt"
        state.write_bytes(state.read_bytes()[:-100])
        code, out, err = command(*self.SETTINGS, f"hydra.run.dir={tmp_path / 'run'}")
        assert code == 0 and "left out: resume:" in err and "continues" not in out

    def test_several_images_go_on_where_they_were(self, command: Command, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        for seed in range(3):
            picture((20, 20), seed).save(tmp_path / "in" / f"{seed}.png")
        settings = (*self.SETTINGS, f"image={tmp_path / 'in'}", "batch_size=2", f"hydra.run.dir={tmp_path / 'run'}")
        assert command(*settings)[0] == 0
        last = tmp_path / "run" / "2"
        (last / "metrics.json").unlink()
        before = (tmp_path / "run" / "0" / "drawing.svg").stat().st_mtime_ns
        assert command(*settings)[0] == 0
        assert (last / "metrics.json").is_file()
        assert (tmp_path / "run" / "0" / "drawing.svg").stat().st_mtime_ns == before
        assert json.loads((tmp_path / "run" / "metrics.json").read_text())["images"] == 3

    def test_the_curves_go_on_without_doubles(self, command: Command, tmp_path: Path) -> None:
        for steps in (20, 40):
            command(*self.SETTINGS, f"max_steps={steps}", f"hydra.run.dir={tmp_path / 'run'}")
        events = EventAccumulator(str(tmp_path / "run")).Reload()
        assert sorted(event.step for event in events.Scalars("fit/loss")) == [10, 20, 30, 40]
