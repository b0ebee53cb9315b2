"""How far the training is: a bar in a terminal or notebook, plain lines where the output goes to a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# without a terminal: a line at every tenth
_TENTHS = 10


class TrainingProgress:
    """Shows simulations done and held-out loss, on standard error; a context manager.

    Args:
        total: simulations to be done.
        visible: False shows nothing.
    """

    def __init__(self, total: int, visible: bool = True) -> None:
        self._total, self._visible = total, visible
        self._console = Console(stderr=True)
        self._interactive = self._console.is_terminal or self._console.is_jupyter
        self._bar: Progress | None = None
        self._begin, self._first, self._tenth = time.monotonic(), 0, 0

    def __enter__(self) -> TrainingProgress:
        if self._visible and self._interactive:
            self._bar = Progress(
                TextColumn("training"),
                BarColumn(),
                TextColumn("{task.percentage:3.0f}%  {task.fields[note]}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task("training", total=self._total, note="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def begin(self, done: int) -> None:
        """Training starts, or goes on, with ``done`` simulations behind it."""
        self._begin, self._first, self._tenth = time.monotonic(), done, _TENTHS * done // self._total
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def update(self, done: int, loss: float) -> None:
        """Say that ``done`` simulations are done, and what the loss on the held-out ones is."""
        seconds = time.monotonic() - self._begin
        rate = (done - self._first) / max(seconds, 1e-9)
        note = f"{_short(done)} of {_short(self._total)} simulations, {_short(rate)}/s, held-out loss {loss:.4f}"
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif self._visible and not self._interactive and _TENTHS * done // self._total > self._tenth:
            self._tenth = _TENTHS * done // self._total
            self._print(f"training: {note}, {seconds:.0f} s")

    def say(self, line: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        elif self._visible:
            self._print(line)

    def _print(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def _short(number: float) -> str:
    """A count in three digits: 950, 12.5k, 3.00M, 1.20G."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.0f}"
