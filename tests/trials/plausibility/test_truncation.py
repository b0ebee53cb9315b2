from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility.truncation import truncation
from hddm_sbi.trials.recording import FloatArray, Limit, Recording
from tests.trials.plausibility.experiments import recording


def _truncated(low: FloatArray | None, high: FloatArray | None, **options: object) -> Recording:
    made = recording(1, 6, 60)
    ends = {
        name: None if end is None else Limit(np.broadcast_to(end, made.n).astype(float), f"the {name} end of truncate")
        for name, end in (("low", low), ("high", high))
    }
    return replace(made, **ends, **options)  # type: ignore[arg-type]


def test_times_inside_are_silent() -> None:
    rt = recording(1, 6, 60).rt
    assert not list(truncation(_truncated(rt.min(), rt.max())))
    assert not list(truncation(_truncated(rt - 0.1, rt + 1e-9)))
    assert not list(truncation(_truncated(None, None)))
    assert not list(truncation(_truncated(None, rt.max(), rt=np.full(360, np.nan))))


@pytest.mark.parametrize("side", ["low", "high"])
def test_times_outside_are_refused(side: str) -> None:
    rt = recording(1, 6, 60).rt
    low, high = (np.quantile(rt, 0.05), None) if side == "low" else (None, np.quantile(rt, 0.95))
    rows = (rt < low) if side == "low" else (rt > high)
    (finding,) = truncation(_truncated(low, high))
    assert finding.severity == "error"
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"{rows.sum()} of 360 response times in column 'rt' of " in finding.sentence
    assert (
        f"are outside the {side} end of truncate, {low if high is None else high:g} s, the first " in finding.sentence
    )


def test_ends_in_the_wrong_order() -> None:
    (finding,) = truncation(_truncated(3.0, 0.2))
    assert finding.sentence.startswith("the low end of truncate, 3 s, is not before the high end, 0.2 s: truncate is")
    low = np.where(np.arange(360) == 4, 3.0, 0.1)
    (finding,) = truncation(_truncated(low, np.array(3.0)))
    np.testing.assert_array_equal(np.flatnonzero(finding.rows), [4])
    assert "the high end, 3 s (in row 6, counting the header as row 1)" in finding.sentence


def test_a_deadline_before_the_low_end() -> None:
    limit = Limit(np.full(360, 0.5), "the deadline")
    (finding,) = truncation(_truncated(0.5, None, deadline=limit))
    assert finding.sentence.startswith("the low end of truncate, 0.5 s, is not before the deadline, 0.5 s: ")
