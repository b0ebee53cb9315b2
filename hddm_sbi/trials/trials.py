"""Validated trials: what every later layer takes for granted about the data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from hddm_sbi.likelihoods.observation.seen import UNSEEN, SeenTrials
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray, Limit, Recording

# A limit that is the same for all trials, which gives it their number.
_NEVER, _AT_ONCE = np.array(np.inf), np.array(0.0)


@dataclass(frozen=True)
class Trials:
    """The trials of an experiment, read and validated once, and what was seen of each.

    Args:
        rt: response times in seconds, positive; NaN where no time was seen, shape (n,).
        choice: option index, 0 = lower; -1 where no choice was seen, or where the response was withheld, shape (n,).
        options: the labels of the options as they stand in the data, lower first; in go/no-go the label of a withheld
            response and that of the go response.
        frame: the rows of the user's table, index 0 ... n-1, all columns (covariates are looked up here).
        groupby: column of the participant, or None; of several columns ``site:subject``, which ``frame`` then has.
        subject: index of each trial's participant into ``subjects``, shape (n,); zeros without ``groupby``.
        subjects: the participants' labels as they stand in the data, in order of sorting; empty without ``groupby``.
        reading: one sentence on how rt and responses were read.
        recording: the columns as they stand in the table, for messages; None where there was no table.
        deadline: by which a response had to come, seconds; infinite where there was none, shape (n,).
        low: trials with a shorter rt are not in the data, seconds; 0 where none were taken out, shape (n,).
        high: trials with a longer rt are not in the data, seconds; infinite where none were taken out, shape (n,).
        truncated: whether trials were taken out by ``low`` or ``high``.
        go: whether it is go/no-go: the response of choice 1 is the only one that is ever made.
        times: whether times were looked at; False for choices alone.
        named_by: the columns of the user's table that name the participant together; empty without ``groupby``.
        stated: whether the user said that these columns alone tell participants apart.
    """

    rt: FloatArray
    choice: IntArray
    options: tuple[object, ...]
    frame: pd.DataFrame
    groupby: str | None
    subject: IntArray
    subjects: tuple[object, ...]
    reading: str
    recording: Recording | None = None
    deadline: FloatArray = field(default_factory=lambda: _NEVER)
    low: FloatArray = field(default_factory=lambda: _AT_ONCE)
    high: FloatArray = field(default_factory=lambda: _NEVER)
    truncated: bool = False
    go: bool = False
    times: bool = True
    named_by: tuple[str, ...] = ()
    stated: bool = False

    def __post_init__(self) -> None:
        for name in ("deadline", "low", "high"):
            limit = np.array(np.broadcast_to(getattr(self, name), (self.n,)), dtype=np.float64)
            object.__setattr__(self, name, limit)

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.rt)

    @property
    def omits(self) -> bool:
        """Whether there are trials without a response."""
        return bool((~self.rt_seen & ~self.choice_seen).any())

    def seen(self, row: IntArray, n_rows: int) -> SeenTrials:
        """What a likelihood is bound to: the trials with their design rows, shape (n,).

        A response that was recorded a polling step after its deadline moves that trial's deadline.
        """
        return SeenTrials(
            self.rt, self.choice, row, n_rows, self.subject, np.arange(self.n), np.fmax(self.deadline, self.rt),
            self.low, self.high, self.truncated, self.go, self.times, self.omits,
        )  # fmt: skip

    def unseen(self, n: int, deadline: Limit | None, low: Limit | None, high: Limit | None) -> SeenTrials:
        """New trials of which nothing was seen yet, each with a design row of its own.

        Args:
            n: how many.
            deadline, low, high: their limits.
        """
        whole = SeenTrials.whole(np.full(n, np.nan), np.full(n, UNSEEN), np.arange(n), n)
        given = {"deadline": deadline, "low": low, "high": high}
        limits: dict[str, Any] = {name: limit.seconds for name, limit in given.items() if limit is not None}
        whole = replace(whole, truncated=self.truncated, go=self.go, times=self.times, keeps_omissions=self.omits)
        return replace(whole, **limits)

    def showing(self, rt: FloatArray, choice: IntArray) -> Trials:
        """The same trials with other outcomes, (n,) each."""
        return replace(self, rt=rt, choice=choice)

    def beside(self, rt: FloatArray, choice: IntArray) -> Trials:
        """These trials, and the same ones again with other outcomes."""
        twice: dict[str, Any] = {
            name: np.tile(getattr(self, name), 2) for name in ("subject", "deadline", "low", "high")
        }
        frame = pd.concat([self.frame, self.frame], ignore_index=True)
        rt, choice = np.append(self.rt, rt), np.append(self.choice, choice)
        return replace(self, rt=rt, choice=choice, frame=frame, **twice)

    @property
    def rt_seen(self) -> BoolArray:
        """Whether the time was seen, shape (n,)."""
        return ~np.isnan(self.rt)

    @property
    def choice_seen(self) -> BoolArray:
        """Whether the choice was seen, shape (n,)."""
        return self.choice >= 0

    @property
    def omitted(self) -> BoolArray:
        """Whether no response came by the deadline, shape (n,); in go/no-go such trials are ``withheld``."""
        return ~self.rt_seen & ~self.choice_seen & (not self.go)

    @property
    def withheld(self) -> BoolArray:
        """Whether the go response was not made, shape (n,); nowhere without ``go``."""
        return ~self.choice_seen & self.go

    @property
    def timed(self) -> bool:
        """Whether anything here depends on time: a response time that was seen, a deadline or a truncation."""
        return bool(self.rt_seen.any() or np.isfinite(self.deadline).any() or self.truncated)
