"""``best.ckpt`` and ``last.ckpt``."""

from pathlib import Path

from pytorch_lightning.callbacks import ModelCheckpoint


class BestCheckpoint(ModelCheckpoint):
    """``best.ckpt``: the validation with the highest crisp PSNR."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "best", monitor="val/psnr_crisp", mode="max", enable_version_counter=False)


class LastCheckpoint(ModelCheckpoint):
    """``last.ckpt``: every validation, better or not (``save_last`` would follow the best one only)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "last", enable_version_counter=False)
