from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import HDDMWarning
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.fastest import check_fast_trials
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.trials import read_trials
from hddm_sbi.trials.plausibility.fast_trials import fast_trials
from tests.trials.plausibility.experiments import recording, with_rt

DDM = get_model("ddm")


def _table(people: int, trials: int, seed: int = 1) -> pd.DataFrame:
    rt, choice = simulate("ddm", np.tile([1.0, 1.5, 0.5, 0.3], (people, 1)), trials, seed)
    subject = np.repeat(np.arange(1, people + 1), trials)
    return pd.DataFrame({"subject": subject, "rt": rt.ravel().round(3), "response": choice.ravel()})


def _warnings(table: pd.DataFrame, groupby: str | None = "subject", rt_unit: str = "s", **options: object) -> list[str]:
    trials = read_trials(table, groupby=groupby, rt_unit=rt_unit)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spec, _ = build_spec(DDM, trials, **options)  # type: ignore[arg-type]
        check_fast_trials(spec, trials)
    assert all(issubclass(one.category, HDDMWarning) for one in caught)
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("rt_unit", ["s", "ms"])
def test_one_fast_trial_without_lapses(rt_unit: str) -> None:
    table = _table(1, 500).drop(columns="subject")
    table.loc[77, "rt"] = 0.12
    factor = 1000.0 if rt_unit == "ms" else 1.0
    (sentence,) = _warnings(table.assign(rt=factor * table["rt"]), None, rt_unit, p_outlier=0)
    assert sentence.startswith(f"1 trial with {0.12 * factor:g} in column 'rt' (in row 79, counting the header")
    assert "without lapses it sets t0 alone" in sentence
    assert 'p_outlier="estimate"' in sentence


@pytest.mark.parametrize("options", [{}, {"p_outlier": 0.02}, {"p_outlier": 0, "fixed": {"t0": 0.1}}])
def test_nothing_is_said_where_lapses_or_a_constant_explain_it(options: dict[str, object]) -> None:
    table = _table(1, 500)
    table.loc[77, "rt"] = 0.12
    assert _warnings(table, **options) == []


def test_participants_with_a_fast_trial_are_named() -> None:
    table = _table(5, 500)
    table.loc[[700, 2100], "rt"] = 0.1
    (sentence,) = _warnings(table, p_outlier=0)
    assert "2 trials of participants 2 and 5 with 0.1" in sentence
    assert "in rows 702 and 2102" in sentence


def test_where_t0_is_everyones_only_the_fastest_of_all_counts() -> None:
    table = _table(5, 500)
    table.loc[table["subject"] == 3, "rt"] -= 0.2  # who is as fast as the one trial
    table.loc[700, "rt"] = 0.13
    assert len(_warnings(table, p_outlier=0)) == 1
    assert _warnings(table, p_outlier=0, shared="t0") == []


@pytest.mark.parametrize("few", [1, 2, 3])
def test_few_fast_trials(few: int) -> None:
    made = recording(1, 1, 500)
    rows = np.arange(made.n) < few
    (finding,) = fast_trials(with_rt(made, rows, 0.15 * made.rt.min()), by_participant=True)
    np.testing.assert_array_equal(finding.rows, rows)


@pytest.mark.parametrize("model", ["ddm", "full_ddm", "angle", "ornstein", "rdm", "lba"])
@pytest.mark.parametrize("trials", [20, 100, 500])
def test_clean_participants_are_silent(model: str, trials: int) -> None:
    # One warning in a thousand such experiments is the bound, for the worst of distributions; far fewer are seen.
    ssm = get_model(model, 2) if model in ("rdm", "lba") else get_model(model)
    rng = np.random.default_rng(trials)
    low, high = np.array([parameter.box for parameter in ssm.parameters]).T
    theta = low + (high - low) * rng.uniform(0.3, 0.6, (20, len(low)))
    rt = np.sort(simulate(ssm, theta, trials, seed=2)[0], axis=1).round(4)
    made = recording(1, 20, trials)
    assert not list(fast_trials(replace(made, rt=rt.ravel()), by_participant=True))
