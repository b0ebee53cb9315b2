"""Tasks that take no time, and some that take their process along."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.errors import DataError


def draw(shared: float, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """Two rows of random numbers."""
    rng = np.random.default_rng(seeds)
    return pd.DataFrame({"which": ["a", "b"], "x": shared + rng.random(2)})


def draw_and_mark(shared: Path, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """The same, leaving a file for each time that a task is done."""
    (shared / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return draw(0.0, number, seeds)


def fail_on_three(shared: Path, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """Task 3 fails with an error of ours, task 4 with one of Python's, task 5 the first time alone."""
    if number == 3:
        raise DataError("there is nothing to fit.")
    if number == 4:
        raise ZeroDivisionError("division by zero")
    if number == 5 and not (shared / "tried").exists():
        (shared / "tried").touch()
        raise ValueError("once")
    return draw(0.0, number, seeds)


def die_once(shared: Path, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """The first time that they run, one task fails and two kill their process."""
    mark = shared / f"died-{number}"
    if number in (1, 2, 5) and not mark.exists():
        mark.touch()
        if number == 1:
            raise ValueError("once")
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    print("a task may print")
    return draw(0.0, number, seeds)


class NotHere:
    """Cannot be unpacked."""

    def __reduce__(self) -> Any:
        return __import__, ("no_such_module",)


def slow_draw(shared: Path, number: int, seeds: np.random.SeedSequence) -> pd.DataFrame:
    """A task that takes a while, and leaves a file."""
    time.sleep(0.15)
    return draw_and_mark(shared, number, seeds)
