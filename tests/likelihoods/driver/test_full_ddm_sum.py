"""The compiled sum of the full DDM equals the trials' log densities summed, and so do its derivatives."""

import numpy as np
import pytest

from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from tests.likelihoods.driver.test_sums import compare, native, some_trials
from tests.likelihoods.driver.test_sums import some_theta as some_ddm_theta
from tests.observing import lapsing

FULL = ExactFullDDM()


def some_theta(rows, seed, lapses):
    rng = np.random.default_rng(seed)
    ddm = some_ddm_theta(rows, seed, lapses)
    sz = rng.uniform(0, 0.9, rows) * 2 * np.minimum(ddm[:, 2], 1 - ddm[:, 2])
    theta = np.column_stack([ddm[:, :4], rng.uniform(0, 2, rows), sz, rng.uniform(0, 0.4, rows), ddm[:, 4:]])
    theta[rows // 2, 4:7] = 0.0
    return theta


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (400, 5), (700, 350)])
def test_sum_over_trials(lapses, shape):
    n, rows = shape
    likelihood = lapsing(FULL, (0.3, 2.5)) if lapses else FULL
    for seed in range(2):
        compare(likelihood, some_trials(n, rows, seed, 2 if seed else None), some_theta(rows, seed, lapses))


def test_late_non_decision_time():
    trials, theta = some_trials(200, 3, 7), some_theta(3, 7, True)
    theta[:, 3] = [0.0, 0.6, 50.0]  # before all, some and no trials
    compare(lapsing(FULL, (0.0, 30.0)), trials, theta)
    assert native(lapsing(FULL, (0.0, 0.7)), trials, theta)[0] == -np.inf
    assert native(FULL, trials, theta[:, :7])[0] == -np.inf


@pytest.mark.parametrize(
    ("column", "bad"), [(1, 0.0), (2, 1.0), (3, -0.1), (0, np.nan), (4, -1.0), (5, -0.1), (5, 1.0), (6, -0.1)]
)
def test_impossible_parameters_leave_the_lapses(column, bad):
    trials, theta = some_trials(60, 2, 3), some_theta(2, 3, True)
    theta[:, column] = bad
    compare(lapsing(FULL, (0.0, 30.0)), trials, theta)
