from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from hddm_sbi.inference.log_ratios import exact_log_ratios, expected_log_ratios, expected_score, spread
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.observation.lapses import Lapses
from tests.inference.spoiled import THETA, DriftTwice, experiment


def _scores(network, window=None, theta=THETA, batches=24, trials=300) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error of the score of one experiment, (rows, parameters)."""
    design = experiment(trials, window)
    found = [expected_score(design, network, theta, 20, np.random.SeedSequence((7, b))) for b in range(batches)]
    return np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(batches)


def test_an_exact_density_has_no_expected_score() -> None:
    mean, error = _scores(ExactDDM())
    assert (np.abs(mean) < 4.0 * error).all()


@pytest.mark.parametrize("p", [1e-6, 0.02, 0.5])
def test_nor_has_its_mixture_with_lapses(p: float) -> None:
    theta = np.column_stack([THETA, np.full(2, p)])
    mean, error = _scores(ExactDDM(), (0.0, 5.0), theta)
    # the quadrature over lapses is no random sample, but good to a percent of its largest part, p / p for each trial
    assert (np.abs(mean) < 4.0 * error + 0.01 * 150).all()


SEEN = {
    "deadline": {"deadline": 1.1},
    "truncated": {"low": 0.5, "high": 1.4, "truncated": True, "keeps_omissions": False},
    "truncated and deadline": {"low": 0.5, "deadline": 1.1, "truncated": True},
    "go": {"go": True},
    "choices alone": {"times": False},
}


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("seen", SEEN)
def test_nor_has_what_is_seen_of_it(seen: str, lapses: bool) -> None:
    design = experiment(200)
    n, flags = design.trials.n, {}
    for name, value in SEEN[seen].items():
        flags[name] = value if isinstance(value, bool) else np.full(n, value)
    window = Lapses(0.0, None, 3.0, omissions=True) if lapses else None
    design = design._replace(trials=replace(design.trials, **flags), lapses=window)
    theta = np.column_stack([THETA, [0.1, 0.05], [0.3, 0.6]]) if lapses else THETA
    found = [expected_score(design, ExactDDM(), theta, 20, np.random.SeedSequence((8, b))) for b in range(24)]
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(24)
    # the quadrature over lapses is good to a few percent of what one trial in so many adds
    assert (np.abs(mean) <= 4.5 * error + 0.03 * 100 * (1.0 if lapses else 0.0)).all()


def test_the_score_bias_of_twice_the_drift_follows_walds_identity() -> None:
    """E[x] = v E[T] at the end of decision times T makes the score 2 (E[x] - 2 v E[T]) = -2 v E[T] by v."""
    v, a = THETA[0, :2]
    expected = -2.0 * v * (a / (2.0 * v) * np.tanh(0.5 * v * a)) * 150  # trials of the row
    mean, error = _scores(DriftTwice())
    assert abs(mean[0, 0] - expected) < 4.0 * error[0, 0] < 0.05 * abs(expected)


def test_expected_log_ratios_are_theta_times_the_score() -> None:
    design = experiment(60)
    theta = THETA + 0.01 * np.random.default_rng(3).standard_normal((50, 2, 4))
    batches = list(islice(expected_log_ratios(design, DriftTwice(), theta.astype(np.float32), seed=1), 8))
    again = next(iter(expected_log_ratios(design, DriftTwice(), theta.astype(np.float32), seed=1)))
    np.testing.assert_array_equal(batches[0].log_ratio, again.log_ratio)
    assert all(batch.size == 25 for batch in batches)
    mean = np.mean([batch.log_ratio for batch in batches], axis=0)
    score = _scores(DriftTwice(), trials=60)[0]
    correlation = np.corrcoef(mean, np.tensordot(theta, score, 2))[0, 1]
    assert correlation > 0.95
    assert mean.mean() == pytest.approx(0.0, abs=1e-3 * float(np.ptp(mean)))


def test_exact_log_ratios_are_sums_by_participant() -> None:
    design = experiment(31)
    (ratio,) = exact_log_ratios(design, DriftTwice(), ExactDDM(), [THETA])
    trials = design.trials
    difference = DriftTwice().log_prob(trials.rt, trials.choice, THETA, trials.row)
    difference -= ExactDDM().log_prob(trials.rt, trials.choice, THETA, trials.row)
    np.testing.assert_allclose(ratio, [difference[trials.subject == s].sum() for s in (0, 1)])


def test_impossible_trials_are_told_apart_from_trials_impossible_under_both() -> None:
    design = experiment(31)
    late = THETA + np.array([0.0, 0.0, 0.0, 1.0])
    (ratio,) = exact_log_ratios(design, DriftTwice(), ExactDDM(), [late])
    assert np.isfinite(ratio).all()  # those before t0 are impossible under both

    class Leaking(DriftTwice):
        def log_prob(self, rt, choice, theta, row):
            return np.maximum(super().log_prob(rt, choice, theta, row), -50.0)

    (ratio,) = exact_log_ratios(design, Leaking(), ExactDDM(), [late])
    assert (ratio == np.inf).all()


def test_a_row_outside_the_supports_is_left_out() -> None:
    theta = THETA.copy()
    theta[1, 1] = -1.0
    score = expected_score(experiment(20), DriftTwice(), theta, 5, np.random.SeedSequence(1))
    assert (score[1] == 0.0).all()
    assert (score[0] != 0.0).any()


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_spread_is_a_permutation_whose_beginnings_are_even(n: int) -> None:
    order = spread(n)
    assert sorted(order) == list(range(n))
    if n == 1000:
        for length in (10, 100, 300):
            assert np.max(np.diff(np.sort(order[:length]))) < 3 * n / length
