"""What the columns of a table say of the trials, before it is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.trials.columns import enumerated, plain, rows_in_words

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# The length of a unit in seconds.
UNITS = {"s": 1.0, "ms": 1e-3}

# A message names as many participants, and of more it gives examples.
_NAMED = 5
_EXAMPLES = 3


@dataclass(frozen=True)
class Recording:
    """Response times, responses and participants as they were recorded, row by row.

    Args:
        rt: as they stand in the table, in ``unit``; NaN where missing, shape (n,).
        unit: ``"s"`` or ``"ms"``.
        choice: option index, 0 = lower; -1 where missing, shape (n,).
        subject: index of each trial's participant into ``subjects``, shape (n,); zeros without ``groupby``.
        subjects: the participants' labels in order; empty without ``groupby``.
        index: that of the table, by which messages name rows.
        coding: ``"response"``, ``"accuracy"`` or ``"stimulus"``.
        rt_name: column of the response times.
        response_name: column of the responses.
        groupby: column of the participant, or None.
    """

    rt: FloatArray
    unit: str
    choice: IntArray
    subject: IntArray
    subjects: tuple[object, ...]
    index: pd.Index
    coding: str = "response"
    rt_name: str = "rt"
    response_name: str = "response"
    groupby: str | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.rt)

    @property
    def people(self) -> range:
        """Indices of the participants; without ``groupby`` all rows are one's."""
        return range(max(1, len(self.subjects)))

    @property
    def seconds(self) -> FloatArray:
        """Response times in seconds, shape (n,)."""
        return self.rt * UNITS[self.unit]

    def of(self, person: int) -> BoolArray:
        """Whether each row is the participant's, shape (n,)."""
        return self.subject == person

    def at(self, rows: BoolArray) -> str:
        """Where the rows are, in words."""
        return rows_in_words(rows, self.index)

    def who(self, people: Iterable[int]) -> str:
        """The participants in words: all of them where they are few, else how many and the first."""
        names = [repr(plain(self.subjects[person])) for person in people]
        if len(names) == 1:
            return f"participant {names[0]}"
        if len(names) <= _NAMED:
            return f"participants {enumerated(names)}"
        return f"{len(names)} participants (such as {enumerated(names[:_EXAMPLES])})"

    def whose(self, rows: BoolArray) -> str:
        """``" of participant 3"``, for the participants of the rows; nothing without participants."""
        return f" of {self.who(np.unique(self.subject[rows]).tolist())}" if self.subjects else ""
