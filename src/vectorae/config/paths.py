"""Annotations of keys that name files and folders which must be there, or which can be made."""

import os
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from vectorae.config.arguments import Requires
from vectorae.errors import UserError, choose
from vectorae.pretrained import PRETRAINED, model_file

AUTO = "auto"
"""Value of `resume` that looks for a checkpoint by itself."""

NETWORK = "network"
"""Value of `init` that begins with the drawing of a trained model."""

NO_SHARDS = "name the folder, URL or bucket of the shards that `vectorae shards input=IMAGES output=FOLDER` writes"


def check_file(key: str, value: str, instead: tuple[str, ...] = (), advice: str = "") -> None:
    """Refuse the path of a file that is not there.

    Args:
        key: for messages.
        value: the path.
        instead: what may be written in place of a path.
        advice: what to do, for messages: ``; make one with …``.
    """
    if value not in instead and not Path(value).expanduser().is_file():
        raise UserError(f"{key}: no file '{value}'{advice}")


def check_image_folder(key: str, value: str | Path | None) -> None:
    """Refuse what is no folder of images."""
    if value is None:
        raise UserError(f"{key}: name the folder of images")
    path = Path(value).expanduser()
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise UserError(f"{key}: '{value}' {what}; name the folder of images")


def check_shard_folder(key: str, value: str | Path | None) -> None:
    """Refuse what is neither a folder nor an address that fsspec knows."""
    if value is None:
        raise UserError(f"{key}: {NO_SHARDS}")
    if not re.search(r"://|::", str(value)) and not Path(value).is_dir():
        raise UserError(f"{key}: '{value}' is no folder; {NO_SHARDS}")


def check_output_folder(key: str, value: str | Path) -> None:
    """Refuse a folder that cannot be made, or in which nothing can be written; nothing stays behind.

    Permissions do not say all that a system refuses, so a folder with the same name is made for a moment, where this
    one would be.
    """
    folder, what = Path(os.path.realpath(Path(value).expanduser())), "make"
    try:
        present = next(one for one in (folder, *folder.parents) if one.exists())
        if not present.is_dir():
            raise UserError(f"{key}: '{value if present == folder else present}' is a file; name a folder")
        what = "write in" if present == folder else "make"
        with TemporaryDirectory(prefix=".", dir=present) as trial:
            Path(trial, folder.relative_to(present)).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise UserError(f"{key}: cannot {what} the folder '{value}' ({why}); choose another") from error


EDGES = "edges"
"""Stands for an importance that the image itself gives, where a picture of it could be named."""


def check_weight(key: str, value: str) -> None:
    """Refuse what is neither ``edges`` nor there.

    Raises:
        UserError: no such file or folder.
    """
    if value != EDGES and not Path(value).expanduser().exists():
        raise UserError(f"{key}: '{value}' does not exist; name a grey picture, a folder of them, or write {EDGES}")


def check_model(key: str, value: str) -> None:
    """Refuse what is neither the file of a model nor the name of a pretrained one.

    Raises:
        UserError: with the names.
    """
    if not model_file(value).is_file():
        raise UserError(f"{key}: no file '{value}', nor a pretrained model; {choose(value, PRETRAINED)}")


ModelFile = Annotated[str, Requires(check_model)]
"""The path of a checkpoint, or the name of a pretrained model."""

ResumedFile = Annotated[str, Requires(partial(check_file, instead=(AUTO,)))]
"""The path of a file, or ``auto``."""

StartingFile = Annotated[str, Requires(partial(check_file, instead=(NETWORK,)))]
"""The path of a file, or ``network``."""

OutputFolder = Annotated[str, Requires(check_output_folder)]
"""The path of a folder that is written, made if it is missing."""

ClassifierFile = Annotated[str, Requires(partial(check_file, advice="; make one with scripts/train_classifier.py"))]
"""The path of a classifier of digits."""

FolderOfImages = Annotated[str | None, Requires(check_image_folder)]
"""The path of a folder of images; null is refused with words of its own."""

FolderOfShards = Annotated[str | None, Requires(check_shard_folder)]
"""The folder, URL or bucket of shards; null is refused with words of its own."""
