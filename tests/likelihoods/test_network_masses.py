"""Probabilities of a response between two times: the integral of a network's own density, in the tails too."""

import mpmath as mp
import numpy as np
import pytest

from hddm_sbi.choose import choose_likelihood
from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.neural.canonical_numba import log_difference
from hddm_sbi.likelihoods.neural.likelihood import FirstPassageLikelihood
from hddm_sbi.ssm import SSM, get_model
from tests.likelihoods.integrals import earliest, log_integral
from tests.likelihoods.networks import ALL_MODELS, DDM, RACE, delayed, network, outside, thetas

BUNDLED = [get_model(name) for name in ("ddm", "angle", "weibull", "ornstein", "levy", "full_ddm")]
TRAINED = {ssm.name: (ssm, choose_likelihood(ssm, "nle").density) for ssm in BUNDLED}
UNTRAINED = {
    f"untrained {ssm.name}": (ssm, FirstPassageLikelihood(network(ssm)))
    for ssm in (RACE, get_model("full_ddm"), *(delayed(get_model(name)) for name in ("angle", "weibull", "levy")))
}
CASES = {**TRAINED, **UNTRAINED}
# of these the density does not vanish at the start of the process, or only like a small power of time
SUDDEN = ("levy", "untrained delayed levy", "untrained race")
# shares of all responses that come before an interval and before its end
INTERVALS = [(0.0, 0.05), (0.02, 0.06), (0.05, 0.4), (0.3, 1.0), (0.0, 0.9), (0.9, 1.0)]


def _mass(likelihood: FirstPassageLikelihood, choice: int, t1: float, t2: float, theta: np.ndarray) -> float:
    row = np.zeros(1, dtype=np.int64)
    return likelihood.log_mass(np.array([choice]), np.array([t1]), np.array([t2]), theta[None], row)[0]


def _mass_grad(
    likelihood: FirstPassageLikelihood, choice: int, t1: float, t2: float, theta: np.ndarray
) -> tuple[float, np.ndarray]:
    row = np.zeros(1, dtype=np.int64)
    value, gradient = likelihood.log_mass_grad(np.array([choice]), np.array([t1]), np.array([t2]), theta[None], row)
    # with tangents products of matrices may add up in another order
    assert value[0] == pytest.approx(_mass(likelihood, choice, t1, t2, theta), rel=1e-14)
    return value[0], gradient[0]


def _quantile(likelihood: FirstPassageLikelihood, theta: np.ndarray, share: float) -> float:
    """A time before which about so large a share of the responses comes."""
    if share in (0.0, 1.0):
        return 0.0 if share == 0.0 else np.inf
    start, low, high = earliest(likelihood, theta), 1e-5, 1e4
    while high > 1.001 * low:
        middle = np.sqrt(low * high)
        later = _mass(likelihood, ANY, 0.0, start + middle, theta) < np.log(share)
        low, high = (middle, high) if later else (low, middle)
    return float(start + low)


def _between(likelihood: FirstPassageLikelihood, theta: np.ndarray, shares: tuple[float, float]) -> tuple[float, float]:
    return _quantile(likelihood, theta, shares[0]), _quantile(likelihood, theta, shares[1])


@callable_from_python
def _log_difference(upper: float, lower: float) -> tuple[float, float, float]:
    return log_difference(upper, lower)


def test_differences_of_normals_in_all_tails() -> None:
    rng = np.random.default_rng(1)
    pairs = [(np.inf, -np.inf), (np.inf, 0.0), (0.0, -np.inf), (np.inf, 40.0), (-40.0, -np.inf), (1e-4, 0.0)]
    for lower in rng.normal(size=100) * 10.0 ** rng.uniform(-1.0, 2.0, 100):
        pairs.append((lower + 10.0 ** rng.uniform(-4.0, 1.5), lower))
    with mp.workdps(60):
        for upper, lower in pairs:
            high, low = (-lower, -upper) if lower > 0.0 else (upper, lower)  # the upper tail has no digits
            high, low = mp.mpf(float(high)), mp.mpf(float(low))
            mass = mp.ncdf(high) - mp.ncdf(low)
            slopes = [mp.npdf(mp.mpf(float(x))) / mass if np.isfinite(x) else mp.mpf(0) for x in (upper, lower)]
            value, by_upper, by_lower = _log_difference(upper, lower)
            # the closest are 1e-4 apart, which leaves 1e-16 / 1e-4 of the distance
            assert float(mp.log(mass) - mp.mpf(value)) == pytest.approx(0.0, abs=1e-11 + 1e-15 * abs(value))
            assert by_upper == pytest.approx(float(slopes[0]), rel=1e-10, abs=1e-300)
            assert by_lower == pytest.approx(-float(slopes[1]), rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("name", CASES)
def test_the_integral_of_the_density_and_its_score(name: str) -> None:
    ssm, likelihood = CASES[name]
    for theta in thetas(ssm, 2, seed=3):
        for k, between in enumerate(INTERVALS):
            t1, t2 = _between(likelihood, theta, between)
            choice = (ANY, *range(ssm.n_choices))[k % (1 + ssm.n_choices)]
            expected, score = log_integral(likelihood, choice, t1, t2, theta)
            value, gradient = _mass_grad(likelihood, choice, t1, t2, theta)
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-8)
            if name not in SUDDEN:
                np.testing.assert_allclose(gradient, score, rtol=1e-7, atol=1e-7 * (1.0 + np.abs(score).max()))


@pytest.mark.parametrize("log_mass", [np.log(0.02), np.log(1e-12), np.log(1e-40)])
@pytest.mark.parametrize("name", [name for name in CASES if name not in SUDDEN])
def test_tails(name: str, log_mass: float) -> None:
    ssm, likelihood = CASES[name]
    theta = thetas(ssm, 1, seed=8)[0]
    t0 = earliest(likelihood, theta)
    for late in (False, True):
        low, high = 1e-9, 1e4
        for _ in range(80):  # the time at which the tail is about so much
            middle = np.sqrt(low * high)
            between = (t0 + middle, np.inf) if late else (0.0, t0 + middle)
            low, high = (
                (middle, high) if (_mass(likelihood, ANY, *between, theta) > log_mass) == late else (low, middle)
            )
        value, gradient = _mass_grad(likelihood, ANY, *between, theta)
        assert value == pytest.approx(log_mass, rel=0.1)
        expected, score = log_integral(likelihood, ANY, *between, theta)
        assert value == pytest.approx(expected, abs=1e-8)
        np.testing.assert_allclose(gradient, score, rtol=1e-7, atol=1e-7 * (1.0 + np.abs(score).max()))


@pytest.mark.parametrize("name", CASES)
def test_times_and_choices_share_the_probability(name: str) -> None:
    ssm, likelihood = CASES[name]
    for theta in np.concatenate([thetas(ssm, 3, seed=4), outside(ssm)[:2]]):
        middle = [_quantile(likelihood, theta, share) for share in (0.01, 0.2, 0.5, 0.51, 0.9, 0.999)]
        edges = np.sort([0.0, earliest(likelihood, theta) + 1e-4, *middle, middle[-1] + 2.0, np.inf])
        t1, t2 = (np.repeat(side, ssm.n_choices) for side in (edges[:-1], edges[1:]))
        choice = np.tile(np.arange(ssm.n_choices), len(edges) - 1)
        row = np.zeros(len(choice), dtype=np.int64)
        apart, slope = likelihood.log_mass_grad(choice, t1, t2, theta[None], row)
        assert np.exp(apart).sum() == pytest.approx(1.0, abs=1e-10)
        if name not in SUDDEN:
            size = (np.exp(apart) @ np.abs(slope)).max()
            assert np.exp(apart) @ slope == pytest.approx(np.zeros(len(theta)), abs=1e-8 * (1.0 + size))
        together = likelihood.log_mass(
            np.full(len(edges) - 1, ANY), edges[:-1], edges[1:], theta[None], row[: len(edges) - 1]
        )
        parts = apart.reshape(-1, ssm.n_choices)
        assert together == pytest.approx(np.logaddexp.reduce(parts, axis=1), abs=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_matches_finite_differences(name: str) -> None:
    ssm, likelihood = CASES[name]
    theta = thetas(ssm, 4, seed=5)
    t1, t2 = np.array([_between(likelihood, theta[r], INTERVALS[r]) for r in range(4)]).T
    choice, row = np.array([0, ANY, 1, ANY]), np.arange(4)
    value, gradient = likelihood.log_mass_grad(choice, t1, t2, theta, row)
    assert np.all(np.isfinite(value))
    for j in range(theta.shape[1]):
        # steps that move the logarithm by some 2e-5, which bends it by the square of that
        step = np.zeros_like(theta)
        step[:, j] = 2e-5 * np.minimum(np.maximum(1e-2, np.abs(theta[:, j])), 1.0 / (1.0 + np.abs(gradient[:, j])))
        up, down = (likelihood.log_mass(choice, t1, t2, moved, row) for moved in (theta + step, theta - step))
        np.testing.assert_allclose(gradient[:, j], (up - down) / (2.0 * step[:, j]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("exponent", [-2, -3, -4, -5, -7, -10])
def test_narrow_intervals(name: str, exponent: int) -> None:
    """Between closed form and quadrature nothing changes: a part has the probability that it has as two halves."""
    ssm, likelihood = CASES[name]
    theta = thetas(ssm, 6, seed=6)
    middle = np.array([_quantile(likelihood, row, 0.3) for row in theta])
    decision = middle - [earliest(likelihood, row) for row in theta]
    width = 2.0 ** np.round(np.log2(10.0**exponent * decision))
    row, choice = np.arange(6), np.arange(6) % ssm.n_choices
    # times that are multiples of half a width, so that their differences are exact
    t1 = np.round(middle / width) * width
    whole, slope = likelihood.log_mass_grad(choice, t1, t1 + width, theta, row)
    first, first_slope = likelihood.log_mass_grad(choice, t1, t1 + 0.5 * width, theta, row)
    second, second_slope = likelihood.log_mass_grad(choice, t1 + 0.5 * width, t1 + width, theta, row)
    assert np.all(np.isfinite(whole))
    assert whole == pytest.approx(np.logaddexp(first, second), abs=1e-9)
    share = np.exp(first - whole)[:, None], np.exp(second - whole)[:, None]
    np.testing.assert_allclose(
        slope, share[0] * first_slope + share[1] * second_slope, rtol=1e-7, atol=1e-7 * (1.0 + np.abs(slope).max())
    )
    if exponent <= -7:
        density = likelihood.log_prob(t1 + 0.5 * width, choice, theta, row)
        assert whole - np.log(width) == pytest.approx(density, abs=1e-8)


@pytest.mark.parametrize("name", [name for name in CASES if "st0" in CASES[name][0].parameter_names])
def test_a_delay_that_vanishes(name: str) -> None:
    ssm, likelihood = CASES[name]
    theta = np.repeat(thetas(ssm, 1, seed=7), 9, axis=0)
    t, j = _quantile(likelihood, theta[0], 0.3), ssm.parameter_names.index("st0")
    unit = t - earliest(likelihood, theta[0])
    theta[:, j] = unit * np.array([0.0, 1e-300, 1e-9, 0.99e-5, 1.01e-5, 1e-4, 3e-4, 1e-3, 3e-3])
    for t1, t2 in ((t, t + 0.2 * unit), (t, t + 1e-5 * unit)):
        value, slope = likelihood.log_mass_grad(
            np.zeros(9, dtype=np.int64), np.full(9, t1), np.full(9, t2), theta, np.arange(9)
        )
        # a straight line in the width of the delay, bent by its square
        line = value[0] + slope[0, j] * theta[:, j]
        assert np.all(np.abs(value - line) < 1e-10 + 1e4 * (theta[:, j] / unit) ** 2)
        assert np.all(np.abs(slope[:, j] - slope[0, j]) * unit < 1e-6 + 1e4 * theta[:, j] / unit)


@pytest.mark.parametrize("ssm", ALL_MODELS, ids=lambda ssm: ssm.name)
def test_the_impossible_is_minus_infinity_with_zero_gradient_never_nan(ssm: SSM) -> None:
    likelihood = FirstPassageLikelihood(network(ssm))
    theta = np.concatenate([thetas(ssm, 1), outside(ssm), np.full((1, len(ssm.parameters)), -1.0)])
    t0 = earliest(likelihood, theta[0])
    t1 = np.array([0.0, 0.0, t0 + 1.0, np.inf, np.nan, t0, t0, t0, 0.0])
    t2 = np.array([0.0, t0, t0 + 1.0, np.inf, 1.0, np.nan, np.inf, np.inf, np.inf])
    choice = np.array([0, ANY, ANY, 0, 0, ANY, ssm.n_choices, -2, ANY])
    for r in range(len(theta)):
        row = np.full(len(t1), r)
        value, gradient = likelihood.log_mass_grad(choice, t1, t2, theta, row)
        assert not np.any(np.isnan(value))
        assert np.all(value < 1e-12)
        assert np.all(np.isfinite(gradient))
        assert np.all(gradient[value == -np.inf] == 0.0)
        if r == 0:
            assert np.all(value[:8] == -np.inf)
            assert value[8] == pytest.approx(0.0, abs=1e-12)
            assert gradient[8] == pytest.approx(np.zeros(len(ssm.parameters)), abs=1e-12)


def test_after_the_boundaries_have_met() -> None:
    ssm = delayed(get_model("angle"))
    likelihood = FirstPassageLikelihood(network(ssm))
    theta = np.array([1.0, 2.0, 0.5, 0.3, np.arctan(0.5), 0.25])
    end = 0.3 + 2.0 / (2.0 * 0.5)
    assert _mass(likelihood, ANY, end + 0.25 + 1e-9, np.inf, theta) == -np.inf
    assert _mass(likelihood, ANY, 0.0, end + 0.25, theta) == pytest.approx(0.0, abs=1e-12)
    # by the delay alone a response may come later
    expected, score = log_integral(likelihood, ANY, end, np.inf, theta)
    value, gradient = _mass_grad(likelihood, ANY, end, np.inf, theta)
    assert value == pytest.approx(expected, abs=1e-8)
    np.testing.assert_allclose(gradient, score, rtol=1e-7, atol=1e-7)
    theta[5] = 0.0
    assert _mass(likelihood, ANY, end + 1e-9, np.inf, theta) == -np.inf
    assert _mass(likelihood, ANY, end - 0.1, np.inf, theta) == _mass(likelihood, ANY, end - 0.1, end, theta) > -np.inf


def test_extreme_parameters_never_give_nan() -> None:
    likelihood = FirstPassageLikelihood(network(DDM))
    theta = np.array(
        [[v, a, z, 0.3] for v in (-1e3, 0.0, 1e3) for a in (1e-6, 1.0, 1e4) for z in (1e-12, 0.5, 1 - 1e-12)]
    )
    for t1, t2 in ((0.0, 0.31), (0.31, 0.32), (1.0, np.inf), (0.4, 0.4 + 1e-12), (1e9, np.inf)):
        n = len(theta)
        for choice in (ANY, 0, 1):
            value, gradient = likelihood.log_mass_grad(
                np.full(n, choice), np.full(n, t1), np.full(n, t2), theta, np.arange(n)
            )
            assert not np.any(np.isnan(value))
            assert np.all(value < 1e-12)
            assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("name", CASES)
def test_any_numbers_for_parameters(name: str) -> None:
    ssm, likelihood = CASES[name]
    rng = np.random.default_rng(9)
    n = 500
    theta = rng.choice([-1.0, 1.0], (n, len(ssm.parameters))) * 10.0 ** rng.uniform(-8.0, 5.0, (n, len(ssm.parameters)))
    odd = rng.random(theta.shape) < 0.1
    theta[odd] = rng.choice([0.0, -1.0, np.nan, np.inf, 1e300, -1e300, 1e-300], odd.sum())
    t1 = 10.0 ** rng.uniform(-3.0, 5.0, n)
    t2 = t1 + 10.0 ** rng.uniform(-12.0, 5.0, n)
    value, gradient = likelihood.log_mass_grad(rng.integers(-1, ssm.n_choices, n), t1, t2, theta, np.arange(n))
    assert not np.any(np.isnan(value))
    assert np.all(value < 1e-9)
    assert np.all(np.isfinite(gradient))


def test_no_trials() -> None:
    none, index = np.empty(0), np.empty(0, dtype=np.int64)
    likelihood = FirstPassageLikelihood(network(DDM))
    assert likelihood.log_mass(index, none, none, thetas(DDM, 2), index).shape == (0,)
    shapes = [array.shape for array in likelihood.log_mass_grad(index, none, none, thetas(DDM, 2), index)]
    assert shapes == [(0,), (0, 4)]
