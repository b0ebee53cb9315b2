"""Trials in the order that suits computation: sorted, equal ones once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class MergedTrials:
    """Identical trials (the same design row, choice and rt) once, with their counts, sorted by row, choice and rt.

    Args:
        row: design row of each trial, shape (trials,).
        rt: response times in seconds, shape (trials,).
        choice: option index, shape (trials,).

    The attributes ``row``, ``rt``, ``choice`` and ``count`` have one element for each distinct trial. Segment s, the
    trials of one row and choice, is ``bounds[s]`` to ``bounds[s + 1]``.
    """

    def __init__(self, row: IntArray, rt: FloatArray, choice: IntArray) -> None:
        order = np.lexsort((rt, choice, row))
        row, rt, choice = row[order], rt[order], choice[order]
        new_segment = np.ones(len(row), dtype=bool)
        new_segment[1:] = (np.diff(row) != 0) | (np.diff(choice) != 0)
        first = new_segment.copy()
        first[1:] |= np.diff(rt) != 0.0
        start = np.flatnonzero(first)
        self.rt: FloatArray = np.ascontiguousarray(rt[first])
        self.choice: IntArray = np.ascontiguousarray(choice[first])
        self.row: IntArray = np.ascontiguousarray(row[first])
        self.count: FloatArray = np.diff(start, append=len(row)).astype(np.float64)
        self.bounds: IntArray = np.append(np.flatnonzero(new_segment[first]), len(start)).astype(np.int64)

    @property
    def segment_row(self) -> IntArray:
        """Design row of each segment."""
        return self.row[self.bounds[:-1]]

    @property
    def segment_choice(self) -> IntArray:
        """Option index of each segment."""
        return self.choice[self.bounds[:-1]]

    def sum_by_row(self, values: FloatArray, n_rows: int) -> FloatArray:
        """Sums over the trials of each design row, counts applied: (trials, k) to (rows, k)."""
        total = np.zeros((n_rows, values.shape[1]))
        if len(self.rt):
            sums = np.add.reduceat(values * self.count[:, None], self.bounds[:-1], axis=0)
            np.add.at(total, self.segment_row, sums)
        return total
