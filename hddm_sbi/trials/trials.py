"""Validated trials: what every later layer takes for granted about the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.likelihoods.observation.seen import UNSEEN, SeenTrials
from hddm_sbi.trials.recording import Recording


@dataclass(frozen=True)
class Trials:
    """The trials of an experiment, read and validated once.

    Args:
        rt: response times in seconds, positive and finite, shape (n,).
        choice: option index, 0 = lower, shape (n,).
        options: the labels of the options as they stand in the data, lower first.
        frame: the rows of the user's table, index 0 ... n-1, all columns (covariates are looked up here).
        groupby: column of the participant, or None.
        subject: index of each trial's participant into ``subjects``, shape (n,); zeros without ``groupby``.
        subjects: the participants' labels as they stand in the data, in order of sorting; empty without ``groupby``.
        reading: one sentence on how rt and responses were read.
        recording: the columns as they stand in the table, for messages; None where there was no table.
    """

    rt: npt.NDArray[np.float64]
    choice: npt.NDArray[np.int64]
    options: tuple[object, ...]
    frame: pd.DataFrame
    groupby: str | None
    subject: npt.NDArray[np.int64]
    subjects: tuple[object, ...]
    reading: str
    recording: Recording | None = None

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.rt)

    @property
    def omits(self) -> bool:
        """Whether there are trials without a response."""
        return bool((np.isnan(self.rt) & (self.choice < 0)).any())

    def seen(self, row: npt.NDArray[np.int64], n_rows: int) -> SeenTrials:
        """What a likelihood is bound to: the trials with their design rows, shape (n,)."""
        return replace(SeenTrials.whole(self.rt, self.choice, row, n_rows), subject=self.subject)

    def unseen(self, newdata: pd.DataFrame) -> SeenTrials:
        """Rows of new data as trials of which nothing was seen yet, each with a design row of its own."""
        n = len(newdata)
        return SeenTrials.whole(np.full(n, np.nan), np.full(n, UNSEEN), np.arange(n), n)
