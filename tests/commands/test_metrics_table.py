"""Tables of metrics and the commands that follow."""

from pathlib import Path

import pytest

from vectorae.commands.report import print_metrics, print_next, table

METRICS = {
    "psnr_soft": 20.1234,
    "ssim_soft": 0.7,
    "psnr_crisp": 20.1234,
    "ssim_crisp": 0.7,
    "psnr_encoder_crisp": 18.0,
    "psnr_blocks": 17.5,
    "ssim_blocks": 0.5,
    "seconds": 41.25,
    "images_per_second": 1234.5,
    "step": 400.0,
}


def test_rows_are_drawings_and_columns_metrics() -> None:
    titles, rows, others = table(METRICS)
    assert titles == ["PSNR dB", "SSIM"]
    assert rows == [["soft, crisp", "20.12", "0.700"], ["encoder alone", "18.00", ""], ["blocks", "17.50", "0.500"]]
    assert others == {"seconds": 41.25, "images_per_second": 1234.5, "step": 400.0}


@pytest.mark.parametrize("columns", [60, 80])
def test_nothing_is_cut_off(columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    every = {f"{name}_{row}": 0.5 for name in ("psnr", "ssim", "mse", "l1", "lpips") for row in ("soft", "mean_image")}
    print_metrics(METRICS | every | {"psnr_soft": 5.0}, "x" * 100)
    out = capsys.readouterr().out
    assert "x" * 100 in out and "…" not in out
    assert "soft" in out and "mean image" in out and "LPIPS" in out
    assert "seconds 41.25 · images/s 1234 · step 400" in out


def test_commands_are_ready_to_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    print_next(["vectorae vectorize checkpoint=", tmp_path / "a b" / "best.ckpt", "input=IMAGES"])
    assert capsys.readouterr().out == "next:\n  vectorae vectorize checkpoint='a b/best.ckpt' input=IMAGES\n"
