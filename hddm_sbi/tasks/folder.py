"""The folder of a job: a Parquet data set with a file for each task, written in one step as tasks are done.

``JOB`` says which job it is, ``rows`` holds the rows of tasks that were done, and ``failed`` what is known of
those that were not, which are tried again by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from hddm_sbi._files import reason_of, write_file
from hddm_sbi.errors import OutputError
from hddm_sbi.tasks.job import TASK, Failure

JOB, ROWS, FAILED, _LOCK = "job.json", "rows", "failed", ".lock"
_MAKER = "hddm_sbi"


class JobFolder:
    """Results of one job; a context manager, during which no other process writes here.

    Args:
        path: the folder; made where it does not exist.
        identity: what tells this job from others, as JSON takes it.

    Raises:
        OutputError: it cannot be written to, or holds other files or the results of another job.
    """

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        self.path = path
        self._identity: dict[str, Any] = json.loads(json.dumps({"made_by": _MAKER, **identity}, default=str))
        try:
            known = self._recorded()
            for name in (ROWS, FAILED):
                (path / name).mkdir(parents=True, exist_ok=True)
            if not known:
                write_file(path / JOB, (json.dumps(self._identity, indent=2) + "\n").encode())
        except OSError as error:
            raise self._unusable(error) from error
        self._lock = FileLock(path / _LOCK, timeout=0)

    def __enter__(self) -> JobFolder:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise OutputError(
                f"another process is writing results into '{self.path}'; wait for it, or choose another folder."
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def missing(self, n: int) -> list[int]:
        """The numbers below ``n`` of tasks that are not done."""
        done = {int(path.stem) for path in (self.path / ROWS).glob("*.parquet")}
        return [number for number in range(n) if number not in done]

    def keep(self, number: int, rows: bytes) -> None:
        """Keep the rows of a task.

        Raises:
            OutputError: they cannot be written; what was kept before is untouched.
        """
        self._write(self.path / ROWS / f"{number:06d}.parquet", rows)
        (self.path / FAILED / f"{number:06d}.json").unlink(missing_ok=True)

    def keep_failure(self, number: int, failure: Failure) -> None:
        """Keep why a task gave no rows.

        Raises:
            OutputError: it cannot be written.
        """
        content = json.dumps({TASK: number, "reason": failure.reason}).encode()
        self._write(self.path / FAILED / f"{number:06d}.json", content)

    def rows(self, n: int) -> pd.DataFrame:
        """The rows of the tasks below ``n``, in their order.

        Raises:
            OutputError: a file is damaged.
        """
        paths = [self.path / ROWS / f"{number:06d}.parquet" for number in range(n)]
        parts = [_read(path) for path in paths if path.exists()]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({TASK: pd.Series(dtype="int64")})

    def failures(self, n: int) -> pd.DataFrame:
        """The tasks below ``n`` that gave no rows: ``task`` and ``reason``."""
        paths = [self.path / FAILED / f"{number:06d}.json" for number in self.missing(n)]
        found = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
        return pd.DataFrame(found, columns=[TASK, "reason"])

    def _recorded(self) -> bool:
        """Whether the folder is this job's already.

        Raises:
            OutputError: it is another's.
        """
        if not self.path.exists() or not any(entry.name != _LOCK for entry in self.path.iterdir()):
            return False
        try:
            found = json.loads((self.path / JOB).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            found = {}
        if not isinstance(found, dict) or found.get("made_by") != _MAKER:
            raise OutputError(
                f"the folder '{self.path}' is not empty and holds no results of such a run: choose another, which "
                "need not exist."
            )
        for name in (*self._identity, *found):
            theirs, ours = found.get(name), self._identity.get(name)
            if theirs != ours:
                raise OutputError(
                    f"the folder '{self.path}' holds results of another run, of {_in_words(name, theirs)} where this "
                    f"one has {_in_words(name, ours)}: choose another folder, or repeat that run as it was."
                )
        return True

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_file(path, content)
        except OSError as error:
            kept = sum(1 for _ in (self.path / ROWS).glob("*.parquet"))
            raise OutputError(
                f"'{path}' cannot be written ({reason_of(error)}): {kept} finished tasks are kept there, and the same "
                "call goes on with the others."
            ) from error

    def _unusable(self, error: OSError) -> OutputError:
        return OutputError(f"the folder '{self.path}' cannot be used for results: {reason_of(error)}.")


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own error is a ValueError
        raise OutputError(f"the file '{path}' is damaged: delete it, and its task is done again.") from error


def _in_words(name: str, value: object) -> str:
    text = "none" if value is None else json.dumps(value)
    return f"{name} {text if len(text) <= 60 else text[:57] + '...'}"
