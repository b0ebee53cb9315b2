"""How far the sampler is: a bar in a terminal or notebook, a few plain lines where the output goes to a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# without a terminal: a line at every quarter, none for runs that end sooner than a person would wonder
QUARTERS = 4
SILENT_SECONDS = 2.0


class SamplingProgress:
    """Shows the number of draws done, on standard error; a context manager.

    Args:
        total: draws to be done, warm-up included, all chains.
        visible: False shows nothing.
    """

    def __init__(self, total: int, visible: bool = True) -> None:
        self._total, self._visible = total, visible
        self._console = Console(stderr=True)
        self._interactive = self._console.is_terminal or self._console.is_jupyter
        self._bar: Progress | None = None
        self._start, self._quarter = time.monotonic(), 0

    def __enter__(self) -> SamplingProgress:
        if self._visible and self._interactive:
            self._bar = Progress(
                TextColumn("sampling"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("draws  {task.fields[note]}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task("sampling", total=self._total, note="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, done: int, note: str = "") -> None:
        """Say that ``done`` draws are done; call it from one thread."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif self._visible and not self._interactive:
            self._line(done, note)

    def _line(self, done: int, note: str) -> None:
        quarter, elapsed = QUARTERS * done // self._total, time.monotonic() - self._start
        if quarter > self._quarter and (elapsed > SILENT_SECONDS or self._quarter > 0):
            self._quarter = quarter
            line = f"sampling: {done} of {self._total} draws, {elapsed:.0f} s  {note}"
            print(line.rstrip(), file=sys.stderr, flush=True)
