"""What was seen of each trial: what a likelihood is bound to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.base import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

# in place of the option index of a choice that was not seen
UNSEEN = -1
# the fields of trials that have an element for each
_BY_TRIAL = ("rt", "choice", "row", "subject", "order", "deadline", "low", "high")


@dataclass(frozen=True)
class SeenTrials:
    """The trials of an experiment in the order in which they ran, and what was seen of each.

    Args:
        rt: response times in seconds, NaN where none was seen, shape (trials,).
        choice: option index, -1 where none was seen, shape (trials,).
        row: design row of each trial, that is its row of theta, shape (trials,).
        n_rows: number of design rows.
        subject: participant of each trial, by number, shape (trials,).
        order: place of each trial in the data, shape (trials,).
        deadline: until when a response had to come, in seconds, inf where there was no deadline, shape (trials,).
        low, high: ends of the response times that were kept, in seconds, shape (trials,).
        truncated: whether trials with a response time beyond them were taken out of the data.
        go: whether choice 1 is the only response that is ever made; where it is not, it was withheld.
        times: whether response times are recorded at all.
        keeps_omissions: whether trials without a response are in the data, or would be.
    """

    rt: FloatArray
    choice: IntArray
    row: IntArray
    n_rows: int
    subject: IntArray
    order: IntArray
    deadline: FloatArray
    low: FloatArray
    high: FloatArray
    truncated: bool = False
    go: bool = False
    times: bool = True
    keeps_omissions: bool = True

    @classmethod
    def whole(cls, rt: FloatArray, choice: IntArray, row: IntArray, n_rows: int | None = None) -> SeenTrials:
        """Trials of one participant of which everything was seen, without a deadline."""
        n = len(rt)
        zeros, endless = np.zeros(n), np.full(n, np.inf)
        return cls(
            np.asarray(rt, np.float64), np.asarray(choice, np.int64), np.asarray(row, np.int64),
            (int(np.max(row, initial=-1)) + 1) if n_rows is None else n_rows, np.zeros(n, np.int64), np.arange(n),
            endless, zeros, endless,
        )  # fmt: skip

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.rt)

    @property
    def rt_seen(self) -> BoolArray:
        """Whether each trial's response time was seen, shape (trials,)."""
        return ~np.isnan(self.rt)

    @property
    def choice_seen(self) -> BoolArray:
        """Whether each trial's choice was seen, shape (trials,)."""
        return self.choice != UNSEEN

    @property
    def latest(self) -> FloatArray:
        """The latest response time that each trial could have shown, in seconds, shape (trials,)."""
        return np.minimum(self.high, self.deadline)

    def at(self, index: IntArray | BoolArray) -> SeenTrials:
        """Some of the trials, or some of them several times, with the same design rows."""
        some: dict[str, Any] = {name: getattr(self, name)[index] for name in _BY_TRIAL}
        return replace(self, **some)

    def joined(self, other: SeenTrials) -> SeenTrials:
        """These trials and those of the same experiment."""
        all_of: dict[str, Any] = {name: np.append(getattr(self, name), getattr(other, name)) for name in _BY_TRIAL}
        return replace(self, **all_of)

    def showing(self, rt: FloatArray, choice: IntArray) -> SeenTrials:
        """The same trials of which something else was seen."""
        return replace(self, rt=np.asarray(rt, np.float64), choice=np.asarray(choice, np.int64))
