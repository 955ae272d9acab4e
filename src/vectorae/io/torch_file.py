"""Files of torch, written at once and read without executing anything in them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic


def write_torch(path: Path, content: Any) -> None:
    """Write tensors and plain values so that the file is complete or absent."""
    buffer = BytesIO()
    torch.save(content, buffer)
    write_atomic(path, buffer.getvalue())


def read_torch(path: Path, key: str, kind: str, advice: str = "") -> Any:
    """The contents of a file, its tensors on the CPU.

    Args:
        path: the file.
        key: the config key that named it, for messages.
        kind: what it should be, for messages: ``a checkpoint of vectorae``.
        advice: what to do where there is no such file, for messages: ``; make one with …``.

    Raises:
        UserError: no such file, or a damaged one.
    """
    if not path.is_file():
        raise UserError(f"{key}: no file '{path}'{advice}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever bytes may be in a file: torch has no one exception for them
        raise UserError(f"{key}: '{path}' is damaged or not {kind}") from error
