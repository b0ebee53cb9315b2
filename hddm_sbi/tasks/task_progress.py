"""How far a job is: a bar in a terminal or notebook, a few plain lines where the output goes to a file."""

from __future__ import annotations

import time

from rich.progress import MofNCompleteColumn, TextColumn

from hddm_sbi._progress import Bar
from hddm_sbi.tasks.job import Job

# without a terminal: a line at every tenth, but none before so many seconds
_TENTHS, _SILENT_SECONDS = 10, 20.0


class TaskProgress(Bar):
    """Shows the number of tasks done and the time left, on standard error; a context manager.

    Args:
        job: the job.
        missing: tasks to be done.
        visible: whether anything is shown.
    """

    def __init__(self, job: Job, missing: int, visible: bool = True) -> None:
        super().__init__(job.name, job.n, (MofNCompleteColumn(), TextColumn("{task.fields[note]}")), visible)
        self._name, self._first = job.name, job.n - missing
        self._finished, self._failed, self._tenth = 0, 0, 0
        self._start = self._said = time.monotonic()

    def begin(self, where: str) -> None:
        """Say where the tasks are done."""
        kept = f", {self._first} of them done before" if self._first else ""
        self.say(f"{self._name}: {self.total} tasks{kept}, on {where}")
        self.move(self._first)

    def done(self) -> None:
        """One more is done."""
        self._finished += 1
        self._show()

    def failed(self) -> None:
        """One is given up."""
        self._failed += 1
        self._show()

    def _show(self) -> None:
        known = self._first + self._finished + self._failed
        note = f"{self._failed} failed" if self._failed else ""
        self.move(known, note)
        now, tenth = time.monotonic(), _TENTHS * known // self.total
        if not self.prints or tenth == self._tenth or now - self._said < _SILENT_SECONDS:
            return
        left = (now - self._start) * (self.total - known) / (self._finished + self._failed)
        self._tenth, self._said = tenth, now
        self.say(f"{self._name}: {known} of {self.total}{', ' if note else ''}{note}, about {_duration(left)} left")


def _duration(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"
