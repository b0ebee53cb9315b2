from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hddm_sbi.errors import HDDMWarning
from hddm_sbi.trials.plausibility import check
from hddm_sbi.trials.plausibility.accuracy import accuracy
from tests.trials.plausibility.experiments import SIZES, recording


@pytest.mark.parametrize(("people", "trials"), SIZES)
def test_a_column_of_errors_is_told(people: int, trials: int) -> None:
    made = recording(1, people, trials)
    (finding,) = accuracy(replace(made, choice=1 - made.choice, coding="accuracy"))
    assert finding.severity == "warning"
    assert f"of the {made.n:,} responses in column 'response' are read as correct" in finding.sentence
    assert "if 1 is an error there, recode it" in finding.sentence
    assert not list(accuracy(replace(made, choice=1 - made.choice)))  # coding="response"


@pytest.mark.parametrize("wrong", [[2], [0, 5, 6]])
def test_participants_who_are_reversed_are_named(wrong: list[int]) -> None:
    made = recording(2, 10, 80)
    rows = np.isin(made.subject, wrong)
    (finding,) = accuracy(replace(made, choice=np.where(rows, 1 - made.choice, made.choice), coding="accuracy"))
    np.testing.assert_array_equal(finding.rows, rows)
    assert {1: "participant 103 in", 3: "participants 101, 106 and 107 in"}[len(wrong)] in finding.sentence


def test_all_together_and_some_by_themselves() -> None:
    made = recording(3, 10, 80)
    rows = made.subject < 8
    (finding,) = accuracy(replace(made, choice=np.where(rows, 1 - made.choice, made.choice), coding="accuracy"))
    assert finding.rows.all()
    assert "clearly fewer than half by themselves of 8 participants (such as 101, 102 and 103):" in finding.sentence


def test_the_sentence_is_the_warning() -> None:
    made = replace(recording(4, 5, 80), coding="accuracy", response_name="Error")
    with pytest.warns(HDDMWarning, match=r"responses in column 'Error' .* fewer than half of every participant: if"):
        check(replace(made, choice=1 - made.choice))


@pytest.mark.parametrize("seed", range(20))
def test_guessing_is_no_fault(seed: int) -> None:
    # Suspected with a chance of 1 in 10,000; these seeds are fixed integers, the same on every machine.
    made = recording(seed, 20, 100)
    guessed = np.random.default_rng(seed).integers(0, 2, made.n)
    assert not list(accuracy(replace(made, choice=guessed, coding="accuracy")))
