"""The callbacks that the config of a training adds to those that every run has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vectorae.config.components import instantiate
from vectorae.errors import UserError

if TYPE_CHECKING:
    from pytorch_lightning.callbacks import Callback


def build_callbacks(config: Mapping[str, Any]) -> list[Callback]:
    """Early stopping, if there is to be any, and the callbacks of plug-ins in the order of the section `callbacks`.

    Raises:
        UserError: a key that the class does not have, a value out of range; a class that is no callback of Lightning's.
    """
    from pytorch_lightning.callbacks import Callback

    stopping = instantiate(config["early_stopping"], "early_stopping")
    found = [] if stopping.patience is None else [stopping]
    for name, section in config["callbacks"].items():
        callback = instantiate(section, f"callbacks.{name}")
        if not isinstance(callback, Callback):
            raise UserError(f"callbacks.{name}: {section['_target_']} is no pytorch_lightning.Callback")
        found.append(callback)
    return found
