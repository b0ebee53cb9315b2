"""Each planted fault is found, and nothing else is; clean experiments of every design are silent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.doctor.experiments import CLEAN, Design
from tests.doctor.faults import FAULTS, Planted

COLUMNS = ["severity", "finding", "sentence", "why", "advice", "rows"]
# a participant's code that the table does not say is no finding of this design, but what the design is
BETWEEN = "between participants"


def _found(design: Design) -> pd.DataFrame:
    findings = hs.check_data(design.table, **design.options).findings
    assert list(findings.columns) == COLUMNS
    return findings[findings["finding"] != BETWEEN]


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_planted_fault_is_found_and_nothing_else(plant: Callable[[int], Planted], seed: int) -> None:
    design, kind = plant(seed)
    findings = _found(design)
    assert findings["finding"].tolist() == [kind], findings["sentence"].tolist()
    (found,) = findings.itertuples()
    for text in (found.sentence, found.why, found.advice):
        assert text.endswith(".") and "\n" not in text and "  " not in text
    assert len(found.rows) and found.rows.max() < len(design.table)
    assert (np.diff(found.rows) > 0).all()


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize("seed", range(1, 9))
def test_clean_experiments_are_silent(name: str, seed: int) -> None:
    findings = _found(CLEAN[name](seed))
    assert findings.empty, findings["sentence"].tolist()


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_not_asked_about_makes_no_finding(name: str) -> None:
    made = CLEAN[name](1)
    options = {key: value for key, value in made.options.items() if key not in ("formula", "conditions")}
    assert hs.check_data(made.table, **options).findings.empty


def test_rows_are_those_of_the_fault() -> None:
    for plant in FAULTS:
        if plant.__name__ in ("codes", "anticipations", "too_fast", "exact_time_outs", "text_among_times"):
            design, kind = plant(1)
            (rows,) = _found(design)["rows"]
            rt = pd.to_numeric(design.table["rt"], errors="coerce")
            expected = {
                "codes": rt == 999.0,
                "zero or negative response times": rt < 0.0,
                "too fast for a response": rt < 0.1,
                "time-outs": rt == 2.0,
                "times that are no numbers": rt.isna(),
            }[kind]
            np.testing.assert_array_equal(rows, np.flatnonzero(expected))


def test_the_bundled_experiment_has_times_of_three_digits(cavanagh: pd.DataFrame) -> None:
    (found,) = _found(Design(cavanagh, {"groupby": "participant_id", "formula": "v ~ conf"})).itertuples()
    assert (found.severity, found.finding) == ("note", "times in steps")
    slow = cavanagh["rt"].to_numpy()[found.rows]
    assert slow.min() >= 1.0
    np.testing.assert_allclose(np.round(100.0 * slow), 100.0 * slow, atol=1e-6)


@pytest.mark.parametrize("clock", ["rounded", "milliseconds", "three digits", "screen"])
def test_ties_that_a_clock_makes_are_no_copies(cavanagh: pd.DataFrame, clock: str) -> None:
    table = CLEAN["two conditions"](1).table.drop(columns="trial")
    if clock == "three digits":
        table = cavanagh[["participant_id", "rt", "response"]].rename(columns={"participant_id": "subject"})
    if clock == "rounded":
        table["rt"] = table["rt"].round(2)
    if clock == "screen":
        table["rt"] = np.round(np.ceil(60.0 * table["rt"]) / 60.0, 3)
    findings = hs.check_data(table, groupby="subject").findings
    assert "repeated rows" not in findings["finding"].tolist()


@pytest.mark.parametrize("people", [3, 5, 8])
def test_one_key_is_found_among_few_people(people: int) -> None:
    made = CLEAN["two conditions"](1, people=people).table
    pressed = made.assign(response=made["response"].mask(made["subject"] == 2, "left"))
    assert hs.check_data(made, groupby="subject").findings.empty
    assert hs.check_data(pressed, groupby="subject").findings["finding"].tolist() == ["one response only"]


@pytest.mark.parametrize("by", [["subject", "cond"], ["subject", "rt"], ["subject", "response"], ["rt"], ["response"]])
def test_the_order_of_the_table_makes_no_finding(by: list[str]) -> None:
    made = CLEAN["two conditions"](2)
    assert hs.check_data(made.table.sort_values(by, kind="stable"), groupby="subject").findings.empty


def test_the_checks_bear_every_other_fault() -> None:
    table = CLEAN["two conditions"](1).table.head(600)
    rt = table["rt"].astype(object).to_numpy(copy=True)
    rt[:70] = [np.nan, np.inf, -np.inf, 0.0, -1.0, 999.0, "x"] * 10
    spoiled = table.assign(rt=rt, lists=[[1]] * len(table), nothing=np.nan, other=pd.Categorical(["a"] * len(table)))
    for changed in (spoiled, spoiled.assign(rt=np.nan), spoiled.assign(response=None), spoiled.head(3)):
        findings = hs.check_data(changed, groupby="subject", conditions=["cond", "nothing", "other"]).findings
        assert (findings["severity"] == "error").any()


def test_the_same_for_a_table_with_any_index_and_order_of_columns() -> None:
    design, _ = FAULTS[0](1)
    again = design.table.iloc[:, ::-1].set_index(np.arange(len(design.table))[::-1] * 7)
    first, second = (hs.check_data(table, **design.options).findings for table in (design.table, again))
    assert first["finding"].tolist() == second["finding"].tolist()
    np.testing.assert_array_equal(first["rows"][0], second["rows"][0])


def test_nothing_is_changed() -> None:
    for plant in FAULTS:
        design, _ = plant(1)
        before = design.table.copy(deep=True)
        hs.check_data(design.table, **design.options)
        pd.testing.assert_frame_equal(design.table, before)
