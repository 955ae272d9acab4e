"""Progress bars."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def counting(
    description: str, total: int, visible: bool = True, stderr: bool = False
) -> Iterator[Callable[[int], None]]:
    """A bar over items, on stdout or stderr, and the function that moves it on by a number of them."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=stderr), disable=not visible) as bar:
        task = bar.add_task(description, total=total)
        yield lambda count: bar.advance(task, count)


class RunBar:
    """A bar over a run: how much of it is done, how long it took and will take, and a text; visible within a ``with``.

    Args:
        progress: where the run begins, in [0, 1].
        text: to begin with.
    """

    def __init__(self, progress: float = 0.0, text: str = "starting") -> None:
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.description}"),
        )
        self._task = self._bar.add_task(text, total=1.0, completed=progress)  # type: ignore[arg-type]

    @property
    def is_terminal(self) -> bool:
        """Whether the bar is seen while it moves, and not only at its end, in a file."""
        return self._bar.console.is_terminal

    def update(self, progress: float, text: str | None = None) -> None:
        """Show how much is done, in [0, 1], and a text; None leaves the text as it is."""
        self._bar.update(self._task, completed=progress, description=text)

    @contextmanager
    def showing(self, text: str) -> Iterator[None]:
        """Within it the bar shows another text."""
        before = self._bar.tasks[self._task].description
        self._bar.update(self._task, description=text)
        yield
        self._bar.update(self._task, description=before)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
