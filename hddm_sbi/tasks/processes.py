"""Tasks on this machine's cores: a process for each, with one thread for computation."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from hddm_sbi._files import reason_of
from hddm_sbi.errors import WorkerError
from hddm_sbi.tasks.job import Failure
from hddm_sbi.tasks.worker import DONE, READY, USELESS, receive

T = TypeVar("T")
Outcome = tuple[int, bytes | Failure]

# The libraries that would start threads for one process as if it were alone.
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "VECLIB_MAXIMUM")
# Seconds after which a waiting thread looks whether it was interrupted, which Windows does not do by itself.
_LOOK = 0.5


class Processes:
    """Worker processes; a context manager, at whose end they end.

    Args:
        packed: what each unpacks, from ``Job.packed``.
        workers: how many at most.
    """

    def __init__(self, packed: bytes, workers: int) -> None:
        self._packed, self._workers = packed, workers
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        self._all: list[_Process] = []
        self._closed, self._lock = False, threading.Lock()

    @property
    def where(self) -> str:
        """In words."""
        return f"{self._workers} process{'es' * (self._workers > 1)} on this machine"

    def __enter__(self) -> Processes:
        self._folder = tempfile.TemporaryDirectory(prefix="hddm_sbi-", ignore_cleanup_errors=True)
        self._job = Path(self._folder.name) / "job"
        try:
            self._job.write_bytes(self._packed)
        except OSError as error:
            self._folder.cleanup()
            raise WorkerError(
                f"the job cannot be written for the workers to '{self._job}' ({reason_of(error)}); set the environment "
                "variable TMPDIR to a folder with more room."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
        for process in self._all:
            process.end()
        self._folder.cleanup()

    def outcomes(self, numbers: Iterable[int]) -> Iterator[Outcome]:
        """Do these tasks, and give what became of each as it is known.

        Raises:
            WorkerError: processes cannot be started, or cannot unpack the job.
        """
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        found: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        total = 0
        for number in numbers:
            waiting.put(number)
            total += 1
        for _ in range(min(self._workers, total)):
            threading.Thread(target=self._serve, args=(waiting, found), daemon=True).start()
        for _ in range(total):
            outcome = next_of(found)
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome

    def _serve(self, waiting: queue.SimpleQueue[int], found: queue.SimpleQueue[Outcome | BaseException]) -> None:
        """One process after the other: whoever loses its own goes on with a new one."""
        try:
            process = self._ready()
            while not self._closed:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    break
                if process.ended:  # while it had nothing to do
                    process = self._start()
                found.put((number, process.perform(number)))
            self._idle.put(process)
        except BaseException as error:
            found.put(error)

    def _ready(self) -> _Process:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._start()

    def _start(self) -> _Process:
        with self._lock:
            if self._closed:
                raise WorkerError("the job ended before its worker processes started.")
            process = _Process(self._job)
            self._all.append(process)
        process.await_ready()
        return process


class _Process:
    """A worker process.

    Args:
        job: the file that it unpacks.
    """

    def __init__(self, job: Path) -> None:
        self._log = tempfile.TemporaryFile(dir=job.parent)  # noqa: SIM115 - closed by end()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hddm_sbi.tasks.worker", str(job)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
        except OSError as error:
            raise WorkerError(f"no process can be started with '{sys.executable}': {reason_of(error)}.") from error
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)

    @property
    def ended(self) -> bool:
        """Whether it ended."""
        return self._process.poll() is not None

    def await_ready(self) -> None:
        """Wait until it has unpacked the job.

        Raises:
            WorkerError: it cannot.
        """
        answer = receive(self._from)
        if answer is None:
            raise WorkerError(f"a worker process could not start: {self._last_words()}.")
        kind, content = answer
        if kind == USELESS:
            raise WorkerError(content.decode())
        assert kind == READY

    def perform(self, number: int) -> bytes | Failure:
        """Do a task; a failure where the process ends meanwhile."""
        try:
            self._to.write(f"{number}\n".encode())
            self._to.flush()
            answer = receive(self._from)
        except OSError:  # the pipe is broken
            answer = None
        if answer is None:
            self._process.wait()
            return Failure(f"its process ended: {self._last_words()}.")
        kind, content = answer
        return content if kind == DONE else Failure(content.decode())

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._to, self._from, self._log):
            try:
                stream.close()
            except OSError:  # what was not read yet has nowhere to go
                continue

    def _last_words(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"exit code {self._process.returncode}{', ' if said else ''}{said.rstrip('.')}"


def next_of(found: queue.SimpleQueue[T]) -> T:
    """What comes next, with a look around now and then."""
    while True:
        try:
            return found.get(timeout=_LOOK)
        except queue.Empty:
            continue


def _environment() -> dict[str, str]:
    """This process's, one thread for each library, and the same modules to import, the user's own among them."""
    paths = [path or os.getcwd() for path in sys.path]
    threads = {f"{library}_NUM_THREADS": "1" for library in _THREADS}
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
