"""Which differences rank models."""

from __future__ import annotations

import numpy as np
import pytest

from hddm_sbi.comparison.judging import EQUAL, OPEN, WORSE, difference, standard_error
from hddm_sbi.comparison.units import Units

NOBODY = np.zeros(12, dtype=bool)


def people(n: int = 12) -> Units:
    return Units("participant", np.repeat(np.arange(n), 5), tuple(range(n)), np.arange(n), True)


def judged(
    values: np.ndarray, mc_error: float = 0.0, unreliable: np.ndarray = NOBODY, units: Units | None = None
) -> str:
    return difference(values, np.zeros(len(values)), mc_error, unreliable[: len(values)], units or people()).verdict


def test_large_differences_rank() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.5, 12)
    assert judged(values) == WORSE
    found = difference(values, np.zeros(12), 0.0, NOBODY, people())
    assert found.behind == pytest.approx(values.sum()) and found.worse == (values > 0).sum()
    assert found.se == pytest.approx(np.sqrt(12) * values.std(ddof=1))


def test_small_differences_do_not() -> None:
    assert judged(np.full(12, 0.33)) == EQUAL
    assert judged(np.full(12, 0.34)) == WORSE  # above 4, and everybody agrees


def test_differences_within_their_errors_are_open() -> None:
    values = np.array([30.0, -25.0] * 6)
    assert judged(values) == OPEN
    assert judged(np.full(12, 1.0), mc_error=7.0) == OPEN


def test_few_participants_rank_nothing() -> None:
    assert judged(np.full(9, 10.0), units=people(9)) == OPEN
    assert judged(np.full(10, 10.0), units=people(10)) == WORSE


def test_what_hangs_on_unreliable_units_is_open() -> None:
    values, one = np.full(12, 0.2), NOBODY.copy()
    values[3], one[3] = 20.0, True
    found = difference(values, np.zeros(12), 0.0, one, people())
    assert found.verdict == OPEN and found.hangs
    values = np.full(12, 2.0)
    found = difference(values, np.zeros(12), 0.0, one, people())
    assert found.verdict == WORSE and not found.hangs


def test_impossible_data_rank_nothing() -> None:
    values = np.full(12, 5.0)
    values[2] = np.inf
    found = difference(values, np.zeros(12), 0.0, NOBODY, people())
    assert found.verdict == OPEN and np.isnan(found.se)
    assert difference(-values, -values, 0.0, NOBODY, people()).verdict == OPEN


def test_trials_of_a_participant_are_not_independent() -> None:
    rng, cluster = np.random.default_rng(1), np.repeat(np.arange(20), 50)
    values = rng.normal(size=20)[cluster] + 0.1 * rng.normal(size=1000)
    units = Units("trial", np.arange(1000), tuple(range(1000)), cluster, True)
    alone = Units("trial", np.arange(1000), tuple(range(1000)), np.arange(1000), False)
    assert standard_error(values, units) > 5.0 * standard_error(values, alone)
