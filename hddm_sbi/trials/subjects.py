"""Participants: the column, or columns, that name them -> index of each trial's participant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row, get_column, labels_of, listed
from hddm_sbi.trials.distinct import distinct_rows
from hddm_sbi.trials.missing import is_empty

IntArray = npt.NDArray[np.int64]
GroupBy = str | Sequence[str] | None

_JOINT = ":"


@dataclass(frozen=True)
class Participants:
    """Whose trial each is.

    Args:
        name: the column of the participant; of several, ``site:subject``. None without participants.
        columns: the columns that name the participant together.
        stated: whether they were given as a list: then these columns alone, no others, tell participants apart.
        index: index of each trial's participant into ``labels``, shape (n,); zeros without participants.
        labels: as they stand in the data, sorted; of several columns joined by ``:``.
    """

    name: str | None
    columns: tuple[str, ...]
    stated: bool
    index: IntArray
    labels: tuple[object, ...]

    def frame(self, df: pd.DataFrame) -> pd.DataFrame:
        """The table with index 0 ... n-1, and with a column of the joined labels where several columns name them."""
        df = df.reset_index(drop=True)
        if len(self.columns) < 2:
            return df
        return df.assign(**{str(self.name): [self.labels[i] for i in self.index]})


def read_participants(df: pd.DataFrame, groupby: GroupBy) -> Participants:
    """The participants of a table, by one column, by several that name them together, or none.

    Raises:
        DataError: no such column, a label is missing or is a measurement, every trial has a label of its own, or two
            participants would have the same joined label.
    """
    if groupby is None:
        return Participants(None, (), False, np.zeros(len(df), dtype=np.int64), ())
    stated = not isinstance(groupby, str)
    names = names_of(groupby)
    columns = [get_column(df, name, "groupby") for name in names]
    if len(columns) == 1:
        index, labels = read_subjects(columns[0])
        return Participants(names[0], names, stated, index, labels)
    name = _JOINT.join(names)
    if name in df.columns:
        raise DataError(
            f"the table has a column '{name}' already, which is what the columns of groupby are called together; "
            f"rename it, or say groupby={name!r}."
        )
    parts = [_sorted_labels(column) for column in columns]
    index, first = distinct_rows((index for index, _ in parts), len(df))
    found = np.column_stack([index[first] for index, _ in parts])
    if len(found) == len(df) > 1:
        raise DataError(
            f"every trial has values of its own in the columns {listed(names)}; groupby must name the columns that say "
            "whose trial it is, with several trials a participant."
        )
    joined = [_JOINT.join(str(parts[k][1][code]) for k, code in enumerate(cell)) for cell in found.tolist()]
    counts = Counter(joined)
    twice = next((label for label in joined if counts[label] > 1), None)
    if twice is not None:
        raise DataError(
            f"the columns {listed(names)} name two participants {twice!r}; write their labels without ':', and each in "
            "one way only."
        )
    return Participants(name, names, True, index, tuple(joined))


def names_of(groupby: GroupBy) -> tuple[str, ...]:
    """The columns that ``groupby`` names.

    Raises:
        DataError: it is neither a name nor a list of different names.
    """
    if groupby is None:
        return ()
    if isinstance(groupby, str):
        return (groupby,)
    names = tuple(groupby) if isinstance(groupby, Sequence) else (groupby,)
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise DataError(
            f"groupby is {groupby!r}; give the name of the participant's column, or a list of the columns that name "
            'the participant together, such as ["site", "subject"].'
        )
    return names


def read_subjects(column: pd.Series) -> tuple[IntArray, tuple[object, ...]]:
    """Index of each trial's participant, shape (n,), and the participants' labels, sorted, as they stand in the data.

    Raises:
        DataError: a label is missing, is not a whole number or text, or every trial has a label of its own.
    """
    index, labels = _sorted_labels(column)
    if len(labels) == len(index) > 1:
        raise DataError(
            f"every trial has a value of its own in column '{column.name}'; groupby must name the column that says "
            "whose trial it is, with several trials a participant."
        )
    return index, labels


def _sorted_labels(column: pd.Series) -> tuple[IntArray, tuple[object, ...]]:
    """Label of each trial, by its place among the labels in order, and these."""
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
