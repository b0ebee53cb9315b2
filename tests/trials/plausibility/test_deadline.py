from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility import Finding, find
from hddm_sbi.trials.plausibility.deadline import deadline
from hddm_sbi.trials.recording import Limit, Recording
from tests.trials.plausibility.experiments import recording


def _limited(seconds: float, *, keep: float = np.inf, column: str | None = None, unit: str = "s") -> Recording:
    """An experiment in which responses after ``seconds`` are omissions; those until ``keep`` more were recorded."""
    made = recording(1, 6, 60, unit=unit)
    omitted = (made.seconds > seconds) & (made.seconds > seconds + keep)
    limit = Limit(np.full(made.n, seconds), "the deadline", column)
    rt, choice = np.where(omitted, np.nan, made.rt), np.where(omitted, -1, made.choice)
    return replace(made, rt=rt, choice=choice, deadline=limit)


def _only(made: Recording) -> Finding:
    (finding,) = deadline(made)
    return finding


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_omissions_by_a_deadline_are_silent(unit: str) -> None:
    made = _limited(0.9, keep=0.0, unit=unit)
    assert 0.03 < made.omitted.mean() < 0.5
    assert not list(find(made))


def test_a_response_at_the_deadline_is_in_time() -> None:
    made = _limited(0.9, keep=0.0)
    rt = made.rt.copy()
    rt[np.flatnonzero(made.rt_seen)[0]] = 0.9
    assert not list(deadline(replace(made, rt=rt)))


def test_up_to_50_ms_after_the_deadline_are_said() -> None:
    made = _limited(0.9, keep=0.05)
    rows = made.seconds > 0.9
    finding = _only(made)
    assert finding.severity == "warning"
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"{rows.sum()} response times in column 'rt'" in finding.sentence
    assert "are after the deadline, 0.9 s, by up to " in finding.sentence
    assert finding.sentence.endswith("kept as responses, because up to 50 ms may be the clock's.")


@pytest.mark.parametrize("column", [None, "limit"])
def test_responses_after_the_deadline_are_refused(column: str | None) -> None:
    made = _limited(0.9, column=column)
    late = made.seconds > 0.95
    made = replace(made, rt=np.where((made.seconds > 0.9) & ~late, 0.9, made.rt))
    finding = next(iter(deadline(made)))
    assert finding.severity == "error"
    np.testing.assert_array_equal(finding.rows, late)
    words = "0.9 s" if column is None else "0.9 s (column 'limit')"
    assert f"{late.sum()} of 360 response times in column 'rt'" in finding.sentence
    assert f"are after the deadline, {words}, such as {made.seconds.max():.6g} s after a deadline of 0.9 s" in (
        finding.sentence
    )
    assert ("a number is in seconds" in finding.sentence) == (column is None)


def test_a_trial_without_a_deadline_may_last_but_not_be_omitted() -> None:
    made = _limited(0.9, keep=0.0, column="limit")
    limit = np.where(np.arange(made.n) < 60, np.inf, 0.9)
    made = replace(made, deadline=Limit(limit, "the deadline", "limit"))
    without = made.omitted & (np.arange(made.n) < 60)
    finding = _only(made)
    np.testing.assert_array_equal(finding.rows, without)
    assert finding.severity == "error"
    assert f"{without.sum()} omissions have no deadline in column 'limit' of participant 101" in finding.sentence
    rt, choice = np.where(without, 2.5, made.rt), np.where(without, 1, made.choice)
    assert not list(deadline(replace(made, rt=rt, choice=choice)))


@pytest.mark.parametrize(("column", "named"), [(None, "truncate=(None, 20)"), ("limit", "truncate=(None, 'limit')")])
def test_a_deadline_without_omissions_asks_what_became_of_them(column: str | None, named: str) -> None:
    made = _limited(20.0, column=column)
    finding = _only(made)
    assert finding.severity == "warning"
    assert "and not one omission (a trial with rt and response missing)" in finding.sentence
    assert f"pass {named} in place of deadline" in finding.sentence
    told = replace(made, high=Limit(np.full(made.n, 20.0), "the high end of truncate"))
    assert not list(deadline(told))
    assert not list(deadline(replace(made, go=1)))


@pytest.mark.parametrize(("factor", "told"), [(2.0, False), (9.0, False), (11.0, True)])
def test_a_deadline_that_nobody_comes_near(factor: float, told: bool) -> None:
    made = recording(1, 6, 60)
    rows = np.arange(made.n) % 12 == 0
    made = replace(made, rt=np.where(rows, np.nan, made.rt), choice=np.where(rows, -1, made.choice))
    limit = Limit(np.full(made.n, factor * np.nanmax(made.rt)), "the deadline")
    found = [finding for finding in deadline(replace(made, deadline=limit)) if finding.kind == "far deadline"]
    assert bool(found) == told
    for finding in found:
        assert finding.sentence.startswith("30 omissions have a deadline of ")
        np.testing.assert_array_equal(finding.rows, rows)
