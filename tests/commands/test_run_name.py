"""What the folders of runs are called, and what TensorBoard's table of hyperparameters says of them."""

import re
from pathlib import Path

import pytest
from helpers import models
from helpers.models import run_training
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from vectorae.commands import fit, resume
from vectorae.commands.command_line import conf_folder
from vectorae.commands.run_name import LONGEST, label_of, short_value

KEYS = st.from_regex(r"[a-z_]{1,12}(\.[a-z_]{1,12}){0,2}", fullmatch=True)
FORBIDDEN = re.compile(r'[/\\:*?"<>|\s\x00-\x1f]')
"""In the names of files, on one system or another, and what has to be quoted in a shell."""


@given(st.dictionaries(KEYS, st.text(max_size=60), max_size=9), st.integers(10, LONGEST))
def test_labels_are_names_on_any_system(settings: dict[str, str], longest: int) -> None:
    label = label_of(settings, longest)
    assert len(label.encode()) <= longest
    assert not FORBIDDEN.search(label)
    assert not label.endswith(".")


def test_what_does_not_fit_is_left_out() -> None:
    settings = {"primitives.rows": "2", "encoder.width": "8", "head.width": "16"}
    assert label_of(settings) == "primitives.rows=2,encoder.width=8,head.width=16"
    assert label_of(settings, 46) == "rows=2,encoder.width=8,head.width=16"
    assert label_of(settings, 36) == "rows=2,encoder.width=8,head.width=16"
    assert label_of(settings, 35) == "rows=2,encoder.width=8,etc"
    assert label_of(settings, 26) == "rows=2,encoder.width=8,etc"
    assert label_of(settings, 25) == "rows=2,etc"
    assert label_of({"image": "x" * 200}, 20) == "image=" + "x" * 14
    assert label_of({}) == ""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        *[("16", "16"), ("1e-4", "1e-4"), ("0.30000000000000004", "0.3"), ("-0.000123456", "-0.0001235")],
        *[('"photos/été (1).png"', "été (1).png"), ("photos/", "photos"), ("C:\\photos\\a.jpg", "a.jpg")],
        *[("[kite]", "kite"), ("['a', b]", "a+b"), ("[]", ""), ("null", "null")],
    ],
)
def test_values_are_short(written: str, shown: str) -> None:
    assert short_value(written) == shown


@pytest.mark.parametrize(
    ("command", "free"),
    [
        ("train", {"dataset", "primitives", *resume.FREE_TO_DIFFER, *resume.FREE_TO_DIFFER_AUTO}),
        ("fit", {"image", *fit.FREE_TO_DIFFER}),
    ],
)
def test_a_run_that_goes_on_with_other_values_is_not_named_by_them(command: str, free: set[str]) -> None:
    hydra = OmegaConf.load(conf_folder() / f"{command}.yaml").hydra
    assert free <= set(hydra.job.config.override_dirname.exclude_keys)


def hyperparameters(run: Path) -> dict[str, object]:
    """What TensorBoard's table shows of a run."""
    events = EventAccumulator(str(run))
    events.Reload()
    content = events.PluginTagToContent("hparams")
    # The columns of the first run would be those of all.
    assert metadata.EXPERIMENT_TAG not in content
    shown = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG]).hparams
    return {name: getattr(value, str(value.WhichOneof("kind"))) for name, value in shown.items()}


def test_a_run_is_named_by_what_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = ("primitives.kinds=[circle]", "primitives.rows=2", "encoder.width=8")
    monkeypatch.setattr(models, "SMALL", [*first, *models.SMALL])
    assert run_training(None, "resume=auto") == 0
    (run,) = (tmp_path / "outputs" / "toy_faces" / "shapes_4x4").iterdir()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{6}_kinds=circle,rows=2,encoder.width=8,image_size=16,.*,etc", run.name
    )
    shown = hyperparameters(run)
    assert shown["dataset"] == "toy_faces" and shown["primitives"] == "shapes_4x4"
    assert shown["primitives.rows"] == 2 and shown["primitives.kinds"] == "['circle']"
    assert "primitives.columns" not in shown and "trainer.max_steps" not in shown
    # Another order and more steps: the same run goes on.
    monkeypatch.setattr(models, "SMALL", [*models.SMALL[::-1]])
    assert run_training(None, "resume=auto", "trainer.max_steps=3") == 0
    assert list(run.parent.iterdir()) == [run]


def test_a_sweep_in_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_training(None, "-m", "primitives.rows=1,2", "hydra.sweep.dir=sweep") == 0
    for number, rows in enumerate((1, 2)):
        run = tmp_path / "sweep" / f"{number}_primitives.rows={rows}"
        assert hyperparameters(run) == {"primitives.rows": rows}
        events = EventAccumulator(str(run))
        events.Reload()
        (reached,) = events.Scalars("psnr_crisp")
        assert reached.step == 2
        assert reached.value == events.Scalars("val/psnr_crisp")[-1].value
