from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_trials
from hddm_sbi.trials.response_times import check_unit

SECONDS = [0.5, 0.75, 1.25, 0.4]


def _table(rt: object) -> pd.DataFrame:
    return pd.DataFrame({"rt": rt, "response": [0, 1, 1, 0]})


@pytest.mark.parametrize(
    ("rt", "message"),
    [
        (["0.5", "fast", "0.7", "slow"], "2 of 4 values in column 'rt' are not a number, the first, 'fast', in row 3"),
        (["0,5", "0,6", "0,7", "0,8"], "4 of 4 values in column 'rt' are not a number, the first, '0,5', in row 2"),
        ([0.5, 0.6, "omitted", 0.8], "1 of 4 values in column 'rt' is not a number, the first, 'omitted', in row 4"),
        ([np.nan] * 4, "4 of 4 values in column 'rt' are missing; name the column"),
        ([0.5, np.inf, 0.7, 0.8], "1 of 4 values in column 'rt' is infinite, the first in row 3"),
        ([0.5, -0.6, 0.7, 0.0], "2 of 4 values in column 'rt' are zero or negative, the first, -0.6, in row 3"),
        ([0.5, 0.6, 0.7, 0], "1 of 4 values in column 'rt' is zero or negative, the first, 0, in row 5"),
        ([0.5, -999, -999, 0.5], "2 of 4 values in column 'rt' are zero or negative, the first, -999, in row 3"),
    ],
)
def test_values_that_are_no_response_times(rt: object, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_trials(_table(rt))
    assert message in str(caught.value)
    # Removing omissions biases the estimates: no message may suggest it as the cure.
    assert "biases the estimates" in str(caught.value) or 'observed="response"' in str(caught.value)


@pytest.mark.parametrize(
    ("rt", "dtype"),
    [
        ([True, False, True, True], "bool"),
        (pd.to_timedelta([1, 2, 1, 2], unit="s"), "timedelta64"),
        (pd.to_datetime(["2020-01-01"] * 4), "datetime64"),
        ([1j, 2j, 1j, 2j], "complex128"),
    ],
)
def test_columns_of_another_kind(rt: object, dtype: str) -> None:
    with pytest.raises(DataError, match=f"column 'rt' holds {dtype}.*not response times"):
        read_trials(_table(rt))


def test_a_complex_number_among_others_is_no_time() -> None:
    with pytest.raises(DataError, match=r"1 of 4 values in column 'rt' is not a number, the first, 1j, in row 3"):
        read_trials(_table(pd.Series([0.5, 1j, 0.7, 0.8], dtype=object)))


def test_rows_of_a_filtered_table_are_named_by_their_index() -> None:
    table = _table([0.5, -1.5, 0.7, 0.8]).set_axis(["a", "b", "c", "d"])
    with pytest.raises(DataError, match=r"the first, -1\.5, at index 'b':"):
        read_trials(table)
    with pytest.raises(DataError, match=r"the first, -1\.5, at index 1:"):
        read_trials(_table([0.5, -1.5, 0.7, 0.8]).iloc[[0, 3, 1]])


def test_milliseconds_are_converted() -> None:
    trials = read_trials(_table([500, 750, 1250, 400]), rt_unit="ms")
    np.testing.assert_allclose(trials.rt, SECONDS, rtol=1e-15)
    assert trials.reading == "rt in milliseconds, converted to seconds; response: 0 = lower, 1 = upper."


def test_milliseconds_in_seconds_name_the_option() -> None:
    with pytest.raises(DataError, match=r'the median of column \'rt\' is 625, too long for seconds; .*rt_unit="ms"'):
        read_trials(_table([500, 750, 1250, 400]))


def test_seconds_in_milliseconds_name_the_option() -> None:
    with pytest.raises(DataError, match=r'is 0\.625, too short for milliseconds; .*rt_unit="s"'):
        read_trials(_table(SECONDS), rt_unit="ms")


def test_some_long_times_are_no_milliseconds() -> None:
    np.testing.assert_array_equal(read_trials(_table([0.5, 0.6, 0.7, 120.0])).rt, [0.5, 0.6, 0.7, 120.0])


@pytest.mark.parametrize("unit", ["us", "seconds", "S", None])
def test_unknown_unit(unit: str) -> None:
    with pytest.raises(DataError, match="rt_unit must be 's' for seconds or 'ms'"):
        check_unit(unit)
