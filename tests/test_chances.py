"""The bounds hold as often as they say, and what is wrong exceeds them."""

import numpy as np
import pytest
from scipy import stats

from hddm_sbi.results.diagnostics import diagnostics
from tests import chances
from tests.chances import far_apart, next_count_bound, next_mean_bound, normal_bound, r_hat_bound, t_bound

OFTEN, SETS = 0.02, 4000


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chance that can be counted."""
    monkeypatch.setattr(chances, "CHANCE", OFTEN)


def _about(share: float) -> bool:
    return abs(share - OFTEN) < 5.0 * np.sqrt(OFTEN / SETS)


def test_no_test_spends_more_than_its_share() -> None:
    assert chances.CHANCE * chances.SPENDERS <= 1.001e-5
    assert 2.0 * stats.norm.sf(normal_bound(3)) * 3 == pytest.approx(chances.CHANCE)
    assert t_bound(10**6) == pytest.approx(normal_bound(), rel=1e-4)
    assert t_bound(19) > normal_bound()


def test_sets_of_comparisons_fail_as_often_as_said(often) -> None:
    z = np.random.default_rng(1).standard_normal((SETS, 5))
    assert _about(np.mean(np.abs(z).max(axis=1) > normal_bound(5)))


def test_the_next_mean_exceeds_its_bound_as_often_as_said(often) -> None:
    rng = np.random.default_rng(2)
    seen, new = rng.normal(3.0, 2.0, (SETS, 8)), rng.normal(3.0, 2.0, (SETS, 3)).mean(axis=1)
    bounds = [next_mean_bound(x.mean(), x.std(ddof=1), 8, of=3) for x in seen]
    assert _about(np.mean(new > bounds))


def test_the_next_count_exceeds_its_bound_more_rarely(often) -> None:
    """The moments are taken to be larger than they were measured to be."""
    rng = np.random.default_rng(3)
    for size, p in ((2.0, 0.3), (1.0, 0.5)):  # variance 1 / p times the mean
        seen, new = rng.negative_binomial(size, p, (SETS, 40)), rng.negative_binomial(size, p, (SETS, 3)).sum(axis=1)
        bounds = [next_count_bound(x.mean(), x.var(ddof=1), of=3) for x in seen]
        assert np.mean(new > bounds) < OFTEN


def test_samplers_differ_by_chance_no_more_often_than_said(often) -> None:
    draws = np.random.default_rng(4).standard_normal((SETS // 4, 2, 2, 500))
    found = np.mean([far_apart(*pair) for pair in draws])
    assert found < OFTEN + 5.0 * np.sqrt(OFTEN / len(draws))


def test_samplers_that_differ_are_far_apart() -> None:
    first, second = np.random.default_rng(4).standard_normal((2, 2, 500))
    assert not far_apart(first, second)
    assert far_apart(first, second + 0.6)
    assert far_apart(first, 1.8 * second)


def test_r_hat_of_independent_draws_is_within_its_bound_and_that_of_a_stuck_chain_is_not(often) -> None:
    rng = np.random.default_rng(5)
    r_hat = diagnostics(rng.standard_normal((2, 200, SETS)))[2]
    # twenty quantities each; location and spread are no independent looks
    share = np.mean(r_hat.reshape(-1, 20).max(axis=1) > r_hat_bound(20, 400.0, 2))
    assert share < OFTEN + 5.0 * np.sqrt(OFTEN / (SETS // 20))
    stuck = rng.standard_normal((2, 200, 1)) + np.array([0.0, 1.5])[:, None, None]
    assert diagnostics(stuck)[2] > r_hat_bound(200, 400.0, 2)
