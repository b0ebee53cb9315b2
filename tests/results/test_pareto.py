from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.results.pareto import largest_k, pareto_smooth
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA, arviz


@pytest.mark.skipif(not HAS_INFERENCE_DATA, reason="ArviZ 1 has another interface")
@pytest.mark.parametrize("scale", [0.05, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("n", [100, 1000])
def test_weights_are_those_of_arviz(scale: float, n: int) -> None:
    log_weights = scale * np.random.default_rng(n).standard_t(5, size=n)
    weights, k = pareto_smooth(log_weights)
    theirs, their_k = arviz.psislw(log_weights.copy())
    assert k == pytest.approx(float(their_k), rel=1e-9)
    np.testing.assert_allclose(weights, np.exp(theirs), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_the_shape_of_a_pareto_tail_is_found(k: float) -> None:
    rng, n, sets = np.random.default_rng(1), 2000, 40
    found = [pareto_smooth(-k * np.log(rng.random(n)))[1] for _ in range(sets)]
    tail = 3.0 * np.sqrt(n)
    drawn_to_half = 10.0 * (0.5 - k) / (tail + 10.0)
    assert np.mean(found) == pytest.approx(k + drawn_to_half, abs=4.0 * (1.0 + k) / np.sqrt(sets * tail))


def test_even_weights_stay_even() -> None:
    weights, k = pareto_smooth(np.full(200, -3.0))
    np.testing.assert_allclose(weights, 1 / 200)
    assert k == 0.0


def test_few_or_no_weights_are_not_trusted() -> None:
    log_weights = np.full(200, -np.inf)
    weights, k = pareto_smooth(log_weights)
    assert np.isnan(weights).all()
    assert k == np.inf
    log_weights[:3] = 0.0
    weights, k = pareto_smooth(log_weights)
    assert weights[:3] == pytest.approx(1 / 3)
    assert k == np.inf


def test_the_limit_of_k_depends_on_the_number_of_draws() -> None:
    assert largest_k(100) == pytest.approx(0.5)
    assert largest_k(1000) == pytest.approx(2 / 3)
    assert largest_k(10_000) == 0.7
