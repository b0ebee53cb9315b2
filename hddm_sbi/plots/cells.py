"""What a plot is divided by: participants, the levels of columns, or labels of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.plots.observed import BoolArray, IntArray, Predicted
from hddm_sbi.trials.columns import listed, plain

# a column, several columns, or a label for each trial
By: TypeAlias = str | list[str] | tuple[str, ...] | pd.Series | npt.NDArray[Any] | None

# A number with more different values than this is no label.
_MOST_LEVELS = 60

SUBJECT = "subject"


@dataclass(frozen=True)
class Cells:
    """The cells that a plot is divided into.

    Args:
        labels: what each is called, such as ``conf=HC``; a single empty one where the plot is not divided.
        code: the cell of each trial, shape (trials,).
        of: what they are, for titles: ``participants``, or the columns' names.
    """

    labels: tuple[str, ...]
    code: IntArray
    of: str

    def rows(self, cell: int) -> BoolArray:
        """Which trials are in a cell, shape (trials,)."""
        return self.code == cell


def cells_of(data: Predicted, by: By) -> Cells:
    """The cells of the trials.

    Args:
        data: the trials and their columns.
        by: ``"subject"`` or the participants' column, another column, several, or a label for each trial.

    Raises:
        DataError: there is no such column, it holds numbers that are no labels, or there are more or fewer labels than
            trials.
    """
    n = len(data.rt)
    if by is None:
        return Cells(("",), np.zeros(n, dtype=np.int64), "")
    if isinstance(by, str):
        return _of_column(data, by)
    named = isinstance(by, list | tuple) and len(by) > 0 and all(isinstance(name, str) for name in by)
    if named and (len(by) != n or all(name in data.columns for name in by)):
        return _crossed([_of_column(data, name) for name in by])
    if not isinstance(by, list | tuple | pd.Series | np.ndarray):
        raise DataError(f"by is {by!r:.60}; give the name of a column, several names, or a label for each trial.")
    labels = by if isinstance(by, pd.Series) else pd.Series(np.asarray(by).tolist())
    if len(labels) != n:
        raise DataError(f"by has {len(labels):,} labels, but there are {n:,} trials; give one for each trial.")
    return _of_labels(labels.reset_index(drop=True), "labels", "")


def participants(data: Predicted, argument: str) -> Cells:
    """The participants as cells.

    Raises:
        DataError: it is not known who made which trial.
    """
    if data.subject is None:
        raise DataError(f"{argument} needs the participant of each trial: pass subject.")
    present, code = np.unique(data.subject, return_inverse=True)
    labels = [data.subjects[k] if data.subjects else k for k in present.tolist()]
    return Cells(tuple(str(plain(label)) for label in labels), code.astype(np.int64), "participants")


def _of_column(data: Predicted, name: str) -> Cells:
    if name == data.groupby or (name == SUBJECT and (data.subject is not None or name not in data.columns)):
        return participants(data, "by='subject'")
    if name in data.columns:
        return _of_labels(pd.Series(data.columns[name]), name, f"{name}=")
    if not data.columns:
        raise DataError(f"by='{name}' needs the column '{name}': pass the table of the trials as df.")
    raise DataError(
        f"the trials have no column '{name}', only {listed(data.columns)}; pass the table that has it as df."
    )


def _of_labels(values: pd.Series, name: str, prefix: str) -> Cells:
    """Cells by label, categories in their order, others sorted; a missing label is a cell of its own."""
    kept = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(kept.unique())
        levels: list[Any] = [level for level in values.dtype.categories if level in present]
    else:
        levels = sorted(kept.unique().tolist(), key=_order)
    numeric = bool(levels) and all(isinstance(level, int | float) for level in levels)
    if numeric and len(levels) > _MOST_LEVELS:
        raise DataError(
            f"'{name}' has {len(levels):,} different numbers, too many for panels; divide it first, as in "
            f"by=pd.qcut(df['{name}'], 4)."
        )
    place = {level: k for k, level in enumerate(levels)}
    missing = values.isna()
    code = np.array([place.get(value, len(levels)) for value in values.tolist()], dtype=np.int64)
    labels = [f"{prefix}{plain(level)}" for level in levels] + ([f"{prefix}missing"] if missing.any() else [])
    return Cells(tuple(labels), code, name)


def _order(value: object) -> tuple[int, float, str]:
    """Numbers before text."""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def _crossed(columns: Sequence[Cells]) -> Cells:
    """The combinations that occur, in the order of the first column's levels, then the second's."""
    codes = np.column_stack([cells.code for cells in columns])
    found, code = np.unique(codes, axis=0, return_inverse=True)
    labels = tuple(", ".join(cells.labels[k] for cells, k in zip(columns, row, strict=True)) for row in found)
    return Cells(labels, code.reshape(-1).astype(np.int64), " and ".join(cells.of for cells in columns))
