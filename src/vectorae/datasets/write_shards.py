"""Images put into shards, or tar files that are there listed in an index."""

import hashlib
import json
import tarfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from vectorae.datasets.cache import SPLITS
from vectorae.datasets.decode import in_order
from vectorae.datasets.folder import split_of
from vectorae.datasets.shards import INDEX, Shard, checksum_of, image_members, write_index
from vectorae.errors import UserError, reason
from vectorae.io.atomic import alone, remove_abandoned, replacing, write_atomic
from vectorae.io.image_files import ImageList
from vectorae.io.images import as_png, read_whole
from vectorae.io.progress import counting

JOURNAL = "shards.journal"
"""Lists the shards that are written, until all are."""

HELD_OUT_NAMES = {"val": "val", "test": "test"}
"""Split → what in a tar file's name says that it belongs there; all others are train."""


@dataclass(frozen=True)
class Contents:
    """What a shard is to hold.

    Attributes:
        name: of the shard.
        split: it belongs to.
        paths: of the images.
    """

    name: str
    split: str
    paths: Sequence[Path]


@dataclass(frozen=True)
class Written:
    """A shard that is written, None if no image could be read, and a line for each image that was left out."""

    split: str
    shard: Shard | None
    left_out: tuple[str, ...]


def write_shards(
    files: ImageList, output: Path, per_shard: int, held_out: int, size: int | None, seed: int, workers: int
) -> Generator[Written]:
    """Write images into shards of three splits, in random order, and the index at the end.

    The same call again goes on where a process was stopped. The splits are those of ``dataset=folder``.

    Args:
        files: the images, three or more.
        output: folder.
        per_shard: images of each shard.
        held_out: images at most that are val, and as many that are test.
        size: shorter side of the stored images, pixels; larger ones are scaled down. None stores the files as they are.
        seed: of the order and the splits.
        workers: processes that read and write; 0 uses threads of this one.

    Yields:
        Every shard, as it is written; those that were there first.

    Raises:
        UserError: shards of other images are in the folder.
    """
    output.mkdir(parents=True, exist_ok=True)
    with alone(output / "shards.lock"):
        # Alone, so that whatever is half written here was left by a process that was killed.
        remove_abandoned(output, seconds=0)
        settings = [[str(one.path) for one in files], per_shard, held_out, size, seed]
        identity = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
        journal = output / JOURNAL
        done = _read_journal(journal, identity)
        write_atomic(journal, "".join([json.dumps(identity) + "\n", *map(_line, done, done.values())]).encode())
        yield from done.values()
        with journal.open("a", encoding="utf-8") as lines:
            todo = (one for one in _contents(files, per_shard, held_out, seed) if one.name not in done)
            for contents, written in in_order(partial(_write, output, size), todo, workers, max(1, 2 * workers)):
                done[contents.name] = written
                lines.write(_line(contents.name, written))
                lines.flush()
                yield written
        found = [written for _, written in sorted(done.items())]
        write_index(
            output, {split: [one.shard for one in found if one.split == split and one.shard] for split in SPLITS}
        )
        journal.unlink()


def _line(name: str, written: Written) -> str:
    """Of the journal."""
    return json.dumps([name, asdict(written)]) + "\n"


def _read_journal(journal: Path, identity: str) -> dict[str, Written]:
    """The shards that were written before, by name."""
    if not journal.exists():
        if (journal.parent / INDEX).exists():
            raise UserError(f"output: '{journal.parent}' holds shards already; choose another folder")
        return {}
    first, *lines = journal.read_text(encoding="utf-8").splitlines()
    if json.loads(first) != identity:
        raise UserError(
            f"output: '{journal.parent}' holds shards of other images or settings that are not finished; choose "
            "another folder, or remove it"
        )
    done = {}
    for line in lines:
        try:
            name, entry = json.loads(line)
        except ValueError:  # the last line, cut
            break
        shard = None if entry["shard"] is None else Shard(**entry["shard"])
        path = journal.parent / name
        if shard is None or (path.is_file() and path.stat().st_size == shard.size):
            done[name] = Written(entry["split"], shard, tuple(entry["left_out"]))
    return done


def _contents(files: ImageList, per_shard: int, held_out: int, seed: int) -> Iterator[Contents]:
    for split, rows in split_of(len(files), seed, held_out).items():
        for number, start in enumerate(range(0, len(rows), per_shard)):
            paths = [files[row].path for row in rows[start : start + per_shard]]
            yield Contents(f"{split}-{number:06}.tar", split, paths)


def _write(output: Path, size: int | None, contents: Contents) -> tuple[Contents, Written]:
    path, left_out, images = output / contents.name, [], 0
    with replacing(path, durable=True) as part:
        with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
            for file in contents.paths:
                try:
                    content, suffix = _stored(file, size)
                except Exception as error:  # Pillow's plugins raise nearly anything for a damaged file
                    left_out.append(f"'{file}' ({reason(error)})")
                    continue
                member = tarfile.TarInfo(f"{images:06}{suffix}")
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
                images += 1
        checksum, total = checksum_of(part), part.stat().st_size
    shard = Shard(contents.name, images, total, checksum) if images else None
    if shard is None:
        path.unlink()
    return contents, Written(contents.split, shard, tuple(left_out))


def _stored(file: Path, size: int | None) -> tuple[bytes, str]:
    """What is stored of an image file, which is decoded to see that it can be, and its suffix."""
    content = file.read_bytes()
    with Image.open(BytesIO(content)) as image:
        image.load()
        smaller = size is not None and min(image.size) > size
    if size is None or not smaller:
        return content, file.suffix.lower()
    pixels = read_whole(BytesIO(content), size, channels=3).pixels
    return as_png(Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))), ".png"


def index_shards(folder: Path) -> dict[str, list[Shard]]:
    """Write the index of the tar files in a folder, and return it.

    What has ``val`` or ``test`` in its name belongs to that split; where no file does, the last one is taken.

    Raises:
        UserError: fewer than three tar files with images, or one that is damaged.
    """
    paths = sorted(folder.glob("*.tar"))
    shards: dict[str, list[Shard]] = {split: [] for split in SPLITS}
    with counting("reading", len(paths)) as advance:
        for path in paths:
            split = next((split for split, name in HELD_OUT_NAMES.items() if name in path.name.lower()), "train")
            try:
                with path.open("rb") as file:
                    images = sum(1 for _ in image_members(file))
                shards[split] += [Shard(path.name, images, path.stat().st_size, checksum_of(path))] if images else []
            except (tarfile.TarError, ValueError) as error:
                raise UserError(f"input: '{path}' is no tar file of images ({reason(error)})") from error
            advance(1)
    for split in HELD_OUT_NAMES:
        if not shards[split] and len(shards["train"]) > 1:
            shards[split].append(shards["train"].pop())
    if not all(shards.values()):
        raise UserError(f"input: '{folder}' has {len(paths)} tar files; three with images are needed, one for a split")
    write_index(folder, shards)
    return shards
