"""Trainings whose processes are started by others: torchrun, and SLURM's srun."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers.free_port import free_port

from scripts.forked import Forked
from vectorae.commands import train
from vectorae.io.signals import REQUEUE

SMALL = [
    "dataset.image_size=16",
    "dataset.train_count=40",
    "dataset.val_count=13",
    "dataset.test_count=16",
    "dataset.batch_size=8",
    "dataset.cache=cache",
    "encoder.width=8",
    "head.width=16",
    "model.refine_steps=0",
    "model.hypotheses=1",
    "trainer.accelerator=cpu",
    "trainer.log_every_n_steps=1",
]
RUNS = Path("outputs") / "toy_faces" / "shapes_4x4"


def step_of(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, weights_only=True)["global_step"])


def start(arguments: list[str], folder: Path, **environment: str) -> "subprocess.Popen[str]":
    """A process whose output is one text."""
    given = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", **environment}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_two_nodes_of_torchrun_train_in_one_folder_and_one_process_goes_on(tmp_path: Path) -> None:
    given = [*SMALL, "resume=auto", "trainer.val_check_interval=2"]
    command = ["-m", "vectorae.commands.train", *given]
    port, steps = free_port(), "trainer.max_steps=4"
    launch = ["-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", f"--master-port={port}"]
    launch += ["--master-addr=127.0.0.1"]
    many = ["trainer.strategy=ddp", "trainer.devices=1", "trainer.num_nodes=2", steps]
    nodes = [start([*launch, f"--node-rank={rank}", *command, *many], tmp_path) for rank in (0, 1)]
    said = [node.communicate(timeout=200)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    (run,) = (tmp_path / RUNS).iterdir()
    assert step_of(run / "checkpoints" / "last.ckpt") == 4
    more = [*given, "trainer.devices=1", "trainer.max_steps=6", f"hydra.run.dir={run}"]
    alone = Forked(train.main, more, tmp_path / "alone.txt", tmp_path)
    assert alone.wait(200) == 0, alone.said
    assert "continues at step 4" in alone.said
    assert step_of(run / "checkpoints" / "last.ckpt") == 6


@pytest.mark.skipif(REQUEUE is None, reason="there is no SIGUSR1 on this system")
def test_a_job_of_slurm_saves_is_requeued_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.write_text('#!/bin/sh\necho "$@" >> requeued\n')
    scontrol.chmod(0o755)
    job = {
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NAME": "faces",
        "SLURM_NTASKS": "2",
        "SLURM_NTASKS_PER_NODE": "2",
        "SLURM_NNODES": "1",
        "SLURM_NODEID": "0",
        "SLURM_NODELIST": "127.0.0.1",
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    runs = tmp_path / RUNS

    def tasks(*more: str) -> list[Forked]:
        given = [*SMALL, "trainer=slurm", "resume=auto", *more]
        at = {**job, "MASTER_PORT": str(free_port()), "GLOO_SOCKET_IFNAME": "lo"}
        ranks = [{"SLURM_PROCID": rank, "SLURM_LOCALID": rank} for rank in ("0", "1")]
        outputs = [tmp_path / f"{rank}.txt" for rank in (0, 1)]
        return [
            Forked(train.main, given, output, tmp_path, at | rank) for output, rank in zip(outputs, ranks, strict=True)
        ]

    both = tasks("trainer.max_steps=100000", "trainer.val_check_interval=100000")
    for _ in range(1200):
        time.sleep(0.1)
        if list(runs.glob("4711_*/renders/step_0000000.png")):
            break
    time.sleep(2)
    assert both[1].process.pid is not None
    os.kill(both[1].process.pid, signal.SIGUSR1)
    assert [one.wait(200) for one in both] == [0, 0], [one.said for one in both]
    assert (tmp_path / "requeued").read_text().splitlines() == ["requeue 4711"]
    (last,) = runs.glob("*/checkpoints/last.ckpt")
    taken = step_of(last)
    assert taken > 0
    both = tasks(f"trainer.max_steps={taken + 2}", "trainer.val_check_interval=100000")
    assert [one.wait(200) for one in both] == [0, 0], [one.said for one in both]
    assert f"continues at step {taken}" in both[0].said and "continues" not in both[1].said
    assert step_of(last) == taken + 2
