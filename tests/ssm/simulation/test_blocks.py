"""Blocks of trials in threads."""

import threading

import numpy as np
import pytest

from hddm_sbi.ssm.simulation.blocks import BLOCK, run_blocks


def test_after_an_interrupt_what_is_in_the_queue_is_not_simulated() -> None:
    """Spans that run are not waited for: here they would run for as long as the test waits for the error."""
    released, started = threading.Event(), []

    def kernel(theta, n, seed, start, stop, rt, choice):
        started.append(start)
        if start == 0:
            raise KeyboardInterrupt
        released.wait(30.0)

    with pytest.raises(KeyboardInterrupt):
        run_blocks(kernel, np.zeros((1, 4)), 8 * BLOCK, 1, threads=2)
    assert not released.is_set()
    released.set()
    # the first one, and what two threads had begun until then, of 8
    assert len(started) <= 3
