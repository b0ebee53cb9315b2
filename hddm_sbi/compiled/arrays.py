"""Small loops over arrays that compiled code shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal, summing

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


@summing
def dot(left: FloatArray, right: FloatArray) -> float:
    """The sum of left (n,) times right, (n or more,)."""
    total = 0.0
    for k in range(len(left)):
        total += left[k] * right[k]
    return total


@summing
def add_scaled(by: float, values: FloatArray, out: FloatArray) -> None:
    """Add a multiple of values (n,) to out, (n or more,)."""
    for k in range(len(values)):
        out[k] += by * values[k]


@internal
def copy(values: FloatArray, out: FloatArray) -> None:
    """Fill out (n,) with the first of values, (n or more,)."""
    for k in range(len(out)):
        out[k] = values[k]


@internal
def fill(values: FloatArray, value: float) -> None:
    """Set all numbers to one value."""
    for i in range(len(values)):
        values[i] = value


@internal
def multiply(values: FloatArray, by: FloatArray) -> None:
    """Multiply each number by another."""
    for i in range(len(values)):
        values[i] *= by[i]


@internal
def clear(values: FloatArray) -> None:
    """Set a matrix to zero."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] = 0.0


def aligned(*shape: int) -> FloatArray:
    """Zeros that begin where vector registers load best, at a multiple of 64 bytes.

    Args:
        shape: of the array; rows begin at such a place too where a row has a multiple of 8 numbers.
    """
    size = int(np.prod(shape))
    memory = np.zeros(size + 8)
    start = (-memory.ctypes.data % 64) // 8
    return memory[start : start + size].reshape(shape)
