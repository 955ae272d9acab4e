"""Weights of others' networks: where torch looks for them, and what to do where they are not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import torch

from vectorae.errors import UserError


def place_of(url: str) -> Path:
    """Where torch looks for a file of weights, and puts it when it has fetched it."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


@contextmanager
def fetching(what: str, url: str) -> Iterator[None]:
    """Within it torch fetches, or reads, the weights at a URL.

    Args:
        what: they are of, for messages.
        url: of the file.

    Raises:
        UserError: they are not there and cannot be fetched, or are damaged: naming file and place.
    """
    try:
        yield
    except OSError as error:  # no network, no such host, no room
        reason = str(getattr(error, "reason", error))
        raise UserError(
            f"{what} cannot be fetched ({reason}); download {url} and place it at '{place_of(url)}'"
        ) from error
    except Exception as error:  # whatever a damaged file leads torch to say
        raise UserError(f"{what}: '{place_of(url)}' is damaged; remove it, or download {url} anew") from error
