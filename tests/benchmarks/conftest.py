"""Fixtures of the benchmark's tests. No time is judged here: it is the tool that is tested."""

import dataclasses
from pathlib import Path

import pytest
from helpers.commands import Command, command_in

from benchmarks import command as benchmark
from benchmarks import peers


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command with some arguments, in an empty folder: exit code, stdout and stderr."""
    return command_in(tmp_path, benchmark.main, monkeypatch, capsys)


@pytest.fixture
def no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the packages were not there."""
    for name, peer in peers.PEERS.items():
        monkeypatch.setitem(peers.PEERS, name, dataclasses.replace(peer, module=f"no_{peer.module}"))
