"""Simulates blocks of trials in threads, with results that do not depend on the number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import FloatArray, IntArray
from hddm_sbi.ssm.simulation.loop import BLOCK, draw_span

# Trials that occupy a thread for longer than it takes to start one: some 10 ms against some 0.5 ms.
WORTH_A_THREAD = 16 * BLOCK


def run_blocks(
    draw: CFunction, theta: FloatArray, n: int, seed: int, work: tuple[int, int] = (0, 0), threads: int | None = None
) -> tuple[FloatArray, IntArray]:
    """Simulate ``n`` trials for each row of ``theta``.

    Args:
        draw: the process's function, which draws trials of one row; see ``loop``.
        theta: parameters, shape (rows, parameters).
        n: trials per row.
        seed: a non-negative integer; the same seed gives the same trials whatever the number of threads.
        work: shape of the working memory that ``draw`` asks for.
        threads: how many to use; by default at most one per core, and fewer where there are few trials.

    Returns:
        rt in seconds and choice, each of shape (rows, n).
    """
    rt, choice = np.empty((len(theta), n)), np.empty((len(theta), n), dtype=np.int64)
    _fill(draw, theta, seed, work, threads, rt, choice, np.empty(0))
    return rt, choice


def run_blocks_ratio(
    draw: CFunction, theta: FloatArray, n: int, seed: int, work: tuple[int, int] = (0, 0), threads: int | None = None
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Simulate as ``run_blocks`` does, and return the log ratio of each trial as well; see ``RatioSimulator``."""
    rt, choice = np.empty((len(theta), n)), np.empty((len(theta), n), dtype=np.int64)
    log_ratio = np.empty((len(theta), n))
    _fill(draw, theta, seed, work, threads, rt, choice, log_ratio)
    return rt, choice, log_ratio


def _fill(
    draw: CFunction, theta: FloatArray, seed: int, work: tuple[int, int], threads: int | None, rt: FloatArray,
    choice: IntArray, log_ratio: FloatArray,
) -> None:  # fmt: skip
    theta, n = np.ascontiguousarray(theta, dtype=np.float64), rt.shape[1]
    seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
    trials, address = (rt.ravel(), choice.ravel(), log_ratio.ravel()), draw.address

    def fill(first: int, last: int) -> None:
        draw_span(address, theta, n, seed, first, last, np.empty(4, dtype=np.uint64), np.empty(work), *trials)

    in_spans(fill, rt.size, threads)


def in_spans(fill: Callable[[int, int], None], total: int, threads: int | None = None) -> None:
    """Call ``fill(first, last)`` for spans of ``total`` trials, which start on borders of blocks, in threads.

    Args:
        fill: fills in the trials from ``first`` to ``last``, exclusive; it should give up Python's lock.
        total: number of trials.
        threads: how many to use; by default at most one per core, and fewer where there are few trials.
    """
    workers = min(threads or min(os.cpu_count() or 1, total // WORTH_A_THREAD), -(-total // BLOCK))
    if workers <= 1:
        fill(0, total)
        return
    # a few spans per thread even out rows of unequal cost
    size = BLOCK * max(1, -(-total // (BLOCK * workers * 4)))
    pool = ThreadPoolExecutor(workers)
    try:
        jobs = [pool.submit(fill, first, min(first + size, total)) for first in range(0, total, size)]
        for job in jobs:
            job.result()
    except BaseException:
        # an interrupt waits neither for the spans in the queue nor for those that run: these end by themselves
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
