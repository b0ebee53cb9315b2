"""Small loops over arrays that compiled code shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal

FloatArray = npt.NDArray[np.float64]


@internal
def first_after(rt: FloatArray, start: int, stop: int, time: float) -> int:
    """The first of the places start, ..., stop - 1, at which rt is sorted, with rt > time; stop if there is none."""
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
