"""`python scripts/export.py`, `vectorae export`: a trained encoder and its layout for other programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vectorae.commands import shell
from vectorae.config.arguments import NonNegativeInt, PositiveInt
from vectorae.config.paths import ModelFile, OutputFolder
from vectorae.errors import UserError


@dataclass
class ExportConfig:
    """The keys at the root of an export's config."""

    checkpoint: ModelFile = "???"
    format: Literal["onnx", "torch_export", "safetensors", "web"] = "onnx"
    output: OutputFolder = "???"
    count: PositiveInt | None = None
    hypotheses: PositiveInt | None = None
    answer_steps: NonNegativeInt | None = None
    runtime: Literal["npm", "cdn"] = "npm"
    overwrite: bool = False
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Export with the config on the command line. Returns the exit code."""
    return shell.run_command("export", ExportConfig, export)


def export(config: dict[str, Any], folder: Path) -> None:
    """Write the files, compare them with the model, and say how far they are off.

    Args:
        config: plain resolved config with the keys of `ExportConfig`.
        folder: unused; the export is written to `output`.

    Raises:
        UserError: anything that cannot be exported; nothing is written then.
    """
    if config["format"] != "web" and config["runtime"] != "npm":
        raise UserError("runtime: is of format=web; leave it out")
    from vectorae import export as exports
    from vectorae.training import checkpoint as checkpoints

    output = Path(config["output"]).expanduser()
    model = checkpoints.load(config["checkpoint"])
    limits = exports.Limits(config["count"], config["hypotheses"], config["answer_steps"])
    if config["format"] == "web":
        done = exports.export_site(model, output, config["overwrite"], limits, config["runtime"])
    else:
        done = exports.export(model, config["format"], output, config["overwrite"], limits)
    files = ", ".join(sorted(path.name for path in output.iterdir()))
    print(f"exported: {done.content}")
    if (left := done.left_out) is not None:
        print(
            f"left out: other hypotheses, corrections and regrowths ({left.why}); "
            f"crisp PSNR {left.psnr_export_crisp:.2f} dB instead of {left.psnr_crisp:.2f} dB, "
            f"on {left.images} {left.source}"
        )
    print(f"written to {output} ({files}); largest difference from the model: {done.difference:.1e}")
    if config["format"] == "web":
        print(f"open it: python -m http.server --bind 127.0.0.1 --directory '{output}', then http://127.0.0.1:8000")


if __name__ == "__main__":
    shell.run_as_program(__file__)
