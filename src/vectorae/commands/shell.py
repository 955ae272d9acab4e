"""What all commands share around Hydra: where the config lies, how paths are read, and one line for a user's mistake.

A command calls `run("train", TrainConfig, job)`; everything that goes wrong is caught here, outside `hydra.main`, which
stays in place because Lightning's DDP children find their run folder through it.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from vectorae.config import choose
from vectorae.errors import UserError

Job = Callable[[dict[str, Any], Path], int | None]

PATH_KEYS = {
    "input",
    "image",
    "output",
    "checkpoint",
    "resume",
    "dataset.root",
    "dataset.cache",
    "hydra.run.dir",
    "hydra.sweep.dir",
}

# What the outside world refuses: no room, no permission, a file where a folder should be.
ENVIRONMENT_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EEXIST}

INTERRUPTED = 130


class _Stop(BaseException):
    """Leaves Hydra at once: it would catch an Exception, print about it and go on with the next job of a sweep."""

    def __init__(self, code: int = 0, error: Exception | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.error = error


def run(name: str, schema: type, job: Job) -> int:
    """Compose the config of a command from `sys.argv` and run it.

    Args:
        name: of the command, and of its file in `conf/`.
        schema: dataclass with every key that the root of the config may have.
        job: called with the plain resolved config and the run's folder, once, or for `-m` once per job; returns an
            exit code, None for 0.

    Returns:
        The exit code: 0, 2 after a user's mistake (one line on stderr), 130 after Ctrl-C. A bug keeps its traceback.
    """
    argv = sys.argv
    try:
        sys.argv = [argv[0], *arrange(argv[1:])]
        return _Runner(name, schema, job).run()
    except UserError as error:
        return refuse(error)
    except KeyboardInterrupt:
        print("vectorae: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno not in ENVIRONMENT_ERRORS:
            raise
        return refuse(UserError(_refusal(error)))
    finally:
        sys.argv = argv


def refuse(error: UserError) -> int:
    """Print a user's mistake as one line. Returns the exit code."""
    if main_process():
        print(f"vectorae: error: {_one_line(str(error))}", file=sys.stderr)
    return 2


def main_process() -> bool:
    """Whether this process is the one of a distributed run that prints."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def conf_folder() -> Path:
    """`conf/`: inside the package where it was installed from a wheel, at the top of a checkout otherwise."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "conf"
    return installed if installed.is_dir() else package.parents[1] / "conf"


class _Runner:
    """One call of a command: a single job, or with `-m` several."""

    def __init__(self, name: str, schema: type, job: Job) -> None:
        self.name = name
        self.schema = schema
        self.job = job
        self.started = False
        self.refused = 0
        self.sweep: Path | None = None

    def run(self) -> int:
        import hydra
        from hydra.core.config_store import ConfigStore

        ConfigStore.instance().store(name=f"{self.name}_schema", node=self.schema)
        # Without it Hydra prints the traceback and exits by itself.
        os.environ["HYDRA_FULL_ERROR"] = "1"
        command = hydra.main(config_path=str(conf_folder()), config_name=self.name, version_base="1.3")(self._task)
        try:
            command()
        except _Stop as stop:
            if stop.error is not None:
                raise stop.error from stop.error.__cause__
            return stop.code
        except Exception as error:
            if self.started:
                raise
            if isinstance(error, OSError) and error.errno is not None:
                raise UserError(f"cannot make the run's folder: {_refusal(error)}") from error
            if not _raised_by_config(error):
                raise
            raise UserError(explain(error)) from error
        if self.sweep is not None:
            _remove_unused(self.sweep, "multirun.yaml")
        return 2 if self.refused else 0

    def _task(self, config: Any) -> None:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        self.started = True
        hydra = HydraConfig.get()
        folder = Path(hydra.runtime.output_dir)
        sweep = hydra.mode == RunMode.MULTIRUN
        environment = os.environ.copy()
        argv = sys.argv
        if sweep:
            self.sweep = Path(hydra.sweep.dir).absolute()
            _stand_alone(hydra, folder)
        try:
            code = self.job(self._plain(config), folder)
        except UserError as error:
            if not sweep:
                raise _Stop(error=error) from None
            # The other jobs of a sweep are not to blame.
            self.refused += 1
            overrides = hydra.job.override_dirname.replace("++", "")
            refuse(UserError(f"job {hydra.job.num} ({overrides}): {error}"))
        except Exception as error:
            raise _Stop(error=error) from None
        else:
            if code:
                raise _Stop(code)
        finally:
            sys.argv = argv
            # Lightning leaves LOCAL_RANK and the like behind, and the next job would take itself for a child.
            os.environ.clear()
            os.environ.update(environment)
            if hydra.output_subdir is not None:
                _remove_unused(folder, hydra.output_subdir)

    def _plain(self, config: Any) -> dict[str, Any]:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        try:
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise UserError(explain(error)) from error
        assert isinstance(plain, dict)
        named = {str(key): value for key, value in plain.items()}
        # A key that is added by force (`+datset.root=…`) has passed the schema.
        known = [field.name for field in dataclasses.fields(self.schema)]
        for key in named:
            if key not in known:
                raise UserError(f"{key}: no such key; {choose(key, known)}")
        return named


def _stand_alone(hydra: Any, folder: Path) -> None:
    """Make one job of a sweep look like a run of its own, so that DDP children repeat this job and not the sweep."""
    from omegaconf import read_write

    flags, _ = _split(sys.argv[1:])
    overrides = [*hydra.overrides.task, *(one for one in hydra.overrides.hydra if not one.startswith("hydra.mode="))]
    sys.argv = [sys.argv[0], *(flag for flag in flags if flag not in ("-m", "--multirun")), *overrides]
    with read_write(hydra):
        hydra.run.dir = str(folder)


def _remove_unused(folder: Path, record: str) -> None:
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


# The command line, before Hydra's lexer sees it.


def arrange(arguments: Sequence[str]) -> list[str]:
    """The command line as Hydra can read it: flags first, paths and times quoted, component keys open.

    Raises:
        UserError: an unknown flag.
    """
    flags, overrides = _split(arguments)
    return [*flags, *(_rewrite(override) for override in overrides)]


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Flags with their values, and overrides, which argparse accepts only in one piece."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()

    def fail(message: str) -> NoReturn:
        raise UserError(f"{message}; overrides are key=value, and --help lists the flags")

    parser.error = fail  # type: ignore[method-assign]
    overrides = list(parser.parse_intermixed_args(list(arguments)).overrides)
    remaining = overrides.copy()
    flags = []
    for argument in arguments:
        if argument in remaining:
            remaining.remove(argument)
        else:
            flags.append(argument)
    return flags, overrides


def _rewrite(override: str) -> str:
    match = re.fullmatch(r"(\+{0,2})([A-Za-z_][\w./@-]*)=(.*)", override, re.DOTALL)
    if match is None:
        return override
    prefix, key, value = match.groups()
    if key in PATH_KEYS:
        value = quote(value)
    elif re.fullmatch(r"\d+(\.\d+)?|true|false|null", value) and (conf_folder() / key).is_dir():
        value = f"'{value}'"  # the name of a choice
    elif key == "trainer.max_time" and re.fullmatch(r"[\d:.,]+", value):
        value = ",".join(f"'{part}'" for part in value.split(","))
    # The signature of the component is its schema, not the keys that its yaml happens to list: let Hydra add any key;
    # `vectorae.config` refuses the wrong ones by name.
    if "." in key and "/" not in key and not prefix and not key.startswith("hydra."):
        prefix = "++"
    return f"{prefix}{key}={value}"


def quote(value: str) -> str:
    """A value that Hydra reads back as exactly this text; what is quoted already, null and interpolations stay.

    >>> quote("it's (1).png")
    "'it\\\\'s (1).png'"
    """
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    if quoted or value.lower() == "null":
        return value
    # Hydra's quoted strings: a backslash counts only in front of a quote, where it is doubled.
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f"'{escaped}'"


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: Any, key: str) -> str | None:
    """A time as Lightning writes it, DD:HH:MM:SS, from the same or from `90s`, `15m`, `2h`, `1d`; null is no limit.

    >>> duration("15m", "trainer.max_time")
    '00:00:15:00'

    Raises:
        UserError: anything else, also the integer that yaml makes of an unquoted 00:00:15:00.
    """
    if value is None:
        return None
    text = str(value).strip()
    if isinstance(value, str) and re.fullmatch(r"\d+:\d\d:\d\d:\d\d", text):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not isinstance(value, str) or match is None:
        raise UserError(
            f'{key}: {value!r} is not a time; write 90s, 15m, 2h or "00:00:15:00" (days:hours:minutes:seconds)'
        )
    seconds = round(float(match[1]) * UNITS[match[2]])
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days:02}:{hours:02}:{minutes:02}:{seconds:02}"


# Hydra's and OmegaConf's errors, reworded.


TYPES = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


def explain(error: Exception) -> str:
    """One line for an error of Hydra, OmegaConf or yaml: the key, what is wrong with it, and the choices."""
    from hydra.errors import MissingConfigException, OverrideParseException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, OverrideParseException):
        override = error.override.removeprefix("++")
        return f"{override}: cannot be read; write key=value, and quote special characters: \"key='a, b'\""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        return _explain_missing(error)
    if isinstance(error, YAMLError):
        return f"config: {error}"
    # Hydra's own texts end in a search path or a link, which help nobody here.
    text = re.split(r"\n(?:Config search path|Search path|See https|To append)", str(error))[0]
    file = re.match(r"In '([^']+)': ", text)
    where = f"{file[1]}.yaml: " if file else ""
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__ or error.__context__
    if isinstance(cause, OmegaConfBaseException):
        return where + _explain_omegaconf(cause)
    if group := re.search(r"Could not override '([^']+)'", text):
        groups = [folder.name for folder in conf_folder().iterdir() if folder.is_dir()]
        if group[1] in groups:
            return f"{where}{group[1]}: not a key of this command"
        return f"{where}{group[1]}: no such group; {choose(group[1], groups)}"
    if sweep := re.match(r"(?:Ambiguous value for argument|Sweep parameters) '(?:\+\+)?([^']+?)=(.*)'", text):
        return f"{sweep[1]}: several values are a sweep, which needs -m; a list is {sweep[1]}=[…], a text is quoted"
    return text


def _explain_missing(error: Any) -> str:
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if error.options:
        return f"{group}: no '{option}'; {choose(option, error.options)}"
    return f"no config '{error.missing_cfg_file}'"


def _explain_omegaconf(error: Any) -> str:
    from omegaconf import errors

    key = error.full_key or error.key or "config"
    if isinstance(error, errors.ConfigKeyError | errors.ConfigAttributeError):
        return f"{key}: no such key; {choose(str(error.key), _sibling_keys(error))}"
    if isinstance(error, errors.MissingMandatoryValue):
        return f"{key}: missing; give it as {key}=…"
    # The first line says what is wrong; the others repeat where.
    text = str(error.msg or error).splitlines()[0]
    if conversion := re.match(r"Value (.+) of type .+ could not be converted to (\w+)", text):
        return f"{key}: {conversion[1]} is not {TYPES.get(conversion[2], conversion[2])}"
    return f"{key}: {text[0].lower()}{text[1:]}"


def _sibling_keys(error: Any) -> list[str]:
    """The keys that stand where a wrong one was written."""
    try:
        return [str(key) for key in error.parent_node if key != "hydra"]
    except TypeError:
        return []


def _raised_by_config(error: Exception) -> bool:
    """Whether an error comes out of the reading of the config, and is not a bug of ours."""
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    return innermost.f_globals.get("__name__", "").partition(".")[0] in ("hydra", "omegaconf", "yaml", "antlr4")


def _refusal(error: OSError) -> str:
    """`No space left on device: last.ckpt`."""
    return ": ".join(str(part) for part in (error.strerror, error.filename) if part)


def _one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", "; ", text.strip())
