"""How far the sampler is: a bar in a terminal or notebook, a few plain lines where the output goes to a file."""

from __future__ import annotations

import time

from rich.progress import MofNCompleteColumn, TextColumn

from hddm_sbi._progress import Bar

# without a terminal: a line at every quarter, none for runs that end sooner than a person would wonder
QUARTERS = 4
SILENT_SECONDS = 2.0


class SamplingProgress(Bar):
    """Shows the number of draws done, on standard error; a context manager.

    Args:
        total: draws to be done, warm-up included, all chains.
        visible: False shows nothing.
    """

    def __init__(self, total: int, visible: bool = True) -> None:
        super().__init__("sampling", total, (MofNCompleteColumn(), TextColumn("draws  {task.fields[note]}")), visible)
        self._start, self._quarter = time.monotonic(), 0

    def update(self, done: int, note: str = "") -> None:
        """Say that ``done`` draws are done; call it from one thread."""
        self.move(done, note)
        quarter, elapsed = QUARTERS * done // self.total, time.monotonic() - self._start
        if self.prints and quarter > self._quarter and (elapsed > SILENT_SECONDS or self._quarter > 0):
            self._quarter = quarter
            self.say(f"sampling: {done} of {self.total} draws, {elapsed:.0f} s  {note}".rstrip())
