"""Progress bars."""

import pytest

from vectorae.io.progress import RunBar, counting


def test_items_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("drawing", 5) as advance:
        for count in (2, 3):
            advance(count)
    said = capsys.readouterr().out
    assert "drawing" in said and "5/5" in said


def test_an_invisible_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("drawing", 5, visible=False) as advance:
        advance(5)
    assert not capsys.readouterr().out.strip()


def test_a_run_with_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    with RunBar(0.25) as bar:
        bar.update(0.5, "step 5")
        with bar.showing("compiling"):
            bar.update(0.75)
        assert not bar.is_terminal
    said = capsys.readouterr().out
    assert "75%" in said and "step 5" in said and "compiling" not in said
