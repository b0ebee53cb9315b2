"""Grouping factors: which group each trial belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError, warn
from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.missing import is_empty
from hddm_sbi.trials.trials import Trials

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


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

    def of_first(self, values: FloatArray) -> FloatArray:
        """The value of each group's first trial, (groups, ...), from (trials, ...)."""
        first = np.zeros(len(self.groups), dtype=np.int64)
        found, at = np.unique(self.index, return_index=True)
        first[found] = at
        return np.asarray(values[first])

    def differs(self, values: FloatArray) -> BoolArray:
        """Whether a trial has another value in some column than its group's first trial, (trials,)."""
        return np.asarray((values != self.of_first(values)[self.index]).any(axis=1))

    def locate(self, frame: pd.DataFrame) -> Located:
        """Group of each row of another table; labels that differ in kind alone, 101 and "101", are the same.

        Raises:
            DataError: a missing column or label, or one that is of another kind than two known ones of the same text.

        Warns:
            HDDMWarning: labels are of another kind than known ones.
        """
        for column in self.columns:
            if column not in frame.columns:
                raise DataError(f"the new data has no column '{column}', by which the model groups.")
            empty = is_empty(frame[column])
            if empty.any():
                raise DataError(
                    f"the new data has {int(empty.sum()):,} of {len(empty):,} labels missing in the column '{column}', "
                    "by which the model groups; fill them in, any label of its own for each new group."
                )
        keys = _keys(frame, self.columns)
        unknown = list(dict.fromkeys(key for key in keys if key not in self.codes))
        alike = self._alike(unknown)
        new = tuple(key for key in unknown if key not in alike)
        codes = self.codes | alike | {key: len(self.groups) + place for place, key in enumerate(new)}
        return Located(np.array([codes[key] for key in keys], dtype=np.int64), tuple(map(_text, new)))

    def _alike(self, unknown: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
        """Groups of labels that have the text of known ones, and are of another kind."""
        by_text: dict[str, list[tuple[Any, ...]]] = {}
        for key in self.codes if unknown else ():
            by_text.setdefault(_text(key), []).append(key)
        found = {key: by_text[_text(key)] for key in unknown if _text(key) in by_text}
        for key, known in found.items():
            if len(known) > 1:
                raise DataError(
                    f"the group {_text(key)} of '{self.factor}' may be either of two that the model has by that label, "
                    f"a number and text; convert the column '{self.factor}' of the new data to what it was."
                )
        if found:
            key = next(iter(found))
            kinds = list(zip(map(_kind, key), map(_kind, found[key][0]), strict=True))
            here, there = next((one for one in kinds if one[0] != one[1]), kinds[0])
            warn(
                f"the group {_text(key)} of '{self.factor}' is {here} in the new data and {there} in the data that the "
                f"model was built on; {'it is' if len(found) == 1 else f'it and {len(found) - 1:,} more are'} taken "
                "for the same."
            )
        return {key: self.codes[known] for key, (known,) in found.items()}


@dataclass(frozen=True)
class Located:
    """Rows of another table by group.

    Args:
        index: group of each row, shape (rows,); groups that were not in the data follow those that were.
        new: labels of these, as text.
    """

    index: IntArray
    new: tuple[str, ...]


def _text(key: tuple[Any, ...]) -> str:
    """A group's label as text."""
    return ":".join(str(plain(value)) for value in key)


def _kind(value: object) -> str:
    """What kind of value a group is named by."""
    return "text" if isinstance(value, str) else "a number"


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
    groups = tuple(key[0] if len(key) == 1 else _text(key) for key in order)
    index = np.array([codes[key] for key in keys], dtype=np.int64)
    return Grouping(":".join(columns), columns, groups, index, codes)
