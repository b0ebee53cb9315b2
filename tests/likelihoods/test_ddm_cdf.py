"""Distribution functions of the constant-bound DDM: limits, symmetry, and the density's integral."""

import numpy as np
import pytest

from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.ddm_cdf import choice_probability, ddm_cdf
from hddm_sbi.likelihoods.exact.ddm_density import SWITCH

NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


def random_theta(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n), rng.uniform(-6, 6, n), rng.uniform(0.3, 5, n), rng.uniform(0.02, 0.98, n)


def test_choice_probability():
    v, a = np.linspace(-6, 6, 25), 1.7
    np.testing.assert_allclose(choice_probability(1, v, a, 0.5), 1 / (1 + np.exp(-v * a)), rtol=1e-14)
    np.testing.assert_allclose(choice_probability(1, 0.0, a, [0.2, 0.9]), [0.2, 0.9], rtol=1e-15)
    np.testing.assert_allclose(choice_probability(1, [1e-9, -1e-9], a, 0.3), 0.3, rtol=1e-8)
    _, v, a, z = random_theta(500, 1)
    np.testing.assert_allclose(choice_probability(0, v, a, z) + choice_probability(1, v, a, z), 1.0, rtol=1e-13)
    assert choice_probability(0, 1e3, 1e3, 0.5) == 0.0
    assert choice_probability(1, 1e3, 1e3, 0.5) == 1.0


def test_limits():
    choice, v, a, z = random_theta(500, 2)
    probability = choice_probability(choice, v, a, z)
    np.testing.assert_array_equal(ddm_cdf(np.inf, choice, v, a, z), probability)
    np.testing.assert_allclose(ddm_cdf(20 * a**2, choice, v, a, z), probability, rtol=1e-13, atol=1e-15)
    assert ddm_cdf(np.inf, 0, 0.0, 1.0, 0.25) == 0.75
    assert np.all(ddm_cdf([-1.0, 0.0, 1e-12, 1e-300], 1, 0.5, 2.0, 0.5) == 0.0)


def test_monotone_in_time():
    t = np.geomspace(1e-3, 20.0, 2000)
    for choice, v, a, z in zip(*random_theta(50, 3), strict=True):
        assert np.all(np.diff(ddm_cdf(t, choice, v, a, z)) >= -1e-15)


@pytest.mark.parametrize("between", [(0.002, 0.004), (0.05, 0.1), (0.2, 0.3), (0.5, 1.0), (2.0, 3.0)])
def test_increments_are_integrals_of_the_density(between):
    choice, v, a, z = random_theta(200, 4)
    start, end = (a**2 * u for u in between)
    middle, half = (start + end)[:, None] / 2, (end - start)[:, None] / 2
    t = middle + half * NODES
    theta = np.column_stack([v, a, z, np.zeros(200)])
    row = np.repeat(np.arange(200), len(NODES))
    density = np.exp(ExactDDM().log_prob(t.ravel(), choice[row], theta, row)).reshape(t.shape)
    integral = (half * density * WEIGHTS).sum(1)
    np.testing.assert_allclose(
        ddm_cdf(end, choice, v, a, z) - ddm_cdf(start, choice, v, a, z), integral, rtol=0, atol=1e-11
    )


def test_series_agree_where_they_meet():
    choice, v, a, z = random_theta(500, 5)
    below, above = (ddm_cdf(a**2 * SWITCH * (1 + s), choice, v, a, z) for s in (-1e-15, 1e-15))
    np.testing.assert_allclose(below, above, rtol=0, atol=1e-13)


def test_mirror_image():
    choice, v, a, z = random_theta(500, 6)
    z = np.round(z * 1024) / 1024
    np.testing.assert_array_equal(ddm_cdf(a, choice, v, a, z), ddm_cdf(a, 1 - choice, -v, a, 1 - z))


def test_extremes_stay_in_range():
    rng = np.random.default_rng(7)
    n = 20_000
    t, a = 10 ** rng.uniform(-12, 3, n), 10 ** rng.uniform(-3, 3, n)
    edge = 10 ** rng.uniform(-9, np.log10(0.5), n)
    z, choice, v = np.where(rng.random(n) < 0.5, edge, 1 - edge), rng.integers(0, 2, n), rng.uniform(-1e3, 1e3, n)
    F, P = ddm_cdf(t, choice, v, a, z), choice_probability(choice, v, a, z)
    assert np.all((F >= 0) & (F <= P) & (P <= 1))


@pytest.mark.parametrize("theta", [(np.nan, 1.0, 0.5), (0.0, 0.0, 0.5), (0.0, 1.0, 1.0), (0.0, -1.0, 0.5)])
def test_nan_outside_the_support(theta):
    assert np.isnan(ddm_cdf(1.0, 1, *theta))
    assert np.isnan(choice_probability(1, *theta))
    assert np.isnan(choice_probability(2, 0.0, 1.0, 0.5))
    assert np.isnan(ddm_cdf(np.nan, 1, 0.0, 1.0, 0.5))
