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
    except SystemExit as stop:
        if not reader_left(stop):
            raise
        return UNREAD
    except BrokenPipeError:
        if not _unread():
            raise
        # Python writes the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return code


def reader_left(stop: SystemExit) -> bool:
    """Whether rich ended the program because nobody reads what it prints."""
    return isinstance(stop.__context__, BrokenPipeError)


def _unread() -> bool:
    """Whether stdout is a pipe without a reader; the broken one may be another."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))
