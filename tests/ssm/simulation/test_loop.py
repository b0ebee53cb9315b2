"""The loop that simulators share, under a process that tells what it was called with."""

import math

import numpy as np
import pytest

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.simulation.blocks import run_blocks, run_blocks_ratio
from hddm_sbi.ssm.simulation.loop import BLOCK, DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import seed_state, uniform


def _draw(at, row, first, last):
    span = span_at(at)
    span.work[0, 1] = span.theta[row, 1]
    for i in range(first, last):
        span.rt[i] = span.theta[row, 0] + uniform(span.state)
        span.choice[i] = last - first
        if len(span.log_ratio) > 0:
            span.log_ratio[i] = span.work[0, 1]


PROCESS = CFunction(DRAW_SIGNATURE, _draw)


def _expected(theta: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Parameters of the row plus the numbers of the block's generator, in order."""
    seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
    state, rt = np.empty(4, dtype=np.uint64), np.empty(len(theta) * n)
    for i in range(len(rt)):
        if i % BLOCK == 0:
            seed_state(state, seed, i // BLOCK)
        rt[i] = theta[i // n, 0] + uniform(state)
    return rt.reshape(len(theta), n)


@pytest.mark.parametrize(("rows", "n"), [(1, 1), (2 * BLOCK + 3, 1), (900, 7), (3, BLOCK), (2, 2 * BLOCK + 1)])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_trial_has_its_row_and_its_random_number(rows: int, n: int, threads: int) -> None:
    theta = np.column_stack([10.0 * np.arange(rows), -np.arange(rows)])
    rt, _, log_ratio = run_blocks_ratio(PROCESS, theta, n, 5, work=(1, 2), threads=threads)
    np.testing.assert_array_equal(rt, _expected(theta, n, 5))
    np.testing.assert_array_equal(log_ratio, np.broadcast_to(theta[:, [1]], (rows, n)))
    without = run_blocks(PROCESS, theta, n, 5, work=(1, 2), threads=threads)
    np.testing.assert_array_equal(rt, without[0])


def test_a_process_is_called_once_for_a_row_and_block() -> None:
    n = BLOCK + 100
    _, called = run_blocks(PROCESS, np.zeros((2, 2)), n, 1, work=(1, 2), threads=1)
    # both rows end within a block
    sizes = [BLOCK, 100, BLOCK - 100, 200]
    np.testing.assert_array_equal(called.ravel(), np.repeat(sizes, sizes))
    assert math.fsum(sizes) == called.size


def test_theta_may_be_a_view_of_another_type() -> None:
    theta = np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::3]
    theta.flags.writeable = False
    rt, _ = run_blocks(PROCESS, theta, 3, 2, work=(1, 2))
    np.testing.assert_array_equal(rt, _expected(theta.astype(np.float64), 3, 2))
    fixed = np.zeros((2, 2))
    fixed.flags.writeable = False
    assert run_blocks(PROCESS, fixed, 3, 2, work=(1, 2))[0].shape == (2, 3)
