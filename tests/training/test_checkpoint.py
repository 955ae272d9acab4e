"""Checkpoints: they describe themselves, and open without executing anything."""

import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from helpers.models import SMALL, composed

import vectorae
from scripts.forked import Forked
from vectorae import UserError
from vectorae.io.torch_file import write_torch
from vectorae.training.build import build_model
from vectorae.training.checkpoint import read_checkpoint
from vectorae.training.checkpoint_io import CheckpointFiles

FACES = ["dataset=toy_faces"]


def images(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=["last", "best"])
def checkpoint(finished_run: Path, request: pytest.FixtureRequest) -> Path:
    return finished_run / "checkpoints" / f"{request.param}.ckpt"


def test_holds_plain_data_only(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    config = content["vectorae"]["config"]
    assert config["encoder"] == {"_target_": "vectorae.encoders.CNN", "width": 8}
    assert config["head"] == {"_target_": "vectorae.encoders.MLP", "hidden": 512}
    assert config["trainer"]["max_steps"] == 4
    assert config["dataset"]["image_size"] == 16
    assert "hyper_parameters" not in content


def test_a_loaded_model_draws_as_the_trained_one(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    trained = build_model(composed(*SMALL, *FACES)).eval()
    untrained = {name: weight.clone() for name, weight in trained.state_dict().items()}
    trained.load_state_dict(content["state_dict"])
    assert any(not torch.equal(weight, untrained[name]) for name, weight in trained.state_dict().items())
    loaded = vectorae.load(checkpoint)
    assert not loaded.training
    assert loaded.run.progress > 0
    for crisp in (False, True):
        with torch.no_grad():
            assert torch.equal(loaded.draw(images(), crisp), trained.draw(images(), crisp))


def test_loads_without_hydra_and_from_anywhere(finished_run: Path, tmp_path: Path) -> None:
    checkpoint = finished_run / "checkpoints" / "best.ckpt"
    program = f"""
import sys
for name in ("hydra", "omegaconf"):
    sys.modules[name] = None
import torch, vectorae
model = vectorae.load({str(checkpoint)!r})
scene = model.vectorize(torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0)))
torch.save(vectorae.rasterize(scene, 16, 16, coverage="ramp"), "drawn.pt")
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, timeout=120)
    with torch.no_grad():
        expected = vectorae.load(checkpoint).draw(images())
    torch.testing.assert_close(torch.load(tmp_path / "drawn.pt", weights_only=True), expected)


class Bomb:
    """Opening it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


def damaged(kind: str, finished_run: Path, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.ckpt"
    good = (finished_run / "checkpoints" / "last.ckpt").read_bytes()
    match kind:
        case "truncated":
            path.write_bytes(good[: len(good) // 2])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("this is no checkpoint")
        case "foreign":
            torch.save({"state_dict": {"weight": torch.zeros(3)}, "epoch": 3}, path)
        case "list":
            torch.save([1, 2], path)
        case "bomb":
            torch.save({"vectorae": Bomb(tmp_path / "executed")}, path)
        case "pickle":
            path.write_bytes(pickle.dumps(Bomb(tmp_path / "executed")))
        case "newer":
            content = torch.load(finished_run / "checkpoints" / "last.ckpt", weights_only=True)
            content["vectorae"]["format"] = 1000
            torch.save(content, path)
        case "folder":
            path.mkdir()
    return path


@pytest.mark.parametrize(
    "kind", ["missing", "truncated", "empty", "text", "foreign", "list", "bomb", "pickle", "newer", "folder"]
)
def test_what_is_no_checkpoint_is_refused_and_nothing_in_it_executed(
    kind: str, finished_run: Path, tmp_path: Path
) -> None:
    path = damaged(kind, finished_run, tmp_path)
    for key, opened in (("checkpoint", vectorae.load), ("resume", lambda path: read_checkpoint(path, "resume"))):
        with pytest.raises(UserError, match=rf"^{key}: .*'.*{kind}\.ckpt'") as refusal:
            opened(path)
        assert "\n" not in str(refusal.value)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("section", "foreign"),
    [
        ("encoder", {"_target_": "os.system", "command": "mkdir executed"}),
        ("encoder", {"_target_": "os.mkdir", "path": "executed"}),
        ("loss", {"_target_": "vectorae.callbacks.snapshots.os.mkdir", "path": "executed"}),
        ("loss", {"_target_": "vectorae.commands.train.train"}),
        ("optimizer", {"_target_": "torch.optim.SGD"}),
        ("primitives", {"_target_": "builtins.eval", "source": "1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["_target_"],
)
def test_foreign_classes_are_never_built(
    section: str, foreign: dict[str, str], finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = torch.load(finished_run / "checkpoints" / "last.ckpt", weights_only=True)
    content["vectorae"]["config"][section] = foreign
    write_torch(Path("changed.ckpt"), content)
    with pytest.raises(UserError, match=rf"^{section}\._target_: '{foreign['_target_']}' is not a class of vectorae"):
        vectorae.load("changed.ckpt")
    assert not Path("executed").exists()


@pytest.mark.parametrize("damage", ["other size", "no weights", "no sections", "immense", "no mapping"])
def test_contents_that_do_not_fit_are_refused(damage: str, finished_run: Path, tmp_path: Path) -> None:
    content = torch.load(finished_run / "checkpoints" / "last.ckpt", weights_only=True)
    match damage:
        case "other size":
            content["vectorae"]["config"]["primitives"]["rows"] = 5
        case "no weights":
            del content["state_dict"]
        case "no sections":
            content["vectorae"]["config"] = {}
        case "immense":
            content["vectorae"]["config"]["encoder"]["hidden"] = 10**15
        case "no mapping":
            content["vectorae"]["config"]["dataset"] = [1, 2]
    write_torch(tmp_path / "changed.ckpt", content)
    with pytest.raises(UserError):
        vectorae.load(tmp_path / "changed.ckpt")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(number: float, finished_run: Path, tmp_path: Path) -> None:
    content = torch.load(finished_run / "checkpoints" / "last.ckpt", weights_only=True)
    name = next(name for name in content["state_dict"] if name.endswith("weight"))
    content["state_dict"][name] = torch.full_like(content["state_dict"][name], number)
    write_torch(tmp_path / "changed.ckpt", content)
    with pytest.raises(UserError, match=rf"^checkpoint: '.*changed\.ckpt' has weights that are no numbers, in {name}$"):
        vectorae.load(tmp_path / "changed.ckpt")


def test_changed_bits_are_refused_or_change_nothing(checkpoint: Path, tmp_path: Path) -> None:
    whole, chance = checkpoint.read_bytes(), random.Random(1)
    expected, refused = torch.load(checkpoint, weights_only=True)["state_dict"], 0
    for _ in range(25):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        (tmp_path / "damaged.ckpt").write_bytes(damaged)
        try:
            found = read_checkpoint(tmp_path / "damaged.ckpt")["state_dict"]
        except UserError:
            refused += 1
        else:
            assert all(torch.equal(value, found[name]) for name, value in expected.items())
    assert refused > 15


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path: Path) -> None:
    """With the folder of temporary files on another disk, where a rename would be a copy."""
    path = tmp_path / "last.ckpt"

    def save_twice() -> int:
        tempfile.tempdir = "/dev/shm"
        CheckpointFiles().save_checkpoint({"number": torch.zeros(1000)}, path)
        write = Path.write_bytes

        def half(self: Path, content: bytes) -> int:
            write(self, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        with patch.object(Path, "write_bytes", half):
            CheckpointFiles().save_checkpoint({"number": torch.ones(1000)}, path)
        return 0

    assert Forked(save_twice, [], tmp_path / "said.txt").wait(120) == -signal.SIGKILL
    assert not torch.load(tmp_path / "last.ckpt", weights_only=True)["number"].any()
