"""Tasks without workers."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from hddm_sbi.tasks.job import Job, Worker


class InThisProcess:
    """Does tasks without workers, of a job that was packed and unpacked all the same."""

    where = "this process"

    def __init__(self, job: Job, workers: int, scheduler: object) -> None:
        self._worker = Worker(job.packed())

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def outcomes(self, numbers: Iterable[int]) -> Iterator[Any]:
        for number in numbers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outcome = self._worker.perform(number)
            yield number, outcome
