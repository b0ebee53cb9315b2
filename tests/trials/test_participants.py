"""Who is a participant: one column, several together, and labels that start anew in each group."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials.reading import read_trials


@pytest.fixture
def table() -> pd.DataFrame:
    """Participants 1, 2 and 10 in each of two groups, 4 trials each."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "group": np.repeat(["pd", "hc"], 12),
            "subject": np.tile(np.repeat([10, 1, 2], 4), 2),
            "cond": np.tile(["x", "y"], 12),
            "rt": rng.uniform(0.4, 1.5, 24).round(3),
            "response": np.tile([0, 1, 1, 0], 6),
        }
    )


def test_columns_that_name_the_participant_together(table):
    trials = read_trials(table, groupby=["group", "subject"])
    assert trials.groupby == "group:subject" and trials.named_by == ("group", "subject") and trials.stated
    assert trials.subjects == ("hc:1", "hc:2", "hc:10", "pd:1", "pd:2", "pd:10")  # 10 after 2: by number
    labels = table["group"] + ":" + table["subject"].astype(str)
    assert [trials.subjects[i] for i in trials.subject] == labels.tolist()
    assert trials.frame["group:subject"].tolist() == labels.tolist() and "group:subject" not in table.columns


@pytest.mark.parametrize("column", ["group", "Group", "site_id", "patient", "sex", "subject_group", "Diagnosis"])
def test_labels_in_several_groups_are_asked_about(table, column):
    table = table.rename(columns={"group": column})
    with pytest.raises(DataError) as caught:
        read_trials(table, groupby="subject")
    assert (
        f"participants 1, 2 and 10 of column 'subject' have trials in several levels of '{column}' ('pd', 'hc')"
        in str(caught.value)
    )
    assert f"say groupby=['{column}', 'subject'], and if they are the same people, groupby=['subject']" in str(
        caught.value
    )


def test_a_list_of_one_column_is_an_answer(table):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trials = read_trials(table, groupby=["subject"])
        assert trials.subjects == (1, 2, 10) and trials.groupby == "subject" and trials.stated
        # a condition within participants asks nothing, nor does a group that each participant has one of
        assert not read_trials(table.drop(columns="group"), groupby="subject").stated
        table["subject"] += 100 * (table["group"] == "pd")
        assert len(read_trials(table, groupby="subject").subjects) == 6


def test_one_participant_in_two_groups_is_asked_about(table):
    table["subject"] += 100 * (table["group"] == "pd")
    table.loc[0, "group"] = "hc"
    with pytest.raises(DataError, match="participant 110 of column 'subject' has trials in several levels of 'group'"):
        read_trials(table, groupby="subject")


@pytest.mark.parametrize(
    ("change", "groupby", "message"),
    [
        ({}, ["group", "person"], "has no column 'person'"),
        ({}, [], r"groupby is \[\]; give the name .* such as \[\"site\", \"subject\"\]"),
        ({}, ["subject", "subject"], r"groupby is \['subject', 'subject'\]; give"),
        ({}, ["subject", 3], r"groupby is \['subject', 3\]; give"),
        ({}, 3, r"groupby is 3; give"),
        ({}, ["group", "rt"], "rt and groupby both name the column 'rt'"),
        ({"group:subject": 1}, ["group", "subject"], "has a column 'group:subject' already"),
        (
            {"subject": np.arange(24)},
            ["group", "subject"],
            "every trial has values of its own in the columns 'group', 's",
        ),
        (
            {"subject": [None, *[1] * 23]},
            ["group", "subject"],
            "column 'subject' has 1 of 24 participant labels missing",
        ),
        (
            {"group": np.repeat(["a", "a:b"], 12), "subject": np.repeat(["b:c", "c"], 12)},
            ["group", "subject"],
            "the columns 'group', 'subject' name two participants 'a:b:c'; write their labels without ':'",
        ),
    ],
)
def test_columns_that_name_nobody(table, change, groupby, message):
    with pytest.raises(DataError, match=message):
        read_trials(table.assign(**change), groupby=groupby)
