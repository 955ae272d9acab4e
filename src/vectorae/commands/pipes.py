"""Output that is piped to a program which stops reading, such as `head`."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

UNREAD = 141
"""Exit code: nobody reads the output any more; what a shell makes of the signal that this is to most programs."""


def end_with_reader(run: Callable[[], int]) -> int:
    """Call a function, and end in silence where nobody reads what it prints.

    Args:
        run: returns an exit code.

    Returns:
        The exit code; 141 where the reader has left.
    """
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise
        # Python writes the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return code


def _reader_left() -> bool:
    """Whether stdout is a pipe without a reader; the broken one may be another."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))
