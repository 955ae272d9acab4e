"""Files of torch, written at once and read without executing anything in them."""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic


def write_torch(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors and plain values by name, with a checksum, so that the file is complete or absent."""
    buffer = BytesIO()
    torch.save({**content, "checksum": checksum(content)}, buffer)
    write_atomic(path, buffer.getvalue(), durable=True)


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
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever bytes may be in a file: torch has no one exception for them
        raise UserError(f"{key}: '{path}' is damaged or not {kind}") from error
    check_checksum(content, path, key)
    return content


def check_checksum(content: Any, path: Path, key: str) -> None:
    """Refuse contents that have changed since their checksum was made; there need be none.

    Raises:
        UserError: naming key and file.
    """
    if isinstance(content, Mapping) and content.get("checksum", "") not in ("", checksum(content)):
        raise UserError(f"{key}: '{path}' is damaged: its checksum is not that of its contents")


def checksum(content: Any) -> str:
    """The SHA-256 of nested mappings and lists of tensors and plain values; keys named ``checksum`` do not count.

    Torch's own files carry a check of their bytes that torch does not compare.

    >>> checksum({"a": 1, "checksum": "…"}) == checksum({"a": 1}) != checksum({"a": 2})
    True
    """
    digest = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        elif isinstance(value, Mapping):
            for name in sorted(value, key=str):
                if name != "checksum":
                    add(name)
                    add(value[name])
        elif isinstance(value, list | tuple):
            for one in value:
                add(one)
        digest.update(b"]" if isinstance(value, Tensor | Mapping | list | tuple) else f"{value!r},".encode())

    add(content)
    return digest.hexdigest()
