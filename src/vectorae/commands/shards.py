"""`python scripts/shards.py`, `vectorae shards`: a folder of images as tar files, for `dataset=streaming`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from vectorae.commands import shell
from vectorae.config.arguments import NonNegativeInt, PositiveInt, Workers
from vectorae.config.paths import OutputFolder
from vectorae.errors import UserError
from vectorae.io.image_files import ImagesThere


@dataclass
class ShardsConfig:
    """The keys at the root of a config of shards."""

    input: ImagesThere = "???"
    output: OutputFolder | None = None
    images_per_shard: PositiveInt = 1000
    held_out: PositiveInt = 5000
    size: Annotated[int, Ge(16)] | None = None
    workers: Workers = 0
    seed: NonNegativeInt = 0
    plugins: list[str] = field(default_factory=list)


def main() -> int:
    """Write shards with the config on the command line. Returns the exit code."""
    return shell.run_command("shards", ShardsConfig, shards)


def shards(config: dict[str, Any], folder: Path) -> int:
    """Write the shards of a folder of images, or without `output` the index of tar files that are there.

    Args:
        config: plain resolved config with the keys of `ShardsConfig`.
        folder: unused; the shards are written to `output`.

    Returns:
        The exit code: 1 if images were left out.

    Raises:
        UserError: too few images or tar files, or an output folder that holds other shards.
    """
    if config["output"] is None:
        given = Path(config["input"]).expanduser()
        if not any(given.glob("*.tar")):
            raise UserError(
                f"output: name a folder for the shards; '{given}' has no tar files that an index could list"
            )

        from vectorae.datasets.write_shards import index_shards

        index = index_shards(given)
        counts = [f"{sum(one.images for one in index[split])} {split}" for split in index]
        print(f"listed in {given / 'shards.json'}: {', '.join(counts)} images")
        return 0

    from vectorae.datasets.write_shards import write_shards
    from vectorae.io.image_files import find_images
    from vectorae.io.progress import counting

    output = Path(config["output"]).expanduser()
    files = find_images(config["input"], output)
    if len(files) < 3:
        raise UserError(f"input: {len(files)} images in '{config['input']}'; three are needed, for train, val and test")
    settings = config["images_per_shard"], config["held_out"], config["size"], config["seed"], config["workers"]
    images = left_out = size = 0
    with counting("writing", len(files)) as advance:
        for written in write_shards(files, output, *settings):
            for line in written.left_out:
                print(f"vectorae: left out {line}", file=sys.stderr)
            found = 0 if written.shard is None else written.shard.images
            images, left_out = images + found, left_out + len(written.left_out)
            size += 0 if written.shard is None else written.shard.size
            advance(found + len(written.left_out))
    print(f"{images} of {len(files)} images written into {output}, {size / 2**20:.0f} MiB")
    print(f"train on them: python train.py dataset=streaming dataset.root={output}")
    return shell.INCOMPLETE if left_out else 0


if __name__ == "__main__":
    shell.run_as_program(__file__)
