"""Trials of the full DDM that share curves have the densities and derivatives that each has alone."""

import numpy as np
import pytest

from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from tests.likelihoods.test_exact_full_ddm import ACCURACY, HOSTILE, NAMES, with_grad

FULL = ExactFullDDM()
TRIALS = 128


def together(t, choice, theta):
    """Log densities and gradients of decision times, sorted, that belong to one row."""
    n = len(t)
    return FULL.log_prob_grad(
        np.sort(t) + theta[3], np.full(n, choice), np.atleast_2d(np.asarray(theta, float)), np.zeros(n, np.int64)
    )


def compare(t, choice, theta, n=TRIALS):
    """The greatest differences, and the share of trials whose densities come from curves."""
    t = np.sort(t)
    log_f, grad = together(t, choice, theta)
    alone, grad_alone = with_grad(t + theta[3], choice, np.tile(theta, (n, 1)))
    possible = alone > -np.inf
    np.testing.assert_array_equal(log_f == -np.inf, ~possible)
    np.testing.assert_allclose(log_f[possible], alone[possible], rtol=0, atol=2 * ACCURACY)
    # in units of what the parameters may change by
    v, a, z, _, sv, sz, st0 = theta
    room = min(z, 1 - z) - sz / 2
    time = np.minimum(t, np.abs(t - st0)) if st0 > 0 else t
    scales = [max(abs(v), 0.1), a, room, time, max(sv, 0.1), max(min(sz, room), 1e-3), np.minimum(max(st0, 1e-3), time)]
    for k, name in enumerate(NAMES):
        error = np.abs(grad[:, k] - grad_alone[:, k]) * scales[k]
        assert np.all(error <= 3e-6 * (1 + np.abs(log_f)) + 1e-6 * np.abs(grad_alone[:, k]) * scales[k] + ~possible), (
            name
        )
    return np.mean(log_f[possible] != alone[possible]) if possible.any() else 0.0


def random_row(rng):
    a, z = rng.uniform(0.3, 5.0), rng.uniform(0.05, 0.95)
    sz = rng.uniform(0.0, 0.95) * 2 * min(z, 1 - z)
    st0 = rng.choice([0.0, rng.uniform(0, 1), 10 ** rng.uniform(-4, 0)])
    return np.array(
        [rng.uniform(-6, 6), a, z, 0.3, rng.uniform(0, 3) * rng.integers(0, 2), sz * rng.integers(0, 3), st0]
    )


def test_over_the_box():
    rng, shared = np.random.default_rng(1), []
    for _ in range(60):
        theta = random_row(rng)
        theta[5] = min(theta[5], 1.9 * min(theta[2], 1 - theta[2]))
        # from early times on, within the window and beyond
        t = theta[1] ** 2 * 10 ** rng.uniform(-1.5, 0.3, TRIALS) + theta[6] * rng.random(TRIALS)
        shared.append(compare(t, int(rng.integers(0, 2)), theta))
    assert np.mean(shared) > 0.8


@pytest.mark.parametrize("trial", HOSTILE)
def test_hostile_points(trial):
    rt, choice, *theta = trial
    t = (rt - theta[3]) * np.linspace(0.5, 1.5, TRIALS)
    compare(t, choice, np.array(theta))


@pytest.mark.parametrize("n", [1, 3, 5, 17, 64, 127])
def test_few_trials(n):
    theta = np.array([1.0, 1.4, 0.45, 0.3, 0.8, 0.3, 0.12])
    assert compare(np.linspace(-0.05, 0.9, n), 1, theta, n) >= 0.9 * (n > 16)


def test_early_and_late_trials_apart_from_the_others():
    theta = np.array([1.0, 1.4, 0.45, 0.3, 0.8, 0.3, 0.12])
    compare(np.concatenate([[1e-12, 1e-6, 1e-3, 2e-3], np.linspace(0.1, 1.0, TRIALS - 7), [5.0, 20.0, 60.0]]), 0, theta)


def test_equal_times():
    theta = np.array([1.0, 1.4, 0.45, 0.3, 0.8, 0.3, 0.12])
    for st0 in (0.0, 0.12):
        theta[6] = st0
        compare(np.full(TRIALS, 0.4), 0, theta)
        compare(np.repeat(np.linspace(0.05, 0.6, TRIALS // 4), 4), 0, theta)
