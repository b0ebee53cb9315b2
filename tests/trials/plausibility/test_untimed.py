from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.trials.plausibility.untimed import untimed
from hddm_sbi.trials.recording import Recording
from tests.trials.plausibility.experiments import recording


def _without_times(made: Recording, rows: np.ndarray, choice: int | None = None) -> Recording:
    others = made.choice if choice is None else np.where(rows, choice, made.choice)
    return replace(made, rt=np.where(rows, np.nan, made.rt), choice=others)


@pytest.mark.parametrize("trials", [40, 200])
def test_omissions_that_count_as_errors_are_named(trials: int) -> None:
    made = recording(1, 6, trials)
    rows = made.rt > np.quantile(made.rt, 0.9)
    (finding,) = untimed(_without_times(made, rows, choice=0))
    assert (finding.kind, finding.severity) == ("untimed responses", "warning")
    np.testing.assert_array_equal(finding.rows, rows)
    share = 100.0 * (made.choice[~rows] == 0).mean()
    assert finding.sentence.startswith(f"all {rows.sum()} trials with no time in column 'rt' of ")
    assert f"have the same response in column 'response', and {share:.3g}% of the others have it (" in finding.sentence
    assert "set rt and response of these rows to missing and name the time limit with deadline=" in finding.sentence


@pytest.mark.parametrize("seed", range(20))
def test_times_lost_at_random_are_silent(seed: int) -> None:
    made = recording(seed, 8, 80)
    for share in (0.003, 0.1):
        assert not list(untimed(_without_times(made, np.random.default_rng([seed, 3]).random(made.n) < share)))


def test_the_frequent_response_is_no_error() -> None:
    made = recording(1, 8, 80)
    assert not list(untimed(_without_times(made, np.arange(made.n) < 50, choice=1)))


def test_omissions_that_have_either_response_are_named() -> None:
    made = recording(1, 6, 60)
    made = replace(made, choice=np.random.default_rng(4).integers(0, 2, made.n))
    rows = np.arange(made.n) % 10 == 0
    for choice in (0, 1):
        (finding,) = untimed(_without_times(made, rows, choice=choice))
        np.testing.assert_array_equal(finding.rows, rows)
