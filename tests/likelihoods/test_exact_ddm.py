"""The exact density of the constant-bound DDM: against a reference table, and by law."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.exact.ddm_density import SWITCH
from hddm_sbi.likelihoods.formulas import get_exact

REFERENCE = Path(__file__).parents[1] / "reference" / "ddm.csv"
DDM = ExactDDM()


def log_prob(t, choice, v, a, z, t0=0.0):
    """Broadcasting log density, one row of theta a trial."""
    return with_grad(t, choice, v, a, z, t0)[0]


def with_grad(t, choice, v, a, z, t0=0.0):
    t, choice, *theta = np.broadcast_arrays(np.add(t, t0), choice, v, a, z, t0)
    rows = np.column_stack([np.ravel(p).astype(float) for p in theta])
    return DDM.log_prob_grad(np.ravel(t), np.ravel(choice).astype(np.int64), rows, np.arange(t.size))


def random_theta(n, seed):
    """v, a, z, decision time and choice, drawn where people's parameters are and beyond."""
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.3, 5.0, n)
    t = a**2 * np.exp(rng.uniform(np.log(0.005), np.log(5.0), n))
    return t, rng.integers(0, 2, n), rng.uniform(-6, 6, n), a, rng.uniform(0.02, 0.98, n)


def test_reference_table():
    table = pd.read_csv(REFERENCE)
    theta = table[["v", "a", "z", "t0"]].to_numpy(float)
    rt, choice = table["rt"].to_numpy(float), table["response"].to_numpy(np.int64)
    log_f = DDM.log_prob(rt, choice, theta, np.arange(len(table)))
    np.testing.assert_allclose(log_f, table["log_density"], rtol=0, atol=1e-11)
    with_gradient = DDM.log_prob_grad(rt, choice, theta, np.arange(len(table)))[0]
    np.testing.assert_allclose(log_f, with_gradient, rtol=1e-13, atol=1e-13)


def test_deep_tail():
    assert log_prob(0.305 - 0.3, 1, 0.5, 2.0, 0.5, 0.3)[0] == pytest.approx(-92.472087, abs=1e-6)


@pytest.mark.parametrize("theta", [(0.5, 2.0, 0.5), (-4.0, 0.5, 0.1), (3.0, 4.0, 0.95), (0.0, 1.0, 0.001)])
def test_integrates_to_one_over_time_and_choices(theta):
    log_t = np.linspace(-35.0, 8.0, 20_001)  # the trapezoid rule converges geometrically in log time
    density = sum(np.exp(log_prob(np.exp(log_t), choice, *theta) + log_t) for choice in (0, 1))
    assert np.trapezoid(density, log_t) == pytest.approx(1.0, abs=1e-10)


def test_mirror_image():
    t, choice, v, a, z = random_theta(500, 1)
    z = np.round(z * 1024) / 1024  # 1 - z without rounding: the mirror image is then exact
    log_f, grad = with_grad(t, choice, v, a, z)
    mirrored, mirrored_grad = with_grad(t, 1 - choice, -v, a, 1 - z)
    np.testing.assert_array_equal(log_f, mirrored)
    np.testing.assert_array_equal(grad * [-1, 1, -1, 1], mirrored_grad)


def test_brownian_scaling():
    t, choice, v, a, z = random_theta(500, 2)
    np.testing.assert_allclose(
        log_prob(t, choice, v, a, z), log_prob(t / a**2, choice, v * a, 1.0, z) - 2 * np.log(a), rtol=1e-12, atol=1e-12
    )


def test_gradient_obeys_brownian_scaling():
    # f(c^2 t | v / c, c a, z) = f(t | v, a, z) / c^2, differentiated by log c at c = 1
    t, choice, v, a, z = random_theta(2000, 3)
    _, grad = with_grad(t, choice, v, a, z)
    parts = np.column_stack([-v * grad[:, 0], a * grad[:, 1], -2 * t * grad[:, 3]])
    np.testing.assert_allclose(parts.sum(1) + 2.0, 0.0, atol=1e-13 * np.abs(parts).max())


def test_drift_enters_as_a_likelihood_ratio():
    t, choice, v, a, z = random_theta(500, 4)
    distance = np.where(choice == 1, a * (1 - z), -a * z)
    ratio = log_prob(t, choice, v, a, z) - log_prob(t, choice, -v, a, z)
    np.testing.assert_allclose(ratio, 2 * v * distance, rtol=1e-9, atol=1e-9)


def test_gradient_matches_finite_differences():
    t, choice, *theta = random_theta(500, 5)
    theta = [*theta, np.full(500, 0.3)]
    _, grad = with_grad(t, choice, *theta)
    for k, p in enumerate(theta):
        h = 1e-3 * (np.minimum(p, 1 - p) if k == 2 else t if k == 3 else np.maximum(np.abs(p), 0.1))

        def shifted(s, k=k, h=h):
            moved = [q + s * h if j == k else q for j, q in enumerate(theta)]
            return log_prob(t + 0.3 - moved[3], choice, *moved)

        # fourth-order central differences: truncation (h / p)^4 of a function that changes by up to |log f| over p
        numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * h)
        np.testing.assert_allclose(grad[:, k] * h, numeric * h, rtol=1e-8, atol=1e-10)


def test_series_agree_where_they_meet():
    rng = np.random.default_rng(6)
    n = 500
    a, v, z, choice = rng.uniform(0.3, 5, n), rng.uniform(-6, 6, n), rng.uniform(0.001, 0.999, n), rng.integers(0, 2, n)
    below, grad_below = with_grad(a**2 * SWITCH * (1 - 1e-15), choice, v, a, z)
    above, grad_above = with_grad(a**2 * SWITCH * (1 + 1e-15), choice, v, a, z)
    np.testing.assert_allclose(below, above, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(grad_below, grad_above, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("t", [0.02, 0.2, 0.249, 0.251, 2.0])
@pytest.mark.parametrize("choice", [0, 1])
def test_start_next_to_the_far_boundary(t, choice):
    # the density vanishes in proportion to the distance from the other boundary
    far = np.array([2.0**-30, 2.0**-50])
    log_f, grad = with_grad(t, choice, 0.0, 1.0, far if choice == 1 else 1 - far)
    assert log_f[0] - log_f[1] == pytest.approx(20 * np.log(2), rel=1e-10)
    np.testing.assert_allclose(np.abs(grad[:, 2]) * far, 1.0, rtol=1e-10)


def test_nothing_before_t0():
    log_f, grad = DDM.log_prob_grad(
        np.array([0.1, 0.3, -1.0, np.nan]),
        np.array([0, 1, 0, 1]),
        np.array([[1.0, 2.0, 0.5, 0.3]]),
        np.zeros(4, np.int64),
    )
    assert np.all(log_f == -np.inf)
    assert np.all(grad == 0.0)


@pytest.mark.parametrize(
    "theta",
    [
        (0.5, 0.0, 0.5, 0.3),
        (0.5, -1.0, 0.5, 0.3),
        (0.5, 2.0, 0.0, 0.3),
        (0.5, 2.0, 1.0, 0.3),
        (0.5, 2.0, -0.1, 0.3),
        (0.5, 2.0, 0.5, -0.1),
        (np.nan, 2.0, 0.5, 0.3),
        (0.5, np.nan, 0.5, 0.3),
        (0.5, 2.0, np.nan, 0.3),
        (0.5, 2.0, 0.5, np.nan),
        (np.inf, 2.0, 0.5, 0.3),
        (0.5, np.inf, 0.5, 0.3),
    ],
)
def test_no_density_outside_the_support(theta):
    log_f, grad = DDM.log_prob_grad(np.array([1.0, 1.0]), np.array([0, 1]), np.array([theta]), np.zeros(2, np.int64))
    assert np.all(log_f == -np.inf)
    assert np.all(grad == 0.0)


@settings(deadline=None, max_examples=500)
@given(
    log_t=st.floats(-12, 3),
    choice=st.sampled_from([0, 1]),
    v=st.floats(-1e3, 1e3),
    log_a=st.floats(-3, 3),
    log_edge=st.floats(-9, np.log10(0.5)),
    high=st.booleans(),
)
def test_extremes_stay_finite(log_t, choice, v, log_a, log_edge, high):
    t, a, edge = 10**log_t, 10**log_a, 10**log_edge
    log_f, grad = with_grad(t, choice, v, a, 1 - edge if high else edge)
    assert np.all(np.isfinite(log_f))
    assert np.all(np.isfinite(grad))
    parts = np.array([-v * grad[0, 0], a * grad[0, 1], -2 * t * grad[0, 3]])
    assert abs(parts.sum() + 2.0) <= 1e-10 * (1 + np.abs(parts).max())


def test_rows_are_shared():
    theta = np.array([[0.5, 2.0, 0.5, 0.3], [-1.0, 1.0, 0.4, 0.2]])
    row = np.array([1, 0, 0, 1, 1])
    rt, choice = np.linspace(0.4, 2.0, 5), np.array([0, 1, 0, 1, 0])
    log_f, grad = DDM.log_prob_grad(rt, choice, theta, row)
    apart, grad_apart = DDM.log_prob_grad(rt, choice, theta[row], np.arange(5))
    np.testing.assert_array_equal(log_f, apart)
    np.testing.assert_array_equal(grad, grad_apart)
    assert grad.shape == (5, 4)


def test_registry():
    assert get_exact("ddm").parameters == ("v", "a", "z", "t0")
    with pytest.raises(ModelError, match=r"no exact likelihood for the model 'angle'.*ddm"):
        get_exact("angle")
