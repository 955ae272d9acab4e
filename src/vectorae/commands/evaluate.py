"""`python scripts/evaluate.py`, `vectorae evaluate`: a checkpoint's metrics on one split, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorae.commands import shell
from vectorae.config import EvaluateConfig, build_dataset
from vectorae.errors import UserError, choose
from vectorae.files import write_json

if TYPE_CHECKING:
    import torch

SPLITS = ("train", "val", "test")


def main() -> int:
    """Evaluate with the config on the command line. Returns the exit code."""
    return shell.run("evaluate", EvaluateConfig, evaluate)


def evaluate(config: dict[str, Any], folder: Path) -> None:
    """Measure a checkpoint, print a table and write the same numbers as flat JSON.

    Args:
        config: plain resolved config with the keys of `EvaluateConfig`.
        folder: of the call; an evaluation writes beside its checkpoint.

    Raises:
        UserError: a file that is no checkpoint, a split or device that does not exist, a dataset with other channels
            than the model draws.
    """
    split = config["split"]
    if split not in (*SPLITS, "all"):
        raise UserError(f"split: no '{split}'; {choose(split, (*SPLITS, 'all'))}")
    for name in ("limit", "batch_size"):
        if config[name] is not None and config[name] < 1:
            raise UserError(f"{name}: {config[name]} is not a whole number above 0")
    device = shell.device(config["device"])

    from vectorae import checkpoint as checkpoints
    from vectorae import evaluation

    path = Path(config["checkpoint"])
    model = checkpoints.load(path)
    section = dataset_section(config, model.config)
    dataset = build_dataset({"dataset": section})
    channels = model.layout.channels
    if dataset.channels != channels:
        raise UserError(
            f"dataset.channels: {dataset.config_name} has {dataset.channels} and the checkpoint draws {channels}; "
            f"write dataset.channels={channels}"
        )
    images = _images(dataset, split)[: config["limit"]]
    mean = evaluation.mean_image(dataset.images("train"))
    metrics = evaluation.evaluate(model.to(device), images, config["batch_size"], mean, progress=True)
    output = Path(config["output"] or _default_output(path, f"{dataset.config_name}_{split}.json"))
    write_json(output, metrics)
    shell.print_metrics(metrics, f"{path}, {dataset.config_name} {split}, {len(images)} images")
    print(f"written to {output}")


def dataset_section(config: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset to measure on: the one given, or the checkpoint's with the keys given; always at the model's size."""
    given = config["dataset"]
    section = dict(given) if "_target_" in given else {**trained["dataset"], **given}
    if section.get("seed", 0) is None or "_target_" not in given:
        section["seed"] = trained["dataset"].get("seed", trained["seed"]) if config["seed"] is None else config["seed"]
    return {**section, "image_size": trained["dataset"]["image_size"]}


def _images(dataset: Any, split: str) -> torch.Tensor:
    """Images of one split or of all, uint8 [n, C, S, S]."""
    import torch

    if split == "all":
        return torch.cat([dataset.images(one) for one in SPLITS])
    images: torch.Tensor = dataset.images(split)
    return images


def _default_output(checkpoint: Path, name: str) -> Path:
    folder = checkpoint.absolute().parent
    run = folder.parent if folder.name == "checkpoints" else folder
    return run / "evaluation" / name


if __name__ == "__main__":
    raise SystemExit(main())
