"""How far the training is: a bar in a terminal or notebook, plain lines where the output goes to a file."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.progress import TextColumn

from hddm_sbi._progress import Bar

# without a terminal: a line at every tenth
_TENTHS = 10


class TrainingProgress(Bar):
    """Shows simulations done and held-out loss, on standard error; a context manager.

    Args:
        total: number of simulations that the training will take.
        shown: False shows nothing; a function receives what is said as lines, the trainer's own of every report among
            them.
    """

    def __init__(self, total: int, shown: bool | Callable[[str], None] = True) -> None:
        columns = (TextColumn("{task.percentage:3.0f}%  {task.fields[note]}"),)
        super().__init__("training", total, columns, visible=bool(shown) and not callable(shown))
        self._log = shown if callable(shown) else None
        self._begin, self._first, self._tenth = time.monotonic(), 0, 0

    def begin(self, done: int) -> None:
        """Training starts, or goes on, with ``done`` simulations behind it."""
        self._begin, self._first, self._tenth = time.monotonic(), done, _TENTHS * done // self.total
        self.move(done)

    def update(self, done: int, loss: float, line: str) -> None:
        """Say that ``done`` simulations are done, and what the loss on the held-out ones is.

        Args:
            done: number of simulations done so far.
            loss: the loss on the held-out simulations.
            line: what the trainer says of it.
        """
        seconds, tenth = time.monotonic() - self._begin, _TENTHS * done // self.total
        rate = (done - self._first) / max(seconds, 1e-9)
        note = f"{_short(done)} of {_short(self.total)} simulations, {_short(rate)}/s, held-out loss {loss:.4f}"
        self.move(done, note)
        if self._log is not None:
            self._log(line)
        elif self.prints and tenth > self._tenth:
            self._tenth = tenth
            self.say(f"training: {note}, {seconds:.0f} s")

    def say(self, line: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._log is not None:
            self._log(line)
        else:
            super().say(line)


def _short(number: float) -> str:
    """A count in three digits: 950, 12.5k, 3.00M, 1.20G."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{unit}"
    return f"{number:.0f}"
