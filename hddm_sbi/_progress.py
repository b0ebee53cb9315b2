"""A bar of what is going on, in a terminal or notebook; elsewhere whoever shows it prints lines."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """A bar on standard error, where that is a terminal or a notebook; a context manager.

    Args:
        name: of what is going on.
        total: steps to be done.
        columns: between the bar and the times; ``{task.fields[note]}`` in them is the note.
        visible: False shows nothing.
    """

    def __init__(self, name: str, total: int, columns: tuple[ProgressColumn, ...], visible: bool = True) -> None:
        console = Console(stderr=True)
        interactive = console.is_terminal or console.is_jupyter
        self.total, self.prints = total, visible and not interactive
        self._bar: Progress | None = None
        if visible and interactive:
            times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
            self._bar = Progress(TextColumn(name), BarColumn(), *columns, *times, console=console)
            self._task = self._bar.add_task(name, total=total, note="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def move(self, done: int, note: str = "") -> None:
        """Move the bar, if there is one, to ``done`` steps."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)

    def resize(self, total: int) -> None:
        """Change the number of steps to be done."""
        self.total = total
        if self._bar is not None:
            self._bar.update(self._task, total=total)

    def say(self, line: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        elif self.prints:
            print(line, file=sys.stderr, flush=True)
