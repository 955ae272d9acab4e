"""Files of torch: whole, or refused."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from vectorae import UserError
from vectorae.io.torch_file import read_torch, write_torch


def test_what_is_written_is_read(tmp_path: Path) -> None:
    content: dict[str, Any] = {
        "weights": torch.arange(6.0).view(2, 3).T,
        "steps": [1, (2.5, None)],
        "names": {"a": torch.tensor(True)},
    }
    write_torch(tmp_path / "file.pt", content)
    read = read_torch(tmp_path / "file.pt", "resume", "a file")
    assert torch.equal(read["weights"], content["weights"]) and read["steps"] == content["steps"]
    assert [path.name for path in tmp_path.iterdir()] == ["file.pt"]


def test_flipped_bits_are_noticed_where_they_change_anything(tmp_path: Path) -> None:
    content: dict[str, Any] = {"weights": torch.randn(500), "steps": 7, "config": {"name": "value", "number": 0.25}}
    write_torch(tmp_path / "file.pt", content)
    whole, chance = (tmp_path / "file.pt").read_bytes(), random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        (tmp_path / "damaged.pt").write_bytes(damaged)
        try:
            read = read_torch(tmp_path / "damaged.pt", "resume", "a file")
        except UserError:
            refused += 1
        else:  # padding
            assert torch.equal(read["weights"], content["weights"])
            assert (read["steps"], read["config"]) == (content["steps"], content["config"])
    assert refused > 100


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^checkpoint: no file '.*none\.pt'; make one$"):
        read_torch(tmp_path / "none.pt", "checkpoint", "a file", advice="; make one")
