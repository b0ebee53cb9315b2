"""A probability is never finer than its Monte Carlo error."""

import numpy as np
import pytest

from hddm_sbi.results.contrasts.probabilities import probability


def test_bound_where_all_draws_agree() -> None:
    # 0 of n independent draws: what has a chance of 5% of that is 1 - .05^(1/n) = .00075 for 4,000
    found = probability(np.ones((4, 1000), dtype=bool), 4000.0)
    assert (found.sign, found.value, str(found)) == (">", 0.9992, "> .9992")
    assert probability(np.zeros((4, 1000), dtype=bool), 4000.0).sign == "<"
    assert str(probability(np.zeros((4, 1000), dtype=bool), 4000.0)) == "< .0008"


@pytest.mark.parametrize(("ess", "text"), [(3100.0, "> .999"), (30.0, "> .9"), (300.0, "> .99"), (29.0, "> .9")])
def test_bound_has_one_figure(ess: float, text: str) -> None:
    assert str(probability(np.ones((4, 1000), dtype=bool), ess)) == text


@pytest.mark.parametrize("ess", [40.0, 400.0, 4000.0])
def test_bound_follows_effective_draws(ess: float) -> None:
    found = probability(np.ones((4, 1000), dtype=bool), ess)
    assert found.value <= 0.05 ** (1.0 / ess) < found.value + 10.0**-found.decimals


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.93, 0.998])
def test_last_digit_is_no_finer_than_the_error(share: float) -> None:
    hits = np.random.default_rng(2).uniform(size=(4, 1000)) < share
    found = probability(hits, 4000.0)
    assert found.mc_error == pytest.approx(np.sqrt(share * (1 - share) / 4000), rel=0.4)
    assert 10.0**-found.decimals >= found.mc_error
    assert found.value == pytest.approx(hits.mean(), abs=0.5 * 10.0**-found.decimals)


def test_draws_that_move_slowly_know_less() -> None:
    rng = np.random.default_rng(1)
    x = np.zeros((4, 2000))
    for t in range(1, 2000):
        x[:, t] = 0.98 * x[:, t - 1] + rng.normal(size=4)
    independent = rng.normal(size=x.shape)
    slow, fast = (probability(draws > 0.0, 8000.0) for draws in (x, independent))
    assert slow.mc_error > 5.0 * fast.mc_error


def test_one_is_never_shown() -> None:
    hits = np.ones((4, 100), dtype=bool)
    hits[0, 0] = False
    found = probability(hits, 400.0)
    assert found.sign == ">" and found.value < 1.0 - 1.0 / 400.0
