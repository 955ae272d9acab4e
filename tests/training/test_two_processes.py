"""Trainings in two processes: the same weights, and one end for both."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers.models import composed, metrics_of, weights_of

from scripts.forked import Forked
from vectorae.commands import train
from vectorae.training.build import build_model


def test_two_processes_train_the_weights_of_one(tmp_path: Path) -> None:
    """Lightning starts the second process by running the command again: this needs processes of their own."""
    small = ["dataset.image_size=16", "dataset.train_count=40", "dataset.val_count=13", "dataset.test_count=16"]
    # Batch normalisation, the refiner's running mean, relocations and samples of the latent see the whole batch.
    alike = ["encoder.width=8", "head.hidden=16", "refiner.width=16", "model.refine_steps=1", "model.variational=true"]
    alike += ["model.latent=4", "relocation.times=2", "relocation.threshold=2", "head=mlp"]
    alike += ["model.answer_steps=2", "model.regrowths=0"]
    common = [*small, *alike, "trainer.max_steps=3", "dataset.batch_size=8", f"dataset.cache={tmp_path / 'cache'}"]
    metrics = []
    states = []
    for trainer in ("cpu", "ddp"):
        folder = tmp_path / trainer
        given = [*common, f"trainer={trainer}", "trainer.accelerator=cpu", f"hydra.run.dir={folder}"]
        if trainer == "cpu":
            alone = Forked(train.main, given, tmp_path / "alone.txt", tmp_path)
            assert alone.wait(240) == 0, alone.said
        else:
            command = [sys.executable, "-m", "vectorae.commands.train", *given]
            done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=240, check=False)
            assert done.returncode == 0, done.stderr
        metrics.append(metrics_of(folder))
        assert metrics[-1]["step"] == 3
        assert (folder / "renders" / "step_0000003.png").is_file()
        states.append(weights_of(folder))
    untrained = build_model(composed(*small, *alike)).state_dict()
    moved = [name for name, value in untrained.items() if not torch.equal(value, states[0][name])]
    assert any("numbers" in name for name in moved)
    for name in untrained:
        torch.testing.assert_close(states[1][name], states[0][name], atol=2e-5, rtol=1e-4, msg=name)
    # Thirteen images do not divide among two processes.
    for name in ("psnr_soft", "psnr_crisp", "ssim_crisp", "mse_soft", "l1_crisp"):
        assert metrics[1][name] == pytest.approx(metrics[0][name], rel=1e-4), name


@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="finds the process by Linux's /proc")
def test_a_signal_to_one_process_ends_all_with_its_code(tmp_path: Path) -> None:
    """To the second of two processes, as a scheduler may send it to any."""
    given = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.max_steps=100000", f"hydra.run.dir={tmp_path / 'run'}"]
    small = ["dataset.image_size=16", "dataset.train_count=40", "dataset.val_count=16", "dataset.test_count=16"]
    small += ["dataset.batch_size=8", f"dataset.cache={tmp_path / 'cache'}", "encoder.width=8", "head.width=16"]
    small += ["model.refine_steps=0", "model.hypotheses=1", "trainer.val_check_interval=100000"]
    command = [sys.executable, "-m", "vectorae.commands.train", *small, *given]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as run:
        try:
            first, second = tmp_path / "run" / "renders" / "step_0000000.png", None
            for _ in range(600):
                time.sleep(0.1)
                children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
                second = next((int(one) for one in children if "LOCAL_RANK=1" in environment_of(one)), None)
                if first.is_file() and second is not None:
                    break
            assert second is not None
            time.sleep(2)
            os.kill(second, signal.SIGTERM)
            _, said = run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode == 128 + signal.SIGTERM, said
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


def environment_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/environ").read_text(errors="replace")
    except OSError:
        return ""
