"""All callbacks of a run."""

from pathlib import Path

from pytorch_lightning.callbacks import Callback

from vectorae.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from vectorae.callbacks.divergence import Divergence
from vectorae.callbacks.interruption import Interruption
from vectorae.callbacks.last_validation import LastValidation
from vectorae.callbacks.metrics import Metrics
from vectorae.callbacks.moving_average import MovingAverage
from vectorae.callbacks.progress_bar import ProgressBar
from vectorae.callbacks.snapshots import Snapshots, Watch


def default_callbacks(run_dir: Path, watch: Watch, started: float, ema: float = 0.0) -> list[Callback]:
    """The callbacks of a run, which write into its folder.

    Args:
        run_dir: the folder.
        watch: which validation images are drawn, and how large.
        started: when the command began, by ``time.perf_counter``.
        ema: decay of the moving average of the weights; 0 for none.
    """
    folder = run_dir / "checkpoints"
    last = LastCheckpoint(folder)
    return [
        *([MovingAverage(ema)] if ema else []),
        Interruption(folder / "last.ckpt"),
        Divergence(last),
        LastValidation(),
        ProgressBar(),
        Snapshots(run_dir, watch),
        Metrics(run_dir / "metrics.json", started),
        BestCheckpoint(folder),
        last,
    ]
