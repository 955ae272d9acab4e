"""Hydra's and OmegaConf's errors, reworded."""

from __future__ import annotations

import errno
import re
import traceback
from typing import Any

from vectorae.commands.command_line import conf_folder
from vectorae.config.renamed import no_such_key
from vectorae.errors import choose, reason

TYPES = {"Integer": "an integer", "Float": "a number", "Boolean": "true or false"}


# Errors of the system, not ours: no space, no permission, a file where a folder should be, a name that is too long.
ENVIRONMENT_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP),
}


def explain_system(error: BaseException) -> str | None:
    """One line for an error of the system, such as ``No space left on device: last.ckpt``; None for any other."""
    if isinstance(error, OSError) and error.errno in ENVIRONMENT_ERRORS:
        return told_by_system(error)
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and re.search("out of memory|allocate memory", str(error))
    ):
        return (
            f"not enough memory ({reason(error)}); make the batch, the images, the model or the number of shapes "
            "smaller"
        )
    return None


def told_by_system(error: OSError) -> str:
    """`No space left on device: last.ckpt`."""
    return ": ".join(str(part)[:200] for part in (error.strerror, error.filename) if part)


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
    # Hydra's texts end in a search path or a link, which do not help here.
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
        if elsewhere := _in_sections(str(key), error):
            return f"{key}: no such key; write {' or '.join(elsewhere)}"
        return str(no_such_key(str(key), _sibling_keys(error)))
    if isinstance(error, errors.MissingMandatoryValue):
        return f"{key}: missing; give it as {key}=…"
    # The first line says what is wrong; the others repeat where.
    text = str(error.msg or error).splitlines()[0]
    if needed := re.search(r"resolving interpolation: Missing mandatory value: (\S+)", text):
        return f"{needed[1]}: missing; give it as {needed[1]}=…"
    if conversion := re.match(r"Value (.+) of type .+ could not be converted to (\w+)", text):
        return f"{key}: {conversion[1]} is not {TYPES.get(conversion[2], conversion[2])}"
    return f"{key}: {text[0].lower()}{text[1:]}"


def _sibling_keys(error: Any) -> list[str]:
    """The keys that stand where a wrong one was written."""
    try:
        return [str(key) for key in error.parent_node if key != "hydra"]
    except TypeError:
        return []


def _in_sections(key: str, error: Any) -> list[str]:
    """Sections' keys of this name, as they are written, for one that was looked for at the root."""
    from omegaconf import OmegaConf

    if "." in key or error.parent_node is None:
        return []
    config: Any = OmegaConf.to_container(error.parent_node, resolve=False)
    return [f"{name}.{key}" for name, one in config.items() if isinstance(one, dict) and name != "hydra" and key in one]


def raised_by_config(error: Exception) -> bool:
    """Whether an error was raised while reading the config, and is not a bug of ours."""
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    return innermost.f_globals.get("__name__", "").partition(".")[0] in ("hydra", "omegaconf", "yaml", "antlr4")
