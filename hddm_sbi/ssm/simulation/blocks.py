"""Runs a simulation kernel over blocks of trials, in threads, with results that do not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from hddm_sbi.ssm.base import FloatArray, IntArray

# Trials per generator: large enough that seeding costs nothing, small enough that threads share the work evenly.
BLOCK = 2048

# Trials that occupy a thread for longer than it takes to start one: some 10 ms against some 0.5 ms.
WORTH_A_THREAD = 16 * BLOCK

# (theta, trials per row, seed, first flat trial, last flat trial, rt, choice), nogil; fills rt and choice
Kernel = Callable[[FloatArray, int, int, int, int, FloatArray, IntArray], None]


def run_blocks(
    kernel: Kernel, theta: FloatArray, n: int, seed: int, threads: int | None = None
) -> tuple[FloatArray, IntArray]:
    """Simulate ``n`` trials for each row of ``theta``.

    Args:
        kernel: compiled with ``nogil``; seeds one generator per block of ``BLOCK`` trials.
        theta: shape (rows, parameters).
        n: trials per row.
        seed: a non-negative integer; the same seed gives the same trials whatever the number of threads.
        threads: default at most one per core, fewer where there are few trials.

    Returns:
        rt in seconds and choice, each of shape (rows, n).
    """
    total = len(theta) * n
    rt, choice = np.empty(total), np.empty(total, dtype=np.int64)
    seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
    workers = min(threads or min(os.cpu_count() or 1, total // WORTH_A_THREAD), -(-total // BLOCK))
    if workers <= 1:
        kernel(theta, n, seed, 0, total, rt, choice)
    else:
        # a few spans per thread even out rows of unequal cost; spans start on block borders
        span = BLOCK * max(1, -(-total // (BLOCK * workers * 4)))
        pool = ThreadPoolExecutor(workers)
        try:
            jobs = [
                pool.submit(kernel, theta, n, seed, start, min(start + span, total), rt, choice)
                for start in range(0, total, span)
            ]
            for job in jobs:
                job.result()
        except BaseException:
            # an interrupt waits neither for the spans in the queue nor for those that run: these end by themselves
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
    return rt.reshape(len(theta), n), choice.reshape(len(theta), n)


def run_blocks_ratio(
    kernel: Callable[..., None], theta: FloatArray, n: int, seed: int, threads: int | None = None
) -> tuple[FloatArray, IntArray, FloatArray]:
    """The same for a kernel that fills a third array, which is returned as well; see ``RatioSimulator``."""
    log_ratio = np.empty(len(theta) * n)

    def with_ratio(*arguments: Any) -> None:
        kernel(*arguments, log_ratio)

    rt, choice = run_blocks(with_ratio, theta, n, seed, threads)
    return rt, choice, log_ratio.reshape(rt.shape)
