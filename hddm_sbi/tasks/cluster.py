"""Tasks on a Dask cluster, which may lose workers, and its scheduler, at any time.

The job is a plugin of the workers, so that each gets it once, also those that join later; a task is its number alone.
What was lost with a scheduler is submitted to the one that takes its place.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Any

from distributed import Client, Future, WorkerPlugin, get_worker

from hddm_sbi.errors import WorkerError, warn
from hddm_sbi.tasks.job import Failure, Worker, one_line
from hddm_sbi.tasks.processes import Outcome, next_of
from hddm_sbi.tasks.versions import PACKAGES, Versions, difference, installed

# Seconds in which a scheduler has to answer, and in which a lost one has to come back.
ANSWER, RETURN = 10.0, 300.0
# What the loss of a scheduler looks like, depending on when it happens: errors of connections are OSErrors.
_LOST = (CancelledError, asyncio.CancelledError, OSError, TimeoutError, RuntimeError)
# Losses in a row, without a task done between them, after which a cluster is given up.
_FRUITLESS = 30
# Threads that fetch results.
_FETCHING = 8


class Shipment(WorkerPlugin):  # type: ignore[misc]
    """The job at a worker, unpacked when its first task comes.

    Args:
        name: of the job, for its tasks.
        packed: the job.
        expected: versions that the worker must have.
    """

    def __init__(self, name: str, packed: bytes, expected: Versions) -> None:
        self.name, self._packed, self._expected = name, packed, dict(expected)

    def setup(self, worker: Any) -> None:
        """What a worker does as it gets the plugin."""
        self._worker: Worker | None = None
        self._lock = threading.Lock()  # random numbers of torch are those of a whole process

    def perform(self, number: int) -> bytes | Failure | WorkerError:
        """Do a task; an error where this worker can do none."""
        with self._lock:
            if self._worker is None:
                other = difference(installed(), self._expected)
                if other is not None:
                    return WorkerError(f"a worker {other}: install the same versions there.")
                try:
                    self._worker = Worker(self._packed)
                except WorkerError as error:
                    return error
            return self._worker.perform(number)


class Cluster:
    """A Dask cluster; a context manager.

    Args:
        packed: what each worker unpacks, from ``Job.packed``.
        scheduler: a ``distributed.Client``, or the address of a scheduler.

    Raises:
        WorkerError: no scheduler answers, or workers have other versions.
    """

    def __init__(self, packed: bytes, scheduler: str | Client) -> None:
        self._packed, self._given = packed, scheduler
        self._name = f"hddm_sbi-{token_hex(4)}"
        self._client: Client | None = None

    @property
    def where(self) -> str:
        """In words, with the address of the dashboard."""
        n = len(self.client.scheduler_info(n_workers=-1)["workers"])
        at = self.client.scheduler.address
        return f"{n} worker{'s' * (n != 1)} of {at}, dashboard {self.client.dashboard_link}"

    @property
    def client(self) -> Client:
        """The connection."""
        assert self._client is not None
        return self._client

    def __enter__(self) -> Cluster:
        if isinstance(self._given, str):
            try:
                if not self._given.strip():  # for which Dask would start a cluster of its own
                    raise ValueError("no address")
                self._client = Client(self._given, timeout=ANSWER, set_as_default=False)
            except (OSError, ValueError, TypeError) as error:  # an address that is none is a ValueError
                raise WorkerError(
                    f"no Dask scheduler answers at '{self._given}': check the address, such as tcp://host:8786, and "
                    "that it runs."
                ) from error
        else:
            self._client = self._given
        try:
            self._ship()
        except _LOST as error:
            self._close()
            raise WorkerError("the Dask scheduler does not answer: check that it runs.") from error
        except WorkerError:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, *_LOST):  # a scheduler that came back does not know it
            self.client.unregister_worker_plugin(self._name)
        self._close()

    def outcomes(self, numbers: Iterable[int]) -> Iterator[Outcome]:
        """Do these tasks, and give what became of each as it is known.

        Raises:
            WorkerError: the scheduler is gone for good, or a worker cannot unpack the job.
        """
        left, fruitless = dict.fromkeys(numbers), 0
        while left:
            try:
                for number, outcome in self._round(list(left)):
                    del left[number]
                    fruitless = 0
                    yield number, outcome
            except _LOST as error:
                fruitless += 1
                if fruitless > _FRUITLESS:
                    raise WorkerError(
                        f"the Dask cluster loses every task ({one_line(error)}): see its logs."
                    ) from error
                self._return(len(left))

    def _round(self, numbers: list[int]) -> Iterator[Outcome]:
        """The outcomes of tasks until all are known, or the scheduler is lost.

        Raises:
            one of ``_LOST``.
        """
        key, found = token_hex(4), queue.SimpleQueue[tuple[int, Any]]()
        fetching = ThreadPoolExecutor(_FETCHING, thread_name_prefix="hddm_sbi")
        futures = [
            self.client.submit(_perform, self._name, number, key=f"{self._name}-{key}-{number}", pure=False)
            for number in numbers
        ]
        try:
            for number, future in zip(numbers, futures, strict=True):
                # a result that was lost with its worker must not keep others waiting
                future.add_done_callback(partial(_fetch_in, fetching, number, found))
            for _ in numbers:
                number, outcome = next_of(found)
                if isinstance(outcome, BaseException):
                    raise outcome
                yield number, outcome
        finally:
            fetching.shutdown(wait=False, cancel_futures=True)
            with suppress(*_LOST):
                self.client.cancel(futures)

    def _ship(self) -> None:
        """Check the workers' versions, and send them the job.

        Raises:
            WorkerError: they differ. One of ``_LOST``: the scheduler does not answer.
        """
        found = self.client.get_versions(packages=list(PACKAGES))
        ours = _versions(found["client"])
        for address, answer in found["workers"].items():
            other = difference(_versions(answer), ours)
            if other is not None:
                raise WorkerError(f"the worker at {address} {other}: install the same versions there.")
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        threads = max((worker["nthreads"] for worker in workers), default=1)
        if threads > 1:
            warn(
                f"workers have {threads} threads, of which a fit uses one at a time: start them with --nthreads 1, as "
                "many as there are cores."
            )
        self.client.register_plugin(Shipment(self._name, self._packed, installed()))

    def _return(self, left: int) -> None:
        """Wait until the scheduler is back, or another stands at its address, and send the job again."""
        end = time.monotonic() + RETURN
        while time.monotonic() < end:
            with suppress(*_LOST):
                if self.client.status not in ("running", "connecting") and isinstance(self._given, str):
                    self._client = Client(self._given, timeout=ANSWER, set_as_default=False)
                self._ship()
                return
            if self.client.status == "closed" and not isinstance(self._given, str):
                break
            time.sleep(1.0)
        raise WorkerError(
            f"the Dask scheduler is gone, with {left} tasks to be done: the same call goes on with them where it has a "
            "folder for results (out)."
        )

    def _close(self) -> None:
        if isinstance(self._given, str) and self._client is not None:
            with suppress(*_LOST):
                self._client.close()


def _perform(name: str, number: int) -> bytes | Failure | WorkerError | ConnectionError:
    """A task, at a worker."""
    shipment = get_worker().plugins.get(name)
    if shipment is None:  # the worker, or the scheduler, came while the job was being sent
        return ConnectionError("the worker did not get the job.")
    return shipment.perform(number)  # type: ignore[no-any-return]


def _fetch_in(pool: ThreadPoolExecutor, number: int, found: queue.SimpleQueue[tuple[int, Any]], future: Future) -> None:
    with suppress(RuntimeError):  # the round is over
        pool.submit(_fetch, number, found, future)


def _fetch(number: int, found: queue.SimpleQueue[tuple[int, Any]], future: Future) -> None:
    """Get what a task returned, or the error that says that it was lost."""
    try:
        if future.status == "error":
            error = future.exception()
            found.put((number, Failure(f"{type(error).__name__}: {one_line(error)}")))
        else:
            found.put((number, future.result(timeout=RETURN)))
    except BaseException as error:
        lost = isinstance(error, _LOST)
        found.put((number, error if lost else Failure(f"{type(error).__name__}: {one_line(error)}")))
    finally:
        with suppress(*_LOST):
            future.release()  # or its worker keeps the rows, and does the task again where they are lost


def _versions(answer: Any) -> dict[str, str | None]:
    packages = dict(answer["packages"])
    return {**packages, "python": ".".join(str(packages["python"]).split(".")[:2])}
