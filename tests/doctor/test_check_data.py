"""What is asked for, what comes back, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from tests.doctor.experiments import CLEAN


def test_participants_by_condition() -> None:
    design = CLEAN["two conditions"](1)
    summary = hs.check_data(design.table, **design.options).participants
    assert summary.columns.tolist() == [
        "subject", "cond", "trials", "share_left", "share_right", "fastest", "rt_10", "rt_30", "rt_50", "rt_70",
        "rt_90", "omissions",
    ]  # fmt: skip
    own = design.table[(design.table["subject"] == 4) & (design.table["cond"] == "easy")]
    (row,) = summary[(summary["subject"] == 4) & (summary["cond"] == "easy")].itertuples(index=False)
    assert row.trials == len(own) and row.omissions == 0
    np.testing.assert_allclose(row.share_right, (own["response"] == "right").mean())
    quantiles = np.quantile(own["rt"], [0.0, 0.1, 0.3, 0.5, 0.7, 0.9])
    np.testing.assert_allclose([row.fastest, row.rt_10, row.rt_30, row.rt_50, row.rt_70, row.rt_90], quantiles)
    assert len(summary) == 40 and summary["trials"].sum() == len(design.table)


def test_accuracy_and_milliseconds() -> None:
    design = CLEAN["accuracy"](2)
    summary = hs.check_data(design.table, **design.options).participants
    own = design.table[design.table["subject"] == "s03"]
    (row,) = summary[summary["subject"] == "s03"].itertuples(index=False)
    np.testing.assert_allclose([row.accuracy, row.rt_50], [own["response"].mean(), own["rt"].median() / 1000.0])


def test_a_column_of_correctness_is_used() -> None:
    design = CLEAN["two conditions"](1)
    table = design.table.assign(correct=design.table["response"] == "left")
    summary = hs.check_data(table, groupby="subject").participants
    np.testing.assert_allclose(summary["accuracy"], table.groupby("subject")["correct"].mean())


def test_omissions_and_withheld_responses_are_counted() -> None:
    late, withheld = CLEAN["deadline"](5), CLEAN["go/no-go"](4)
    omissions = hs.check_data(late.table, **late.options).participants["omissions"]
    assert omissions.sum() == late.table["rt"].isna().sum() > 0
    counted = hs.check_data(withheld.table, **withheld.options).participants["withheld"]
    assert counted.sum() == withheld.table["rt"].isna().sum() > 0


def test_choices_without_times() -> None:
    table = CLEAN["two conditions"](1).table.drop(columns="rt")
    checkup = hs.check_data(table, groupby="subject", observed="response", formula="v ~ cond")
    assert checkup.participants["rt_50"].isna().all()
    assert "errors" not in str(checkup)


def test_what_the_model_refuses_is_a_finding_with_its_sentence() -> None:
    table = CLEAN["two conditions"](1).table
    table = table.assign(rt=table["rt"].mask(table.index == 5))
    table.loc[5, "response"] = None
    with pytest.raises(hs.HDDMError) as refused:
        hs.HierarchicalDDM(table, groupby="subject", likelihood="exact")
    first = hs.check_data(table, groupby="subject").findings.iloc[0]
    assert (first["severity"], first["sentence"]) == ("error", str(refused.value))
    assert "refuses" in first["advice"]
    np.testing.assert_array_equal(first["rows"], [5])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rt": "RT"}, ("no column 'RT'", "rt='rt'")),
        ({"response": "resp"}, ("no column 'resp'",)),
        ({"groupby": "sub"}, ("no column 'sub'", "subject")),
        ({"deadline": "limit"}, ("no column 'limit'",)),
        ({"truncate": ("low", None)}, ("no column 'low'",)),
        ({"truncate": 3}, ("truncate", "pair", "3")),
        ({"rt_unit": "min"}, ("rt_unit", "'min'")),
        ({"model": "dmm"}, ("'dmm'",)),
        ({"formula": "v ~"}, ("nothing to the right",)),
        ({"formula": "w ~ cond"}, ("'w'", "ddm")),
        ({"conditions": "con"}, ("no column 'con'",)),
        ({"conditions": "rt"}, ("'rt'", "conditions")),
        ({"go": "left", "coding": "accuracy"}, ("exclude each other",)),
        ({"observed": "rt"}, ("observed",)),
        ({"coding": "stimulus", "stimulus": 7}, ("stimulus",)),
        ({"groupby": "rt"}, ("rt and groupby both name",)),
    ],
)
def test_bad_options_are_one_sentence(options: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(hs.HDDMError) as error:
        hs.check_data(CLEAN["two conditions"](1).table, **{"groupby": "subject", **options})
    sentence = str(error.value)
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith((".", "?")) and "\n" not in sentence


@pytest.mark.parametrize("table", [None, [1, 2], pd.DataFrame(), pd.DataFrame(columns=["rt", "response"])])
def test_no_table(table: Any) -> None:
    with pytest.raises(hs.HDDMError, match=r"table|DataFrame"):
        hs.check_data(table)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda t: t.assign(response=[["left"]] * len(t)), None),
        (lambda t: t.assign(rt=pd.Timestamp("2024-01-01")), "times that are no numbers"),
        (lambda t: t.assign(subject=np.arange(len(t))), "participants"),
        (lambda t: t.assign(group=np.where(t["trial"] > 60, "a", "b")), "participants in several groups"),
        (lambda t: t.assign(limit=-1.0), "limits"),
        (lambda t: t.assign(response="left"), "responses"),
        (lambda t: t.assign(response=np.nan), "missing responses"),
        (lambda t: t.assign(rt=np.nan), "missing response times"),
        (lambda t: t.assign(response=t["response"].map({"left": "old", "right": "new"})), "responses"),
    ],
)
def test_tables_that_cannot_be_read_are_told_of(change: Any, kind: str | None) -> None:
    table = change(CLEAN["two conditions"](1).table)
    options: dict[str, Any] = {"groupby": "subject", "deadline": "limit" if "limit" in table else None}
    if kind is None:
        with pytest.raises(hs.HDDMError, match="list values"):
            hs.check_data(table, **options)
    else:
        checkup = hs.check_data(table, **options)
        assert kind in checkup.findings["finding"].tolist()
        assert str(checkup)
