"""Models that come with the package, by name: `vectorae.load("mnist_cubics")`, `vectorize checkpoint=mnist_cubics`.

What each was trained on, by which command, and what it reaches: `docs/models.md`.
"""

from pathlib import Path

SUFFIX = ".ckpt"

PRETRAINED = {path.stem: path for path in sorted(Path(__file__).parent.glob(f"*{SUFFIX}"))}
"""Name → checkpoint, its weights in half precision."""


def model_file(given: str | Path) -> Path:
    """The checkpoint that a path or the name of a pretrained model stands for; a file of that name comes first."""
    path = Path(given).expanduser()
    return PRETRAINED.get(str(given), path) if not path.is_file() else path
