"""Gaussian posteriors, where a log ratio b u moves the mean of u by b exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hddm_sbi.inference.log_ratios import Batch
from hddm_sbi.results.shifts import BY_UNIT, WHOLE, by_reweighting, by_score, is_fine, is_off

DRAWS, UNITS = 1000, 30


def _draws(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Draws of 30 participants and of their mean, and effective sample sizes."""
    u = np.random.default_rng(seed).standard_normal((DRAWS, UNITS))
    return np.column_stack([u, u.mean(axis=1)]), np.full(UNITS + 1, float(DRAWS))


@pytest.mark.parametrize(("b", "method"), [(0.02, WHOLE), (0.5, BY_UNIT)])
def test_reweighting_finds_the_shift(b: float, method: str) -> None:
    draws, ess = _draws()
    ratios = b * draws[:, :UNITS]
    found = by_reweighting(draws, ess, ratios)
    expected = np.append(np.full(UNITS, b), b * np.sqrt(UNITS))
    assert found.method == method
    assert found.pareto_k is not None
    assert found.pareto_k < 0.6
    assert np.abs((found.shift - expected) / found.mc_error).max() < 4.0
    # the participants' ratios are independent: their variances b^2 add up
    np.testing.assert_allclose(found.mc_error[:-1], b * np.sqrt(UNITS / DRAWS), rtol=0.35)


def test_reweighting_says_where_it_cannot_be_trusted() -> None:
    draws, ess = _draws()
    found = by_reweighting(draws, ess, 6.0 * draws[:, :UNITS])
    assert np.isinf(found.mc_error).all()
    ratios = np.zeros((DRAWS, UNITS))
    ratios[:, 3] = np.inf  # no draw is possible under the exact likelihood
    found = by_reweighting(draws, ess, ratios)
    assert np.isinf(found.mc_error).all()
    assert np.isfinite(found.shift).all()


def test_draws_that_are_impossible_lose_their_weight() -> None:
    draws, ess = _draws()
    ratios = np.zeros((DRAWS, UNITS))
    cut = draws[:, 0] > 1.0
    ratios[cut, 0] = np.inf
    found = by_reweighting(draws, ess, ratios)
    u = draws[:, 0]
    assert found.shift[0] == pytest.approx((u.mean() - u[~cut].mean()) / u.std(), abs=1e-9)


def _batches(draws: np.ndarray, b: np.ndarray, noise: float, seed: int = 5):
    """One experiment each, whose score varies around b."""
    rng, centred = np.random.default_rng(seed), draws[:, :UNITS] - draws[:, :UNITS].mean(axis=0)
    while True:
        yield Batch(centred @ (b + noise * rng.standard_normal(UNITS)), 1)


def test_the_score_test_finds_the_shift_and_its_error() -> None:
    draws, ess = _draws()
    b = np.linspace(-0.05, 0.05, UNITS)
    found = by_score(draws, ess, _batches(draws, b, 0.5), tolerance=0.1, seconds=60.0)
    assert np.abs((found.shift[:-1] - b) / found.mc_error[:-1]).max() < 4.0
    assert is_fine(np.abs(found.shift), found.mc_error, 0.1).all()
    # noise of sd 0.5 in each of so many
    np.testing.assert_allclose(found.mc_error[:-1], 0.5 / np.sqrt(found.size), rtol=0.5)


def test_its_error_holds_what_it_says() -> None:
    b, z = np.zeros(UNITS), []
    for seed in range(20):
        draws, ess = _draws(seed)
        few = itertools.islice(_batches(draws, b, 1.0, seed), 100)
        found = by_score(draws, ess, few, tolerance=1e-9, seconds=60.0)
        z.append(found.shift[:-1] / found.mc_error[:-1])
    assert np.std(z) == pytest.approx(1.0, abs=0.1)  # 600 values, hardly correlated


def test_it_ends_as_soon_as_a_large_shift_is_clear() -> None:
    draws, ess = _draws()
    b = np.zeros(UNITS)
    b[4] = 2.0
    found = by_score(draws, ess, _batches(draws, b, 0.5), tolerance=0.1, seconds=60.0)
    assert found.size < 50
    assert found.shift[4] == pytest.approx(2.0, abs=0.5)
    assert is_off(np.abs(found.shift), found.mc_error, 0.1)[4]


def test_it_ends_when_time_is_up() -> None:
    draws, ess = _draws()
    found = by_score(draws, ess, _batches(draws, np.zeros(UNITS), 5.0), tolerance=0.01, seconds=1e-9)
    assert found.size == 5
    assert not is_fine(np.abs(found.shift), found.mc_error, 0.01).any()


def test_a_quantity_that_does_not_move_has_no_shift() -> None:
    draws, ess = _draws()
    ratios = 0.02 * draws[:, :UNITS]
    draws[:, 2] = 0.1  # the sd of which is not 0 by rounding
    assert draws[:, 2].std() > 0.0
    found = by_reweighting(draws, ess, ratios)
    assert (found.shift[2], found.mc_error[2]) == (0.0, 0.0)


def test_it_goes_on_until_a_shift_between_fine_and_off_is_clear() -> None:
    """0.12 is more than tolerated, which takes a standard error of 0.02 / 3 to tell."""
    draws, ess = _draws()
    b = np.zeros(UNITS)
    b[4] = 0.12
    found = by_score(draws, ess * 1e9, _batches(draws, b, 0.3), tolerance=0.1, seconds=60.0)
    moved, error = np.abs(found.shift), found.mc_error
    assert (is_off(moved, error, 0.1) | is_fine(moved, error, 0.1)).all()
