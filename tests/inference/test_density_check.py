from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.inference.density_check import density_check
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.ddm_cdf import ddm_cdf
from tests.inference.spoiled import THETA, DriftTwice, experiment


def _of(network, theta=THETA, seed=2):
    return density_check(experiment(40), network, theta, seed, seconds=60.0)


def test_an_exact_density_differs_by_chance_alone() -> None:
    check = _of(ExactDDM())
    assert check.n_theta == 2
    assert check.n_trials >= 100_000
    assert check.distance < check.bound < 0.007


def test_the_distance_of_twice_the_drift_is_known() -> None:
    v, a, z, t0 = THETA[0]
    choice, time = np.array([[0], [1]]), np.linspace(0.0, 10.0, 2000) - t0
    difference = np.abs(ddm_cdf(time, choice, v, a, z) - ddm_cdf(time, choice, 2.0 * v, a, z))
    check = _of(DriftTwice(), THETA[:1])
    assert check.distance == pytest.approx(difference.max(), abs=check.bound)
    assert check.choice == int(np.argmax(difference.max(axis=1)))
    np.testing.assert_array_equal(check.theta, THETA[0])


def test_a_density_that_does_not_integrate_to_one_is_seen() -> None:
    class TooMuch(DriftTwice):
        def log_prob(self, rt, choice, theta, row):
            return ExactDDM().log_prob(rt, choice, theta, row) + 0.1

    check = _of(TooMuch())
    p = 1.0 / (1.0 + np.exp(-THETA[0, 0] * THETA[0, 1]))  # of the likelier choice
    assert check.distance > (np.exp(0.1) - 1.0) * p - check.bound


def test_equal_parameters_are_looked_at_once_and_many_are_thinned() -> None:
    assert _of(ExactDDM(), np.repeat(THETA, 5, axis=0)).n_theta == 2
    many = THETA[:1] + np.linspace(0.0, 0.1, 60)[:, None]
    assert density_check(experiment(60), ExactDDM(), many, seconds=0.01).n_theta == 20
