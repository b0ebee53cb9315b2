"""The chances on which the checks decide hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from hddm_sbi.doctor.odds import edge_chance, odds_against_the_others, pairs
from hddm_sbi.trials.plausibility.chance import both


@pytest.mark.parametrize("size", [30, 120, 960])
def test_the_end_of_an_exponential_tail_is_as_it_is_said_to_be(size: int) -> None:
    rng = np.random.default_rng(size)
    times = rng.exponential(0.4, (4000, size))
    above = (times > times.max(axis=1, keepdims=True) / 2.0).sum(axis=1)
    for bound in np.unique(np.quantile(above, [0.5, 0.9, 0.99])).astype(int).tolist():
        share = float((above >= bound).mean())
        # five standard errors of a share of 4,000
        assert abs(edge_chance(bound, size) - share) < 5.0 * np.sqrt(share / 4000.0)


def test_a_cliff_is_never_the_end_of_a_tail() -> None:
    assert edge_chance(60, 120) < 1e-10 and edge_chance(1, 120) == pytest.approx(1.0, abs=1e-3)


def test_odds_exceed_c_once_in_c_of_people_like_the_others() -> None:
    rng = np.random.default_rng(1)
    count = np.full(200, 80)
    odds = [
        odds_against_the_others(rng.binomial(count, expit(rng.normal(1.5, 0.6, 200))), count, 0.5) for _ in range(50)
    ]
    for bound in (10.0, 100.0):
        assert (np.concatenate(odds) > bound).mean() < 1.0 / bound


def test_odds_of_one_who_guesses_are_high() -> None:
    hits = np.array([88, 90, 85, 92, 87, 89, 91, 50])
    odds = odds_against_the_others(hits, np.full(8, 100), 0.5)
    assert odds[-1] > 1e4 and (odds[:-1] < 1e-3).all()


def test_two_figures_that_mean_nothing_are_below_their_chance_as_often() -> None:
    rng = np.random.default_rng(2)
    together = np.array([both(first, second) for first, second in rng.random((20_000, 2)).tolist()])
    for chance in (0.5, 0.05, 0.005):
        assert abs((together < chance).mean() - chance) < 5.0 * np.sqrt(chance / 20_000.0)


def test_pairs() -> None:
    assert pairs(np.array([1, 2, 4])) == 7.0
