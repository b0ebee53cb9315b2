"""Blocks of trials in threads."""

import threading

import pytest

from hddm_sbi.ssm.simulation.blocks import in_spans
from hddm_sbi.ssm.simulation.loop import BLOCK


def test_after_an_interrupt_what_is_in_the_queue_is_not_simulated() -> None:
    """Spans that run are not waited for: here they would run for as long as the test waits for the error."""
    released, started = threading.Event(), []

    def fill(first, last):
        started.append(first)
        if first == 0:
            raise KeyboardInterrupt
        released.wait(30.0)

    with pytest.raises(KeyboardInterrupt):
        in_spans(fill, 8 * BLOCK, threads=2)
    assert not released.is_set()
    released.set()
    # the first one, and what two threads had begun until then, of 8
    assert len(started) <= 3


@pytest.mark.parametrize("total", [0, 1, BLOCK, 40 * BLOCK + 7])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_spans_cover_every_trial_once_and_begin_blocks(total: int, threads: int) -> None:
    spans = []
    in_spans(lambda first, last: spans.append((first, last)), total, threads)
    assert [trial for first, last in sorted(spans) for trial in range(first, last)] == list(range(total))
    assert all(first % BLOCK == 0 for first, _ in spans)
