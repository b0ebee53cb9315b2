"""The exact density of the full DDM: against a reference table, brute-force integrals, and by law."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM
from hddm_sbi.likelihoods.exact.full_ddm_integrand import SWITCH
from hddm_sbi.likelihoods.formulas import get_exact

REFERENCE = Path(__file__).parents[1] / "reference" / "full_ddm.csv"
FULL = ExactFullDDM()
NAMES = list(FULL.parameters)
# what the quadrature aims at is 1e-9 of the density
ACCURACY = 2e-8


def with_grad(rt, choice, theta):
    """Log density and gradient, one row of theta a trial."""
    rows = np.atleast_2d(np.asarray(theta, dtype=float))
    rt, choice = np.broadcast_to(rt, len(rows)), np.broadcast_to(choice, len(rows))
    return FULL.log_prob_grad(rt.astype(float), choice.astype(np.int64), rows, np.arange(len(rows)))


def log_prob(rt, choice, theta):
    return with_grad(rt, choice, theta)[0]


def random_trials(n, seed, largest_proportion=0.95):
    """rt, choice and theta over the box, early times and windows that reach below zero included."""
    rng = np.random.default_rng(seed)
    a, z = rng.uniform(0.3, 5.0, n), rng.uniform(0.05, 0.95, n)
    sz = rng.uniform(0.0, largest_proportion, n) * 2 * np.minimum(z, 1 - z)
    st0 = np.where(rng.random(n) < 0.5, rng.uniform(0, 1, n), 10 ** rng.uniform(-4, 0, n))
    by_scale, by_window = a**2 * 10 ** rng.uniform(-2, 0.5, n), st0 * rng.uniform(0.05, 1.3, n)
    t = np.where(rng.random(n) < 0.6, by_scale, by_window)
    t0 = rng.uniform(0.5, 1.0, n)
    theta = np.column_stack([rng.uniform(-6, 6, n), a, z, t0, rng.uniform(0, 3, n), sz, st0])
    return t + t0, rng.integers(0, 2, n), theta


def composite(low, high, panels):
    """Nodes and weights of Gauss-Legendre panels."""
    x, weight = np.polynomial.legendre.leggauss(16)
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges) / 2
    return (edges[:-1, None] + half[:, None] * (1 + x)).ravel(), (half[:, None] * weight).ravel()


def tanh_sinh(n=201):
    """Nodes and weights on [0, 1], denser and denser towards both ends."""
    y = np.linspace(-3.2, 3.2, n)
    x = 1.0 / (1.0 + np.exp(-np.pi * np.sinh(y)))
    return x, np.pi * np.cosh(y) * x / (1.0 + np.exp(np.pi * np.sinh(y))) * (y[1] - y[0])


def brute_force(rt, choice, theta):
    """Log density by some 40,000 evaluations of the density at fixed start and non-decision time."""
    v, a, z, t0, sv, sz, st0 = theta
    latest = rt - t0
    nearest = a * ((z if choice == 0 else 1 - z) - sz / 2)
    # before this the exponent is below -200 - 4 |v| a
    earliest = max(latest - st0, min(nearest**2 / (400 + 8 * abs(v) * a), 0.5 * latest))
    t, by_time, place, by_start = np.array([latest]), np.ones(1), np.zeros(1), np.ones(1)
    if st0 > 0:
        x, weight = tanh_sinh()
        length = np.log(latest / earliest)
        t = latest * np.exp(-length * x)
        by_time = weight * length * t / st0
    if sz > 0:
        x, by_start = tanh_sinh()
        place = x - 0.5
    rows = np.tile([v, a, z, 0.0, sv, 0.0, 0.0], (len(t) * len(place), 1))
    rows[:, 2] += np.tile(place * sz, len(t))
    with np.errstate(divide="ignore"):
        log_weight = np.log(np.outer(by_time, by_start).ravel())
    return np.logaddexp.reduce(log_prob(np.repeat(t, len(place)), choice, rows) + log_weight)


def test_reference_table():
    table = pd.read_csv(REFERENCE)
    log_f = log_prob(table["rt"].to_numpy(float), table["response"].to_numpy(), table[NAMES].to_numpy(float))
    np.testing.assert_allclose(log_f, table["log_density"], rtol=0, atol=ACCURACY)


def test_without_variability_it_is_the_ddm():
    rt, choice, theta = random_trials(2000, 1)
    theta[:, 4:] = 0.0
    log_f, grad = with_grad(rt, choice, theta)
    expected, by_ddm = ExactDDM().log_prob_grad(rt, choice, theta[:, :4], np.arange(len(rt)))
    np.testing.assert_allclose(log_f, expected, rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(grad[:, :4], by_ddm, rtol=1e-10, atol=1e-11 * np.abs(by_ddm).max())
    np.testing.assert_array_equal(grad[:, 4:6], 0.0)  # the density is even in sv and sz
    np.testing.assert_allclose(grad[:, 6], 0.5 * grad[:, 3], rtol=1e-13)


@pytest.mark.parametrize("sv", [1e-3, 0.5, 3.0])
def test_the_mean_over_drifts(sv):
    rt, choice, theta = random_trials(40, 2)
    theta[:, 4], theta[:, 5:] = sv, 0.0
    drift, weight = composite(-30.0, 30.0, 120)  # the tails of the density are owed to rare drifts
    log_weight = np.log(weight) - 0.5 * drift**2 - 0.5 * np.log(2 * np.pi)
    rows = np.repeat(theta[:, :4], len(drift), axis=0)
    rows[:, 0] += sv * np.tile(drift, len(rt))
    given_drift = ExactDDM().log_prob(
        np.repeat(rt, len(drift)), np.repeat(choice, len(drift)), rows, np.arange(len(rows))
    )
    log_terms = given_drift.reshape(len(rt), -1) + log_weight
    expected = np.logaddexp.reduce(log_terms, axis=1)
    near = expected > -300.0  # drifts of up to 30 sd explain these
    assert near.sum() > 30
    np.testing.assert_allclose(log_prob(rt, choice, theta)[near], expected[near], rtol=0, atol=1e-9)


@pytest.mark.parametrize("largest_proportion", [0.95, 0.9999])
def test_quadrature_over_the_box(largest_proportion):
    trials = random_trials(150, 3, largest_proportion)
    expected = [brute_force(*trial) for trial in zip(*trials, strict=True)]
    np.testing.assert_allclose(log_prob(*trials), expected, rtol=0, atol=ACCURACY)


HOSTILE = [
    # rt, choice, v, a, z, t0, sv, sz, st0
    (0.9, 0, 4.0, 5.0, 0.5, 0.2, 0.0, 0.9, 0.1),  # v a = 20, towards the other boundary
    (0.9, 1, 4.0, 5.0, 0.5, 0.2, 0.0, 0.9, 0.1),
    (2.5, 1, 4.0, 5.0, 0.5, 0.2, 0.3, 0.99, 1.0),
    (0.3, 0, -40.0, 0.5, 0.9, 0.2, 0.0, 0.19, 0.3),  # far start, fast drift
    (0.21, 1, 25.0, 0.8, 0.06, 0.2, 0.5, 0.11, 0.0),
    (1.2, 0, 0.5, 1.5, 0.5, 0.2, 30.0, 0.3, 0.2),  # very variable drift
    (0.5, 1, -2.0, 2.0, 0.4, 0.2, 10.0, 0.79, 0.5),
    (0.65, 0, 1.0, 1.0, 0.5, 0.2, 1.0, 1.0 - 1e-7, 0.4),  # starts that touch the boundaries
    (0.55, 0, 1.0, 1.0, 0.5, 0.2, 1.0, 1.0 - 1e-7, 0.4),
    (0.9, 1, 1.0, 3.0, 0.03, 0.2, 1.0, 0.0599, 0.05),
    (3.0, 0, 1.0, 0.3, 0.5, 0.2, 1.0, 0.4, 2.5),  # a window far wider than the density
    (1.5, 1, -1.0, 0.3, 0.3, 0.2, 0.0, 0.59, 3.0),
    (0.201, 0, 1.0, 2.0, 0.5, 0.2, 1.0, 0.5, 0.3),  # just after t0
    (0.2 + 1e-6, 1, 1.0, 2.0, 0.5, 0.2, 1.0, 0.5, 0.3),
    (30.0, 0, -1.0, 5.0, 0.5, 0.2, 2.0, 0.5, 1.0),
]


@pytest.mark.parametrize("trial", HOSTILE)
def test_hostile_points(trial):
    rt, choice, *theta = trial
    assert log_prob(rt, choice, theta)[0] == pytest.approx(brute_force(rt, choice, theta), rel=1e-12, abs=ACCURACY)


@pytest.mark.parametrize(
    "theta",
    [
        (0.5, 2.0, 0.5, 0.0, 1.0, 0.4, 0.2),
        (-4.0, 0.5, 0.1, 0.1, 0.0, 0.15, 0.5),
        (1.0, 1.0, 0.7, 0.3, 3.0, 0.55, 0.0),
        (2.0, 1.5, 0.4, 0.2, 0.5, 0.0, 0.1),
    ],
)
def test_integrates_to_one_over_time_and_choices(theta):
    # before and after t0 + st0, where the window is cut no more, over log time each
    pieces = [composite(-22.0, np.log(theta[6]), 80)] if theta[6] > 0 else []
    pieces.append(composite(-22.0, 6.0, 130))
    total = 0.0
    for k, (s, weight) in enumerate(pieces):
        start = theta[3] + (theta[6] if k == len(pieces) - 1 else 0.0)
        for choice in (0, 1):
            log_f = log_prob(start + np.exp(s), choice, np.tile(theta, (len(s), 1)))
            total += weight @ np.exp(log_f + s)
    assert total == pytest.approx(1.0, abs=1e-8)


def test_mirror_image():
    rt, choice, theta = random_trials(500, 5)
    theta[:, 2] = np.round(theta[:, 2] * 1024) / 1024  # 1 - z without rounding: the mirror image is then exact
    image = theta * [-1, 1, -1, 1, 1, 1, 1] + [0, 0, 1, 0, 0, 0, 0]
    log_f, grad = with_grad(rt, choice, theta)
    mirrored, mirrored_grad = with_grad(rt, 1 - choice, image)
    np.testing.assert_array_equal(log_f, mirrored)
    np.testing.assert_array_equal(grad * [-1, 1, -1, 1, 1, 1, 1], mirrored_grad)


def test_brownian_scaling():
    rt, choice, theta = random_trials(500, 6)
    t, a = rt - theta[:, 3], theta[:, 1]
    theta[:, 3] = 0.0
    unit = theta * np.column_stack([a, 1 / a, a**0, a, a, a**0, a**-2.0])
    expected = log_prob(t / a**2, choice, unit) - 2 * np.log(a)
    np.testing.assert_allclose(log_prob(t, choice, theta), expected, rtol=1e-12, atol=1e-11)


def numeric_gradient(rt, choice, theta, k, step):
    """Fourth-order central differences by parameter k."""
    result = 0.0
    for s, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
        moved = theta.copy()
        moved[:, k] += s * step
        result = result + weight * log_prob(rt, choice, moved)
    return result / (12 * step)


@pytest.mark.parametrize("small", ["", "sz", "st0", "sz st0", "sv"])
def test_gradient_matches_finite_differences(small):
    rt, choice, theta = random_trials(400, 7)
    theta[:, 4] = np.maximum(theta[:, 4], 0.05)
    for name in small.split():
        theta[:, NAMES.index(name)] = 10 ** np.random.default_rng(8).uniform(-6, -3, len(rt))
    log_f, grad = with_grad(rt, choice, theta)
    v, _, z, t0, sv, sz, st0 = theta.T
    # over what distance the density changes: starts near a boundary, times after t0 and after t0 + st0
    room = np.minimum(z, 1 - z) - sz / 2
    time = np.minimum(rt - t0, np.where(st0 > 1e-3, np.abs(rt - t0 - st0), np.inf))
    scales = {"v": np.maximum(np.abs(v), 0.1), "a": theta[:, 1], "z": room, "t0": time, "sv": sv}
    scales |= {"sz": np.minimum(sz, room), "st0": np.minimum(st0, time)}
    for k, name in enumerate(NAMES):
        numeric = numeric_gradient(rt, choice, theta, k, 1e-3 * scales[name])
        error = np.abs(grad[:, k] - numeric) * scales[name]
        # the quadrature's own error over a step, and the differences' truncation error
        tolerance = 3e-6 * (1 + np.abs(log_f)) + 1e-6 * np.abs(grad[:, k]) * scales[name]
        assert np.all(error <= tolerance), (name, (error / tolerance).max())


@pytest.mark.parametrize(("name", "little"), [("sv", 1e-14), ("sz", 1e-12), ("st0", 1e-10)])
def test_continuous_at_no_variability(name, little):
    rt, choice, theta = random_trials(300, 9)
    k = NAMES.index(name)
    theta[:, 5:] /= 4.0
    theta[:, k] = 0.0
    at_zero, grad_at_zero = with_grad(rt, choice, theta)
    theta[:, k] = little * (rt - theta[:, 3])
    log_f, grad = with_grad(rt, choice, theta)
    slope = np.abs(grad_at_zero[:, k] * theta[:, k])
    assert np.all(np.abs(log_f - at_zero) <= 2 * slope + 1e-7)
    np.testing.assert_allclose(grad, grad_at_zero, rtol=1e-6, atol=1e-6)


def test_no_jumps_where_the_number_of_nodes_changes():
    theta = np.tile([1.0, 1.5, 0.45, 0.3, 0.8, 0.3, 0.15], (4001, 1))
    for name, low, high in (("sz", 0.0, 0.8), ("st0", 0.0, 0.6), ("sv", 0.0, 3.0)):
        moved, k = theta.copy(), NAMES.index(name)
        moved[:, k] = np.linspace(low, high, len(moved))
        log_f, grad = with_grad(0.62, 0, moved)
        # the trapezoid rule of the gradient gives the increments, up to third derivatives
        step = moved[1, k] - moved[0, k]
        increments = 0.5 * step * (grad[1:, k] + grad[:-1, k])
        np.testing.assert_allclose(np.diff(log_f), increments, rtol=0, atol=2e-8)


def test_sz_at_its_bound():
    theta = np.array([[0.5, 1.0, 0.3, 0.2, 1.0, 0.6, 0.1], [0.5, 1.0, 0.3, 0.2, 1.0, 0.6 - 1e-12, 0.1]])
    log_f, grad = with_grad(0.7, 0, theta)
    assert log_f[0] == -np.inf
    assert np.all(grad[0] == 0.0)
    assert np.isfinite(log_f[1])
    assert np.all(np.isfinite(grad[1]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("a", 0.0), ("a", -1.0), ("z", 0.0), ("z", 1.0), ("t0", -0.1), ("sv", -0.1), ("sz", -0.1), ("sz", 0.8),
     ("st0", -0.1), ("v", np.inf), *((name, np.nan) for name in FULL.parameters)],
)  # fmt: skip
def test_no_density_outside_the_support(name, value):
    theta = np.array([0.5, 2.0, 0.6, 0.3, 0.5, 0.2, 0.1])
    theta[NAMES.index(name)] = value
    for choice in (0, 1):
        log_f, grad = with_grad(1.0, choice, theta)
        assert np.all(log_f == -np.inf)
        assert np.all(grad == 0.0)


def test_nothing_before_t0():
    log_f, grad = with_grad(
        np.array([0.1, 0.3, -1.0, np.nan]), np.array([0, 1, 0, 1]), np.tile([1, 2, 0.5, 0.3, 1, 0.3, 0.2], (4, 1))
    )
    assert np.all(log_f == -np.inf)
    assert np.all(grad == 0.0)


@settings(deadline=None, max_examples=300)
@given(
    log_t=st.floats(-9, 2),
    choice=st.sampled_from([0, 1]),
    v=st.floats(-100, 100),
    log_a=st.floats(-2, 1.5),
    z=st.floats(1e-4, 1 - 1e-4),
    sv=st.floats(0, 50),
    proportion=st.floats(0, 1, exclude_max=True),
    log_st0=st.floats(-12, 1),
)
def test_extremes_stay_finite(log_t, choice, v, log_a, z, sv, proportion, log_st0):
    sz = min(proportion, 1 - 1e-9) * 2 * min(z, 1 - z)
    log_f, grad = with_grad(10**log_t, choice, [v, 10**log_a, z, 0.0, sv, sz, 10**log_st0])
    assert np.all(np.isfinite(log_f))
    assert np.all(np.isfinite(grad))


def test_rows_are_shared():
    _, choice, theta = random_trials(2, 10)
    row = np.array([1, 0, 0, 1, 1])
    rt, choice = np.linspace(1.4, 2.0, 5), np.array([0, 1, 0, 1, 0])
    log_f, grad = FULL.log_prob_grad(rt, choice, theta, row)
    apart, grad_apart = with_grad(rt, choice, theta[row])
    np.testing.assert_array_equal(log_f, apart)
    np.testing.assert_array_equal(grad, grad_apart)
    np.testing.assert_array_equal(log_f, FULL.log_prob(rt, choice, theta, row))
    assert grad.shape == (5, 7)


def test_series_agree_where_they_meet():
    _, choice, theta = random_trials(300, 11)
    theta[:, 3], theta[:, 6] = 0.0, 0.0
    switch = SWITCH * theta[:, 1] ** 2
    below, grad_below = with_grad(switch * (1 - 1e-15), choice, theta)
    above, grad_above = with_grad(switch * (1 + 1e-15), choice, theta)
    np.testing.assert_allclose(below, above, rtol=0, atol=ACCURACY)
    np.testing.assert_allclose(grad_below, grad_above, rtol=1e-5, atol=1e-5)


def test_registry():
    assert get_exact("full_ddm").parameters == ("v", "a", "z", "t0", "sv", "sz", "st0")
