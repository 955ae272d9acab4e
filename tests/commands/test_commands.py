"""The shell of the commands: one line for a mistake, paths with any character, sweeps, folders, exit codes."""

import errno
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import Command, Outcome, command_in
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from vectorae import commands
from vectorae.commands import command_line, evaluate, shell, train
from vectorae.commands.evaluate import EvaluateConfig
from vectorae.commands.train import TrainConfig
from vectorae.errors import UserError


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Call a function as a command with some arguments: exit code, stdout and stderr."""
    call = command_in(in_folder, commands.main, monkeypatch, capsys)
    return lambda main, *arguments: call(*arguments, main=main)


class Recorder:
    """A job that only remembers what it was given."""

    def __init__(self) -> None:
        self.configs: list[dict[str, Any]] = []
        self.folders: list[Path] = []
        self.arguments: list[list[str]] = []

    def __call__(self, config: dict[str, Any], folder: Path) -> None:
        self.configs.append(config)
        self.folders.append(folder)
        self.arguments.append(sys.argv[1:])
        (folder / "result").touch()

    def main(self) -> int:
        return shell.run_command("train", TrainConfig, self)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def one_line(outcome: Outcome) -> str:
    """The message of a refused command."""
    code, _, err = outcome
    assert code == 2
    assert re.fullmatch(r"vectorae: error: .+\n", err), err
    return err.removeprefix("vectorae: error: ").strip()


# Mistakes in the config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset=celebA"], r"dataset: no 'celebA'; choose from celeba, .*toy_faces \(did you mean celeba\?\)"),
        (["datset=mnist"], r"datset: no such key; choose from .*\(did you mean dataset\?\)"),
        (["datset.root=x"], r"datset: no such key; choose from .*\(did you mean dataset\?\)"),
        (["+sed=3"], r"sed: no such key; choose from .*\(did you mean seed\?\)"),
        (["dataset=3"], r"dataset: no '3'; choose from celeba, "),
        (["max_time=15s"], r"^max_time: no such key; write trainer\.max_time$"),
        (["width=3"], r"^width: no such key; write encoder\.width or head\.width or refiner\.width or watch\.width$"),
        (["seed=abc"], r"seed must be an integer in \[0, 4294967295\], got 'abc'"),
        (["seed=???"], r"seed: missing"),
        (["resume=${nowhere}"], r"resume: interpolation key 'nowhere' not found"),
        (["seed"], r"seed: cannot be read; write key=value"),
        (["primitives.rows=[1"], r"^primitives\.rows=\[1: cannot be read"),
        (["primitives.rows=2,4"], r"^primitives\.rows: several values are a sweep, which needs -m"),
        (["experiment=nothing"], r"experiment: no 'nothing'; choose from "),
        (["--frobnicate"], r"unrecognized arguments: --frobnicate"),
        (
            ["hydra.run.dir=a_file"],
            r"hydra\.run\.dir: cannot make the run's folder \(File exists: a_file\); choose another",
        ),
        (["-m", "dataset=mnist,celebA"], r"dataset: no 'celebA'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_hydra_errors_are_one_line(command: Command, recorder: Recorder, arguments: list[str], message: str) -> None:
    Path("a_file").touch()
    assert re.search(message, one_line(command(recorder.main, *arguments)))
    assert not recorder.configs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed: 3", r"experiment/mine\.yaml: sed: no such key; choose from .*\(did you mean seed\?\)"),
        ("image: photo.jpg", r"experiment/mine\.yaml: image: no such key"),
        ("defaults:\n  - override /datset: mnist", r"experiment/mine\.yaml: datset: no such group; .*mean dataset\?"),
        ("defaults:\n  - override /dataset: mnits", r"dataset: no 'mnits'; .*\(did you mean mnist\?\)"),
        ("seed: [3", r"mine\.yaml"),
    ],
    ids=lambda value: value.split("\n")[-1],
)
def test_a_typo_in_an_experiment_is_one_line(command: Command, recorder: Recorder, text: str, message: str) -> None:
    folder = Path("conf/experiment")
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(f"# @package _global_\n{text}\n", encoding="utf-8")
    assert re.search(message, one_line(command(recorder.main, "--config-dir", "conf", "experiment=mine")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["primitives.cuont=3"], r"^primitives\.cuont: no such key; .*\(did you mean count\?\)"),
        (["experiment=mine"], r"^optimizer\.warmpu: no such key; .*\(did you mean warmup\?\)"),
        (["primitives.rows=0"], r"^primitives\.rows must be an integer ≥ 1 or null, got 0$"),
        (["dataset.image_size=7"], r"^dataset\.image_size must be an integer in \[16, 8192\], got 7$"),
        (["dataset.image_size=1000000"], r"^dataset\.image_size must be an integer in \[16, 8192\], got 1000000$"),
        (["encoder.width=10000000"], r"^the model does not fit into the \d+ GiB of this machine; .*encoder\.width"),
        (["primitives.rows=100000", "primitives.columns=100000"], r"^primitives: 10000000000 shapes are more"),
        (["dataset.root=\0"], r"^dataset\.root: has a NUL character$"),
        (["dataset=folder", "dataset.root=/nowhere"], r"^dataset\.root: .*/nowhere"),
        (["dataset=celeba", "dataset.root=/nowhere"], r"^dataset\.root: .*/nowhere"),
        (["dataset.batch_size=many"], r"^dataset\.batch_size must be an integer ≥ 1, got 'many'$"),
        (["resume=nowhere.ckpt"], r"nowhere\.ckpt"),
        (["resume=foreign.ckpt"], r"foreign\.ckpt"),
        (["encoder._target_=os.system"], r"^encoder\._target_: 'os\.system' is not a class of vectorae"),
        (["encoder=null"], r"^encoder: no 'null'"),
        (["trainer.max_stps=3"], r"^trainer\.max_stps: no such key; .*\(did you mean max_steps\?\)"),
        (["trainer.logger=true"], r"^trainer\.logger: write logger=tensorboard, csv, wandb, mlflow or none"),
        (["+trainer.callbacks=[]"], r"^trainer\.callbacks: write plugins=\[my_module\] callbacks\.mine\._target_="),
        (["trainer.max_steps=abc"], r"^trainer\.max_steps must be an integer ≥ -1 or null, got 'abc'$"),
        (["trainer.max_steps=0"], r"^trainer\.max_steps: 0 leaves nothing to do; use 1 or more$"),
        (["trainer.max_epochs=3"], r"^trainer\.max_epochs: batches are an endless stream; "),
        (["trainer.max_time=soon"], r"^trainer\.max_time: 'soon' is not a time"),
        (["trainer.precision=17"], r"^trainer\.precision must be .*16-mixed.*, got 17$"),
        (["trainer.strategy=foo"], r"^trainer\.strategy: .*foo"),
        (["trainer.accelerator=foo"], r"^trainer\.accelerator must be auto, cpu, gpu, cuda, .*got 'foo'$"),
        (["trainer.accelerator=cpu", "trainer.devices=0"], r"^trainer\.devices: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_in_a_training_are_one_line(command: Command, arguments: list[str], message: str) -> None:
    Path("foreign.ckpt").write_bytes(b"this is no checkpoint")
    folder = Path("conf/experiment")
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# @package _global_\noptimizer:\n  warmpu: 3\n", encoding="utf-8")
    outcome = command(train.main, "--config-dir", "conf", "dataset.cache=cache", *arguments)
    assert re.search(message, one_line(outcome))
    assert not Path("outputs").exists()


def test_an_accelerator_that_is_not_there(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    message = one_line(command(train.main, "trainer.accelerator=gpu"))
    assert message == "trainer.accelerator: no gpu on this machine; choose from auto, cpu"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"^checkpoint: missing; give it as checkpoint="),
        (["checkpoint=nowhere.ckpt"], r"nowhere\.ckpt"),
        (
            ["checkpoint=x", "split=tset"],
            r"^split must be train, val, test or all, got 'tset' \(did you mean test\?\)",
        ),
        (["checkpoint=x", "limit=0"], r"^limit must be an integer ≥ 1 or null, got 0$"),
        (["checkpoint=x", "refine=-1"], r"^refine must be an integer ≥ 0, got -1$"),
        (["checkpoint=x", "baselines.fit=-1"], r"^baselines\.fit must be an integer ≥ 0, got -1$"),
        (["checkpoint=x", "baselines.fti=1"], r"^baselines\.fti: .*"),
        (["checkpoint=x", "device=quantum"], r"^device must be auto, cpu, cuda or mps, got 'quantum'$"),
        (["checkpoint=x", "primitives=squircles_4x4"], r"^primitives: not a key of this command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_in_an_evaluation_are_one_line(command: Command, arguments: list[str], message: str) -> None:
    assert re.search(message, one_line(command(evaluate.main, *arguments)))
    assert not list(Path.cwd().iterdir())


# What the command line may contain


NAMES = [
    "été (1).png",
    "a,b.png",
    "图.png",
    "x=1.ckpt",
    "it's.png",
    'a"b',
    "a\\",
    "a\\'b\\\\",
    "[x",
    "{y}",
    " a ",
    "C:\\x",
]


def read_by_hydra(argument: str) -> Any:
    return OverridesParser.create().parse_override(command_line.arrange([argument])[0]).value()


@pytest.mark.parametrize("key", sorted(command_line.PATH_KEYS))
@pytest.mark.parametrize("name", NAMES)
def test_a_path_arrives_as_it_was_typed(key: str, name: str) -> None:
    assert read_by_hydra(f"{key}={name}") == name


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1))
def test_any_path_arrives(name: str) -> None:
    quoted = name[0] == name[-1] and name[0] in "'\"" and len(name) > 1
    if not quoted and name.lower() != "null" and "${" not in name:
        assert read_by_hydra(f"resume={name}") == name


def test_what_is_quoted_or_null_stays() -> None:
    assert read_by_hydra("resume='a, b'") == "a, b"
    assert read_by_hydra('resume="a, b"') == "a, b"
    assert read_by_hydra("resume=null") is None


def test_arranging_twice_changes_nothing() -> None:
    """Lightning's children get the arranged command line and arrange it again."""
    arguments = ["-m", "primitives.rows=2,4", "resume=it's", "trainer.max_time=00:00:01:00", "loss=l1", "~experiment"]
    assert command_line.arrange(command_line.arrange(arguments)) == command_line.arrange(arguments)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("00:00:15:00", "00:00:15:00"),
        ("'00:00:15:00'", "00:00:15:00"),
        ('"00:00:15:00"', "00:00:15:00"),
        ("15m", "00:00:15:00"),
        ("90s", "00:00:01:30"),
        ("2h", "00:02:00:00"),
        ("1.5d", "01:12:00:00"),
        ("null", None),
    ],
)
def test_forms_of_a_time(written: str, meant: str | None) -> None:
    assert command_line.duration(read_by_hydra(f"trainer.max_time={written}"), "trainer.max_time") == meant


@pytest.mark.parametrize("wrong", [900, "15", "0:15", "m", "-3m", True])
def test_what_is_no_time(wrong: Any) -> None:
    with pytest.raises(UserError, match=r"^trainer\.max_time: .* is not a time"):
        command_line.duration(wrong, "trainer.max_time")


def test_a_key_that_its_file_does_not_list_can_be_given(command: Command, recorder: Recorder) -> None:
    """The signature is the schema. `train` refuses what is not in it."""
    assert command(recorder.main, "trainer.limit_val_batches=2", "trainer.max_steps=3")[0] == 0
    assert recorder.configs[0]["trainer"]["limit_val_batches"] == 2


# Folders, sweeps, exit codes


def test_a_run_gets_a_folder_named_after_its_choices(command: Command, recorder: Recorder, in_folder: Path) -> None:
    assert command(recorder.main, "dataset=mnist", "primitives=lines_free")[0] == 0
    (folder,) = recorder.folders
    assert folder.parent == in_folder / "outputs" / "mnist" / "lines_free"
    assert {entry.name for entry in folder.iterdir()} == {".hydra", "result"}


def test_the_folder_can_be_moved(command: Command, recorder: Recorder, in_folder: Path) -> None:
    assert command(recorder.main, "hydra.run.dir=été, (1)")[0] == 0
    assert recorder.folders == [in_folder / "été, (1)"]


def test_a_sweep(command: Command, recorder: Recorder, in_folder: Path) -> None:
    assert command(recorder.main, "primitives.rows=2,4", "-m", "seed=0,1")[0] == 0
    jobs = [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert [(config["primitives"]["rows"], config["seed"]) for config in recorder.configs] == jobs
    names = [f"{number}_primitives.rows={rows},seed={seed}" for number, (rows, seed) in enumerate(jobs)]
    assert [folder.name for folder in recorder.folders] == names
    assert recorder.folders[0].parent.parent == in_folder / "outputs" / "sweeps"
    # Children of a distributed job repeat this job, not the sweep.
    assert recorder.arguments[3] == ["++primitives.rows=4", "seed=1"]


def test_the_other_jobs_of_a_sweep_go_on(command: Command, in_folder: Path) -> None:
    done = []

    def job(config: dict[str, Any], folder: Path) -> None:
        if config["seed"] == 1:
            raise UserError("seed: 1 is unlucky")
        (folder / "result").touch()
        done.append(config["seed"])

    outcome = command(lambda: shell.run_command("train", TrainConfig, job), "-m", "seed=0,1,2")
    assert one_line(outcome) == "job 1 (seed=1): seed: 1 is unlucky"
    assert done == [0, 2]
    assert [folder.name for folder in sorted((in_folder / "outputs/sweeps").glob("*/?_*"))] == ["0_seed=0", "2_seed=2"]


def raising(error: BaseException) -> Callable[[], int]:
    def job(config: dict[str, Any], folder: Path) -> None:
        raise error

    return lambda: shell.run_command("train", TrainConfig, job)


def test_a_bug_keeps_its_traceback(command: Command, in_folder: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="a bug"):
        command(raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        command(raising(ZeroDivisionError("a bug")), "-m", "seed=0,1")


def test_control_c_and_a_full_disk_are_one_line(command: Command) -> None:
    assert command(raising(KeyboardInterrupt())) == (130, "", "vectorae: interrupted\n")
    full = OSError(28, "No space left on device", "last.ckpt")
    assert one_line(command(raising(full))) == "No space left on device: last.ckpt"


def test_the_exit_code_of_a_job_ends_a_sweep(command: Command) -> None:
    calls = []

    def job(config: dict[str, Any], folder: Path) -> int:
        calls.append(config["seed"])
        return 128 + signal.SIGTERM

    assert command(lambda: shell.run_command("train", TrainConfig, job), "-m", "seed=0,1")[0] == 143
    assert calls == [0]


def test_a_command_without_a_run_leaves_nothing(command: Command, in_folder: Path) -> None:
    def job(config: dict[str, Any], folder: Path) -> None:
        pass

    (in_folder / "a,b.ckpt").touch()
    assert command(lambda: shell.run_command("evaluate", EvaluateConfig, job), "checkpoint=a,b.ckpt")[0] == 0
    assert [entry.name for entry in in_folder.iterdir()] == ["a,b.ckpt"]


def test_only_the_first_process_speaks(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert command(raising(UserError("seed: no"))) == (2, "", "")


def test_the_console_command(command: Command) -> None:
    code, out, _ = command(commands.main)
    assert code == 0
    assert all(name in out for name in commands.COMMANDS)
    assert command(commands.main, "--help")[1] == out
    names = ", ".join(sorted(commands.COMMANDS))
    assert f"no command 'trian'; choose from {names} (did you mean train?)" in one_line(command(commands.main, "trian"))


def test_every_command_has_a_module_and_a_config() -> None:
    for name in commands.COMMANDS:
        assert (command_line.conf_folder() / f"{name}.yaml").is_file()
        assert (Path(commands.__file__).parent / f"{name}.py").is_file()


def test_a_removed_working_directory_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); from vectorae.commands import main; "
    command = [sys.executable, "-c", program + "sys.argv = ['vectorae', 'fit']; sys.exit(main())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = "vectorae: error: the working directory has been removed; change to another one\n"
    assert (done.returncode, done.stderr) == (2, expected)


def test_a_thread_that_finds_the_disk_full_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "events")

    def job(config: dict[str, Any], folder: Path) -> None:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    monkeypatch.setattr(evaluate, "evaluate", job)
    code, _, err = command_in(tmp_path, evaluate.main, monkeypatch, capsys)(f"checkpoint={__file__}")
    assert (code, err) == (0, "vectorae: a log is not written any more: No space left on device: events\n")
