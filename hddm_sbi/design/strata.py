"""Groups whose standard deviations differ: patients may vary more than controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hddm_sbi.design.grouping import Grouping, IntArray
from hddm_sbi.design.tokens import written
from hddm_sbi.errors import DataError, FormulaError
from hddm_sbi.trials.columns import labels_of, plain


@dataclass(frozen=True)
class Strata:
    """Levels of a column within which groups have standard deviations of their own: ``gr(subject, by=patient)``.

    Args:
        column: its name.
        labels: its levels, sorted, as in the data.
        index: level of each group, shape (groups,).
    """

    column: str
    labels: tuple[object, ...]
    index: IntArray

    def locate(self, frame: pd.DataFrame) -> IntArray:
        """Level of each row of another table, for groups that were not in the data.

        Raises:
            DataError: no such column, or a level that was not in the data.
        """
        if self.column not in frame.columns:
            raise DataError(f"the new data has no column '{self.column}', by which the model lets groups vary.")
        codes = {label: code for code, label in enumerate(self.labels)}
        found = [plain(value) for value in frame[self.column].tolist()]
        unseen = next((value for value in found if value not in codes), None)
        if unseen is not None:
            listed = ", ".join(str(label) for label in self.labels)
            raise DataError(
                f"the column '{self.column}' has the level '{unseen}', which was not in the data that the model was "
                f"built on; its levels are {listed}."
            )
        return np.array([codes[value] for value in found], dtype=np.int64)


def strata_of(parameter: str, frame: pd.DataFrame, grouping: Grouping, column: str) -> Strata:
    """The levels of ``column`` that the groups are in.

    Raises:
        FormulaError: a group is in several, or all are in one.
    """
    codes, labels = labels_of(frame[column])
    order = sorted(range(len(labels)), key=lambda code: (str(type(labels[code])), labels[code]))
    rank = np.argsort(order)[codes]
    labels = tuple(labels[code] for code in order)
    index = np.full(len(grouping.groups), -1, dtype=np.int64)
    index[grouping.index] = rank
    apart = np.flatnonzero(index[grouping.index] != rank)
    shown = f"gr({':'.join(map(written, grouping.columns))}, by={written(column)})"
    if len(apart):
        group = grouping.groups[grouping.index[apart[0]]]
        raise FormulaError(
            f"the formula for '{parameter}' has {shown}, but {group!r} of '{grouping.factor}' is in several levels of "
            f"'{column}'; by names a column that is the same on all trials of a group."
        )
    if len(labels) < 2:
        raise FormulaError(
            f"the formula for '{parameter}' has {shown}, but '{column}' is {labels[0]!r} on all trials; leave by out."
        )
    return Strata(column, labels, index)
