"""Grouping factors: which group each trial belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.trials import Trials

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grouping:
    """A grouping factor.

    Args:
        factor: its name: a column, or columns joined by ``:``.
        columns: the columns whose combination is the group.
        groups: labels of the groups, as in the data.
        index: group of each trial, shape (trials,).
        codes: group by the values of ``columns``.
        stated: of the participants, whether the user said that these columns alone tell them apart.
    """

    factor: str
    columns: tuple[str, ...]
    groups: tuple[object, ...]
    index: IntArray
    codes: dict[tuple[Any, ...], int]
    stated: bool = False

    def locate(self, frame: pd.DataFrame) -> IntArray:
        """Group of each row of another table.

        Raises:
            DataError: a group that was not in the data.
        """
        for column in self.columns:
            if column not in frame.columns:
                raise DataError(f"the new data has no column '{column}', by which the model groups.")
        keys = _keys(frame, self.columns)
        unseen = next((key for key in keys if key not in self.codes), None)
        if unseen is not None:
            label = ":".join(str(plain(value)) for value in unseen)
            raise DataError(
                f"the group {label} of '{self.factor}' was not in the data that the model was built on; "
                "choose rows of known groups."
            )
        return np.array([self.codes[key] for key in keys], dtype=np.int64)


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[column].tolist() for column in columns), strict=True))


def subject_grouping(trials: Trials) -> Grouping:
    """The participants as a grouping factor; the trials must have a ``groupby`` column."""
    assert trials.groupby is not None
    columns = trials.named_by or (trials.groupby,)
    codes = dict(zip(_keys(trials.frame, columns), trials.subject.tolist(), strict=True))
    return Grouping(trials.groupby, columns, trials.subjects, trials.subject, codes, trials.stated)


def column_grouping(frame: pd.DataFrame, columns: tuple[str, ...]) -> Grouping:
    """Another grouping factor: the combinations of ``columns`` that occur, in order of sorting."""
    keys = _keys(frame, columns)
    try:
        order = sorted(set(keys))
    except TypeError:  # labels of several types have no order of their own
        order = sorted(set(keys), key=str)
    codes = {key: code for code, key in enumerate(order)}
    groups = tuple(key[0] if len(key) == 1 else ":".join(str(plain(value)) for value in key) for key in order)
    index = np.array([codes[key] for key in keys], dtype=np.int64)
    return Grouping(":".join(columns), columns, groups, index, codes)
