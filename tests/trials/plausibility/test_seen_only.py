"""Trials of which nothing was seen change no finding about the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.trials.plausibility import CHECKS, find
from hddm_sbi.trials.plausibility.fast_trials import fast_trials
from hddm_sbi.trials.recording import Limit, Recording
from tests.trials.plausibility.experiments import clean, recording, with_rt


def _with_omissions(made: Recording, seed: int) -> tuple[Recording, np.ndarray]:
    """The recording with omissions between its rows, a participant who only omits among them, and the old rows."""
    rng = np.random.default_rng([seed, 4])
    n = made.n + made.n // 3
    old = np.sort(rng.permutation(n)[: made.n])
    rt, choice = np.full(n, np.nan), np.full(n, -1)
    subject = rng.integers(0, len(made.subjects) + 1, n)
    rt[old], choice[old], subject[old] = made.rt, made.choice, made.subject
    subject[np.setdiff1d(np.arange(n), old)[:2]] = len(made.subjects)
    limit = Limit(np.full(n, np.nanmax(made.seconds)), "the deadline")
    more = replace(
        made, rt=rt, choice=choice, subject=subject, subjects=(*made.subjects, "silent"), index=pd.RangeIndex(n),
        deadline=limit,
    )  # fmt: skip
    return more, old


def _faulty(fault: str) -> Recording:
    made = recording(1, 6, 80)
    rows = np.arange(made.n) % 9 == 0
    if fault == "codes":
        return with_rt(made, rows, 999.0)
    if fault == "no times":
        return with_rt(made, rows, -1.0)
    if fault == "block":
        return with_rt(made, (np.arange(made.n) > 90) & (np.arange(made.n) < 120), 1000.0 * made.rt)
    if fault == "participant":
        return with_rt(made, made.subject == 3, 1000.0 * made.rt)
    if fault == "time-outs":
        return replace(made, rt=np.minimum(made.rt, np.quantile(made.rt, 0.85, method="nearest")))
    return replace(made, coding="accuracy", choice=1 - made.choice)


@pytest.mark.parametrize("fault", ["codes", "no times", "block", "participant", "time-outs", "accuracy"])
def test_faults_are_found_among_omissions(fault: str) -> None:
    made = _faulty(fault)
    more, old = _with_omissions(made, 1)
    (expected,) = find(made)
    (finding,) = (finding for finding in find(more) if finding.kind not in ("unseen participants", "single trials"))
    assert (finding.kind, finding.severity) == (expected.kind, expected.severity)
    np.testing.assert_array_equal(finding.rows[old], expected.rows)
    assert finding.rows.sum() == expected.rows.sum()


@pytest.mark.parametrize("by_participant", [True, False])
def test_fast_trials_are_found_among_omissions(by_participant: bool) -> None:
    made = recording(1, 1, 500)
    made = with_rt(made, np.arange(made.n) == 99, 0.1 * made.rt.min())
    more, old = _with_omissions(made, 1)
    (finding,) = fast_trials(more, by_participant)
    np.testing.assert_array_equal(np.flatnonzero(finding.rows), [old[99]])


@pytest.mark.parametrize("block", range(5))
def test_clean_experiments_with_omissions_are_silent(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        more, _ = _with_omissions(clean(seed), seed)
        found = [finding for finding in find(more) if finding.kind not in ("single trials", "unseen participants")]
        assert not found, (seed, [finding.sentence for finding in found])


@pytest.mark.parametrize("block", range(5))
def test_clean_experiments_with_halves_lost_are_silent(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        made, rng = clean(seed), np.random.default_rng([seed, 5])
        lost = rng.random(made.n)
        share = rng.choice([0.01, 0.1, 0.4])
        rt, choice = np.where(lost < share, np.nan, made.rt), np.where(lost > 1.0 - share, -1, made.choice)
        found = [finding for finding in find(replace(made, rt=rt, choice=choice)) if finding.severity == "error"]
        found += [f for f in find(replace(made, rt=rt, choice=choice)) if f.kind in ("unanswered trials", "time-outs")]
        assert not found, (seed, [finding.sentence for finding in found])


def test_each_check_bears_limits_and_any_other_fault() -> None:
    made = recording(2, 5, 40)
    rt = made.rt.copy()
    rt[:30] = [np.nan, np.inf, -np.inf, 0.0, -1.0, 999.0] * 5
    limits = {name: Limit(np.full(made.n, 0.5), name) for name in ("deadline", "low", "high")}
    nothing = {"rt": np.full(made.n, np.nan), "choice": np.full(made.n, -1)}
    for changes in (
        {"rt": rt},
        {"rt": rt, "go": 1, "choice": np.full(made.n, -1)},
        nothing,
        nothing | {"times": False},
    ):
        spoiled = replace(made, **(limits | changes))  # type: ignore[arg-type]
        for check in CHECKS:
            assert all(finding.sentence.endswith(".") for finding in check(spoiled))


@pytest.mark.parametrize("by_participant", [True, False])
def test_without_any_time_no_trial_is_fast(by_participant: bool) -> None:
    made = recording(1, 3, 50)
    assert not list(fast_trials(replace(made, rt=np.full(made.n, np.nan), times=False), by_participant))
