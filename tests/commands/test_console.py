"""The console command itself: versions, pipes, completion, and what is known before torch is imported."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers.commands import Command, command_in

import vectorae
from vectorae import commands
from vectorae.commands import completion, shell
from vectorae.commands.completion import complete

CONSOLE = f"{sys.executable} -m vectorae"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_in(tmp_path, commands.main, monkeypatch, capsys)


def bash(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def test_the_version_is_that_of_the_installed_package(command: Command) -> None:
    assert vectorae.__version__ == version("vectorae")
    assert command("--version") == command("version") == (0, f"vectorae {vectorae.__version__}\n", "")
    assert vectorae.__version__ in command("--help")[1]


def test_auto_takes_the_fastest_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def machine(cuda: bool, mps: bool, triton: bool) -> list[str]:
        monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
        monkeypatch.setattr("importlib.util.find_spec", lambda name: triton or None)
        return [shell.device("auto", only_draws).type for only_draws in (False, True)]

    assert machine(cuda=False, mps=False, triton=False) == ["cpu", "cpu"]
    assert machine(cuda=False, mps=True, triton=False) == ["mps", "cpu"]
    assert machine(cuda=True, mps=False, triton=True) == ["cuda", "cuda"]
    assert machine(cuda=True, mps=False, triton=False) == ["cuda", "cpu"]


MISTAKES = [
    "train dataset=folder dataset.root=nowhere",
    "train dataset=folder",
    "train dataset=streaming dataset.root=nowhere",
    "train trainer.max_time=soon",
    "train trainer.accelerator=quantum",
    "train max_time=15s",
    "train resume=nowhere.ckpt",
    "train encoder.width=-1",
    "train optimizer.lr=abc",
    "train primitives.rows=0",
    "train primitives.cuont=0",
    "train trainer.max_stps=1",
    "fit image=nowhere.png",
    "fit init=nowhere.svg",
    "fit resume=nowhere.pt",
    "fit max_time=3",
    "fit softness.until=2",
    "fit device=quantum",
    "vectorize checkpoint=nowhere input=. output=x",
    "vectorize checkpoint={file} input=nowhere output=x",
    "vectorize checkpoint={file} input=. output=x shard=3/2",
    "vectorize checkpoint={file} input=. output=x skip=true overwrite=true",
    "evaluate checkpoint=nowhere",
    "evaluate checkpoint={file} classifier=nowhere",
    "evaluate checkpoint={file} output=x.txt",
    "export checkpoint=nowhere output=x",
    "export checkpoint={file} output=x format=foo",
    "sample checkpoint=nowhere",
    "sample checkpoint={file} output={folder}",
    "shards input=nowhere output=x",
    "shards input={folder}",
    "train_classifier max_time=soon",
    "train --help",
    "fit --help",
    "train --cfg job",
]


def test_torch_is_not_imported_for_a_mistake_or_help(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom vectorae import commands\n"
        "for line in sys.stdin.read().splitlines():\n"
        "    sys.argv = ['vectorae', *line.split()]\n"
        "    code = commands.main()\n"
        "    slow = {'torch', 'pytorch_lightning', 'numba'} & set(sys.modules)\n"
        "    assert not slow, (line, slow)\n"
        "    assert code == (0 if '--' in line else 2), (line, code)\n"
    )
    lines = "\n".join(MISTAKES).format(file=__file__, folder=Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", program], input=lines, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert len(said) == sum("--" not in line for line in MISTAKES)
    assert all(line.startswith("vectorae: error: ") for line in said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", ["--help", "train --help", "train --cfg job", "completion bash"])
def test_a_pipe_that_is_closed_ends_it_in_silence(arguments: str, tmp_path: Path) -> None:
    # Unbuffered, so that the second line finds the pipe closed.
    done = bash(f"{CONSOLE.replace('-m', '-u -m')} {arguments} | head -1; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode in (0, 141)


def test_a_reader_that_left_before_the_first_line(tmp_path: Path) -> None:
    done = bash(f"{CONSOLE} train --help | true; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_training_ends_in_silence_too(tmp_path: Path) -> None:
    settings = (
        "dataset.image_size=16 dataset.train_count=8 dataset.val_count=8 dataset.test_count=8 dataset.cache=cache"
    )
    settings += " encoder.width=4 head.width=8 model.refine_steps=0 model.hypotheses=1 rasterizer=reference"
    limits = "trainer.accelerator=cpu trainer.max_steps=2 trainer.val_check_interval=1 hydra.run.dir=run"
    done = bash(f"{CONSOLE} train {settings} {limits} 2>errors | head -1; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stdout) == (141, "run folder: run\n")
    assert (
        "interrupted" not in (tmp_path / "errors").read_text() and "Traceback" not in (tmp_path / "errors").read_text()
    )


def test_another_broken_pipe_is_a_bug(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("vectorae.commands._answer", fail)
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(BrokenPipeError):
            command("--help")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("vectorae tr", ["train", "train_classifier"]),
        ("vectorae train data", ["dataset=", "dataset."]),
        ("vectorae train dataset=mn", ["dataset=mnist"]),
        ("vectorae train head=", ["head=grid", "head=mlp", "head=queries", "head=recurrent"]),
        ("vectorae train head=mlp head.", ["head.hidden="]),
        ("vectorae train model.kl", ["model.kl_weight=", "model.kl_warmup="]),
        ("vectorae train dataset.resize=", ["dataset.resize=crop", "dataset.resize=pad", "dataset.resize=stretch"]),
        ("vectorae train model.variational=t", ["model.variational=true"]),
        ("vectorae train loss=ssim loss.terms.", ["loss.terms.ssim="]),
        ("vectorae train resume=", [completion.FILES]),
        ("vectorae train dataset.root=a/b", [completion.FILES]),
        (
            "vectorae fit experiment=fit",
            [f"experiment=fit_{name}" for name in ("1000_lines", "1000_points", "500_lines", "from_network")],
        ),
        ("vectorae evaluate_photos experiment=k", [f"experiment=kodak_{count}" for count in (1024, 256, 512)]),
        ("vectorae evaluate_photos folder=", [completion.FILES]),
        ("vectorae fit weight=", [completion.FILES]),
        ("vectorae fit coarse.factor=", [f"coarse.factor={factor}" for factor in (1, 2, 4, 8)]),
        ("vectorae fit cha", ["channels="]),
        ("vectorae fit medium=ink primitives.b", ["primitives.background="]),
        ("vectorae vectorize device=c", ["device=cpu", "device=cuda"]),
        ("vectorae train --mu", ["--multirun"]),
        ("vectorae trian ", []),
        ("vectorae completion ", ["bash", "zsh", "fish"]),
        ("vectorae train input='a b", []),
    ],
)
def test_words_are_completed(line: str, found: list[str]) -> None:
    assert complete(line, commands.COMMANDS) == found


def test_every_command_follows() -> None:
    assert set(commands.COMMANDS) < set(complete("vectorae ", commands.COMMANDS))
    for name in commands.COMMANDS:
        assert complete(f"vectorae {name} ", commands.COMMANDS)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("vectorae tr", ["train", "train_classifier"]),
        ("vectorae train dataset=mn", ["mnist"]),
        ("vectorae train see", ["seed=", "seeding."]),
        ("vectorae fit image=ph", ["photo.png", "photos"]),
        ("vectorae fit image=", ["other.txt", "photo.png", "photos"]),
    ],
)
def test_bash_completes(line: str, found: list[str], tmp_path: Path) -> None:
    for name in ("photo.png", "other.txt"):
        (tmp_path / name).touch()
    (tmp_path / "photos").mkdir()
    words = line.replace("=", " = ").split(" ")
    words = words[:-1] if line.endswith("=") else words
    script = (
        f'vectorae() {{ {CONSOLE} "$@"; }}; compopt() {{ :; }}; eval "$(vectorae completion bash)"\n'
        f"COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({' '.join(words)}) COMP_CWORD={len(words) - 1}\n"
        "_vectorae; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = bash(script, tmp_path)
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == found


def test_scripts_are_printed_and_explained(command: Command) -> None:
    assert "complete -F _vectorae vectorae" in command("completion", "bash")[1]
    assert "compdef _vectorae vectorae" in command("completion", "zsh")[1]
    assert "complete -c vectorae" in command("completion", "fish")[1]
    assert command("completion")[1] == command("completion", "--help")[1]
    code, _, err = command("completion", "csh")
    assert code == 2 and err.startswith("vectorae: error: completion: no script for 'csh'; choose from bash, fish, zsh")


def test_processes_of_a_distributed_run_start_under_python_m(tmp_path: Path) -> None:
    """They repeat the command, whose name `python -m vectorae` alone would lack."""
    program = (
        "import runpy, sys\n"
        "from lightning_fabric.strategies.launchers.subprocess_script import _basic_subprocess_cmd\n"
        "from vectorae.commands import train\n"
        "train.main = lambda: print(*_basic_subprocess_cmd()[1:]) or 0\n"
        "sys.argv = ['vectorae', 'train', 'seed=3']\n"
        "runpy.run_module('vectorae', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    script, *arguments = done.stdout.split()
    assert Path(script).parts[-2:] == ("commands", "train.py") and arguments == ["seed=3"]
