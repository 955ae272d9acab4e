"""`python scripts/sample.py`, `vectorae sample`: sample new drawings from a variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from vectorae.commands import shell
from vectorae.commands.output_size import Width, output_size
from vectorae.config.arguments import Device, NonNegativeFloat, NonNegativeInt, Scale
from vectorae.config.paths import ModelFile, check_output_folder
from vectorae.errors import UserError


@dataclass
class SampleConfig:
    """The keys at the root of a sampling's config."""

    checkpoint: ModelFile = "???"
    count: Annotated[int, Ge(1), Le(4096)] = 16
    steps: Annotated[int, Ge(1), Le(1000)] = 12
    temperature: NonNegativeFloat = 1.0
    seed: NonNegativeInt = 0
    width: Width | None = None
    scale: Scale | None = None
    output: str | None = None
    overwrite: bool = False
    device: Device = "auto"
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Sample with the config on the command line. Returns the exit code."""
    return shell.run_command("sample", SampleConfig, sample)


def sample(config: dict[str, Any], folder: Path) -> None:
    """Sample new drawings, and interpolate from each to the next.

    Args:
        config: plain resolved config with the keys of `SampleConfig`.
        folder: unused; samples are written beside their checkpoint, or to `output`.

    Raises:
        UserError: a checkpoint that cannot be sampled from, or an output folder that exists.
    """
    size = output_size(config)
    path = Path(config["checkpoint"]).expanduser()
    output = Path(config["output"]).expanduser() if config["output"] else shell.run_of(path) / "samples"
    if output.exists() and not config["overwrite"]:
        raise UserError(f"output: '{output}' is there already; choose another folder or write overwrite=true")
    check_output_folder("output", output)
    device = shell.device(config["device"])

    from vectorae.inference.sample import sample_drawings, write_samples
    from vectorae.training import checkpoint as checkpoints

    model = checkpoints.load(path).to(device)
    samples = sample_drawings(model, config["count"], config["seed"], config["temperature"], config["steps"])
    write_samples(model, samples, output, size)
    print(f"drawn: {shell.short(output / 'samples.png')}, interpolation.gif, interpolation.svg, svg/")


if __name__ == "__main__":
    shell.run_as_program(__file__)
