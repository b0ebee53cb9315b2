"""The distinct rows of columns that are far longer than there are rows to tell apart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def distinct_rows(columns: Iterable[npt.NDArray[np.generic]], n: int) -> tuple[IntArray, IntArray]:
    """The row of each trial among the distinct rows in order, shape (n,), and the first trial of each, shape (rows,).

    As ``np.unique(..., axis=0)``, column by column: numbers are sorted, not rows, with memory for one column.

    Args:
        columns: each of shape (n,), the first of which orders first.
        n: number of trials.
    """
    row, first = np.zeros(n, dtype=np.int64), np.zeros(min(n, 1), dtype=np.int64)
    for column in columns:
        if (column == column[first][row]).all():  # tells no trials apart that the columns before it do not
            continue
        values, code = np.unique(column, return_inverse=True)
        _, first, row = np.unique(row * len(values) + code, return_index=True, return_inverse=True)
    return row, first
