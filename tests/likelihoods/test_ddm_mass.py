"""The probability that the DDM responds between two times: against series in 60 digits, and by law."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.ddm_cdf import choice_probability, ddm_cdf
from hddm_sbi.likelihoods.exact.ddm_density import SWITCH

DDM = ExactDDM()
DIGITS = 60
# of the probability; the exponents of deep tails are rounded, too
ACCURACY = 1e-12


def with_grad(choice, t1, t2, theta):
    """Log mass and gradient, one row of theta a trial."""
    theta = np.atleast_2d(np.asarray(theta, dtype=float))
    n = len(theta)
    t1, t2 = (np.array(np.broadcast_to(t, n), dtype=float) for t in (t1, t2))
    return DDM.log_mass_grad(np.array(np.broadcast_to(choice, n), dtype=np.int64), t1, t2, theta, np.arange(n))


def early(u, y, w):
    """Blurton, Kesselmeier & Gondan (2012): the lower boundary by u, by images."""
    if u <= 0:
        return mp.mpf(0)

    def tail(x):
        return mp.erfc(x / mp.sqrt(2)) / 2

    total = mp.mpf(0)
    for k in range(12):  # the next image is at 24: e^-10000 at u = 0.02
        for b, sign in ((2 * k + w, 1), (2 * k + 2 - w, -1)):
            towards, away = (b - abs(y) * u) / mp.sqrt(u), (b + abs(y) * u) / mp.sqrt(u)
            total += sign * (mp.exp(-abs(y) * b) * tail(towards) + mp.exp(abs(y) * b) * tail(away))
    return mp.exp(-y * w) * total


def late(u1, u2, y, w):
    """The lower boundary between u1 and u2, by the large-time series."""
    total, k, bound = mp.mpf(0), 1, mp.mpf(1)
    while bound > mp.eps * abs(total):
        rate = (y * y + (k * mp.pi) ** 2) / 2
        bound = k * mp.exp(-rate * u1) / rate
        total += bound * mp.sin(k * mp.pi * w) * (1 - mp.exp(-rate * (u2 - u1)))
        k += 1
    return mp.pi * mp.exp(-y * w) * total


def lower(t1, t2, v, a, w):
    """The lower boundary between two decision times, with enough digits for what cancels in the series."""
    u1, u2, y = max(t1, mp.mpf(0)) / a**2, t2 / a**2, v * a
    if u1 >= 0.02:
        return late(u1, u2, y, w)
    if u2 <= 0.02:
        return early(u2, y, w) - early(u1, y, w)
    return early(mp.mpf(0.02), y, w) - early(u1, y, w) + late(mp.mpf(0.02), u2, y, w)


def mass(choice, t1, t2, v, a, z, t0):
    total = mp.mpf(0)
    if choice != 1:
        total += lower(t1 - t0, t2 - t0, v, a, z)
    if choice != 0:
        total += lower(t1 - t0, t2 - t0, -v, a, 1 - z)
    return total


def reference(choice, t1, t2, theta):
    """Log mass and gradient, by central differences over 1e-20: at most 20 of the digits cancel in the series."""
    with mp.workdps(DIGITS):
        t1, t2, *theta = (mp.mpf(float(x)) for x in (t1, t2, *theta))
        value = mass(choice, t1, t2, *theta)
        grad = []
        for k in range(4):
            up, down = ([x + sign * mp.mpf(10) ** -20 * (i == k) for i, x in enumerate(theta)] for sign in (1, -1))
            difference = mass(choice, t1, t2, *up) - mass(choice, t1, t2, *down)
            grad.append(float(difference * mp.mpf(10) ** 20 / 2 / value))
        return float(mp.log(value)), np.array(grad)


T0 = 0.25
THETA = {
    "typical": (1.2, 1.5, 0.45),
    "no drift": (0.0, 0.7, 0.6),
    "v a = -50": (-25.0, 2.0, 0.3),
    "v a = 500": (250.0, 2.0, 0.5),
    "start near the lower boundary": (0.8, 1.1, 1e-4),
    "start near the upper boundary": (-3.0, 2.5, 0.9995),
}
# in units of a^2, after t0
INTERVALS = {
    "any time": (-np.inf, np.inf),
    "just after t0": (-np.inf, 0.004),
    "up to an early time": (-np.inf, 0.15),
    "up to the median": (-np.inf, 0.4),
    "up to a late time": (-np.inf, 6.0),
    "after an early time": (0.08, np.inf),
    "after a late time": (8.0, np.inf),
    "after 1000": (1000.0, np.inf),
    "over the switch": (0.1, 0.7),
    "narrow and early": (0.1, 0.1 + 1e-7),
    "narrow at the switch": (SWITCH - 1e-6, SWITCH + 1e-6),
    "narrow and late": (2.0, 2.0 + 1e-9),
    "a tail of its own": (0.12, 0.2),
}


@pytest.mark.parametrize("choice", [0, 1, ANY])
@pytest.mark.parametrize("theta", THETA.values(), ids=THETA)
def test_against_series_in_many_digits(theta, choice):
    v, a, z = theta
    # by what the parameters change the process
    scale = np.array([a, 1 / a, 1 / min(z, 1 - z), 1 / (0.004 * a**2)])
    for name, (u1, u2) in INTERVALS.items():
        t1, t2 = max(T0 + a**2 * u1, 0.0), T0 + a**2 * u2
        log_mass, grad = with_grad(choice, t1, t2, (v, a, z, T0))
        expected, by_theta = reference(choice, t1, t2, (v, a, z, T0))
        assert log_mass[0] == pytest.approx(expected, rel=1e-14, abs=ACCURACY), name
        np.testing.assert_array_less(np.abs(grad[0] - by_theta), 1e-11 * (scale + np.abs(by_theta)), name)


def random_theta(n, seed):
    rng = np.random.default_rng(seed)
    z = np.where(rng.random(n) < 0.7, rng.uniform(0.02, 0.98, n), 1 / (1 + 10 ** rng.uniform(-6, 6, n)))
    return np.column_stack([rng.uniform(-10, 10, n), rng.uniform(0.3, 4, n), z, rng.uniform(0, 0.5, n)])


def test_a_partition_of_time_and_choices_sums_to_one():
    theta = random_theta(300, 1)
    edges = [0.0, 0.01, 0.1, 0.1 + 1e-9, 0.24, 0.2501, 0.26, 1.0, 5.0, np.inf]
    t = [np.zeros(300), *(theta[:, 3] + theta[:, 1] ** 2 * u for u in edges)]
    for choices in ((ANY,), (0, 1)):
        total = sum(np.exp(with_grad(choice, t1, t2, theta)[0]) for choice in choices for t1, t2 in pairwise(t))
        np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)


def test_distribution_function_and_choice_probability():
    theta = random_theta(500, 2)
    v, a, z, t0 = theta.T
    for choice in (0, 1):
        np.testing.assert_allclose(
            with_grad(choice, 0.0, np.inf, theta)[0],
            np.log(choice_probability(choice, v, a, z)),
            rtol=1e-13,
            atol=1e-14,
        )
        for u in (0.05, 0.2, 0.3, 2.0):
            F = np.exp(with_grad(choice, 0.0, t0 + a**2 * u, theta)[0])
            np.testing.assert_allclose(F, ddm_cdf(a**2 * u, choice, v, a, z), rtol=0, atol=2e-12)
    log_mass, grad = with_grad(ANY, 0.0, np.inf, theta)
    assert np.all(log_mass == 0.0)
    assert np.all(grad == 0.0)


def test_mirror_image():
    theta = random_theta(500, 3)
    theta[:, 2] = np.round(theta[:, 2] * 1022 + 1) / 1024  # 1 - z without rounding: the mirror image is then exact
    t1, t2 = theta[:, 3] + 0.1, theta[:, 3] + np.random.default_rng(3).uniform(0.11, 3, 500)
    image = theta * [-1, 1, -1, 1] + [0, 0, 1, 0]
    for choice, other in ((0, 1), (ANY, ANY)):
        log_mass, grad = with_grad(choice, t1, t2, theta)
        mirrored, mirrored_grad = with_grad(other, t1, t2, image)
        np.testing.assert_allclose(log_mass, mirrored, rtol=1e-15, atol=1e-15)
        np.testing.assert_allclose(grad * [-1, 1, -1, 1], mirrored_grad, rtol=1e-12, atol=1e-12)


def test_extremes_stay_finite():
    rng = np.random.default_rng(4)
    n = 20_000
    edge = 10 ** rng.uniform(-9, np.log10(0.5), n)
    z = np.where(rng.random(n) < 0.5, edge, 1 - edge)
    theta = np.column_stack([rng.uniform(-1e3, 1e3, n), 10 ** rng.uniform(-2, 1.5, n), z, rng.uniform(0, 1, n)])
    t1 = np.where(rng.random(n) < 0.3, 0.0, theta[:, 3] + 10 ** rng.uniform(-9, 2, n))
    t2 = np.where(rng.random(n) < 0.3, np.inf, np.maximum(t1, theta[:, 3]) + 10 ** rng.uniform(-12, 2, n))
    log_mass, grad = with_grad(rng.integers(-1, 2, n), t1, t2, theta)
    assert np.all(np.isfinite(log_mass) & (log_mass <= 0.0))
    assert np.all(np.isfinite(grad))


NO_TIME = {
    "empty": (0.7, 0.7),
    "up to t0": (0.0, 0.3),
    "before t0": (0.1, 0.2),
    "NaN": (0.4, np.nan),
    "never": (np.inf, np.inf),
}
OUTSIDE = [("v", np.inf), ("a", 0.0), ("a", -1.0), ("a", np.inf), ("z", 0.0), ("z", 1.0), ("t0", -0.1), ("t0", np.inf)]


@pytest.mark.parametrize(
    ("name", "value", "between"),
    [("t0", 0.3, between) for between in NO_TIME.values()]
    + [(name, value, (0.4, 0.9)) for name, value in [*OUTSIDE, *((name, np.nan) for name in DDM.parameters)]],
)
def test_nothing(name, value, between):
    theta = [0.5, 2.0, 0.6, 0.3]
    theta[DDM.parameters.index(name)] = value
    for choice in (0, 1, ANY, 2):
        log_mass, grad = with_grad(choice, *between, theta)
        assert np.all(log_mass == -np.inf)
        assert np.all(grad == 0.0)


def test_rows_are_shared():
    theta, row = random_theta(2, 5), np.array([1, 0, 0, 1, 1])
    choice, t1, t2 = np.array([0, 1, ANY, 1, 0]), np.full(5, 0.4), np.linspace(0.6, 4.0, 5)
    log_mass, grad = DDM.log_mass_grad(choice, t1, t2, theta, row)
    apart, grad_apart = with_grad(choice, t1, t2, theta[row])
    np.testing.assert_array_equal(log_mass, apart)
    np.testing.assert_array_equal(grad, grad_apart)
    np.testing.assert_array_equal(log_mass, DDM.log_mass(choice, t1, t2, theta, row))
