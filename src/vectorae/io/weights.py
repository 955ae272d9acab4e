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
def downloading(what: str, url: str) -> Iterator[None]:
    """Within it torch downloads, or reads, the weights at a URL.

    Args:
        what: the weights by name, for messages.
        url: of the file.

    Raises:
        UserError: the weights are missing and cannot be downloaded, or are damaged; the message says where to place
            them.
    """
    try:
        yield
    except OSError as error:  # no network, no such host, no room
        reason = str(getattr(error, "reason", error))
        raise UserError(
            f"{what} cannot be fetched ({reason}); download {url} and place it at '{weights_path(url)}'"
        ) from error
    except Exception as error:  # torch has no one exception for damaged files
        raise UserError(f"{what}: '{weights_path(url)}' is damaged; remove it, or download {url} again") from error
