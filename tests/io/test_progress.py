"""Progress, with and without a terminal."""

import time

import pytest
from rich.console import Console

from vectorae.io import progress
from vectorae.io.progress import RunBar, counting


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of sixty columns."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_items_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("drawing", 5) as advance:
        for count in (2, 3):
            advance(count)
    assert capsys.readouterr().out == "drawing · 100 % · 0:00:00 · 5/5\n"


def test_an_invisible_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("drawing", 5, visible=False) as advance:
        advance(5)
    assert not capsys.readouterr().out.strip()


def test_a_run_without_a_terminal_prints_when_it_is_asked_and_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with RunBar(0.25) as bar:
        bar.update(0.5, "step 5")
        assert not capsys.readouterr().out
        with bar.showing("compiling"):
            bar.update(0.75)
        assert not bar.is_terminal
        assert capsys.readouterr().out == "50 % · compiling\n"
        bar.update(0.75, "step 7", "loss 0.1", now=True)
        bar.update(1.0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" · ")[0] for line in lines] == ["75 %", "100 %"]
    assert lines[0].endswith("left · step 7 · loss 0.1") and lines[1] == "100 % · 0:00:00 · step 7 · loss 0.1"


def test_a_run_without_a_terminal_prints_regularly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with RunBar() as bar, bar.showing("compiling the CPU kernels"):
        time.sleep(0.4)
    assert capsys.readouterr().out.count("0 % · compiling the CPU kernels") > 2


def test_what_does_not_fit_is_left_out_as_a_whole(terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    with RunBar() as bar:
        assert bar.is_terminal
        bar.update(0.5)
        bar.update(0.75, "step 12345", "crisp 21.23 dB", "loss 0.0085", "1234 images/s")
        (line,) = Console().render_lines(bar._line())
    text = "".join(segment.text for segment in line).rstrip()
    assert text.endswith("75 % · 0:00:00 left · step 12345 · crisp 21.23 dB") and len(text) <= 60
    assert "…" not in capsys.readouterr().out
