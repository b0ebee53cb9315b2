"""Run a job: on this machine or a cluster, into a folder, from where it stopped."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from hddm_sbi.errors import WorkerError
from hddm_sbi.tasks.folder import JobFolder
from hddm_sbi.tasks.job import Failure, Job
from hddm_sbi.tasks.processes import Processes
from hddm_sbi.tasks.task_progress import TaskProgress
from hddm_sbi.tasks.versions import installed

if TYPE_CHECKING:
    from hddm_sbi.tasks.cluster import Cluster

# A task that fails, or whose worker is lost, is tried once more, after all others: memory may have been short.
ATTEMPTS = 2


@dataclass(frozen=True)
class Finished:
    """What became of a job.

    Args:
        rows: of all tasks that were done, with the column ``task``.
        failed: those that were not: ``task`` and ``reason``.
        seconds: that this run took.
    """

    rows: pd.DataFrame
    failed: pd.DataFrame
    seconds: float


def run(
    job: Job, *, workers: int, scheduler: object = None, out: str | Path | None = None, progress: bool = True
) -> Finished:
    """Do what is not done yet of a job.

    Args:
        job: its tasks.
        workers: processes on this machine, where there is no scheduler.
        scheduler: the address of a Dask scheduler, a cluster of Dask's or a ``distributed.Client``; None for this
            machine.
        out: folder of the results, which an interrupted run is taken up from; None keeps them until the end only.
        progress: whether to show how far it is.

    Raises:
        OutputError: the folder is another job's, or cannot be written to.
        WorkerError: there is nothing that tasks can run on.
    """
    begin = time.monotonic()
    identity = {"job": job.name, "version": installed()["hddm_sbi"], "seed": job.seed, **job.description}
    with _path(out) as path, JobFolder(path, identity) as folder:
        missing = folder.missing(job.n)
        if missing:
            with pool_of(job, workers, scheduler) as pool, TaskProgress(job, len(missing), progress) as shown:
                shown.begin(pool.where)
                _do(pool, folder, missing, shown)
        return Finished(folder.rows(job.n), folder.failures(job.n), time.monotonic() - begin)


def pool_of(job: Job, workers: int, scheduler: object) -> Processes | Cluster:
    """What does the tasks: processes of this machine, or a cluster.

    Raises:
        WorkerError: Dask is not installed, or ``scheduler`` is neither an address nor a client.
    """
    if scheduler is None:
        return Processes(job.packed(), workers)
    scheduler = getattr(scheduler, "scheduler_address", scheduler)  # of a LocalCluster, or one on a queue
    if not isinstance(scheduler, str) and not hasattr(scheduler, "scheduler_info"):
        raise WorkerError(
            f"scheduler is {scheduler!r:.80}; give the address of a Dask scheduler, such as 'tcp://host:8786', a "
            "distributed.Client, or None for this machine."
        )
    try:
        from hddm_sbi.tasks.cluster import Cluster
    except ImportError as error:
        raise WorkerError("a scheduler needs Dask: pip install 'hddm-sbi[cluster]'.") from error
    given: Any = scheduler
    return Cluster(job.packed(), given)


def _do(pool: Processes | Cluster, folder: JobFolder, missing: list[int], shown: TaskProgress) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        again = []
        for number, outcome in pool.outcomes(missing):
            if isinstance(outcome, bytes):
                folder.keep(number, outcome)
                shown.done()
            elif attempt < ATTEMPTS:
                again.append(number)
            else:
                folder.keep_failure(number, Failure(outcome.reason))
                shown.failed()
        missing = again


@contextmanager
def _path(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="hddm_sbi-", ignore_cleanup_errors=True) as path:
        yield Path(path) / "results"
