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
        visible: whether anything is shown.
    """

    def __init__(self, total: int, visible: bool = True) -> None:
        super().__init__("sampling", total, (MofNCompleteColumn(), TextColumn("draws  {task.fields[note]}")), visible)
        self._start, self._quarter, self._done, self._note = time.monotonic(), 0, 0, ""

    def update(self, done: int) -> None:
        """Say that ``done`` draws are done; call it from one thread."""
        self._done = done = min(done, self.total)
        self.move(done, self._note)
        quarter, elapsed = QUARTERS * done // self.total, time.monotonic() - self._start
        if self.prints and quarter > self._quarter and (elapsed > SILENT_SECONDS or self._quarter > 0):
            self._quarter = quarter
            self.say(f"sampling: {done} of {self.total} draws, {elapsed:.0f} s")

    def go_on(self, total: int, missing: str) -> None:
        """Say what is missing after ``total`` so far, and that about so many draws are now to be done."""
        elapsed, self._note = time.monotonic() - self._start, missing
        left = elapsed * (total - self._done) / max(self._done, 1)
        if self.prints and (elapsed > SILENT_SECONDS or self._quarter > 0):
            self.say(f"sampling: {missing}; about {left:.0f} s more")
        self.resize(total)
        self._quarter = QUARTERS * self._done // total
