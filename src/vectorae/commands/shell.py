"""What all commands share around Hydra: where the config lies, how paths are read, and one line for a user's mistake.

A command calls `run_command("train", TrainConfig, job)`; everything that goes wrong is caught here, outside of
`hydra.main`, which stays in place because Lightning's DDP children find their run folder through it.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from vectorae.commands.command_line import arrange, conf_folder, quote, split_flags
from vectorae.commands.help import command_help
from vectorae.commands.messages import explain, explain_system, raised_by_config, told_by_system
from vectorae.commands.pipes import end_with_reader
from vectorae.commands.schemas import overridden_keys, plain_config, store_schema
from vectorae.compat import unstarted_folder
from vectorae.errors import UserError, choose
from vectorae.pretrained import model_file

if TYPE_CHECKING:
    import torch

Job = Callable[[dict[str, Any], Path], int | None]

INCOMPLETE, INTERRUPTED = 1, 130
"""Exit codes: inputs were left out; Ctrl-C."""


class _Stop(BaseException):
    """Leaves Hydra at once, which would catch an Exception, print it and continue with the next job of a sweep."""

    def __init__(self, code: int = 0, error: Exception | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.error = error


def run_command(name: str, schema: type, job: Job) -> int:
    """Compose the config of a command from `sys.argv` and run it.

    Args:
        name: of the command, and of its file in `conf/`.
        schema: dataclass with every key that the root of the config may have.
        job: called with the plain resolved config and the run's folder, once, or for `-m` once per job; returns an
            exit code, None for 0.

    Returns:
        The exit code: 0, 2 after a user's mistake (one line on stderr), 130 after Ctrl-C. A bug keeps its traceback.
    """
    return end_with_reader(partial(_run_command, name, schema, job))


def _run_command(name: str, schema: type, job: Job) -> int:
    argv, excepthook = sys.argv, threading.excepthook
    threading.excepthook = partial(_report_thread, excepthook)
    try:
        _check_working_directory()
        sys.argv = [argv[0], *arrange(argv[1:])]
        if {"-h", "--help"} & {*argv[1:]}:
            print(command_help(name, schema, argv[1:]))
            return 0
        if launched_by_torchrun() and not main_process():
            # All write into one folder, whatever the time was when they started.
            sys.argv.append(f"hydra.run.dir={quote(rendezvous_store().get('folder').decode())}")
        return _Runner(name, schema, job).run()
    except UserError as error:
        return refuse(error)
    except KeyboardInterrupt:
        print("vectorae: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (OSError, MemoryError, RuntimeError) as error:
        if (said := explain_system(error)) is None:
            raise
        return refuse(UserError(said))
    finally:
        sys.argv, threading.excepthook = argv, excepthook


def _check_working_directory() -> None:
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UserError("the working directory has been removed; change to another one") from error


def _report_thread(otherwise: Callable[[Any], object], failure: threading.ExceptHookArgs) -> None:
    """Say in one line what ended a thread, such as TensorBoard's where the disk is full."""
    said = None if failure.exc_value is None else explain_system(failure.exc_value)
    if said is None:
        otherwise(failure)
    else:
        print(f"vectorae: a log is not written any more: {said}", file=sys.stderr)


def run_as_program(file: str) -> NoReturn:
    """Run the command in a file, and exit: under its module's name, by which other processes can import it."""
    raise SystemExit(importlib.import_module(f"vectorae.commands.{Path(file).stem}").main())


def refuse(error: UserError) -> int:
    """Print a user's mistake as one line. Returns the exit code."""
    if main_process():
        print(f"vectorae: error: {_one_line(str(error))}", file=sys.stderr)
    return 2


def main_process() -> bool:
    """Whether this is the process of a distributed run that prints."""
    ranks = (os.environ.get(name) for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"))
    return next((rank for rank in ranks if rank is not None), "0") == "0"


def launched_by_torchrun() -> bool:
    """Whether torchrun started this process together with others, each of which composes the config by itself."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def rendezvous_store() -> Any:
    """The store that torchrun keeps for its processes, in which the first tells the others what it has found."""
    from torch.distributed import PrefixStore, TCPStore

    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    return PrefixStore(f"vectorae/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


class _Runner:
    """One call of a command: a single job, or several with `-m`."""

    def __init__(self, name: str, schema: type, job: Job) -> None:
        self.name = name
        self.schema = schema
        self.job = job
        self.argv = sys.argv
        self.started = False

    def run(self) -> int:
        import hydra

        # Also for `${run_name:…}` in the config. Jobs in other processes import it with the callback.
        from vectorae.commands import sweep

        store_schema(self.name, self.schema)
        # Without it Hydra prints the traceback and exits by itself.
        os.environ["HYDRA_FULL_ERROR"] = "1"
        sweeping = any(one in ("-m", "--multirun") or one.startswith("hydra.mode=") for one in self.argv)
        command = hydra.main(config_path=str(conf_folder()), config_name=self.name, version_base="1.3")(self._task)
        try:
            if not sweeping:
                command()
                return 0
            sys.argv = [*self.argv, sweep.CALLBACK]
            try:
                command()
            finally:
                found = {job.outcome for job in sweep.end_sweep()}
        except _Stop as stop:
            if stop.error is not None:
                raise stop.error from stop.error.__cause__
            return stop.code
        except Exception as error:
            if self.started or isinstance(error, BrokenPipeError):
                raise
            if isinstance(error, OSError) and error.errno is not None:
                if (folder := unstarted_folder(error)) is not None:
                    error.filename = error.filename or str(folder)
                    remove_unused(folder, ".hydra")
                key, said = "hydra.sweep.dir" if sweeping else "hydra.run.dir", told_by_system(error)
                raise UserError(f"{key}: cannot make the run's folder ({said}); choose another") from error
            if not raised_by_config(error):
                raise
            raise UserError(explain(error)) from error
        return 2 if sweep.REFUSED in found else INCOMPLETE if sweep.INCOMPLETE in found else 0

    def _task(self, config: Any) -> float | None:
        """Run one job. Returns what sweepers optimize: the crisp PSNR of what was drawn, NaN where nothing was."""
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        from vectorae.commands import sweep

        self.started = True
        hydra = HydraConfig.get()
        folder = Path(hydra.runtime.output_dir)
        job = sweep.start_job(hydra, folder) if hydra.mode == RunMode.MULTIRUN else None
        environment = os.environ.copy()
        argv = sys.argv
        if job is not None:
            sys.argv = self.argv
            _stand_alone(hydra, folder)
        if launched_by_torchrun() and main_process():
            rendezvous_store().set("folder", str(folder))
        try:
            code = self.job(plain_config(self.schema, config, _overridden()), folder)
        except UserError as error:
            if job is None:
                raise _Stop(error=error) from None
            # The other jobs of a sweep are not to blame.
            job.end(sweep.REFUSED, _one_line(str(error)))
            settings = ", ".join(f"{key}={value}" for key, value in job.settings.items())
            refuse(UserError(f"job {job.number}{f' ({settings})' if settings else ''}: {error}"))
            return math.nan
        except Exception as error:
            raise _Stop(error=error) from None
        else:
            if code and (job is None or code != INCOMPLETE):
                raise _Stop(code)
            if job is not None:
                job.end(sweep.INCOMPLETE if code else sweep.DONE)
            return _crisp_psnr(folder)
        finally:
            sys.argv = argv
            # Lightning leaves LOCAL_RANK and the like behind, and the next job would take itself for a child.
            os.environ.clear()
            os.environ.update(environment)
            if hydra.output_subdir is not None:
                remove_unused(folder, hydra.output_subdir)


def _crisp_psnr(folder: Path) -> float:
    """The crisp PSNR in a run's metrics, NaN if there is none."""
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return float(metrics.get("psnr_crisp") or math.nan)


def _stand_alone(hydra: Any, folder: Path) -> None:
    """Make one job of a sweep look like a run of its own, so that DDP children repeat this job and not the sweep."""
    from omegaconf import read_write

    from vectorae.commands.sweep import OF_SWEEPS

    flags, _ = split_flags(sys.argv[1:])
    settings = [one for one in hydra.overrides.hydra if not one.startswith(OF_SWEEPS)]
    overrides = [*hydra.overrides.task, *settings]
    sys.argv = [sys.argv[0], *(flag for flag in flags if flag not in ("-m", "--multirun")), *overrides]
    with read_write(hydra):
        hydra.run.dir = str(folder)


def remove_unused(folder: Path, record: str) -> None:
    """Remove a folder that holds nothing but Hydra's record of the config, and its parents as far as they are empty."""
    here = Path.cwd()
    if folder == here or not folder.is_dir() or {entry.name for entry in folder.iterdir()} != {record}:
        return
    shutil.rmtree(folder)
    for parent in folder.parents:
        if here not in parent.parents:
            return
        with suppress(OSError):
            parent.rmdir()


def device(name: str, only_draws: bool = False) -> torch.device:
    """The device that the key `device` names; `auto` takes the best available.

    Args:
        name: `auto` or a device.
        only_draws: nothing but drawings is computed: `auto` passes over devices for whose sake the CPU draws anyway.

    Raises:
        UserError: it is not on this machine.
    """
    import torch

    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    choices = [choice for choice, there in available.items() if there]
    if name == "auto":
        from vectorae.rasterizer import fastest

        return torch.device([one for one in choices if not only_draws or fastest(one) != "cpu" or one == "cpu"][-1])
    if name not in choices:
        raise UserError(f"device: no '{name}' on this machine; {choose(name, ['auto', *choices])}")
    return torch.device(name)


def chosen(group: str) -> bool:
    """Whether the command line itself chooses a config group, `primitives=…`; an experiment's choice does not count."""
    return group in _overridden()


def given(section: str) -> list[str]:
    """The keys of a section that the command line itself sets: `primitives.count` and so on."""
    return [key for key in _overridden() if key.startswith(f"{section}.")]


def run_dir_given() -> bool:
    """Whether the command line names the run's folder."""
    from hydra.core.hydra_config import HydraConfig

    return any(override.startswith("hydra.run.dir=") for override in HydraConfig.get().overrides.hydra)


def _overridden() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    return overridden_keys(HydraConfig.get().overrides.task)


def run_of(checkpoint: Path) -> Path:
    """The folder of a checkpoint's run; of a pretrained model, which has none, a folder below ``outputs``."""
    if model_file(checkpoint) != checkpoint:
        return Path("outputs", "pretrained", checkpoint)
    folder = checkpoint.absolute().parent
    return folder.parent if folder.name == "checkpoints" else folder


def short(path: Path) -> str:
    """A path as a user would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def quieten_lightning() -> None:
    """Silence hints of Lightning that do not apply here."""
    import logging
    import warnings

    # "GPU available: …", "Tip: …", "Initializing distributed: …"
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        # The images are in memory: workers would only copy them.
        ".*does not have many workers.*",
        # The run folder exists because Hydra has just made it.
        ".*Checkpoint directory .* exists and is not empty.*",
        # A run that is resumed has a folder of its own.
        ".*The dirpath has changed from.*",
        # Who watches a run may change when it goes on.
        ".*callbacks used to create the checkpoint need to be provided.*",
        # Between Lightning and torch.
        ".*treespec, LeafSpec.*",
    ):
        warnings.filterwarnings("ignore", message)


def _one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", "; ", text.strip())
