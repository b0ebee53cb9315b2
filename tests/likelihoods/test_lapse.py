"""Lapse mixtures: normalisation, edges of p, gradient, window."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.exact.ddm import ExactDDM
from hddm_sbi.likelihoods.lapse import LapseMixture

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
DDM = ExactDDM()
THETA = (0.5, 1.5, 0.45, 0.3)


class Constant:
    """A likelihood that is the same log density everywhere, with one slope."""

    parameters = ("mu",)

    def __init__(self, log_f: float, n_choices: int = 3) -> None:
        self.log_f, self.n_choices = log_f, n_choices

    def log_prob(self, rt, choice, theta, row):
        return np.full(len(rt), self.log_f)

    def log_prob_grad(self, rt, choice, theta, row):
        return self.log_prob(rt, choice, theta, row), np.ones((len(rt), 1))


def one_row(likelihood, rt, choice, theta):
    rt = np.atleast_1d(np.asarray(rt, float))
    choice = np.broadcast_to(choice, rt.shape).astype(np.int64)
    return likelihood.log_prob_grad(rt, choice, np.array([theta], float), np.zeros(len(rt), np.int64))


@pytest.mark.parametrize("window", [(0.0, 5.0), (0.1, 2.0), (1.0, 20.0)])
@pytest.mark.parametrize("p", [0.0, 0.05, 0.7, 1.0])
def test_integrates_to_one_over_time_and_choices(window, p):
    mixture = LapseMixture(DDM, window)
    total = 0.0
    ends = np.unique([0.0, 0.3, 0.35, 0.5, 1.0, 3.0, 8.0, 25.0, 60.0, *window])  # every jump is an end of a panel
    for start, end in pairwise(ends):
        t = (start + end) / 2 + (end - start) / 2 * NODES
        for choice in (0, 1):
            total += ((end - start) / 2 * WEIGHTS * np.exp(one_row(mixture, t, choice, (*THETA, p))[0])).sum()
    assert total == pytest.approx(1.0, abs=1e-9)


def test_no_lapses_is_the_model_itself():
    rt = np.array([0.1, 0.3, 0.31, 0.8, 5.0, 30.0])
    mixture = LapseMixture(DDM, (0.0, 20.0))
    log_f, grad = one_row(mixture, rt, 1, (*THETA, 0.0))
    model_log_f, model_grad = one_row(DDM, rt, 1, THETA)
    np.testing.assert_array_equal(log_f, model_log_f)
    np.testing.assert_array_equal(grad[:, :4], model_grad)
    assert log_f[0] == -np.inf
    assert np.all(grad[0] == 0.0)
    assert np.all(np.isfinite(grad))


def test_only_lapses_is_the_uniform():
    log_f, grad = one_row(LapseMixture(DDM, (0.0, 20.0)), [0.1, 0.8, 30.0], 1, (*THETA, 1.0))
    np.testing.assert_allclose(log_f, [-np.log(40.0), -np.log(40.0), -np.inf])
    assert np.all(grad[:, :4] == 0.0)
    model = np.exp(one_row(DDM, [0.8], 1, THETA)[0][0])
    np.testing.assert_allclose(grad[:, 4], [1.0, 1.0 - model * 40.0, 0.0], rtol=1e-12)


@pytest.mark.parametrize("n_choices", [2, 3, 5])
def test_lapses_share_their_mass_between_all_choices(n_choices):
    mixture = LapseMixture(Constant(-np.inf, n_choices), (0.5, 2.5))
    log_f, _ = one_row(mixture, [0.5, 1.0, 2.5], 0, (0.0, 0.1))
    np.testing.assert_allclose(log_f, np.log(0.1 / (2.0 * n_choices)), rtol=1e-14)


def test_no_lapse_mass_outside_the_window():
    log_f, grad = one_row(LapseMixture(DDM, (0.5, 2.0)), [0.1, 0.4, 3.0], 0, (*THETA, 0.1))
    model_log_f, model_grad = one_row(DDM, [0.1, 0.4, 3.0], 0, THETA)
    np.testing.assert_allclose(log_f, model_log_f + np.log(0.9), rtol=1e-14)
    np.testing.assert_allclose(grad[:, :4], model_grad, rtol=1e-14)
    np.testing.assert_allclose(grad[:, 4], [0.0, -1 / 0.9, -1 / 0.9], rtol=1e-14)


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan])
def test_no_density_outside_the_support(p):
    log_f, grad = one_row(LapseMixture(DDM, (0.0, 20.0)), 0.8, 0, (*THETA, p))
    assert log_f[0] == -np.inf
    assert np.all(grad == 0.0)


def test_gradient_matches_finite_differences():
    mixture = LapseMixture(DDM, (0.0, 6.0))
    rt = np.array([0.305, 0.34, 0.5, 0.8, 1.5, 5.0, 8.0])
    theta = np.array([*THETA, 0.05])
    for choice in (0, 1):
        _, grad = one_row(mixture, rt, choice, theta)
        for k in range(5):
            h = 1e-6 * np.eye(5)[k]
            plus, minus = one_row(mixture, rt, choice, theta + h)[0], one_row(mixture, rt, choice, theta - h)[0]
            np.testing.assert_allclose(grad[:, k], (plus - minus) / 2e-6, rtol=1e-6, atol=1e-7)


@settings(deadline=None, max_examples=300)
@given(log_f=st.floats(-1e6, 1e3) | st.just(-np.inf), p=st.floats(0.0, 1.0), rt=st.floats(0.0, 10.0))
def test_extremes_are_never_nan(log_f, p, rt):
    mixture = LapseMixture(Constant(log_f), (0.5, 5.0))
    log_total, grad = one_row(mixture, rt, 0, (0.0, p))
    assert np.all(np.isfinite(grad))
    assert not np.isnan(log_total[0])
    with np.errstate(divide="ignore"):
        uniform = -np.log(13.5) if 0.5 <= rt <= 5.0 else -np.inf
        expected = np.logaddexp(np.log1p(-p) + log_f, np.log(p) + uniform)
    assert log_total[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_value_alone_equals_value_with_gradient():
    mixture = LapseMixture(DDM, (0.0, 6.0))
    rng = np.random.default_rng(1)
    theta = np.column_stack([np.tile(THETA, (3, 1)), [0.0, 0.05, 1.0]])
    rt, choice, row = rng.uniform(0.1, 8.0, 50), rng.integers(0, 2, 50), rng.integers(0, 3, 50)
    with_gradient = mixture.log_prob_grad(rt, choice, theta, row)[0]
    np.testing.assert_allclose(mixture.log_prob(rt, choice, theta, row), with_gradient, rtol=1e-13, atol=1e-13)
    assert mixture.parameters == ("v", "a", "z", "t0", "p_outlier")
    assert mixture.n_choices == 2


@pytest.mark.parametrize("window", [(1.0, 1.0), (2.0, 1.0), (-0.1, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_bad_window(window):
    with pytest.raises(ModelError, match="lapse window"):
        LapseMixture(DDM, window)


def test_lapses_are_mixed_in_once():
    with pytest.raises(ModelError, match="p_outlier"):
        LapseMixture(LapseMixture(DDM, (0.0, 1.0)), (0.0, 1.0))
