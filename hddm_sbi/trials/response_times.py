"""Response times and limits to them: any column that holds numbers -> floats, NaN where one is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api import types

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row
from hddm_sbi.trials.missing import is_missing
from hddm_sbi.trials.plausibility.missing import REMEDY
from hddm_sbi.trials.recording import UNITS, FloatArray


def check_unit(rt_unit: str) -> None:
    """Refuse a unit that is not known.

    Raises:
        DataError: it is neither ``"s"`` nor ``"ms"``.
    """
    if rt_unit not in UNITS:
        raise DataError(f"rt_unit must be 's' for seconds or 'ms' for milliseconds, not {rt_unit!r}.")


def read_times(column: pd.Series, what: str = "response times") -> FloatArray:
    """Times as they stand in the column, shape (n,); NaN where one is missing.

    Args:
        column: numbers, or text that reads as numbers.
        what: they are, for messages: ``"response times"``, ``"deadlines"``.

    Raises:
        DataError: a value is not a number.
    """
    if types.is_bool_dtype(column) or types.is_complex_dtype(column) or _is_time(column):
        raise DataError(
            f"column '{column.name}' holds {column.dtype} values, not {what}; give them as numbers of seconds or "
            "milliseconds."
        )
    missing = is_missing(column)
    # A categorical is seen through to its values.
    values = pd.to_numeric(column.astype(object).where(~missing, np.nan), errors="coerce")
    if types.is_complex_dtype(values):  # among others
        values = values.where(values == np.real(values)).map(np.real)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    text = ~missing & np.isnan(numbers)
    if not types.is_numeric_dtype(column):
        text |= np.array([isinstance(entry, (bool, np.bool_)) for entry in column.astype(object)], dtype=np.bool_)
    if text.any():
        count = int(text.sum())
        advice = f"; if such entries mark omissions, {REMEDY}" if what == "response times" else ""
        raise DataError(
            f"{count:,} of {len(text):,} values in column '{column.name}' {'is' if count == 1 else 'are'} not a "
            f"number, the first, {column[text].iloc[0]!r}, {first_row(text, column.index)}: {what} must be numbers"
            f"{advice}."
        )
    return numbers


def _is_time(column: pd.Series) -> bool:
    return types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column)
