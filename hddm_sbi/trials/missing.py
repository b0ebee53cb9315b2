"""Which entries of a column stand for nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

# What experiment software and statistics programs write for a trial without a response, besides an empty field:
# PsychoPy, OpenSesame and Expyriment None, BIDS n/a, R NA, JavaScript null, spreadsheets #N/A; and what else
# pandas takes for missing.
MARKERS = frozenset(
    {"None", "n/a", "N/A", "NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "null", "NULL", "#N/A", "#NA", "#N/A N/A"}
    | {"1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
)


def is_missing(column: pd.Series, labels: Collection[object] = ()) -> npt.NDArray[np.bool_]:
    """Whether each entry of a column of response times or responses is missing, shape (n,).

    Args:
        column: of any type; what ``is_empty`` finds is missing, and so is text that says so.
        labels: text that is a label although it reads as such a word.
    """
    missing = is_empty(column)
    if not types.is_numeric_dtype(column):
        entries = column.astype(object)
        named = [isinstance(entry, str) and entry.strip() in MARKERS and entry not in labels for entry in entries]
        missing |= np.array(named, dtype=np.bool_)
    return missing


def is_empty(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether each entry of a column of any type is NaN, None, NA or blank text, shape (n,)."""
    empty = np.array(column.isna(), dtype=np.bool_)
    if types.is_complex_dtype(column):
        return empty
    if types.is_numeric_dtype(column):
        # Arrow and nullable columns may hold NaN beside their own missing value.
        return np.isnan(column.to_numpy(dtype=np.float64, na_value=np.nan))
    blank = [
        (isinstance(entry, str) and not entry.strip()) or (isinstance(entry, float) and entry != entry)
        for entry in column.astype(object)
    ]
    return empty | np.array(blank, dtype=np.bool_)
