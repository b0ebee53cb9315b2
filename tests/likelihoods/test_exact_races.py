"""The exact densities of races: against the published formulas in 80 digits, and by law."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hddm_sbi.choose import choose_likelihood, log_likelihood
from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.exact.ddm_cdf import ddm_cdf
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.ssm import SSM, get_model
from tests.likelihoods.driver.sums import compare, native, trials_of
from tests.observing import lapsing

RACES = ["rdm", "lba"]
DIGITS = 80


def Phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def phi(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def between(alpha, beta):
    """Phi(beta) - Phi(alpha), from the tail that is small."""
    return Phi(-alpha) - Phi(-beta) if alpha > 0 else Phi(beta) - Phi(alpha)


def rdm_density(t, v, b, A):
    """Tillman, Van Zandt & Logan (2020), equation 3; b = A + B."""
    alpha, beta = (b - A - v * t) / mp.sqrt(t), (b - v * t) / mp.sqrt(t)
    if A == 0:
        return b / mp.sqrt(2 * mp.pi * t**3) * mp.exp(-((b - v * t) ** 2) / (2 * t))
    return (v * between(alpha, beta) + (phi(alpha) - phi(beta)) / mp.sqrt(t)) / A


def rdm_survival(t, v, b, A):
    """The inverse Gaussian's, from each start, integrated by parts."""

    def one(d):
        return Phi((d - v * t) / mp.sqrt(t)) - mp.exp(2 * v * d) * Phi(-(d + v * t) / mp.sqrt(t))

    def integral(d):
        x = (d - v * t) / mp.sqrt(t)
        reflected = mp.exp(2 * v * d) * Phi(-(d + v * t) / mp.sqrt(t))
        return mp.sqrt(t) * (x * Phi(x) + phi(x)) - (reflected + Phi(x)) / (2 * v)

    return one(b) if A == 0 else (integral(b) - integral(b - A)) / A


def lba_density(t, v, b, A):
    """Brown & Heathcote (2008), equation 1, over the probability of a positive slope."""
    if A == 0:
        return b / t**2 * phi(b / t - v) / Phi(v)
    alpha, beta = (b - A - t * v) / t, (b - t * v) / t
    return (v * between(alpha, beta) + phi(alpha) - phi(beta)) / A / Phi(v)


def lba_survival(t, v, b, A):
    """One less Brown & Heathcote (2008), equation 2, over the probability of a positive slope."""
    if A == 0:
        return (Phi(b / t - v) - Phi(-v)) / Phi(v)
    alpha, beta = (b - A - t * v) / t, (b - t * v) / t
    less = (b - A - t * v) / A * Phi(alpha) - (b - t * v) / A * Phi(beta) + t / A * (phi(alpha) - phi(beta))
    return (-less - Phi(-v)) / Phi(v)


FORMULAS = {"rdm": (rdm_density, rdm_survival), "lba": (lba_density, lba_survival)}


def reference(name, rt, choice, theta):
    """Log density in many digits."""
    density, survival = FORMULAS[name]
    *drifts, B, A, t0 = theta
    total = mp.log(density(rt - t0, drifts[choice], A + B, A))
    for k, v in enumerate(drifts):
        if k != choice:
            total += mp.log(survival(rt - t0, v, A + B, A))
    return total


def reference_grad(name, rt, choice, theta):
    """Central differences in so many digits are exact."""
    grad = []
    for j, value in enumerate(theta):
        h = mp.mpf(10) ** (-DIGITS // 4) * (abs(value) + mp.mpf("1e-9"))
        ends = [reference(name, rt, choice, [*theta[:j], value + s * h, *theta[j + 1 :]]) for s in (1, -1)]
        grad.append((ends[0] - ends[1]) / (2 * h))
    return grad


def points(name, count, seed, hostile):
    """Decision time, choice and theta of races of 2 to 4, where people's parameters are or far beyond."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n = int(rng.integers(2, 5))
        if hostile:
            t, B = 10 ** rng.uniform(-3, 2), 10 ** rng.uniform(-3, 1.2)
            A = 10 ** rng.uniform(-7, 1.2)
            v = 10 ** rng.uniform(-4, 1.3, n) if name == "rdm" else rng.uniform(-12, 20, n)
        else:
            t, B, A = rng.uniform(0.05, 4), rng.uniform(0.2, 3), rng.uniform(0.05, 2)
            v = rng.uniform(0.1, 6, n) if name == "rdm" else rng.uniform(-2, 6, n)
        yield t, int(rng.integers(n)), np.array([*v, B, A, 0.0])


def evaluate(name, rt, choice, theta):
    """Log densities and gradients of trials under one theta."""
    rt, choice = np.atleast_1d(rt).astype(float), np.atleast_1d(choice).astype(np.int64)
    likelihood = get_exact(get_model(name, n_choices=len(theta) - 3))
    return likelihood.log_prob_grad(rt, choice, np.array([theta], float), np.zeros(len(rt), np.int64))


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("hostile", [False, True])
def test_published_formulas_in_many_digits(name, hostile):
    for t, choice, theta in points(name, 60, 1, hostile):
        log_f, grad = evaluate(name, t, choice, theta)
        with mp.workdps(DIGITS):
            rt, exact = mp.mpf(t), [mp.mpf(float(p)) for p in theta]
            expected = float(reference(name, rt, choice, exact))
            slopes = np.array([float(g) for g in reference_grad(name, rt, choice, exact)])
        assert log_f[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)
        np.testing.assert_allclose(grad[0], slopes, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", RACES)
def test_without_a_range_of_starts(name):
    for t, choice, theta in points(name, 40, 2, False):
        theta[-2] = 0.0
        log_f, grad = evaluate(name, t, choice, theta)
        with mp.workdps(DIGITS):
            expected = float(reference(name, mp.mpf(t), choice, [mp.mpf(float(p)) for p in theta]))
        assert log_f[0] == pytest.approx(expected, rel=1e-13, abs=1e-13)
        narrow = np.array([*theta[:-2], 1e-6, 0.0])
        moved, moved_grad = evaluate(name, t, choice, narrow)
        # a quadratic in A is left: its second derivative is at most some 10 times the square of the first ones
        curvature = 1e-10 * (1.0 + np.abs(grad).max() ** 2)
        assert moved[0] - log_f[0] == pytest.approx(1e-6 * grad[0, -2], abs=1e-2 * curvature)
        np.testing.assert_allclose(moved_grad, grad, atol=1e6 * curvature)


@pytest.mark.parametrize("drift", [0.1, 2.0])
def test_a_single_process_is_the_diffusion_with_one_boundary_far_away(drift):
    # the loser's survival against the distribution function of the first passage with a second boundary out of reach
    B, t = 0.7, np.linspace(0.05, 3.0, 30)
    far = 60.0
    theta = np.array([1.0, drift, B, 0.0, 0.0])
    winner = evaluate("rdm", t, np.zeros(30), np.array([1.0, 1e-12, 1e3, 0.0, 0.0]))[0]
    assert np.all(np.isfinite(winner))
    log_f, _ = evaluate("rdm", t, np.zeros(30), theta)
    density = np.log(B) - 0.5 * np.log(2 * np.pi * t**3) - (B - t) ** 2 / (2 * t)
    survival = 1.0 - ddm_cdf(t, 1, drift, far, 1.0 - B / far)
    np.testing.assert_allclose(log_f - density, np.log(survival), atol=1e-11)


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(RACES),
    drifts=st.lists(st.floats(0.05, 8.0), min_size=2, max_size=4),
    B=st.floats(0.05, 4.0),
    A=st.sampled_from([0.0, 1e-5, 0.1, 1.0, 5.0]),
    sign=st.sampled_from([1.0, -1.0]),
)
def test_integrates_to_one_over_time_and_choices(name, drifts, B, A, sign):
    drifts = np.array(drifts) * (sign if name == "lba" else 1.0)
    log_t = np.linspace(-25.0, 35.0, 10_001)  # the trapezoid rule converges geometrically in log time
    rt, theta = np.exp(log_t), np.array([*drifts, B, A, 0.0])
    mass = sum(
        np.trapezoid(np.exp(evaluate(name, rt, np.full(rt.shape, k), theta)[0] + log_t), log_t)
        for k in range(len(drifts))
    )
    assert mass == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", RACES)
def test_permuted_accumulators(name):
    for t, choice, theta in points(name, 50, 3, False):
        n = len(theta) - 3
        order = np.random.default_rng(choice).permutation(n)
        log_f, grad = evaluate(name, t, choice, theta)
        permuted, permuted_grad = evaluate(name, t, int(np.argsort(order)[choice]), [*theta[:n][order], *theta[n:]])
        np.testing.assert_allclose(permuted, log_f, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(permuted_grad[0, :n], grad[0, :n][order], rtol=1e-12)
        np.testing.assert_allclose(permuted_grad[0, n:], grad[0, n:], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RACES)
def test_gradient_matches_finite_differences(name):
    for t, choice, theta in points(name, 100, 4, False):
        rt = 0.3 + t
        theta[-1] = 0.3
        grad = evaluate(name, rt, choice, theta)[1][0]
        for k, p in enumerate(theta):
            h = 1e-4 * (t if k == len(theta) - 1 else max(abs(p), 0.1))

            def shifted(s, k=k, h=h, theta=theta, rt=rt, choice=choice):
                moved = theta.copy()
                moved[k] += s * h
                return evaluate(name, rt, choice, moved)[0][0]

            numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / 12
            assert grad[k] * h == pytest.approx(numeric, rel=1e-7, abs=1e-10 * (1 + abs(shifted(0))))


@settings(deadline=None, max_examples=500)
@given(
    name=st.sampled_from(RACES),
    log_t=st.floats(-9, 3),
    log_v=st.lists(st.floats(-6, 2), min_size=2, max_size=4),
    sign=st.sampled_from([1.0, -0.3]),
    log_B=st.floats(-6, 2),
    log_A=st.floats(-12, 2),
    choice=st.integers(0, 1),
)
def test_extremes_stay_finite(name, log_t, log_v, sign, log_B, log_A, choice):
    v = 10 ** np.array(log_v) * (sign if name == "lba" else 1.0)
    theta = np.array([*v, 10**log_B, 10**log_A, 0.0])
    n = len(v)
    log_f, grad = evaluate(name, 10**log_t, choice, theta)
    assert np.all(np.isfinite(log_f))
    assert np.all(np.isfinite(grad))
    # lengths scale with times: f(c^k t | ...) = f(t | ...) / c^k, differentiated by log c at c = 1
    drift, power = (-1.0, 2.0) if name == "rdm" else (0.0, 1.0)
    parts = np.array(
        [*(drift * v * grad[0, :n]), *(theta[n : n + 2] * grad[0, n : n + 2]), -power * 10**log_t * grad[0, -1]]
    )
    assert abs(parts.sum() + power) <= 1e-8 * (1 + np.abs(parts).max())


def test_nothing_before_t0_and_for_no_choice():
    rt, choice = np.array([0.1, 0.3, -1.0, np.nan, 1.0, 1.0]), np.array([0, 1, 0, 1, 3, -1])
    for name in RACES:
        log_f, grad = evaluate(name, rt, choice, [1.0, 2.0, 1.5, 1.0, 0.5, 0.3])
        assert np.all(log_f == -np.inf)
        assert np.all(grad == 0.0)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize(
    ("k", "value"),
    [(1, np.nan), (0, np.inf), (2, 0.0), (2, -1.0), (2, np.nan), (2, np.inf), (3, -0.1), (3, np.nan), (4, -0.1),
     (4, np.nan)],
)  # fmt: skip
def test_no_density_outside_the_support(name, k, value):
    theta = np.array([1.0, 2.0, 1.0, 0.5, 0.2])
    theta[k] = value
    log_f, grad = evaluate(name, [1.0, 1.0], [0, 1], theta)
    assert np.all(log_f == -np.inf)
    assert np.all(grad == 0.0)


def test_drifts_of_a_diffusion_race_are_positive():
    assert np.all(evaluate("rdm", [1.0, 1.0], [0, 1], [1.0, 0.0, 1.0, 0.5, 0.2])[0] == -np.inf)
    assert np.all(np.isfinite(evaluate("lba", [1.0, 1.0], [0, 1], [1.0, -2.0, 1.0, 0.5, 0.2])[0]))


def race_trials(n, rows, n_choices, seed, resolution=None):
    rng = np.random.default_rng(seed)
    rt, row = 0.25 + rng.gamma(1.5, 0.6, n), rng.integers(0, rows, n)
    row[row == 1] = 0  # a row without trials
    return trials_of(row, rt if resolution is None else np.round(rt, resolution), rng.integers(0, n_choices, n))


def race_theta(name, rows, n_choices, seed, lapses):
    rng = np.random.default_rng(seed)
    drifts = rng.gamma(2.0, 1.5, (rows, n_choices)) if name == "rdm" else rng.normal(1.5, 2.5, (rows, n_choices))
    A = rng.uniform(0.0, 2.0, rows) * (rng.random(rows) > 0.2)  # some without a range of starts
    columns = [drifts, rng.uniform(0.1, 3.0, rows), A, rng.uniform(0, 0.24, rows)]
    return np.column_stack([*columns, rng.uniform(0.001, 0.3, rows)] if lapses else columns)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("n_choices", [2, 3, 4])
@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (400, 5), (700, 350), (3000, 3)])
def test_sum_over_trials(name, n_choices, lapses, shape):
    n, rows = shape
    likelihood = get_exact(get_model(name, n_choices=n_choices))
    likelihood = lapsing(likelihood, (0.3, 2.5)) if lapses else likelihood
    for seed in range(2):
        trials = race_trials(n, rows, n_choices, seed, 2 if seed else None)
        compare(likelihood, trials, race_theta(name, rows, n_choices, seed, lapses))


@pytest.mark.parametrize("name", RACES)
def test_sum_with_late_non_decision_times_and_impossible_parameters(name):
    likelihood = get_exact(get_model(name, n_choices=3))
    trials, theta = race_trials(300, 3, 3, 7), race_theta(name, 3, 3, 7, True)
    theta[:, 5] = [0.0, 0.6, 50.0]  # before all, some and no trials
    compare(lapsing(likelihood, (0.0, 30.0)), trials, theta)
    assert native(likelihood, trials, theta[:, :6])[0] == -np.inf
    for k, bad in ((0, np.nan), (3, 0.0), (3, -1.0), (4, -0.1), (5, -0.1), (4, np.nan)):
        theta = race_theta(name, 3, 3, 7, True)
        theta[:, k] = bad
        compare(lapsing(likelihood, (0.0, 30.0)), trials, theta)


@pytest.mark.parametrize("name", RACES)
def test_sum_at_extreme_parameters(name):
    likelihood = get_exact(get_model(name))
    trials = race_trials(300, 1, 2, 5)
    for drifts in ((30.0, 1e-3), (1e-6, 1e-8), (0.2, 300.0)):
        for B, A in ((1e-3, 1e-9), (1e-3, 5.0), (30.0, 1e-3), (1e-5, 1e-5)):
            theta = np.array([[*drifts, B, A, 0.2499]])
            compare(likelihood, trials, theta)
            compare(lapsing(likelihood, (0.0, 9.0)), trials, np.column_stack([theta, [[1e-9]]]))


@pytest.mark.parametrize("name", RACES)
def test_log_likelihood_counts_the_drifts(name):
    rt, choice = np.array([0.6, 0.9]), np.array([0, 2])
    theta = np.array([[2.0, 1.0, 0.5, 1.0, 0.5, 0.2], [1.0, 1.0, 1.5, 0.8, 0.0, 0.1]])
    found = log_likelihood(name, rt, choice, theta)
    expected = [evaluate(name, rt[i], choice[i], theta[i])[0][0] for i in range(2)]
    np.testing.assert_array_equal(found, expected)
    assert log_likelihood(name, 0.5, 3, [2.0, 1.0, 0.5, 1.5, 1.0, 0.5, 0.2]) > -np.inf
    assert log_likelihood(name, 0.5, 2, [2.0, 1.0, 1.0, 0.5, 0.2]) == -np.inf
    with pytest.raises(ModelError, match="v0, v1, B, A, t0; or"):
        log_likelihood(name, 0.5, 0, [2.0, 1.0, 1.0, 0.5])


@pytest.mark.parametrize("name", RACES)
def test_a_race_needs_no_network(name):
    with pytest.raises(ModelError, match=f"no network for the model '{name}'.*use likelihood='exact'"):
        choose_likelihood(get_model(name, n_choices=3), "nle")


def test_registry_of_formulas():
    assert get_exact("rdm").n_choices == 2
    likelihood = get_exact(get_model("lba", n_choices=4))
    assert likelihood.parameters == ("v0", "v1", "v2", "v3", "B", "A", "t0")
    assert get_exact(get_model("lba", n_choices=4)) is likelihood
    ddm = get_model("ddm")
    other = SSM("rdm", ddm.parameters, ddm.simulator, exact=get_exact("rdm"))
    with pytest.raises(ModelError, match="takes v0, v1, B, A, t0 and has 2 choices, but the model has v, a, z, t0"):
        get_exact(other)
