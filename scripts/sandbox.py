"""What a process may do while a hostile input is tried."""

import contextlib
import errno
import re
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

SECONDS, MEMORY = 10, 2 * 2**30
"""An input may take so long, and so many bytes."""


@dataclass
class Sandbox:
    """Watches what the process does while an input is tried, and forbids what it may not do.

    Attributes:
        folder: in which files may be written.
        seen: what was tried and must not be.
    """

    folder: Path
    seen: list[str] = field(default_factory=list)
    active: bool = False

    def __post_init__(self) -> None:
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pty.spawn"):
            self._forbid(f"{event} {arguments!r}"[:200])
        places = arguments[:1]
        if event == "open" and not self._writes(arguments[1], arguments[2]):
            places = ()
        elif event == "os.rename":
            places = arguments[:2]
        elif event not in ("open", "os.mkdir", "os.remove", "os.truncate"):
            places = ()
        for place in places:
            if isinstance(place, str | Path) and not self._is_own(Path(place)):
                self._forbid(f"{event} {place}")

    def _is_own(self, path: Path) -> bool:
        path = path.absolute().resolve()
        return path.is_relative_to(self.folder) or "__pycache__" in path.parts or path == Path("/dev/null")

    def _forbid(self, what: str) -> None:
        self.seen.append(what)
        raise PermissionError(errno.EACCES, "forbidden while a hostile input is tried", what)

    @staticmethod
    def _writes(mode: Any, flags: Any) -> bool:
        return bool(re.search("[wax+]", mode)) if isinstance(mode, str) else bool(int(flags or 0) & 0o103)


class TooLongError(BaseException):
    """An input took too long; no handler for common errors takes it."""


@contextlib.contextmanager
def within_limits(sandbox: Sandbox) -> Iterator[None]:
    """Within it time and memory are limited, and what is done is watched."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooLongError

    before = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    sandbox.active = True
    try:
        yield
    finally:
        sandbox.active = False
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, before)
