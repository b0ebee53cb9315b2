"""The probability that a race ends between two times: against survivals in many digits, quadrature, and by law."""

import mpmath as mp
import numpy as np
import pytest
from scipy.special import logsumexp

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.exact.race import ExactRace, race_log_mass_grad
from hddm_sbi.likelihoods.exact.race_density import LBA, RDM
from tests.likelihoods.test_exact_races import DIGITS, FORMULAS, points

KINDS = {"rdm": RDM, "lba": LBA}
RACES = list(KINDS)


def mass(name, choice, t1, t2, theta):
    """Log masses and gradients, (trials,) and (trials, n + 3), under one theta."""
    choice, t1, t2 = np.broadcast_arrays(np.atleast_1d(choice), t1, t2)
    arrays = choice.astype(np.int64), t1.astype(float), t2.astype(float)
    likelihood = ExactRace(KINDS[name], len(theta) - 3)
    log_mass, grad = likelihood.log_mass_grad(*arrays, np.array([theta], float), np.zeros(len(t1), np.int64))
    assert not np.isnan(log_mass).any()
    assert np.isfinite(grad).all()
    np.testing.assert_array_equal(
        log_mass, likelihood.log_mass(*arrays, np.array([theta], float), np.zeros(len(t1), np.int64))
    )
    return log_mass, grad


def in_many_digits(name, t1, t2, theta):
    """Log of the difference of the survivals, t2 may be infinite."""
    *drifts, B, A, t0 = theta
    _, survival = FORMULAS[name]

    def none_until(t):
        if t == mp.inf or t <= t0:
            return mp.mpf(t <= t0)
        return mp.fprod(survival(t - t0, v, A + B, A) for v in drifts)

    return mp.log(none_until(t1) - none_until(t2))


def slopes_in_many_digits(name, t1, t2, theta):
    slopes = []
    for j, value in enumerate(theta):
        h = mp.mpf(10) ** (-DIGITS // 4) * (abs(value) + mp.mpf("1e-9"))
        ends = [in_many_digits(name, t1, t2, [*theta[:j], value + s * h, *theta[j + 1 :]]) for s in (1, -1)]
        slopes.append(float((ends[0] - ends[1]) / (2 * h)))
    return np.array(slopes)


def intervals(seed, t):
    """Late and early ones, next to the first possible time, and narrow ones."""
    rng = np.random.default_rng(seed)
    later = t * 10 ** rng.uniform(0.0, 1.0)
    return [(t, np.inf), (0.0, t), (t, later), (t, t * (1.0 + 10 ** rng.uniform(-8, -2)))]


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("hostile", [False, True])
def test_any_against_survivals_in_many_digits(name, hostile):
    for t, choice, theta in points(name, 8, 5, hostile):
        theta[-1] = 0.25 * (choice > 0) * (not hostile)
        for t1, t2 in intervals(choice, t + theta[-1]):
            log_mass, grad = mass(name, ANY, t1, t2, theta)
            if log_mass[0] < -150.0:
                continue  # out of reach of so many digits where it is a difference
            with mp.workdps(2 * DIGITS):
                exact = [mp.mpf(float(p)) for p in theta]
                expected = float(in_many_digits(name, mp.mpf(t1), mp.mpf(t2), exact))
                slopes = slopes_in_many_digits(name, mp.mpf(t1), mp.mpf(t2), exact)
            assert log_mass[0] == pytest.approx(expected, abs=1e-9, rel=1e-12)
            np.testing.assert_allclose(grad[0], slopes, rtol=1e-8, atol=1e-8 * (1.0 + np.abs(slopes).max()))


def by_fine_panels(name, choice, t1, t2, theta, panels=1000):
    """Log of the integral of the density and its derivatives, by panels in log time that thin out from both ends."""
    likelihood, t0 = ExactRace(KINDS[name], len(theta) - 3), theta[-1]
    d1, d2 = t1 - t0, t2 - t0
    scale = d1 if d1 > 0.0 else min(d2, 1.0)
    high = np.log1p((d2 - d1) / d1) if d1 > 0.0 else np.log(d2 / scale)
    low, high = 0.0 if d1 > 0.0 else min(high, 0.0) - 40.0, min(high, 60.0)
    part = np.unique([*np.linspace(0.0, 1.0, panels), *np.logspace(-9, 0, panels), *(1 - np.logspace(-9, 0, panels))])
    x, w = np.polynomial.legendre.leggauss(12)
    edges = low + (high - low) * part
    width = np.diff(edges)[:, None] / 2
    u, weight = (edges[:-1, None] + width * (1 + x)).ravel(), (width * w).ravel()
    rt, row = t0 + scale * np.exp(u), np.zeros(len(u), np.int64)
    log_f, grad = likelihood.log_prob_grad(rt, np.full(len(u), choice), np.array([theta]), row)
    terms = log_f + np.log(weight * scale) + u
    total = logsumexp(terms)
    share = np.exp(terms - total)
    return total, share @ np.where(share[:, None] > 0.0, grad, 0.0)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("hostile", [False, True])
def test_a_choice_against_fine_panels(name, hostile):
    for k, (t, choice, theta) in enumerate(points(name, 24, 6, hostile)):
        theta[-2] *= k % 3 > 0
        t1, t2 = [*intervals(k, t), (0.0, np.inf)][k % 5]
        log_mass, grad = mass(name, choice, t1, t2, theta)
        expected, slopes = by_fine_panels(name, choice, t1, t2, theta)
        assert log_mass[0] == pytest.approx(expected, abs=1e-10, rel=1e-13)
        np.testing.assert_allclose(grad[0], slopes, rtol=1e-8, atol=1e-8 * (1.0 + np.abs(slopes).max()))


@pytest.mark.parametrize("name", RACES)
def test_a_choice_against_published_formulas(name):
    density, survival = FORMULAS[name]
    for t1, t2, A in ((0.1, 0.4, 0.0), (0.3, 2.0, 0.5)):
        theta = [0.4, 3.0, 1.2, A, 0.0]
        with mp.workdps(20):
            exact = [mp.mpf(p) for p in theta]
            expected = mp.log(
                mp.quad(
                    lambda t, A=exact[3], theta=exact: (
                        density(t, theta[0], theta[2] + A, A) * survival(t, theta[1], theta[2] + A, A)
                    ),
                    np.linspace(t1, t2, 5).tolist(),
                )
            )
        assert mass(name, 0, t1, t2, theta)[0][0] == pytest.approx(float(expected), abs=1e-11)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("hostile", [False, True])
def test_parts_of_time_and_choices_sum_to_one(name, hostile):
    for t, choice, theta in points(name, 20, 7, hostile):
        n = len(theta) - 3
        edges = np.array([0.0, 0.2 * t, t, t * (1.0 + 1e-6), 3.0 * t, 40.0 * t, np.inf])
        choices = np.repeat(np.arange(ANY, n), len(edges) - 1)
        log_mass, grad = mass(name, choices, np.tile(edges[:-1], n + 1), np.tile(edges[1:], n + 1), theta)
        whole, *parts = log_mass.reshape(n + 1, -1)
        assert logsumexp(parts) == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(logsumexp(parts, axis=0), whole, atol=1e-9, rtol=1e-12, err_msg=str(choice))
        grad_whole, *grad_parts = grad.reshape(n + 1, len(edges) - 1, n + 3)
        possible = whole > -np.inf
        shares = np.exp(np.array(parts) - np.where(possible, whole, 0.0))
        summed = np.einsum("kt,ktp->tp", shares, np.array(grad_parts))
        size = np.einsum("kt,ktp->tp", shares, np.abs(grad_parts)) + 1.0
        assert np.max(np.abs(summed - grad_whole)[possible] / size[possible]) < 1e-8


@pytest.mark.parametrize(("name", "t1"), [("rdm", 16.0), ("rdm", 60.0), ("lba", 4e5), ("lba", 1e20)])
def test_late_responses_are_improbable_not_impossible(name, t1):
    theta = [1.5, 1.0, 1.0, 0.5, 0.2]
    log_mass, grad = mass(name, [ANY, 0, 1], t1, np.inf, theta)
    with mp.workdps(DIGITS):
        expected = float(in_many_digits(name, mp.mpf(t1), mp.inf, [mp.mpf(p) for p in theta]))
    assert expected < np.log(1e-10)
    assert log_mass[0] == pytest.approx(expected, abs=1e-10)
    assert logsumexp(log_mass[1:]) == pytest.approx(expected, abs=1e-10)
    np.testing.assert_allclose(np.exp(log_mass[1:] - expected) @ grad[1:], grad[0], rtol=1e-8)


@pytest.mark.parametrize("name", RACES)
def test_gradient_matches_finite_differences(name):
    for k, (t, choice, theta) in enumerate(points(name, 40, 8, False)):
        theta[-1] = 0.3
        t1, t2 = intervals(k, theta[-1] + t)[k % 3]
        which = [ANY, choice][k % 2]
        grad = mass(name, which, t1, t2, theta)[1][0]
        for j, p in enumerate(theta):
            h = 1e-3 * (t if j == len(theta) - 1 else max(abs(p), 0.1))

            def moved(s, j=j, h=h, theta=theta, at=(which, t1, t2)):
                return mass(name, *at, [*theta[:j], theta[j] + s * h, *theta[j + 1 :]])[0][0]

            numeric = (45 * (moved(1) - moved(-1)) - 9 * (moved(2) - moved(-2)) + moved(3) - moved(-3)) / 60
            assert grad[j] * h == pytest.approx(numeric, rel=1e-6, abs=1e-9 * (1 + abs(moved(0))))


@pytest.mark.parametrize("name", RACES)
def test_what_has_no_probability(name):
    theta = [1.0, 2.0, 1.5, 1.0, 0.3]
    for choice in (ANY, 0, 1):
        # before t0, at one time, at infinity, nonsense
        t1, t2 = [0.0, 0.1, 0.0, 1.0, np.inf, 1.0, np.nan], [0.3, 0.2, 0.0, 1.0, np.inf, np.nan, 1.0]
        log_mass, grad = mass(name, choice, t1, t2, theta)
        assert np.all(log_mass == -np.inf)
        assert np.all(grad == 0.0)
    log_mass, grad = mass(name, [2, -2], 0.0, np.inf, theta)
    assert np.all(log_mass == -np.inf)
    assert np.all(grad == 0.0)
    log_mass, grad = mass(name, ANY, [0.0, 0.3], np.inf, theta)
    assert np.all(log_mass == 0.0)
    assert np.all(grad == 0.0)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize(
    ("k", "value"),
    [(1, np.nan), (0, np.inf), (2, 0.0), (2, -1.0), (2, np.nan), (2, np.inf), (3, -0.1), (3, np.nan), (4, -0.1),
     (4, np.nan), (4, np.inf)],
)  # fmt: skip
def test_no_probability_outside_the_support(name, k, value):
    theta = np.array([1.0, 2.0, 1.0, 0.5, 0.2])
    theta[k] = value
    for t1, t2 in ((0.0, np.inf), (0.4, np.inf), (0.0, 0.6), (0.4, 0.6)):
        log_mass, grad = mass(name, [ANY, 0, 1], t1, t2, theta)
        assert np.all(log_mass == -np.inf)
        assert np.all(grad == 0.0)


@pytest.mark.parametrize("name", RACES)
def test_further_columns_are_left_alone(name):
    theta = np.array([[1.0, 2.0, 0.5, 1.5, 0.5, 0.2]])
    wider = np.column_stack([theta, [[0.05]]])
    choice, t1, t2 = np.array([ANY, ANY, 1]), np.array([1.0, 0.5, 0.5]), np.array([np.inf, 0.5001, 2.0])
    expected, slopes = mass(name, choice, t1, t2, theta[0])
    log_mass, grad = np.empty(3), np.full((3, 7), 9.0)
    race_log_mass_grad(KINDS[name], 3, choice, t1, t2, wider, np.zeros(3, np.int64), log_mass, grad)
    np.testing.assert_array_equal(log_mass, expected)
    np.testing.assert_array_equal(grad, np.column_stack([slopes, np.full(3, 9.0)]))
