from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility.unanswered import unanswered
from tests.trials.plausibility.experiments import SIZES, recording


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize("jitter", [0.0, 0.03])
def test_times_at_which_trials_were_given_up_are_named(people: int, trials: int, jitter: float) -> None:
    made = recording(1, people, trials)
    limit = np.quantile(made.rt, 0.9)
    rows = made.rt > limit
    rt = np.where(rows, limit + jitter * np.random.default_rng(1).random(made.n), made.rt)
    (finding,) = unanswered(replace(made, rt=rt, choice=np.where(rows, -1, made.choice)))
    assert (finding.kind, finding.severity) == ("unanswered trials", "warning")
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"{rows.sum():,} of the {rows.sum():,} trials with a time in column 'rt' and no response" in finding.sentence
    assert "set rt and response of these rows to missing and name the time limit with deadline=" in finding.sentence


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_responses_lost_at_random_are_silent(seed: int, share: float) -> None:
    made = recording(seed, 8, 80)
    rows = np.random.default_rng([seed, 3]).random(made.n) < share
    assert not list(unanswered(replace(made, choice=np.where(rows, -1, made.choice))))


def test_responses_lost_in_a_slow_condition_are_silent() -> None:
    made = recording(1, 8, 80)
    slow = np.arange(made.n) % 4 == 0
    rows = slow & (np.random.default_rng(3).random(made.n) < 0.3)
    rt = made.rt + 0.5 * slow
    assert not list(unanswered(replace(made, rt=rt, choice=np.where(rows, -1, made.choice))))
