"""How many draws can be afforded: a report must not take longer than it is looked at, whatever the likelihood costs."""

from __future__ import annotations

import time
from collections.abc import Callable


def affordable(one: Callable[[], object], most: int, seconds: float, fewest: int) -> int:
    """How many times something can be done within a time; ``most``, unless it is slow.

    Args:
        one: does it once.
        most: how many times are wanted.
        seconds: of the processor that all of them may take together.
        fewest: how many times it is done, however long it takes.
    """
    took = _timed(one)
    if took * most > seconds:
        took = min(took, _timed(one))  # the first time may have compiled
    return most if took * most <= seconds else max(fewest, int(seconds / took))


def _timed(one: Callable[[], object]) -> float:
    begun = time.process_time()  # what else the machine does changes no report
    one()
    return time.process_time() - begun
