"""Reverse-mode pieces of the first-passage network, without allocation: a sum over trials needs one pass back.

``kernels`` has the same mathematics with forward tangents, which serve callers that want each trial's own gradient.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.neural.flow import PAD

FloatArray = npt.NDArray[np.float64]


@internal
def powers_of(weights: FloatArray, interval: int) -> tuple[float, float, float, float]:
    """Powers of u in the slope of the spline on an interval: a cubic B-spline, constant beyond its ends."""
    last = len(weights) - 1
    first = interval - PAD
    p0, p1 = weights[min(max(first, 0), last)], weights[min(max(first + 1, 0), last)]
    p2, p3 = weights[min(max(first + 2, 0), last)], weights[min(max(first + 3, 0), last)]
    return (
        (p0 + 4.0 * p1 + p2) / 6.0,
        0.5 * (p2 - p0),
        0.5 * (p0 - 2.0 * p1 + p2),
        (p3 - p0 + 3.0 * (p1 - p2)) / 6.0,
    )


@internal
def fill_coefficients(raw: FloatArray, weights: FloatArray) -> None:
    """Fill in the coefficients of the spline's slope, from their logarithms, which come after the offset."""
    for k in range(len(weights)):
        weights[k] = vm.exp(raw[1 + k])


@internal
def fill_spline(offset: float, weights: FloatArray, spacing: float, centre: int, table: FloatArray) -> None:
    """Spline polynomials of one slot; see ``kernels.fill_table``.

    Args:
        offset: height at the place 0.
        weights: the slope's coefficients.
        spacing, centre: distance between knots, and index of the interval that starts at 0.
        table: filled, (intervals, 5): the height at the interval's left end, then the slope's powers of u.
    """
    height = 0.0
    for interval in range(len(table)):
        c0, c1, c2, c3 = powers_of(weights, interval)
        row = table[interval]
        row[0], row[1], row[2], row[3], row[4] = height, c0, c1, c2, c3
        height += spacing * (c0 + c1 / 2.0 + c2 / 3.0 + c3 / 4.0)
    shift = offset - table[centre, 0]
    for interval in range(len(table)):
        table[interval, 0] += shift


@internal
def add_by_coefficients(interval: int, c0: float, c1: float, c2: float, c3: float, by_raw: FloatArray) -> None:
    """Add the derivatives by the coefficients, after the offset, from those by the powers of u on an interval."""
    first, last = interval - PAD, len(by_raw) - 2
    by_raw[1 + min(max(first, 0), last)] += c0 / 6.0 - 0.5 * c1 + 0.5 * c2 - c3 / 6.0
    by_raw[1 + min(max(first + 1, 0), last)] += 2.0 / 3.0 * c0 - c2 + 0.5 * c3
    by_raw[1 + min(max(first + 2, 0), last)] += c0 / 6.0 + 0.5 * c1 + 0.5 * c2 - 0.5 * c3
    by_raw[1 + min(max(first + 3, 0), last)] += c3 / 6.0


@internal
def add_by_table(by_table: FloatArray, spacing: float, centre: int, by_raw: FloatArray) -> None:
    """Add the derivatives by offset and coefficients, from those by the table of ``fill_spline``, which it changes."""
    by_offset = 0.0
    for interval in range(len(by_table)):
        by_offset += by_table[interval, 0]
    by_raw[0] += by_offset
    by_table[centre, 0] -= by_offset  # all heights are shifted by that of the centre
    by_height = 0.0
    for interval in range(len(by_table) - 1, -1, -1):
        # the area of an interval raises the heights of all intervals to its right
        area = spacing * by_height
        c0, c1 = by_table[interval, 1] + area, by_table[interval, 2] + area / 2.0
        c2, c3 = by_table[interval, 3] + area / 3.0, by_table[interval, 4] + area / 4.0
        add_by_coefficients(interval, c0, c1, c2, c3, by_raw)
        by_height += by_table[interval, 0]


@internal
def spline_backward(by_table: FloatArray, weights: FloatArray, spacing: float, centre: int, by_raw: FloatArray) -> None:
    """Fill in the derivatives by ``raw`` from those by the table of ``fill_spline``; changes ``by_table``."""
    for k in range(len(by_raw)):
        by_raw[k] = 0.0
    add_by_table(by_table, spacing, centre, by_raw)
    for k in range(len(weights)):
        by_raw[1 + k] *= weights[k]


@internal
def log_softmax(scores: FloatArray) -> None:
    """Replace scores by the logarithms of their softmax probabilities."""
    top, total = scores[0], 0.0
    for c in range(1, len(scores)):
        top = max(top, scores[c])
    for c in range(len(scores)):
        total += math.exp(scores[c] - top)
    for c in range(len(scores)):
        scores[c] -= top + math.log(total)
