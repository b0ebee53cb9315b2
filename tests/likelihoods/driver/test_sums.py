"""The compiled sums equal the trials' log densities summed, and so do their derivatives."""

import numpy as np
import pytest

from hddm_sbi.choose import choose_likelihood
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm.registry import get_model
from tests.likelihoods.driver.sums import compare, native, trials_of
from tests.likelihoods.networks import MODELS, network, thetas
from tests.observing import lapsing


def some_trials(n, rows, seed, resolution=None):
    rng = np.random.default_rng(seed)
    rt = 0.25 + rng.gamma(1.5, 0.6, n)
    row = rng.integers(0, rows, n)
    row[row == 1] = 0  # a row without trials
    return trials_of(row, rt if resolution is None else np.round(rt, resolution), rng.integers(0, 2, n))


def some_theta(rows, seed, lapses):
    rng = np.random.default_rng(seed)
    theta = np.column_stack(
        [rng.normal(0, 3, rows), rng.uniform(0.4, 4, rows), rng.uniform(0.06, 0.94, rows), rng.uniform(0, 0.24, rows)]
    )
    return np.column_stack([theta, rng.uniform(0.001, 0.3, rows)]) if lapses else theta


LIKELIHOODS = {
    "exact": ExactDDM(),
    "network": choose_likelihood(get_model("ddm"), "nle").density,
}


@pytest.mark.parametrize("kind", LIKELIHOODS)
@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (400, 5), (700, 350), (3000, 4)])
def test_sum_over_trials(kind, lapses, shape):
    n, rows = shape
    likelihood = lapsing(LIKELIHOODS[kind], (0.3, 2.5)) if lapses else LIKELIHOODS[kind]
    for seed in range(3):
        compare(likelihood, some_trials(n, rows, seed, 2 if seed else None), some_theta(rows, seed, lapses))


@pytest.mark.parametrize("kind", LIKELIHOODS)
def test_late_non_decision_time(kind):
    trials, theta = some_trials(200, 3, 7), some_theta(3, 7, True)
    theta[:, 3] = [0.0, 0.6, 50.0]  # before all, some and no trials
    compare(lapsing(LIKELIHOODS[kind], (0.0, 30.0)), trials, theta)
    assert native(lapsing(LIKELIHOODS[kind], (0.0, 0.7)), trials, theta)[0] == -np.inf
    assert native(LIKELIHOODS[kind], trials, theta[:, :4])[0] == -np.inf


def test_impossible_parameters_leave_the_lapses():
    trials = some_trials(60, 2, 3)
    for k, bad in ((1, 0.0), (1, -1.0), (2, 0.0), (2, 1.0), (3, -0.1), (0, np.nan)):
        theta = some_theta(2, 3, True)
        theta[:, k] = bad
        compare(lapsing(LIKELIHOODS["exact"], (0.0, 30.0)), trials, theta)


def test_extreme_parameters_keep_their_precision():
    trials = some_trials(300, 1, 5)
    for v, a, z in ((20.0, 0.3, 0.02), (-8.0, 6.0, 0.5), (0.0, 12.0, 0.98), (0.01, 0.35, 0.5)):
        theta = np.array([[v, a, z, 0.2499]])
        compare(LIKELIHOODS["exact"], trials, theta)
        compare(lapsing(LIKELIHOODS["exact"], (0.0, 9.0)), trials, np.column_stack([theta, [[1e-9]]]))


@pytest.mark.parametrize("ssm", MODELS, ids=lambda ssm: ssm.name)
@pytest.mark.parametrize("lapses", [False, True])
def test_any_network(ssm, lapses):
    likelihood = FirstPassageLikelihood(network(ssm))
    rng, theta = np.random.default_rng(2), thetas(ssm, 90)
    trials = some_trials(400, 90, 1)
    choice = rng.integers(0, ssm.n_choices, len(trials.rt))
    trials = trials_of(trials.row, trials.rt + 5.0, choice)  # after every non-decision time
    if lapses:
        likelihood = lapsing(likelihood, (0.0, 5.5))
        theta = np.column_stack([theta, rng.uniform(0.01, 0.2, len(theta))])
    compare(likelihood, trials, theta)
