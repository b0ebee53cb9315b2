"""A job: many tasks that share all but a number, and what is sent to the processes that do them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cloudpickle
import numpy as np
import pandas as pd

from hddm_sbi.errors import HDDMError, WorkerError

# (what the tasks share, a task's number, its random numbers) -> rows
Work = Callable[[Any, int, np.random.SeedSequence], pd.DataFrame]

# the column of the task's number, before those that the task gives
TASK = "task"


@dataclass(frozen=True)
class Job:
    """Tasks 0, 1, ..., n - 1.

    The random numbers of a task follow from the seed and its number: neither the number of workers, nor their order,
    nor ``n`` changes its rows.

    Args:
        name: in a word, such as ``"recovery"``.
        work: does a task; a function of a module that workers can import, or of the user's script.
        shared: what all tasks share; sent to each worker once.
        n: number of tasks.
        seed: a non-negative integer.
        description: what tells these results from those of another job, as JSON takes it; not ``n``.
    """

    name: str
    work: Work
    shared: Any
    n: int
    seed: int
    description: Mapping[str, object] = field(default_factory=dict)

    def packed(self) -> bytes:
        """All that a worker needs.

        Raises:
            WorkerError: something of it cannot be sent to another process.
        """
        try:
            return bytes(cloudpickle.dumps((self.work, self.shared, self.seed)))
        except Exception as error:  # whatever an object's own pickling raises
            raise WorkerError(
                f"the model cannot be sent to other processes ({one_line(error)}): define priors, simulators and "
                "likelihoods by functions and arrays, without open files, locks or connections."
            ) from error


class Failure(NamedTuple):
    """A task that gave no rows.

    Args:
        reason: in a sentence, or what Python says.
    """

    reason: str


class Worker:
    """What a process unpacks once and then does tasks with.

    Args:
        packed: from ``Job.packed``.

    Raises:
        WorkerError: it cannot be unpacked here.
    """

    def __init__(self, packed: bytes) -> None:
        try:
            self._work, self._shared, self._seed = pickle.loads(packed)
        except Exception as error:  # whatever importing a module of the user's raises
            raise WorkerError(
                f"a worker cannot unpack the job ({one_line(error)}): what the model is made of has to be importable "
                "there, or defined in the script itself."
            ) from error

    def perform(self, number: int) -> bytes | Failure:
        """The rows of a task as a Parquet file, or why there are none."""
        try:
            rows = self._work(self._shared, number, np.random.SeedSequence(self._seed, spawn_key=(number,)))
            return _as_parquet(rows, number)
        except HDDMError as error:
            return Failure(one_line(error))
        except Exception as error:  # a task must not take its worker along
            return Failure(f"{type(error).__name__}: {one_line(error)}")


def one_line(error: object) -> str:
    """The words of an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _as_parquet(rows: pd.DataFrame, number: int) -> bytes:
    file = io.BytesIO()
    columns = {TASK: np.full(len(rows), number), **{str(name): rows[name].to_numpy() for name in rows}}
    pd.DataFrame(columns).to_parquet(file, index=False)
    return file.getvalue()
