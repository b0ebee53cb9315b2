"""Leave-one-out by importance weights, where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hddm_sbi.comparison.leaving_out import leave_out, log_mean_exp
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA, arviz

SHAPE = (4, 500)


def normal_data() -> tuple[np.ndarray, np.ndarray]:
    """Log likelihoods of normal observations with an unknown mean and a flat prior, and the elpd of each."""
    rng, n = np.random.default_rng(1), 40
    y = rng.normal(size=n)
    mean = y.mean() + rng.standard_normal(SHAPE) / np.sqrt(n)
    others = (y.sum() - y) / (n - 1)
    exact = stats.norm.logpdf(y, others, np.sqrt(1.0 + 1.0 / (n - 1)))
    return stats.norm.logpdf(y, mean[..., None], 1.0), exact


def test_elpd_is_that_of_leaving_out() -> None:
    log_likelihood, exact = normal_data()
    found = leave_out(log_likelihood)
    np.testing.assert_allclose(found.elpd, exact, atol=0.02)
    error = np.sqrt(found.variance)
    assert np.mean(np.abs(found.elpd - exact) < 3.0 * error) > 0.9 and error.max() < 0.02
    assert not found.unreliable.any() and found.k.max() < 0.5
    assert (found.lpd - found.elpd).sum() == pytest.approx(1.0, abs=0.15)  # one parameter


@pytest.mark.skipif(not HAS_INFERENCE_DATA, reason="ArviZ 1 has another interface")
def test_values_are_those_of_arviz() -> None:
    log_likelihood, _ = normal_data()
    found = leave_out(log_likelihood)
    data = arviz.from_dict(posterior={"x": np.zeros(SHAPE)}, log_likelihood={"y": log_likelihood})
    theirs = arviz.loo(data, pointwise=True, reff=1.0)
    np.testing.assert_allclose(found.elpd, theirs.loo_i, rtol=1e-9)
    np.testing.assert_allclose(found.k, theirs.pareto_k, rtol=1e-9)
    assert (found.lpd - found.elpd).sum() == pytest.approx(theirs.p_loo)


def test_what_weights_cannot_do_is_said() -> None:
    log_likelihood, _ = normal_data()
    rng = np.random.default_rng(2)
    log_likelihood[..., 7] = -5.0 * rng.exponential(size=SHAPE)  # 1 / likelihood has no mean
    found = leave_out(log_likelihood)
    assert np.flatnonzero(found.unreliable).tolist() == [7]
    again = found.with_refit(7, elpd=-3.0, variance=0.01)
    assert again.elpd[7] == -3.0 and np.isnan(again.k[7]) and not again.unreliable.any()
    np.testing.assert_array_equal(np.delete(again.elpd, 7), np.delete(found.elpd, 7))


def test_draws_that_hang_together_are_worth_less() -> None:
    log_likelihood, _ = normal_data()
    slow = np.repeat(log_likelihood[:, ::10], 10, axis=1)
    assert leave_out(slow).variance.mean() > 5.0 * leave_out(log_likelihood).variance.mean()


def test_mean_of_exponentials() -> None:
    assert log_mean_exp(np.array([-1000.0, -1000.0 + np.log(3.0)])) == pytest.approx(-1000.0 + np.log(2.0))
