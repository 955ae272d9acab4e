"""`python scripts/evaluate.py`, `vectorae evaluate`: a checkpoint's metrics on one split, as a table and as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from vectorae.commands import shell
from vectorae.commands.report import print_metrics, print_next, with_plugins
from vectorae.config.arguments import Device, NonNegativeInt, PositiveInt, Requires
from vectorae.config.paths import ClassifierFile, ModelFile, check_output_folder
from vectorae.config.sections import Section
from vectorae.errors import UserError
from vectorae.io.atomic import write_atomic, write_json
from vectorae.io.images import NONE

if TYPE_CHECKING:
    import torch

    from vectorae.evaluation.evaluate import Evaluation, Evaluators
    from vectorae.losses import LPIPS

PLOT = "psnr_over_count.png"

SPLITS = ("train", "val", "test")

DATASET = Section(keys={"seed": NonNegativeInt | None})
"""Of the section `dataset`; a seed that is null becomes the checkpoint's."""


def _check_json(key: str, value: str) -> None:
    if Path(value).suffix != ".json":
        stem = Path(value).stem
        raise UserError(f"{key}: '{value}' is to be JSON, and the pictures lie beside it; write {stem}.json")


@dataclass
class BaselinesConfig:
    """What an evaluation is compared with, beyond mean image and blocks."""

    fit: NonNegativeInt = 0
    steps: PositiveInt = 1200
    restarts: PositiveInt = 8


@dataclass
class EvaluateConfig:
    """The keys at the root of an evaluation's config."""

    checkpoint: ModelFile = "???"
    dataset: Annotated[dict[str, Any], DATASET] = field(default_factory=dict)
    split: Literal["train", "val", "test", "all"] = "test"
    limit: PositiveInt | None = None
    batch_size: PositiveInt = 256
    refine: NonNegativeInt = 0
    count: PositiveInt | None = None
    hypotheses: PositiveInt | None = None
    answer_steps: NonNegativeInt | None = None
    regrowths: NonNegativeInt | None = None
    classifier: ClassifierFile | None = None
    baselines: BaselinesConfig = field(default_factory=BaselinesConfig)
    output: Annotated[str, Requires(_check_json)] | None = None
    device: Device = "auto"
    seed: NonNegativeInt | None = None
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Evaluate with the config on the command line. Returns the exit code."""
    return shell.run_command("evaluate", EvaluateConfig, evaluate)


def evaluate(config: dict[str, Any], folder: Path) -> None:
    """Measure a checkpoint, print a table and write the same numbers as flat JSON.

    Args:
        config: plain resolved config with the keys of `EvaluateConfig`.
        folder: unused; the result is written beside the checkpoint, or to `output`.

    Raises:
        UserError: a file that is no checkpoint, a split or device that does not exist, a dataset with other channels
            than the model draws.
    """
    split = config["split"]
    device = shell.device(config["device"])
    path = Path(config["checkpoint"]).expanduser()
    place = Path(config["output"]).parent if config["output"] else shell.run_of(path) / "evaluation"
    check_output_folder("output", place)

    from vectorae.evaluation.baselines import mean_image
    from vectorae.evaluation.evaluate import evaluate as evaluate_model
    from vectorae.evaluation.evaluate import ranking_sheet
    from vectorae.io.images import as_png
    from vectorae.training import checkpoint as checkpoints
    from vectorae.training.any_count import check_counts
    from vectorae.training.build import build_dataset
    from vectorae.training.candidates import limit_answers

    model = checkpoints.load(path)
    limit_answers(model, config["hypotheses"], config["answer_steps"], config["regrowths"])
    check_counts(config["count"], None, model.layout.count, model.options.any_count)
    if config["count"] is not None and config["baselines"]["fit"]:
        raise UserError("baselines.fit: searches with all shapes of the model; leave count out, or write fit=0")
    section = dataset_section(config, model.config)
    dataset = build_dataset({"dataset": section})
    _check_dataset(dataset, model.layout)
    images = _of_split(dataset.images, split)[: config["limit"]]
    if config["refine"] or config["baselines"]["fit"]:
        model.loss.check(model.image_size, model.image_size)
    count, fewer = config["count"], "" if config["count"] is None else f"_{config['count']}_shapes"
    output = Path(config["output"] or place / f"{dataset.config_name}_{split}{fewer}.json")
    sheet = output.with_suffix(".png")
    mean = mean_image(dataset.images("train"))
    evaluators = _evaluators(config, dataset, model, device)
    refine = config["refine"]
    model = model.to(device)
    with model.limited_to(count):
        found = evaluate_model(
            model, images, config["batch_size"], mean, refine=refine, evaluators=evaluators, progress=True
        )
        write_atomic(sheet, as_png(ranking_sheet(model, images, found, refine)))
    metrics = found.metrics
    if config["baselines"]["fit"]:
        metrics |= _best_found(model, images, found, **config["baselines"])
    plots = []
    if count is None and model.options.any_count:
        metrics |= _over_count(model, images, config["batch_size"], place / PLOT)
        plots.append(f"PSNR over the number of shapes: {shell.short(place / PLOT)}")
    write_json(output, metrics)
    print_metrics(
        metrics,
        f"checkpoint: {shell.short(path)}",
        f"images: {dataset.config_name}, {'all splits' if split == 'all' else split}",
        f"written to: {shell.short(output)}",
        f"best, median and worst drawings: {shell.short(sheet)}",
        *plots,
    )
    words = with_plugins("input=IMAGES output=drawings", config["plugins"])
    print_next(["vectorae vectorize checkpoint=", path, words])


def _check_dataset(dataset: Any, layout: Any) -> None:
    """Refuse a dataset whose images a layout does not draw.

    Raises:
        UserError: other channels, or transparent images for opaque drawings, or the other way round.
    """
    if dataset.channels != layout.channels:
        raise UserError(
            f"dataset.channels: {dataset.config_name} has {dataset.channels} and the checkpoint draws "
            f"{layout.channels}; write dataset.channels={layout.channels}"
        )
    if dataset.image_channels != layout.image_channels:
        drawn, write = ("transparent", NONE) if layout.is_transparent else ("opaque", "white")
        raise UserError(
            f"dataset.background: the images of {dataset.config_name} do not suit a model of {drawn} drawings; write "
            f"dataset.background={write}"
        )


def _over_count(model: Any, images: torch.Tensor, batch_size: int, path: Path) -> dict[str, float]:
    """The PSNR by the number of shapes, under the names of metrics, and as a plot."""
    from vectorae.evaluation.over_count import psnr_over_count
    from vectorae.io.images import as_png
    from vectorae.io.plot import line_plot
    from vectorae.training.any_count import name_of_count

    found = psnr_over_count(model, images, batch_size, progress=True)
    write_atomic(path, as_png(line_plot(found, "shapes", "crisp PSNR, dB")))
    return {name_of_count("psnr_crisp", count): value for count, value in found.items()}


def _evaluators(config: Mapping[str, Any], dataset: Any, model: Any, device: torch.device) -> Evaluators:
    """LPIPS if its weights are on this machine, and the classifier that the config names."""
    from vectorae.evaluation.classifier import load_classifier
    from vectorae.evaluation.evaluate import Evaluators

    lpips = available_lpips(model.image_size)
    regions = _regions(dataset, config["split"], config["limit"])
    if config["classifier"] is None:
        return Evaluators(lpips, regions=regions)
    classifier = load_classifier(Path(config["classifier"]))
    task = classifier.task
    if (task.dataset, task.channels) != (dataset.config_name, dataset.channels):
        raise UserError(
            f"classifier: reads {task.dataset} of {task.channels} channels, and these are images of "
            f"{dataset.config_name} of {dataset.channels}; train one with scripts/train_classifier.py"
        )
    labels = _of_split(dataset.labels, config["split"])[: config["limit"]]
    return Evaluators(lpips, classifier.to(device), labels, regions)


def _regions(dataset: Any, split: str, limit: int | None) -> dict[str, torch.Tensor]:
    """The parts of the images that the dataset names, by name."""
    return {
        name: _of_split(lambda one, name=name: dataset.regions(one)[name], split)[:limit]  # type: ignore[misc]
        for name in dataset.regions(SPLITS[0] if split == "all" else split)
    }


def available_lpips(side: int) -> LPIPS | None:
    """LPIPS if its weights are on this machine and images of this side are large enough; nothing is downloaded."""
    from vectorae.losses import LPIPS
    from vectorae.losses.perceptual import lpips_weights

    lpips, weights = LPIPS(), lpips_weights(LPIPS().net)
    try:
        if not weights.is_file():
            raise UserError(f"its weights are not at '{weights}'")
        lpips.check(side, side)
    except UserError as error:
        print(f"LPIPS is left out: {error}")
        return None
    return lpips


def _best_found(
    model: Any, images: torch.Tensor, found: Evaluation, fit: int, steps: int, restarts: int
) -> dict[str, float]:
    """Metrics of the best drawings found by search for some evenly spread images, and the model's PSNR on the same."""
    import torch

    from vectorae.evaluation.best_found import evaluate_best_found

    chosen, start = torch.linspace(0, len(images) - 1, min(fit, len(images))).round().long(), time.perf_counter()
    best = evaluate_best_found(model, images[chosen], steps=steps, restarts=restarts, progress=True)
    means = {name: float(values.double().mean()) for name, values in best.items()}
    return means | {
        "images_best_found": float(len(chosen)),
        "psnr_of_these_images": float(found.psnr[chosen].mean()),
        "seconds_best_found": time.perf_counter() - start,
    }


def dataset_section(config: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    """The section of the dataset to measure on: as given, or the checkpoint's with given keys; at the model's size."""
    given = config["dataset"]
    section = dict(given) if "_target_" in given else {**trained["dataset"], **given}
    if section.get("seed", 0) is None or "_target_" not in given:
        section["seed"] = trained["dataset"].get("seed", trained["seed"]) if config["seed"] is None else config["seed"]
    return {**section, "image_size": trained["dataset"]["image_size"]}


def _of_split(part: Callable[[str], torch.Tensor], split: str) -> torch.Tensor:
    """Images or labels of one split or of all."""
    import torch

    return torch.cat([part(one) for one in SPLITS]) if split == "all" else part(split)


if __name__ == "__main__":
    shell.run_as_program(__file__)
