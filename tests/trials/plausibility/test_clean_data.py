"""What is not a fault is not found: clean experiments of every kind are read without a word."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.trials import read_trials
from hddm_sbi.trials.plausibility import CHECKS, find
from tests.trials.plausibility.experiments import SIZES, clean, recording


@pytest.mark.parametrize("block", range(10))
def test_clean_experiments_are_silent(block: int) -> None:
    # The checks suspect at most one in 10,000 or fewer; none of these 300 is near, whatever a processor rounds.
    for seed in range(30 * block, 30 * block + 30):
        found = [finding for finding in find(clean(seed)) if finding.kind != "single trials"]
        assert not found, (seed, [finding.sentence for finding in found])


@pytest.mark.parametrize(("people", "trials"), SIZES)
@pytest.mark.parametrize("step", [0.0, 0.001, 0.01, 1.0 / 60.0, 0.1])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_no_clock_makes_a_fault(people: int, trials: int, step: float, unit: str) -> None:
    assert not list(find(recording(3, people, trials, unit=unit, step=step)))


@pytest.mark.parametrize("coding", ["response", "accuracy"])
def test_the_bundled_experiment_is_clean(cavanagh: pd.DataFrame, coding: str) -> None:
    table = cavanagh.assign(response=(cavanagh["response"] > 0).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_trials(table, groupby="participant_id", coding=coding)
        read_trials(table, coding=coding)
        read_trials(table.assign(rt=1000.0 * table["rt"]), groupby="participant_id", rt_unit="ms", coding=coding)


def test_slow_people_are_not_in_milliseconds() -> None:
    made = recording(1, 8, 60)
    slow = np.where(made.subject == 2, 25.0, 1.0)
    assert not list(find(type(made)(**{**vars(made), "rt": made.rt * slow})))


def test_each_check_bears_any_other_fault() -> None:
    made = recording(2, 5, 40)
    rt = made.rt.copy()
    rt[:30] = [np.nan, np.inf, -np.inf, 0.0, -1.0, 999.0] * 5
    spoiled = type(made)(**{**vars(made), "rt": rt, "choice": np.full(made.n, -1), "coding": "accuracy"})
    nothing = type(made)(**{**vars(made), "rt": np.full(made.n, np.nan)})
    for check in CHECKS:
        assert all(finding.sentence.endswith(".") for one in (spoiled, nothing) for finding in check(one))
