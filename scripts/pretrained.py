"""Put a trained model into the package: `python -m scripts.pretrained outputs/…/checkpoints/best.ckpt NAME`.

Its weights become half precision; running means and the like, some of which are tiny, stay as they are. What the config
says of this machine (folders, caches) is left out.
"""

import argparse
from pathlib import Path

import vectorae.pretrained
from vectorae.io.torch_file import write_torch
from vectorae.training.checkpoint import read_checkpoint

LARGEST = 2 * 2**20
"""Bytes of a model."""

OF_MACHINES = {"root": "data", "cache": None, "workers": 0, "download": False}
"""Keys of the section ``dataset``, and what they are in the file where they are not null."""


def main() -> int:
    """Write the model. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("name")
    arguments = parser.parse_args()
    content = read_checkpoint(arguments.checkpoint)
    described = dict(content["vectorae"])
    config = described["config"]
    data = {key: value for key, value in OF_MACHINES.items() if config["dataset"].get(key) is not None}
    described["config"] = {**config, "dataset": {**config["dataset"], **data}, "resume": None}
    weights = dict(vectorae.load(arguments.checkpoint).named_parameters())
    state = {name: value.half() if name in weights else value for name, value in content["state_dict"].items()}
    target = Path(vectorae.pretrained.__file__).parent / f"{arguments.name}{vectorae.pretrained.SUFFIX}"
    write_torch(target, {"vectorae": described, "state_dict": state})
    size = target.stat().st_size
    print(f"{target.name}: {size / 2**20:.2f} MiB")
    if size > LARGEST:
        target.unlink()
        raise SystemExit(f"{arguments.name}: {size} bytes, and {LARGEST} are allowed; train a smaller network")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
