"""The schemas of the commands, as Hydra knows them."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vectorae.commands.command_line import arrange, conf_folder
from vectorae.commands.conf_files import read_conf
from vectorae.commands.messages import explain, raised_by_config
from vectorae.config.arguments import check_schema
from vectorae.config.components import flatten, without_leftovers
from vectorae.config.plugins import load_for_command
from vectorae.config.sections import check_sections, sections_of
from vectorae.errors import UserError


def store_schema(name: str, schema: type) -> None:
    """Make a command's schema known to Hydra, under the name that its file in `conf/` has in its defaults.

    A command that extends another takes the place of that one's schema: merged in later, its defaults would undo what
    an experiment sets.
    """
    from hydra.core.config_store import ConfigStore

    node = _hydra_schema(schema)
    for one in (name, *read_conf(name).parents):
        ConfigStore.instance().store(name=f"{one}_schema", node=node)


def compose_config(name: str, schema: type, overrides: Sequence[str]) -> dict[str, Any]:
    """The plain config of another command, composed within a command that is running."""
    from hydra import compose
    from omegaconf import OmegaConf

    store_schema(name, schema)
    config = OmegaConf.to_container(compose(name, list(overrides)), resolve=True)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}


def overridden_keys(overrides: Any) -> list[str]:
    """The keys of OmegaConf's list of overrides; an interpolation in a value need not lead anywhere."""
    from omegaconf import OmegaConf

    written: Any = OmegaConf.to_container(overrides, resolve=False)
    return [one.lstrip("+").partition("=")[0] for one in written]


def plain_config(schema: type, config: Any, overridden: Sequence[str]) -> dict[str, Any]:
    """The config that Hydra has composed, as plain nested dicts, resolved and compared with its schema.

    Args:
        schema: of the command.
        config: OmegaConf's.
        overridden: the keys that the user has written.

    Raises:
        UserError: anything that the schema does not allow.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UserError(explain(error)) from error
    assert isinstance(plain, dict)
    named = {str(key): value for key, value in plain.items()}
    for key, value in flatten(named).items():
        if isinstance(value, str) and "\0" in value:
            raise UserError(f"{key}: {value!r} has a NUL character")
    # A key that is added by force (`+datset.root=…`) has passed Hydra's copy of the schema.
    check_schema(schema, named)
    load_for_command(named.get("plugins") or [])
    for key in sections_of(schema):
        if isinstance(section := named.get(key), dict) and "_target_" in section:
            named[key] = without_leftovers(section, key, [one for one in overridden if one.startswith(f"{key}.")])
    check_sections(schema, named)
    return named


@contextmanager
def composed(name: str, schema: type, overrides: Sequence[str]) -> Iterator[tuple[dict[str, Any], Path]]:
    """A command's config as `key=value` overrides make it, without its command line, and the folder of its run.

    Within the context the command is the one that runs: what it asks Hydra is answered from this config.

    Raises:
        UserError: overrides that cannot be read, and as ``plain_config``.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import open_dict

    from vectorae.commands import run_name  # noqa: F401 - for `${run_name:…}` in the configs

    store_schema(name, schema)
    running = HydraConfig.instance()
    before = running.cfg
    try:
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            whole = compose(name, arrange(overrides), return_hydra_config=True)
        running.set_config(whole)
        folder = Path(whole.hydra.run.dir)
        overridden = overridden_keys(whole.hydra.overrides.task)
        with open_dict(whole):
            del whole["hydra"]
        config = plain_config(schema, whole, overridden)
        yield config, folder
    except Exception as error:
        if isinstance(error, UserError) or not raised_by_config(error):
            raise
        raise UserError(explain(error)) from error
    finally:
        running.cfg = before


def _hydra_schema(schema: type) -> type:
    """A schema as Hydra can read it, which knows no ranges: it checks the keys, and `check_schema` the values."""
    hints, fields = typing.get_type_hints(schema), []
    for field in dataclasses.fields(schema):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            section = _hydra_schema(hint)  # type: ignore[arg-type]
            fields.append((field.name, section, dataclasses.field(default_factory=section)))
        else:
            fields.append((field.name, hint if typing.get_origin(hint) is dict else Any, field))
    return dataclasses.make_dataclass(schema.__name__, fields)
