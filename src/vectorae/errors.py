"""The error of a user's mistake, and what its one line is made of."""

import difflib
import textwrap
from collections.abc import Iterable


class UserError(ValueError):
    """A user's mistake: a typo in a config, a missing file, an unsupported combination.

    The message is one clear line that names the key or file and says what to do. The commands print it without a
    traceback and exit with code 2; of a library's call it is a ``ValueError`` like any other.

    Example:
        >>> import vectorae
        >>> try:
        ...     vectorae.Layout(["circle"], count=0)
        ... except vectorae.UserError as error:
        ...     print(error)
        count must be an integer ≥ 1 or null, got 0
    """


def choose(name: object, choices: Iterable[str]) -> str:
    """The end of an error message: the choices, and the one that was probably meant.

    >>> choose("cuont", ["rows", "count"])
    'choose from count, rows (did you mean count?)'
    """
    known = sorted(choices)
    close = difflib.get_close_matches(str(name), known, n=1)
    return f"choose from {', '.join(known)}" + (f" (did you mean {close[0]}?)" if close else "")


def reason(error: Exception) -> str:
    """What an exception says, in one line that is not too long."""
    return textwrap.shorten(str(error), 200, placeholder=" …") or type(error).__name__


def shortened(text: str, most: int = 80) -> str:
    """A text of any length as it is quoted in one line.

    >>> shortened("a  b"), shortened("abc" * 99, most=6)
    ('a b', 'abcab…')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
