from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import Trials, read_trials
from hddm_sbi.trials.limits import read_deadline, read_truncation

N = 6
RT = [0.5, 0.6, 0.7, 0.8, 0.9, np.nan]
RESPONSE = [0, 1, 0, 1, 1, np.nan]
DOUBLE, TEXT = pd.ArrowDtype(pa.float64()), pd.ArrowDtype(pa.string())


def _table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"rt": RT, "response": RESPONSE} | columns)


def _read(table: pd.DataFrame, **options: object) -> Trials:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_trials(table, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [2, 2.0, np.float32(2.0), np.int64(2)])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_a_number_is_seconds_whatever_the_unit_of_the_column(given: object, unit: str) -> None:
    table = _table(rt=np.array(RT) * (1000.0 if unit == "ms" else 1.0))
    trials = _read(table, rt_unit=unit, deadline=given)
    np.testing.assert_array_equal(trials.deadline, np.full(N, 2.0))
    np.testing.assert_array_equal(trials.omitted, [False] * 5 + [True])
    assert trials.reading.endswith("; response: 0 = lower, 1 = upper; deadline 2 s; omitted on 1 trial.")


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param([1.0, np.nan, 1.0, 1.0, 2.0, 2.0], id="float"),
        pytest.param(pd.Series([1, None, 1, 1, 2, 2], dtype=object), id="object"),
        pytest.param(pd.array([1, pd.NA, 1, 1, 2, 2], dtype="Int64"), id="nullable"),
        pytest.param(pd.array([1.0, None, 1.0, 1.0, 2.0, 2.0], dtype=DOUBLE), id="arrow"),
        pytest.param(pd.array(pa.array([1.0, float("nan"), 1.0, 1.0, 2.0, 2.0]), dtype=DOUBLE), id="nan in arrow"),
        pytest.param(["1", "None", "1", "1", "2", "2"], id="text"),
        pytest.param(["1", " ", "1", "1", "2", "2"], id="blank"),
        pytest.param(pd.array(["1", "n/a", "1", "1", "2", "2"], dtype="string"), id="string"),
        pytest.param(pd.array(["1", "", "1", "1", "2", "2"], dtype=TEXT), id="arrow text"),
        pytest.param(pd.Categorical([1.0, np.nan, 1.0, 1.0, 2.0, 2.0]), id="category"),
        pytest.param([1.0, np.inf, 1.0, 1.0, 2.0, 2.0], id="infinite"),
    ],
)
def test_a_column_of_any_type_is_missing_where_there_is_none(limit: object) -> None:
    trials = _read(_table(limit=limit), deadline="limit")
    np.testing.assert_array_equal(trials.deadline, [1.0, np.inf, 1.0, 1.0, 2.0, 2.0])
    assert "; deadline 1 to 2 s (column 'limit'), none for 1 trial; omitted on 1 trial." in trials.reading


def test_a_column_is_in_the_unit_of_the_response_times() -> None:
    table = _table(rt=1000.0 * np.array(RT), limit=1500, low=[100] * 5 + [None])
    trials = _read(table, rt_unit="ms", deadline="limit", truncate=("low", 3.0))
    np.testing.assert_array_equal(trials.deadline, np.full(N, 1.5))
    np.testing.assert_array_equal(trials.low, [0.1] * 5 + [0.0])
    np.testing.assert_array_equal(trials.high, np.full(N, 3.0))
    assert trials.truncated
    assert trials.reading.endswith(
        "; trials with a response before 0.1 s (column 'low') or after 3 s were taken out of the data."
    )


@pytest.mark.parametrize("truncate", [None, (None, None), (0, None), (None, np.inf)])
def test_no_limits(truncate: object) -> None:
    trials = _read(_table().iloc[:5], truncate=truncate, deadline=None)
    assert not trials.truncated
    assert trials.rt_seen.all() and trials.choice_seen.all() and not trials.truncated
    np.testing.assert_array_equal(trials.deadline, np.full(5, np.inf))
    np.testing.assert_array_equal(trials.low, np.zeros(5))
    np.testing.assert_array_equal(trials.high, np.full(5, np.inf))
    assert "taken out" not in trials.reading


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deadline": 0}, "the deadline must be above 0, not 0 s; leave it out if there is none"),
        ({"deadline": -1.5}, "the deadline must be above 0, not -1.5 s"),
        ({"deadline": np.nan}, "the deadline must be a number of seconds or the name of a column with one for each"),
        ({"deadline": True}, "the deadline must be a number of seconds or the name of a column"),
        ({"deadline": [1.5] * 4}, "not list of 4 values: put them into the table as a column"),
        ({"deadline": pd.Series([1.5] * N)}, "not Series of 6 values: put them into the table as a column"),
        ({"deadline": "limits"}, "the table has no column 'limits'; did you mean deadline='limit'?"),
        ({"deadline": "rt"}, "rt and deadline both name the column 'rt'"),
        ({"deadline": "zero"}, "the deadline must be above 0, not 0 s in column 'zero' (in row 3, counting the header"),
        ({"deadline": "words"}, "1 of 6 values in column 'words' is not a number, the first, 'late', in row 3,"),
        ({"deadline": "empty"}, "column 'empty', which deadline names, is empty"),
        ({"deadline": "spans"}, "column 'spans' holds timedelta64"),
        ({"truncate": 3.0}, "truncate must be the pair (low, high) of response times between which trials were kept"),
        ({"truncate": (0.2,)}, "truncate must be the pair (low, high)"),
        ({"truncate": "0.2,3"}, "truncate must be the pair (low, high)"),
        ({"truncate": (0.2, 3, 4, 5)}, "not tuple of 4 values"),
        ({"truncate": (-0.2, 3)}, "the low end of truncate must be 0 or more, not -0.2 s"),
        ({"truncate": (0.2, 0)}, "the high end of truncate must be above 0, not 0 s"),
        ({"truncate": (None, {3})}, "the high end of truncate must be a number of seconds or the name of a column"),
        ({"truncate": ("lowest", None)}, "the table has no column 'lowest'; "),
    ],
)
def test_what_is_no_limit(options: dict[str, object], message: str) -> None:
    table = _table(
        limit=2.0, zero=[1, 0, 1, 1, 1, 1], words=["1", "late", *"1111"], empty=None,
        spans=pd.to_timedelta([2] * N, unit="s"),
    )  # fmt: skip
    with pytest.raises(DataError, match=re.escape(message)):
        read_trials(table, **options)  # type: ignore[arg-type]


def test_numbers_of_other_libraries_are_refused_in_words() -> None:
    import torch

    with pytest.raises(DataError, match=r"the deadline must be a number of seconds .* not tensor\(1\.5000\)"):
        _read(_table(), deadline=torch.tensor(1.5))


def test_truth_values_beside_missing_ones_are_no_times() -> None:
    with pytest.raises(DataError, match=r"5 of 6 values in column 'limit' are not a number, the first, True"):
        _read(_table(limit=[True] * 5 + [None]), deadline="limit")


def test_a_low_end_is_finite() -> None:
    with pytest.raises(DataError, match=r"the low end of truncate must be finite, not inf s"):
        _read(_table().dropna(), truncate=(np.inf, None))


def test_ends_in_the_wrong_order_are_told_before_their_units() -> None:
    with pytest.raises(DataError, match=r"the low end of truncate, 1\.5 s, is not before the high end, 0\.3 s"):
        _read(_table().dropna(), truncate=(1.5, 0.3))


def test_new_data_may_be_without_limits_but_not_without_their_columns() -> None:
    table = _table(limit=np.nan)
    assert read_deadline(table, "limit", "s", new=True) is None
    assert read_truncation(table, ("limit", None), "s", new=True) == (None, None)
    with pytest.raises(DataError, match=r"the new data has no column 'end', the deadline of each trial; add it, empty"):
        read_deadline(table, "end", "s", new=True)
