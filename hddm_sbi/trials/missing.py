"""Which entries of a column stand for nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection

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
        missing |= _which(
            column, lambda entry: isinstance(entry, str) and entry.strip() in MARKERS and entry not in labels
        )
    return missing


def is_empty(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether each entry of a column of any type is NaN, None, NA or blank text, shape (n,)."""
    empty = np.array(column.isna(), dtype=np.bool_)
    if types.is_complex_dtype(column):
        return empty
    if types.is_numeric_dtype(column):
        # Arrow and nullable columns may hold NaN beside their own missing value.
        return np.isnan(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return empty | _which(column, _is_blank)


def _is_blank(entry: object) -> bool:
    return (isinstance(entry, str) and not entry.strip()) or (isinstance(entry, float) and entry != entry)


def _which(column: pd.Series, test: Callable[[object], bool]) -> npt.NDArray[np.bool_]:
    """Whether each entry passes a test, shape (n,); one that is missing as pandas sees it need not."""
    try:
        codes, entries = pd.factorize(column)  # a test a label, where trials are many and labels few
    except TypeError:  # entries such as lists, of which there is no telling which are the same
        codes, entries = np.arange(len(column)), column
    passed = [test(entry) for entry in entries.astype(object)]
    return np.array([*passed, False], dtype=np.bool_)[codes]  # -1, the last, is a missing entry
