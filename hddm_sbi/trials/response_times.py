"""Response times: any column that holds numbers -> positive, finite seconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row

FloatArray = npt.NDArray[np.float64]

_UNITS = {"s": 1.0, "ms": 1e-3}

# Decisions that a sequential sampling model describes take from a few hundred milliseconds to some seconds. A median
# above 50 (a minute of seconds) can only be milliseconds, one below 5 (five milliseconds) only seconds.
_LONGEST_MEDIAN_S = 50.0
_SHORTEST_MEDIAN_MS = 5.0

_CAUTION = (
    "find out why, because leaving out omissions or time-outs biases the estimates and they cannot be fitted as "
    "censored trials here; if you do remove them, do it deliberately and report it."
)


def read_rt(column: pd.Series, rt_unit: str) -> FloatArray:
    """Response times in seconds, shape (n,).

    Args:
        column: numbers, or text that reads as numbers.
        rt_unit: ``"s"`` or ``"ms"``.

    Raises:
        DataError: a value is missing, not a number, not finite, or not positive; the unit is unknown or wrong.
    """
    if rt_unit not in _UNITS:
        raise DataError(f"rt_unit must be 's' for seconds or 'ms' for milliseconds, not {rt_unit!r}.")
    numbers = _numbers(column)
    _check_values(column, numbers)
    _check_unit(column.name, float(np.median(numbers)), rt_unit)
    return numbers * _UNITS[rt_unit]


def _numbers(column: pd.Series) -> FloatArray:
    """The column as floats, NaN where a value is missing; text that is not a number raises."""
    if types.is_bool_dtype(column) or types.is_complex_dtype(column) or _is_time(column):
        raise DataError(
            f"column '{column.name}' holds {column.dtype} values, not response times; give them as numbers of seconds "
            "or milliseconds."
        )
    # A categorical is seen through to its values.
    values = pd.to_numeric(column.astype(object), errors="coerce")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    text = column.notna().to_numpy() & np.isnan(numbers)
    if text.any():
        raise DataError(
            f"{_count(text, column.name)} not a number, the first, {column[text].iloc[0]!r}, "
            f"{first_row(text, column.index)}: response times must be numbers; if such entries mark omissions, "
            + _CAUTION
        )
    return numbers


def _is_time(column: pd.Series) -> bool:
    return types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column)


def _check_values(column: pd.Series, numbers: FloatArray) -> None:
    missing, infinite, negative = np.isnan(numbers), np.isinf(numbers), numbers <= 0
    if missing.any():
        raise DataError(
            f"{_count(missing, column.name)} missing, the first {first_row(missing, column.index)}: " + _CAUTION
        )
    if infinite.any():
        raise DataError(
            f"{_count(infinite, column.name)} infinite, the first {first_row(infinite, column.index)}; "
            f"if they mark omissions, {_CAUTION}"
        )
    if negative.any():
        raise DataError(
            f"{_count(negative, column.name)} zero or negative, the first, {numbers[negative][0]:g}, "
            f"{first_row(negative, column.index)}: if the sign codes the response, give the response a column of its "
            f"own and take the absolute value; if such values mark omissions, {_CAUTION}"
        )


def _check_unit(name: object, median: float, rt_unit: str) -> None:
    if rt_unit == "s" and median > _LONGEST_MEDIAN_S:
        raise DataError(
            f"the median of column '{name}' is {median:g}, too long for seconds; for milliseconds pass rt_unit=\"ms\"."
        )
    if rt_unit == "ms" and median < _SHORTEST_MEDIAN_MS:
        raise DataError(
            f"the median of column '{name}' is {median:g}, too short for milliseconds; for seconds pass rt_unit=\"s\"."
        )


def _count(rows: npt.NDArray[np.bool_], name: object) -> str:
    marked = int(rows.sum())
    return f"{marked:,} of {len(rows):,} values in column '{name}' {'is' if marked == 1 else 'are'}"
