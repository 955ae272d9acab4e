"""Download pretrained weights, or say how to place them by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import torch

from vectorae.errors import UserError


def weights_path(url: str) -> Path:
    """Where torch looks for the weights at a URL, and puts them when it has downloaded them."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


@contextmanager
def downloading(what: str, url: str, place: Path | None = None) -> Iterator[None]:
    """Within it weights are downloaded, or read where they are.

    Args:
        what: the weights by name, for messages.
        url: of the file, or the repository on the Hugging Face hub.
        place: where they are looked for; by default where torch keeps downloaded files.

    Raises:
        UserError: the weights are missing and cannot be downloaded, or are damaged; the message says where to place
            them.
    """
    place = weights_path(url) if place is None else place
    try:
        yield
    except OSError as error:  # no network, no such host, no room
        reason = str(getattr(error, "reason", error))
        raise UserError(f"{what} cannot be fetched ({reason}); download {url} and place it at '{place}'") from error
    except Exception as error:  # torch has no one exception for damaged files
        raise UserError(f"{what}: '{place}' is damaged; remove it, or download {url} again") from error
