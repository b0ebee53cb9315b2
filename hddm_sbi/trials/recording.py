"""What the columns of a table say of the trials, before it is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.trials.columns import enumerated, plain, rows_in_words
from hddm_sbi.trials.no_trials import Kind

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# The length of a unit in seconds.
UNITS = {"s": 1.0, "ms": 1e-3}

# A message names as many participants, and of more it gives examples.
_NAMED = 5
_EXAMPLES = 3


@dataclass(frozen=True)
class Limit:
    """A bound on response times: the same for all trials, or a column's.

    Args:
        seconds: of each trial; infinite, or 0 for a lower bound, where a trial has none, shape (n,).
        name: for messages, such as ``the deadline``.
        column: where it was read, in the unit of the response times; None for a number, which is in seconds.
    """

    seconds: FloatArray
    name: str
    column: str | None = None

    @property
    def there(self) -> BoolArray:
        """Whether each trial has one, shape (n,)."""
        return np.isfinite(self.seconds) & (self.seconds > 0.0)

    @property
    def words(self) -> str:
        """Its values: ``1.5 s``, ``0.8 to 2 s (column 'limit')``."""
        low, high = self.seconds[self.there].min(), self.seconds[self.there].max()
        values = f"{low:g} s" if low == high else f"{low:g} to {high:g} s"
        return values if self.column is None else f"{values} (column '{self.column}')"

    @property
    def unit(self) -> str:
        """What unit it is in, as advice."""
        return "a number is in seconds" if self.column is None else "a column is in the unit that rt_unit says"


@dataclass(frozen=True, eq=False)  # so that checks may keep what they know of one
class Recording:
    """Response times, responses and participants as they were recorded, row by row.

    Args:
        rt: as they stand in the table, in ``unit``; NaN where missing, shape (n,).
        unit: ``"s"`` or ``"ms"``, of ``rt`` and of columns of limits.
        choice: option index, 0 = lower; -1 where missing, or where the response was withheld, shape (n,).
        subject: index of each trial's participant into ``subjects``, shape (n,); zeros without ``groupby``.
        subjects: the participants' labels in order; empty without ``groupby``.
        index: that of the table, by which messages name rows.
        coding: ``"response"``, ``"accuracy"`` or ``"stimulus"``.
        rt_name: column of the response times.
        response_name: column of the responses.
        groupby: column of the participant, or None.
        deadline: by which responses had to come, or None.
        low: trials with a shorter rt were taken out; None: none were.
        high: trials with a longer rt were taken out; None: none were.
        go: the label of the only response that is made in go/no-go; None in other experiments.
        times: whether the table has times; where it has none, ``rt`` is NaN.
        no_trials: kinds of rows on which nobody ever responded, as the table tells them apart.
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
    deadline: Limit | None = None
    low: Limit | None = None
    high: Limit | None = None
    go: object = None
    times: bool = True
    no_trials: tuple[Kind, ...] = ()

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

    @property
    def rt_seen(self) -> BoolArray:
        """Whether each row has a response time, shape (n,)."""
        return ~np.isnan(self.rt)

    @property
    def choice_seen(self) -> BoolArray:
        """Whether each row has a response, shape (n,)."""
        return self.choice >= 0

    @property
    def omitted(self) -> BoolArray:
        """Whether each row has neither, where that is no response withheld on purpose, shape (n,)."""
        return ~self.rt_seen & ~self.choice_seen & (self.go is None)

    @cached_property
    def _by_participant(self) -> IntArray:
        """All rows, one participant's after the other's, shape (n,)."""
        return np.argsort(self.subject, kind="stable")

    def counts(self, rows: BoolArray) -> IntArray:
        """How many of the rows each participant has, shape (participants,)."""
        return np.bincount(self.subject[rows], minlength=len(self.people))

    def of_each(self, rows: BoolArray) -> list[IntArray]:
        """Those of the rows that are each participant's, as positions in order: one array a participant."""
        ordered = self._by_participant
        return np.split(ordered[rows[ordered]], np.cumsum(self.counts(rows))[:-1])

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
