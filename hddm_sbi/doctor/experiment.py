"""What the checks look at: the trials as they were read, and the table that they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from hddm_sbi.trials.columns import plain
from hddm_sbi.trials.missing import is_empty
from hddm_sbi.trials.plausibility.codes import coded
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray, Recording

# A column with more different values is no factor: it is a measurement, or it counts something.
_MOST_LEVELS = 20


@dataclass(frozen=True, eq=False)
class Experiment:
    """An experiment that may have any fault.

    Args:
        table: the rows as they were given, index 0 ... n-1, all columns.
        recording: the columns that were read; choices are places in ``options``.
        options: the labels of the responses, lower first where their order is known.
        conditions: columns of factors that the model is asked about.
        covariates: columns of numbers that the model is asked about.
        uncentred: those of them that stand in a formula as they are, and not within a function.
        read: columns that were read as something: response time, response, participant, limits.
        correct: whether each response is correct, 1 or 0, and -1 where that is not known; None where it never is.
        known: kinds of findings that were made before these checks.
        set_aside: rows whose times have a fault that was found before; None where there are none, shape (n,).
    """

    table: pd.DataFrame
    recording: Recording
    options: tuple[object, ...]
    conditions: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    uncentred: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    correct: IntArray | None = None
    known: frozenset[str] = frozenset()
    set_aside: BoolArray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.recording.n

    @property
    def people(self) -> int:
        """Number of participants; 1 where nothing names them."""
        return len(self.recording.people)

    @property
    def subject(self) -> IntArray:
        """Index of each row's participant, shape (n,)."""
        return self.recording.subject

    @cached_property
    def timed(self) -> BoolArray:
        """Whether each row has a response time that is one: positive, finite and no code, shape (n,)."""
        rt = self.recording.rt
        return np.isfinite(rt) & (rt > 0.0) & ~coded(self.recording)

    @cached_property
    def usable(self) -> BoolArray:
        """Whether each row has a time in which no fault was found before, shape (n,)."""
        return self.timed if self.set_aside is None else self.timed & ~self.set_aside

    @cached_property
    def seconds(self) -> FloatArray:
        """Response times in seconds, NaN where not usable, shape (n,)."""
        return np.where(self.usable, self.recording.seconds, np.nan)

    @cached_property
    def order(self) -> IntArray:
        """All rows, one participant's after the other's, each in the order of the table, shape (n,)."""
        return np.argsort(self.subject, kind="stable")

    @cached_property
    def by_time(self) -> IntArray:
        """The rows with a time, the shortest first."""
        timed = np.flatnonzero(self.timed)
        return timed[np.argsort(self.recording.rt[timed], kind="stable")]

    @cached_property
    def trials(self) -> IntArray:
        """Number of rows of each participant, shape (people,)."""
        return np.bincount(self.subject, minlength=self.people)

    @cached_property
    def place(self) -> IntArray:
        """The place of each row among its participant's, 0 for the first, shape (n,)."""
        place = np.empty(self.n, dtype=np.int64)
        place[self.order] = np.arange(self.n) - np.repeat(np.cumsum(self.trials) - self.trials, self.trials)
        return place

    @property
    def others(self) -> list[str]:
        """Columns that were not read as anything."""
        return [column for column in self.table.columns if isinstance(column, str) and column not in self.read]

    @cached_property
    def factors(self) -> dict[str, IntArray]:
        """Codes of the columns that have few different values, whether the model is asked about them or not."""
        found = {}
        for name in self.others:
            codes = self.codes(name)
            if codes is not None and 1 < codes.max(initial=-1) + 1 <= _MOST_LEVELS:
                found[name] = codes
        return found

    def codes(self, name: str) -> IntArray | None:
        """Which of its values each row has in a column, -1 where none, shape (n,); None where they are no values."""
        if name not in self._codes:
            try:
                codes, values = pd.factorize(self.table[name])
            except TypeError:  # lists, say
                self._codes[name] = None
            else:
                self._codes[name], self._values[name] = codes.astype(np.int64), values
        return self._codes[name]

    def levels(self, name: str) -> list[object]:
        """The values that ``codes`` stand for."""
        return [plain(value) for value in self._values[name]] if self.codes(name) is not None else []

    def numbers(self, name: str) -> FloatArray | None:
        """A column of numbers, NaN where missing, shape (n,); None where it holds something else."""
        column = self.table[name]
        if column.dtype == object:
            column = column.where(~is_empty(column)).infer_objects()
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            return None
        return column.to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def _codes(self) -> dict[str, IntArray | None]:
        return {}

    @cached_property
    def _values(self) -> dict[str, pd.Index]:
        return {}

    def at(self, rows: BoolArray) -> str:
        """Where rows are, in words."""
        return self.recording.at(rows)

    def of(self, people: Sequence[int]) -> str:
        """``" of participants 3 and 5"``; nothing where nothing names participants."""
        return f" of {self.recording.who(people)}" if self.recording.subjects and len(people) else ""

    def whose(self, people: Sequence[int] | IntArray) -> BoolArray:
        """The rows of some participants, shape (n,)."""
        return np.isin(self.subject, people)
