"""Many fits of one kind, in processes side by side; finished ones are kept, so that a run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """How each data set is fitted."""

    draws: int = 500
    tune: int = 500
    chains: int = 2


def file_of(folder: str, name: str, what: object, settings: Settings) -> Path:
    """Where results are kept, one a line: another file for every other experiment and settings.

    Args:
        folder: below ``.bench``.
        name: the file's, for people.
        what: all that says which data sets they are, as JSON takes it.
        settings: of the fits.
    """
    digest = hashlib.sha256(json.dumps([asdict(settings), what]).encode()).hexdigest()[:12]
    return ROOT / ".bench" / folder / f"{name}-{digest}.jsonl"


def run(path: Path, task: Callable[[int], Row], sets: int, jobs: int, fresh: bool = False) -> list[Row]:
    """The rows of data sets 0, 1, ..., kept or computed now.

    Args:
        path: file of the kept rows.
        task: from a data set's number to its row, in another process.
        sets: number of data sets.
        jobs: how many at the same time.
        fresh: forget what is kept.

    Returns:
        Rows in order, with ``set``, ``jobs`` and ``wall``, the wall seconds since the one before was finished.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        path.unlink(missing_ok=True)
    kept = rows_of(path)
    missing = sorted(set(range(sets)) - {row["set"] for row in kept})
    begin = time.perf_counter()
    for library in ("OMP", "OPENBLAS", "MKL"):  # the processes are what runs side by side
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting = {pool.submit(task, number): number for number in missing}
        for done in as_completed(waiting):
            row = {"set": waiting[done], **done.result(), "wall": time.perf_counter() - begin, "jobs": jobs}
            begin = time.perf_counter()
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            kept.append(row)
            print(f"{path.stem}: data set {row['set']} ({len(kept)} of {sets}): {_in_words(row)}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    return sorted((row for row in kept if row["set"] < sets), key=lambda row: row["set"])


def rows_of(path: Path) -> list[Row]:
    """The rows that are kept, in the order of their data sets."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return sorted(rows, key=lambda row: row["set"])


def _in_words(row: Row) -> str:
    worst, least = max(row["r_hat"].values()), min(row["ess"].values())
    return (
        f"{row['seconds']:.1f} s, R-hat {worst:.3f}, least ESS {least:.0f} of {row['draws']} draws, "
        f"{row['divergences']} divergences"
    )
