"""The schemas of the commands, as Hydra knows them."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from vectorae.commands.conf_files import read_conf


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
