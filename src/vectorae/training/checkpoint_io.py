"""How Lightning writes and reads checkpoints: at once, beside the file that they replace, and with a checksum."""

from pathlib import Path
from typing import Any

from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

from vectorae.io.torch_file import write_torch
from vectorae.training.checkpoint import read_checkpoint


class CheckpointFiles(TorchCheckpointIO):
    """Checkpoints that are complete or absent, whatever interrupts the program.

    Lightning's own are first written to the system's folder of temporary files; where that is another disk, an
    interruption leaves a part of the new checkpoint in place of the old one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        write_torch(Path(path), checkpoint)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        return read_checkpoint(path, "resume")
