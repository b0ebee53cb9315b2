"""Sorted trials as compiled sums read them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.structs import FLOATS, INT, INTS, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.native.merged import MergedTrials
from hddm_sbi.likelihoods.native.native_sum import Lapses


class TrialArrays(NamedTuple):
    """Distinct trials, sorted by row, choice and rt.

    Args:
        rt: response times in seconds.
        counts: how many trials there are of each.
        log_lapse: log density of the lapses at each.
        bounds: first trial of each segment, the trials of one row and choice, and the end of the last.
        row: design row of each segment.
        choice: option index of each segment.
        n_rows, n_columns: shape of theta.
    """

    rt: FloatArray
    counts: FloatArray
    log_lapse: FloatArray
    bounds: IntArray
    row: IntArray
    choice: IntArray
    n_rows: int
    n_columns: int

    @classmethod
    def of(cls, trials: MergedTrials, n_rows: int, n_parameters: int, lapses: Lapses | None) -> TrialArrays:
        """The arrays of merged trials under a process of so many parameters, with or without lapses."""
        low, high, log_density = (math.inf, math.inf, LOG_ZERO) if lapses is None else lapses
        log_lapse = np.where((trials.rt >= low) & (trials.rt <= high), log_density, LOG_ZERO)
        n_columns = n_parameters + (lapses is not None)
        return cls(
            trials.rt, trials.count, log_lapse, trials.bounds, trials.segment_row, trials.segment_choice,
            n_rows, n_columns,
        )  # fmt: skip


TRIAL_ARRAYS = record_type(
    TrialArrays, rt=FLOATS, counts=FLOATS, log_lapse=FLOATS, bounds=INTS, row=INTS, choice=INTS, n_rows=INT,
    n_columns=INT,
)  # fmt: skip
read_trials = reader(TRIAL_ARRAYS)


@internal
def first_after(rt: FloatArray, start: int, stop: int, time: float) -> int:
    """The first of the trials start, ..., stop - 1, which are sorted, with rt > time; stop if there is none."""
    while start < stop:
        middle = (start + stop) // 2
        if rt[middle] <= time:
            start = middle + 1
        else:
            stop = middle
    return start


@internal
def clear(values: FloatArray) -> None:
    """Set a matrix to zero."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] = 0.0
