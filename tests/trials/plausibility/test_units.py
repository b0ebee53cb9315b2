from __future__ import annotations

import re

import numpy as np
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials.plausibility import check
from hddm_sbi.trials.plausibility.units import units
from tests.trials.plausibility.experiments import SIZES, recording, with_rt

FACTOR = {"s": 1000.0, "ms": 0.001}


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize("seed", range(4))
def test_participants_in_another_unit_are_named(people: int, trials: int, unit: str, seed: int) -> None:
    made = recording(seed, people, trials, unit=unit)
    rng = np.random.default_rng(seed)
    wrong = np.sort(rng.choice(people, max(1, int(people * rng.choice([0.1, 0.4]))), replace=False))
    rows = np.isin(made.subject, wrong)
    (finding,) = units(with_rt(made, rows, made.rt * FACTOR[unit]))
    assert (finding.kind, finding.severity) == ("units", "error")
    np.testing.assert_array_equal(finding.rows, rows)
    assert re.search(rf"\b{101 + wrong[0]}\b", finding.sentence)
    assert {"s": "read as milliseconds", "ms": "read as seconds"}[unit] in finding.sentence
    assert "'participant'" in finding.sentence
    assert "'rt'" in finding.sentence
    assert {"s": "divide them by 1000", "ms": "multiply them by 1000"}[unit] in finding.sentence


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_most_participants_in_another_unit_are_no_reason_to_change_the_unit_of_all(unit: str) -> None:
    made = recording(1, 8, 60, unit=unit)
    rows = made.subject != 3
    (finding,) = units(with_rt(made, rows, made.rt * FACTOR[unit]))
    np.testing.assert_array_equal(finding.rows, rows)
    assert {"s": 'or pass rt_unit="ms" and multiply those of the others by 1000', "ms": 'or pass rt_unit="s"'}[
        unit
    ] in (finding.sentence)


@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize("length", [4, 10, 30])
@pytest.mark.parametrize("seed", range(5))
def test_a_block_in_another_unit_is_named(unit: str, length: int, seed: int) -> None:
    made = recording(seed, 6, 40, unit=unit)
    rows = np.zeros(made.n, dtype=bool)
    rows[90 : 90 + length] = True  # of the third participant
    (finding,) = units(with_rt(made, rows, made.rt * FACTOR[unit]))
    np.testing.assert_array_equal(finding.rows, rows)
    assert f"{length} of the 40 trials of participant 103" in finding.sentence
    assert f"in rows 92 to {91 + length}, counting the header as row 1" in finding.sentence


def test_a_block_without_participants() -> None:
    made = recording(5, 1, 300)
    rows = np.arange(300) >= 200
    (finding,) = units(with_rt(made, rows, 1000.0 * made.rt))
    np.testing.assert_array_equal(finding.rows, rows)


@pytest.mark.parametrize("trials", [1, 2, 3, 10])
def test_participants_with_few_trials(trials: int) -> None:
    made = recording(6, 8, 60)
    rows = np.arange(made.n) >= made.n - trials
    few = type(made)(**{**vars(with_rt(made, rows, 640.0 + made.rt)), "subject": np.where(rows, 7, made.subject % 7)})
    (finding,) = units(few)
    np.testing.assert_array_equal(finding.rows, rows)


def test_pauses_are_no_block() -> None:
    made = recording(7, 4, 100)
    rows = np.isin(np.arange(made.n), [3, 30, 50, 70, 90, 95])
    assert not list(units(with_rt(made, rows, np.linspace(51.0, 110.0, made.n))))


def test_keys_held_down_are_no_seconds() -> None:
    made = recording(8, 6, 100, unit="ms")
    rows = (made.subject == 2) & (np.arange(made.n) % 4 == 0)
    assert not list(units(with_rt(made, rows, np.arange(made.n) % 31 + 1.0)))


def test_the_sentence_is_the_error() -> None:
    made = recording(0, 8, 60)
    with pytest.raises(DataError, match=r"participant 104 in column 'participant' has a median of .* milliseconds"):
        check(with_rt(made, made.subject == 3, 1000.0 * made.rt))
