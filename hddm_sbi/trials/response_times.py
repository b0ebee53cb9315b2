"""Response times: any column that holds numbers -> floats, NaN where one is missing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row
from hddm_sbi.trials.missing import is_missing
from hddm_sbi.trials.plausibility.missing import BIAS
from hddm_sbi.trials.recording import UNITS

FloatArray = npt.NDArray[np.float64]


def read_rt(column: pd.Series, rt_unit: str) -> FloatArray:
    """Response times as they stand in the column, shape (n,); NaN where one is missing.

    Args:
        column: numbers, or text that reads as numbers.
        rt_unit: ``"s"`` or ``"ms"``.

    Raises:
        DataError: a value is not a number; the unit is unknown.
    """
    if rt_unit not in UNITS:
        raise DataError(f"rt_unit must be 's' for seconds or 'ms' for milliseconds, not {rt_unit!r}.")
    if types.is_bool_dtype(column) or types.is_complex_dtype(column) or _is_time(column):
        raise DataError(
            f"column '{column.name}' holds {column.dtype} values, not response times; give them as numbers of seconds "
            "or milliseconds."
        )
    missing = is_missing(column)
    # A categorical is seen through to its values.
    values = pd.to_numeric(column.astype(object).where(~missing, np.nan), errors="coerce")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    text = ~missing & np.isnan(numbers)
    if text.any():
        count = int(text.sum())
        raise DataError(
            f"{count:,} of {len(text):,} values in column '{column.name}' {'is' if count == 1 else 'are'} not a "
            f"number, the first, {column[text].iloc[0]!r}, {first_row(text, column.index)}: response times must be "
            f"numbers; if such entries mark omissions, {BIAS}."
        )
    return numbers


def _is_time(column: pd.Series) -> bool:
    return types.is_datetime64_any_dtype(column) or types.is_timedelta64_dtype(column)
