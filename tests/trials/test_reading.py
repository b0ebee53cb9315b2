from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_trials
from hddm_sbi.trials.columns import rows_in_words


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": [7, 7, 3, 3],
            "rt": [0.5, 0.75, 1.25, 0.4],
            "response": [0, 1, 1, 0],
            "conf": ["HC", "LC", "HC", "LC"],
        }
    )


def test_trials_carry_what_the_table_says(table: pd.DataFrame) -> None:
    trials = read_trials(table, groupby="subject")
    assert trials.rt.dtype == np.float64
    assert trials.choice.dtype == trials.subject.dtype == np.int64
    np.testing.assert_array_equal(trials.rt, [0.5, 0.75, 1.25, 0.4])
    np.testing.assert_array_equal(trials.choice, [0, 1, 1, 0])
    np.testing.assert_array_equal(trials.subject, [1, 1, 0, 0])
    assert trials.options == (0, 1)
    assert trials.subjects == (3, 7)
    assert trials.groupby == "subject"
    assert trials.reading == "rt in seconds; response: 0 = lower, 1 = upper."
    assert trials.n == 4
    with pytest.raises(FrozenInstanceError):
        trials.groupby = "conf"  # type: ignore[misc]


def test_without_groupby_there_is_one_population(table: pd.DataFrame) -> None:
    trials = read_trials(table)
    assert trials.groupby is None
    assert trials.subjects == ()
    np.testing.assert_array_equal(trials.subject, np.zeros(4))


def test_columns_may_have_other_names(table: pd.DataFrame) -> None:
    renamed = table.rename(columns={"rt": "RT", "response": "key"})
    trials = read_trials(renamed, rt="RT", response="key", groupby="subject")
    assert trials.reading == "RT in seconds; key: 0 = lower, 1 = upper."


def test_the_table_is_neither_modified_nor_followed(table: pd.DataFrame) -> None:
    shuffled = table.iloc[[2, 0, 3, 1]]
    before = shuffled.copy()
    trials = read_trials(shuffled, groupby="subject")
    assert_frame_equal(shuffled, before)
    assert_frame_equal(trials.frame, before.reset_index(drop=True))
    changed = shuffled.copy()
    trials = read_trials(changed, groupby="subject")
    changed.loc[:, "rt"] = -1.0
    assert_frame_equal(trials.frame, before.reset_index(drop=True))
    np.testing.assert_array_equal(trials.rt, before["rt"])


def test_missing_covariates_are_kept(table: pd.DataFrame) -> None:
    table.loc[1, "conf"] = np.nan
    assert read_trials(table).frame["conf"].isna().sum() == 1


@pytest.mark.parametrize(
    "dtypes",
    [
        {"rt": "Float64", "response": "Int64", "subject": "Int64"},
        {"rt": "float32", "response": "boolean", "subject": "string"},
        {"rt": object, "response": object, "subject": object},
        {"rt": "category", "response": "category", "subject": "category"},
        {"rt": str, "response": float, "subject": float},
        {"rt": "string", "response": bool, "subject": "int8"},
    ],
    ids=["nullable", "boolean and string", "object", "categorical", "text rt", "bool"],
)
def test_any_dtype_reads_the_same(table: pd.DataFrame, dtypes: dict[str, object]) -> None:
    expected = read_trials(table, groupby="subject")
    trials = read_trials(table.astype(dtypes), groupby="subject")
    np.testing.assert_allclose(trials.rt, expected.rt, rtol=1e-6)
    np.testing.assert_array_equal(trials.choice, expected.choice)
    np.testing.assert_array_equal(trials.subject, expected.subject)
    assert trials.rt.dtype == np.float64
    assert not any(isinstance(label, np.generic) for label in trials.options + trials.subjects)


def test_unused_categories_are_no_participants(table: pd.DataFrame) -> None:
    table["subject"] = pd.Categorical(table["subject"], categories=[9, 7, 3])
    assert read_trials(table, groupby="subject").subjects == (3, 7)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda df: df.drop(columns="rt"),
            {},
            "no column 'rt'; name the right one with rt. Its columns are 'subject', 're",
        ),
        (lambda df: df.rename(columns={"rt": "RT"}), {}, "no column 'rt'; did you mean rt='RT'?"),
        (lambda df: df.rename(columns={"response": "responses"}), {}, "did you mean response='responses'?"),
        (lambda df: df, {"groupby": "Subjct"}, "no column 'Subjct'; did you mean groupby='subject'?"),
        (lambda df: df.set_index("subject"), {"groupby": "subject"}, "'subject' is the index of the table"),
        (
            lambda df: df,
            {"groupby": ["subject", "conf"]},
            "every trial has values of its own in the columns 'subject', 'conf'",
        ),
        (lambda df: df, {"rt": "response"}, "rt and response both name the column 'response'"),
        (lambda df: df, {"groupby": "rt"}, "rt and groupby both name the column 'rt'"),
        (lambda df: df.iloc[:0], {}, "the table has no rows"),
        (lambda df: pd.concat([df, df[["rt"]]], axis=1), {}, "more than one column named 'rt'"),
        (lambda df: df.to_dict(), {}, "must be a pandas DataFrame with one row per trial, not dict"),
        (lambda df: None, {}, "must be a pandas DataFrame with one row per trial, not NoneType"),
    ],
)
def test_the_table_itself(
    table: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], options: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_trials(change(table), **options)
    assert message in str(caught.value)


def test_many_columns_are_cut_short() -> None:
    wide = pd.DataFrame(np.ones((2, 50)), columns=[f"x{i}" for i in range(50)])
    with pytest.raises(DataError, match="'x19' and 30 more"):
        read_trials(wide)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([1], "in row 3, counting the header as row 1"),
        ([0, 1, 2, 5], "in rows 2 to 4 and 7, counting the header as row 1"),
        ([0, 2, 4, 6, 8, 10, 12], "7 rows, the first in row 2, counting the header as row 1"),
    ],
)
def test_rows_in_words(rows: list[int], words: str) -> None:
    marked = np.isin(np.arange(20), rows)
    assert rows_in_words(marked, pd.RangeIndex(20)) == words


def test_rows_in_words_of_a_filtered_table() -> None:
    marked = np.array([True, False, True, True])
    assert rows_in_words(marked, pd.Index(["a", "b", "c", "d"])) == "at the indices 'a' and 'c' to 'd'"
    assert rows_in_words(marked, pd.Index([3.0, 5.0, 7.0, 9.0])) == "at the indices 3 and 7 to 9"
