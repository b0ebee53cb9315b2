"""Effective sample sizes and R-hat against ArviZ, which computes them one by one."""

from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.results.diagnostics import TAILS, diagnostics
from hddm_sbi.results.to_arviz import arviz


def _chains(chains: int, length: int, memory: float, quantities: int = 5, seed: int = 0) -> np.ndarray:
    """Autoregressive draws, shape (chains, length, quantities)."""
    draws = np.random.default_rng(seed).normal(size=(chains, length, quantities))
    for t in range(1, length):
        draws[:, t] += memory * draws[:, t - 1]
    return draws


def _by_arviz(draws: np.ndarray) -> np.ndarray:
    """Bulk ESS, tail ESS and R-hat, shape (3, quantities)."""
    columns = np.moveaxis(draws, -1, 0)
    bulk = [float(arviz.ess(x, method="bulk")) for x in columns]
    tail = [min(float(arviz.ess(x, method="quantile", prob=prob)) for prob in TAILS) for x in columns]
    r_hat = [float(arviz.rhat(x)) if len(x) > 1 else np.nan for x in columns]
    return np.array([bulk, tail, r_hat])


@pytest.mark.parametrize("memory", [-0.9, -0.3, 0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize(("chains", "length"), [(1, 40), (2, 4), (2, 11), (3, 101), (4, 250), (5, 7)])
def test_numbers_are_those_of_arviz(chains: int, length: int, memory: float) -> None:
    draws = _chains(chains, length, memory)
    np.testing.assert_allclose(diagnostics(draws), _by_arviz(draws), rtol=1e-10)


def test_repeated_draws_share_ranks() -> None:
    # NUTS stays where it is when it rejects; rounding and indicators repeat values too
    draws = _chains(4, 200, 0.5)
    repeated = np.repeat(draws[:, ::4], 4, axis=1)
    for x in (repeated, draws.round(1), (draws > 0.0).astype(float)):
        np.testing.assert_allclose(diagnostics(x), _by_arviz(x), rtol=1e-10)


def test_chains_apart_and_quantities_of_any_scale() -> None:
    draws = _chains(4, 100, 0.3)
    draws[1] += 5.0
    expected = _by_arviz(draws)
    assert (expected[2] > 1.5).all()
    np.testing.assert_allclose(diagnostics(draws), expected, rtol=1e-10)
    np.testing.assert_allclose(diagnostics(1e-9 * draws), expected, rtol=1e-10)


def test_many_quantities_are_each_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = _chains(2, 50, 0.5, quantities=40)
    whole = np.array(diagnostics(draws))
    monkeypatch.setattr("hddm_sbi.results.diagnostics._DRAWS_AT_ONCE", 700)
    np.testing.assert_array_equal(diagnostics(draws), whole)
    alone = [np.array(diagnostics(draws[:, :, k : k + 1]))[:, 0] for k in range(40)]
    np.testing.assert_array_equal(np.transpose(alone), whole)


def test_columns_that_do_not_mix() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 100))
    constant, stuck, broken = np.zeros((3, 100)), np.repeat(np.arange(3.0)[:, None], 100, axis=1), mixing.copy()
    broken[1, 5] = np.inf
    bulk, tail, r_hat = diagnostics(np.stack([mixing, constant, stuck, broken], axis=-1))
    assert np.isfinite([bulk[0], tail[0], r_hat[0]]).all()
    assert np.isnan([bulk[1], tail[1], r_hat[1]]).all()
    assert (bulk[2], tail[2], r_hat[2]) == (3, 3, np.inf)
    assert np.isnan([bulk[3], tail[3], r_hat[3]]).all()


def test_short_or_single_chains() -> None:
    rng = np.random.default_rng(0)
    bulk, tail, r_hat = diagnostics(rng.normal(size=(1, 200, 1)))
    assert np.isfinite([bulk[0], tail[0]]).all()
    assert np.isnan(r_hat[0])
    assert np.isnan(diagnostics(rng.normal(size=(4, 2, 1)))).all()


def test_chains_that_moved_once() -> None:
    draws = np.repeat(np.random.default_rng(0).normal(size=(3, 2)), 5, axis=1)[:, :, None]
    assert diagnostics(draws)[2] == np.inf
