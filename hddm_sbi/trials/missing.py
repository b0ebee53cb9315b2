"""Which entries of a column stand for nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

# What experiment software and statistics programs write for a trial without a response, besides an empty field:
# PsychoPy, OpenSesame and Expyriment None, BIDS n/a, R NA, others NaN or null.
MARKERS = frozenset({"", "None", "n/a", "N/A", "NA", "<NA>", "NaN", "nan", "null", "NULL"})


def is_missing(column: pd.Series, labels: Collection[object] = ()) -> npt.NDArray[np.bool_]:
    """Whether each entry of a column of response times or responses is missing, shape (n,).

    Args:
        column: of any type; NaN, None and NA are missing, and so is text that is blank or says so.
        labels: text that is a label although it reads as such a word.
    """
    if types.is_numeric_dtype(column) and not types.is_complex_dtype(column):
        # Arrow and nullable columns may hold NaN beside their own missing value.
        return np.isnan(column.to_numpy(dtype=np.float64, na_value=np.nan))
    missing = np.array(column.isna(), dtype=np.bool_)
    for row, value in enumerate(column.astype(object).to_numpy(dtype=object)):
        if isinstance(value, str):
            missing[row] |= value.strip() in MARKERS and value not in labels
        elif isinstance(value, (float, np.floating)):
            missing[row] |= bool(np.isnan(value))
    return missing
