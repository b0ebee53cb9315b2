"""The probability that the full DDM responds between two times: against means of the DDM's, and by law."""

from itertools import pairwise

import numpy as np
import pytest

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM

DDM, FULL = ExactDDM(), ExactFullDDM()
NAMES = list(FULL.parameters)


def with_grad(choice, t1, t2, theta):
    """Log mass and gradient, one row of theta a trial."""
    theta = np.atleast_2d(np.asarray(theta, dtype=float))
    n = len(theta)
    t1, t2 = (np.array(np.broadcast_to(t, n), dtype=float) for t in (t1, t2))
    return FULL.log_mass_grad(np.array(np.broadcast_to(choice, n), dtype=np.int64), t1, t2, theta, np.arange(n))


def panels(edges, order=16):
    """Nodes and weights of Gauss-Legendre panels."""
    x, weight = np.polynomial.legendre.leggauss(order)
    edges = np.unique(edges)
    half = np.diff(edges) / 2
    return (edges[:-1, None] + half[:, None] * (1 + x)).ravel(), (half[:, None] * weight).ravel()


def graded(points, smallest, n):
    """Panels on [0, 1] that are the narrower the closer they are to any of the points."""
    distance = np.concatenate([[0.0], np.geomspace(smallest, 1.0, n)])
    edges = np.concatenate([[0.0, 1.0], *(p + sign * distance for p in points for sign in (-1, 1))])
    return panels(np.clip(edges, 0.0, 1.0))


def reference(choice, t1, t2, theta):
    """Log mass and gradient as a mean over drifts, starts and delays of those of the DDM, which are exact to 1e-12."""
    v, a, z, t0, sv, sz, st0 = theta
    drift, by_drift = np.zeros(1), np.ones(1)
    place, by_start = np.zeros(1), np.ones(1)
    delay, by_delay = np.full(1, 0.5), np.ones(1)
    if sv > 0:  # of slow trials the drifts are all near zero
        latest = min(t2, max(t1, t0)) - t0
        drift, weight = panels(np.linspace(-13, 13, 60 + int(20 * sv * np.sqrt(latest))))
        by_drift = weight * np.exp(-0.5 * drift**2) / np.sqrt(2 * np.pi)
    if sz > 0:
        place, by_start = graded((0.0, 1.0), 1e-5, 14)
        place = place - 0.5
    if st0 > 0:
        kinks = [(t - t0) / st0 for t in (t1, t2) if t0 < t < np.inf]
        delay, by_delay = graded(kinks, 1e-3 * min([1.0, *kinks]), 30)
    X, P, R = (x.ravel() for x in np.meshgrid(drift, place, delay, indexing="ij"))
    weight = (by_drift[:, None, None] * by_start[:, None] * by_delay).ravel()
    rows = np.column_stack([v + sv * X, np.full(len(X), a), z + sz * P, t0 + st0 * R])
    n = len(rows)
    log_mass, grad = DDM.log_mass_grad(np.full(n, choice), np.full(n, t1), np.full(n, t2), rows, np.arange(n))
    largest = log_mass.max()
    weight = weight * np.exp(log_mass - largest)
    total = weight.sum()
    by_ddm = np.column_stack([grad, X * grad[:, 0], P * grad[:, 2], R * grad[:, 3]])
    return largest + np.log(total), weight @ by_ddm / total


# v, a, z, t0, sv, sz, st0
TYPICAL = (1.2, 1.5, 0.45, 0.25, 0.0, 0.3, 0.15)
CASES = [
    # choice, t1, t2, theta
    *(
        (choice, t1, t2, TYPICAL)
        for choice in (0, 1, ANY)
        for t1, t2 in pairwise((0.0, 0.3, 0.41, 0.8, 0.8001, np.inf))
    ),
    *((choice, 0.0, t2, TYPICAL) for choice in (0, 1, ANY) for t2 in (0.26, 0.7, 4.0, np.inf)),
    (ANY, 0.7, 0.7 + 1e-9, TYPICAL),
    (1, 0.7, 0.7 + 1e-7, (*TYPICAL[:6], 1e-7)),
    (ANY, 30.0, np.inf, TYPICAL),
    (0, 1000.0, np.inf, TYPICAL),
    # the tail is not exponential
    *(
        (choice, t1, np.inf, (-1.0, 2.0, 0.5, 0.2, sv, 0.0, 0.0))
        for choice in (0, ANY)
        for t1, sv in ((2, 0.8), (30, 2))
    ),
    (ANY, 100.0, np.inf, (-1.0, 1.0, 0.5, 0.2, 2.0, 0.0, 1.0)),
    (1, 0.6, 1.4, (3.0, 2.2, 0.6, 0.2, 1.0, 0.5, 0.0)),
    (0, 0.0, 0.9, (3.0, 2.2, 0.6, 0.2, 1.0, 0.0, 0.2)),
    (0, 1.2, np.inf, (0.5, 1.5, 0.5, 0.2, 30.0, 0.0, 0.1)),  # very variable drift
    (1, 0.0, 0.21, (25.0, 0.8, 0.06, 0.2, 0.5, 0.11, 0.0)),
    (ANY, 0.9, np.inf, (4.0, 5.0, 0.5, 0.2, 0.0, 0.9, 0.1)),
    (0, 0.9, 1.2, (4.0, 5.0, 0.5, 0.2, 0.0, 0.9, 0.1)),
    (0, 0.3, 0.3001, (-40.0, 0.5, 0.9, 0.2, 0.0, 0.19, 0.3)),  # far start, fast drift
    (ANY, 0.0, 0.23, (-80.0, 1.2, 0.5, 0.2, 0.0, 0.4, 0.03)),  # |v a| = 96
    (0, 0.0, 0.8, (1.0, 2.0, 0.5, 0.2, 0.0, 0.9998, 0.3)),  # starts near the boundaries
    (0, 3.0, 3.1, (1.0, 0.3, 0.5, 0.2, 0.0, 0.4, 2.5)),  # delays far more variable than decisions
    (1, 1.5, np.inf, (-1.0, 0.3, 0.3, 0.2, 0.0, 0.59, 3.0)),
    (0, 0.0, 0.205, (1.0, 2.0, 0.5, 0.2, 0.0, 0.5, 0.3)),
]


@pytest.mark.parametrize(("choice", "t1", "t2", "theta"), CASES)
def test_against_means_of_the_ddm(choice, t1, t2, theta):
    _, a, z, t0 = theta[:4]
    (log_mass,), (grad,) = with_grad(choice, t1, t2, theta)
    expected, by_theta = reference(choice, t1, t2, theta)
    assert log_mass == pytest.approx(expected, rel=1e-14, abs=1e-10)
    # by what the parameters change the process
    time = min(t2, max(t1, t0 + 0.01 * a**2)) - t0
    scale = np.array([a, 1 / a, 1 / min(z, 1 - z), 1 / time, a, 1 / min(z, 1 - z), 1 / time])
    np.testing.assert_array_less(np.abs(grad - by_theta), 1e-8 * (scale + np.abs(by_theta)))


def random_theta(n, seed):
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.05, 0.95, n)
    sv, sz, st0 = rng.uniform(0, 2, n), rng.uniform(0, 0.95, n) * 2 * np.minimum(z, 1 - z), 10 ** rng.uniform(-4, 0, n)
    some = [rng.random(n) < 0.7 for _ in range(3)]
    return np.column_stack(
        [
            rng.uniform(-6, 6, n),
            rng.uniform(0.3, 4, n),
            z,
            rng.uniform(0, 0.5, n),
            sv * some[0],
            sz * some[1],
            st0 * some[2],
        ]
    )


def test_without_variability_it_is_the_ddm():
    theta = random_theta(300, 1)
    theta[:, 4:] = 0.0
    choice, t1, t2 = np.arange(300) % 3 - 1, theta[:, 3] + 0.3, theta[:, 3] + np.where(np.arange(300) % 2, 0.7, np.inf)
    log_mass, grad = with_grad(choice, t1, t2, theta)
    expected, by_ddm = DDM.log_mass_grad(choice, t1, t2, np.ascontiguousarray(theta[:, :4]), np.arange(300))
    np.testing.assert_array_equal(log_mass, expected)
    np.testing.assert_array_equal(grad[:, :4], by_ddm)
    np.testing.assert_array_equal(grad[:, 4:6], 0.0)  # the probability is even in sv and sz
    np.testing.assert_array_equal(grad[:, 6], 0.5 * grad[:, 3])


@pytest.mark.parametrize(("name", "little"), [("sv", 1e-8), ("sz", 1e-8), ("st0", 1e-13)])
def test_continuous_at_no_variability(name, little):
    theta = random_theta(200, 2)
    theta[:, 4:] = 0.0
    choice, t1, t2 = np.arange(200) % 3 - 1, theta[:, 3] + 0.3, theta[:, 3] + np.where(np.arange(200) % 2, 0.7, np.inf)
    at_zero, grad_at_zero = with_grad(choice, t1, t2, theta)
    theta[:, NAMES.index(name)] = little
    log_mass, grad = with_grad(choice, t1, t2, theta)
    np.testing.assert_allclose(log_mass, at_zero, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(grad, grad_at_zero, rtol=1e-5, atol=1e-5)


def test_a_partition_of_time_and_choices_sums_to_one():
    theta = random_theta(200, 3)
    t = [
        np.zeros(200),
        *(theta[:, 3] + theta[:, 1] ** 2 * u for u in (0.0, 0.01, 0.1, 0.1 + 1e-9, 0.25, 1.0, 5.0, np.inf)),
    ]
    for choices in ((ANY,), (0, 1)):
        total = sum(np.exp(with_grad(choice, t1, t2, theta)[0]) for choice in choices for t1, t2 in pairwise(t))
        np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-10)
    log_mass, grad = with_grad(ANY, 0.0, np.inf, theta)
    assert np.all(log_mass == 0.0)
    assert np.all(grad == 0.0)


def test_it_is_the_integral_of_the_density():
    # to what the density's own quadrature misses
    theta = random_theta(60, 4)
    t1 = theta[:, 3] + theta[:, 6] + 0.02 * theta[:, 1] ** 2  # later, the density is smooth
    t2 = t1 * np.random.default_rng(4).uniform(1.01, 1.5, 60)
    for choice in (0, 1):
        x, weight = panels(np.linspace(0.0, 1.0, 13))
        t = t1[:, None] + (t2 - t1)[:, None] * x
        row = np.repeat(np.arange(60), len(x))
        log_f = FULL.log_prob(t.ravel(), np.full(t.size, choice), theta, row).reshape(t.shape)
        largest = log_f.max(1, keepdims=True)
        integral = largest[:, 0] + np.log((t2 - t1) * (np.exp(log_f - largest) @ weight))
        np.testing.assert_allclose(with_grad(choice, t1, t2, theta)[0], integral, rtol=0, atol=5e-8)


def test_extremes_stay_finite():
    rng = np.random.default_rng(5)
    n = 2_000
    theta = random_theta(n, 5)
    theta[:, 0] *= 10 ** rng.uniform(-2, 2, n)
    theta[:, 4] *= 10 ** rng.uniform(-6, 1.5, n)
    theta[:, 6] *= 10 ** rng.uniform(-6, 1, n)
    t1 = np.where(rng.random(n) < 0.3, 0.0, theta[:, 3] + 10 ** rng.uniform(-9, 2, n))
    t2 = np.where(rng.random(n) < 0.3, np.inf, np.maximum(t1, theta[:, 3]) + 10 ** rng.uniform(-12, 2, n))
    log_mass, grad = with_grad(rng.integers(-1, 2, n), t1, t2, theta)
    assert np.all(np.isfinite(log_mass) & (log_mass <= 0.0))
    assert np.all(np.isfinite(grad))


@pytest.mark.parametrize(
    ("name", "value", "between"),
    [("t0", 0.3, (0.7, 0.7)), ("t0", 0.3, (0.0, 0.3)), ("t0", 0.3, (0.4, np.nan))]
    + [
        (name, value, (0.4, 0.9))
        for name, value in [
            ("v", np.inf), ("a", 0.0), ("z", 1.0), ("t0", -0.1), ("sv", -0.1), ("sz", -0.1), ("sz", 0.8), ("st0", -0.1),
            ("st0", np.inf), *((name, np.nan) for name in NAMES),
        ]
    ],
)  # fmt: skip
def test_nothing(name, value, between):
    theta = [0.5, 2.0, 0.6, 0.3, 0.5, 0.2, 0.1]
    theta[NAMES.index(name)] = value
    for choice in (0, 1, ANY, 2):
        log_mass, grad = with_grad(choice, *between, theta)
        assert np.all(log_mass == -np.inf)
        assert np.all(grad == 0.0)
