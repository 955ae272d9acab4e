"""Checkpoints that describe themselves: opened without executing anything in them, rebuilt from their own config."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from vectorae.config.arguments import validated
from vectorae.config.plugins import check_plugins, load_plugins
from vectorae.errors import UserError
from vectorae.io.torch_file import check_checksum, read_torch
from vectorae.pretrained import model_file
from vectorae.training.autoencoder import CHECKPOINT_FORMAT, VectorAutoencoder
from vectorae.training.build import build_model

BROKEN = (AttributeError, TypeError, ValueError, ArithmeticError, RuntimeError, MemoryError)
"""What a config leads to that nobody has trained with: a list where a section should be, a size beyond all memory."""

EXPORTS = {
    ".onnx": "the draw.py beside it draws with: python draw.py model.onnx photo.png drawing.svg",
    ".pt2": "torch.export.load opens",
}
"""Suffix → what is done with an export that cannot be loaded."""


def read_checkpoint(path: str | Path, key: str = "checkpoint") -> dict[str, Any]:
    """The contents of a checkpoint that ``train`` has written.

    Args:
        path: the file.
        key: the config key that named it, for messages.

    Raises:
        UserError: no such file, a truncated or damaged one, or one that Vectorae has not written.
    """
    path, kind = model_file(path), "a checkpoint of vectorae"
    if path.suffix in EXPORTS and path.is_file():
        raise UserError(f"{key}: '{path}' is an export, which {EXPORTS[path.suffix]}; name the ckpt it was made from")
    content = _read_weights(path, key, kind) if path.suffix == ".safetensors" else read_torch(path, key, kind)
    check_description(content.get("vectorae") if isinstance(content, dict) else None, path, key)
    for name, value in content.get("state_dict", {}).items():
        # The extra state begins with infinite losses.
        if isinstance(value, Tensor) and "_extra_state" not in name and not value.isfinite().all():
            raise UserError(f"{key}: '{path}' has weights that are no numbers, in {name}")
    return content


def check_description(described: Any, path: Path, key: str) -> None:
    """Refuse what a checkpoint says of itself unless this version can read it.

    A description has ``format``, the plain ``config`` of the model and ``plugins`` (names of the modules that the
    config's classes come from, beyond Vectorae's own). Beside it stands a ``checksum`` (see ``io.torch_file``).

    Raises:
        UserError: no description of ours, another format, or plug-ins that nobody has named.
    """
    if not isinstance(described, dict) or not isinstance(described.get("config"), dict):
        raise UserError(f"{key}: '{path}' is not a checkpoint of vectorae")
    if described.get("format") != CHECKPOINT_FORMAT:
        raise UserError(f"{key}: '{path}' has format {described.get('format')}; this version reads {CHECKPOINT_FORMAT}")
    check_plugins(described.get("plugins") or [], f"{key}: '{path}'")


def _read_weights(path: Path, key: str, kind: str) -> dict[str, Any]:
    """The same of a file that ``export`` has written with ``format=safetensors``."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise UserError(f"{key}: needs the package safetensors; pip install 'vectorae[export]'") from error
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            content = {"vectorae": json.loads(metadata.get("vectorae", "null")), "state_dict": state}
            check_checksum({**content, "checksum": metadata.get("checksum", "")}, path, key)
            return content
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"{key}: no file '{path}'") from error
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(f"{key}: '{path}' is damaged or not {kind}") from error


@validated
def load(path: str | Path, plugins: Iterable[str] = ()) -> VectorAutoencoder:
    """A trained model from its checkpoint, its export as safetensors, or by its name, on the CPU, ready to draw.

    Neither Hydra nor the original config folder is needed, nothing in the file is executed, and only classes of
    Vectorae's own are built, and those of plug-ins that are named.

    Args:
        path: the file, or the name of a model that comes with the package: ``toy_faces``, ``mnist_lines``,
            ``mnist_cubics`` (see ``docs/models.md``).
        plugins: names of modules that the model's own classes come from; they are imported.

    Raises:
        UserError: see ``read_checkpoint``; or weights that do not fit the config.

    Example:
        >>> import torch
        >>> import vectorae
        >>> model = vectorae.load("mnist_cubics")
        >>> model.vectorize(torch.zeros(2, 1, 28, 28)).count
        8
    """
    load_plugins(plugins)
    content = read_checkpoint(path)
    try:
        model = build_model(_with_hypotheses(content), pretrained=False)
    except KeyError as error:
        raise UserError(f"checkpoint: the config in '{path}' lacks {error}") from error
    except UserError:
        raise
    except BROKEN as error:  # such as a layer of a million gigabytes
        raise UserError(f"checkpoint: no model can be built from the config in '{path}'") from error
    try:
        model.load_state_dict(content["state_dict"])
    except (KeyError, *BROKEN) as error:
        raise UserError(f"checkpoint: the weights in '{path}' do not fit its config") from error
    return model.eval()


def _with_hypotheses(content: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a checkpoint; until 0.2, models of any number of shapes had one hypothesis by default."""
    config: dict[str, Any] = content["vectorae"]["config"]
    options = config.get("model")
    if not isinstance(options, dict) or not options.get("any_count") or options.get("hypotheses") is not None:
        return config
    if any(name.startswith("encoder.hypotheses.") for name in content["state_dict"]):
        return config
    return {**config, "model": {**options, "hypotheses": 1}}
