"""Participants: a column of labels -> index of each trial's participant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row, labels_of
from hddm_sbi.trials.missing import is_empty

IntArray = npt.NDArray[np.int64]


def read_subjects(column: pd.Series) -> tuple[IntArray, tuple[object, ...]]:
    """Index of each trial's participant, shape (n,), and the participants' labels, sorted, as they stand in the data.

    Raises:
        DataError: a label is missing, is not a whole number or text, or every trial has a label of its own.
    """
    empty = is_empty(column)
    codes, labels = labels_of(column.where(~empty) if empty.any() else column)
    missing = codes < 0
    if missing.any():
        raise DataError(
            f"column '{column.name}' has {int(missing.sum()):,} of {len(codes):,} participant labels missing, the "
            f"first {first_row(missing, column.index)}; every trial needs its participant."
        )
    fractions = [label for label in labels if isinstance(label, float) and not label.is_integer()]
    if fractions:
        raise DataError(
            f"column '{column.name}' holds measurements such as {fractions[0]!r}, not participant labels; groupby must "
            "name the column that says whose trial it is."
        )
    if len(labels) == len(codes) > 1:
        raise DataError(
            f"every trial has a value of its own in column '{column.name}'; groupby must name the column that says "
            "whose trial it is, with several trials a participant."
        )
    order = _sorted_order(labels)
    rank = np.empty(len(labels), dtype=np.int64)
    rank[order] = np.arange(len(labels))
    return rank[codes], tuple(labels[i] for i in order)


def _sorted_order(labels: tuple[object, ...]) -> list[int]:
    """Positions of the labels in order; labels of several kinds, which do not compare, by kind and text."""
    try:
        return sorted(range(len(labels)), key=lambda i: labels[i])  # type: ignore[arg-type, return-value]
    except TypeError:
        return sorted(range(len(labels)), key=lambda i: (type(labels[i]).__name__, str(labels[i])))
