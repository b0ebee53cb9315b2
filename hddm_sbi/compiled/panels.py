"""Quadrature by panels that are halved until two rules agree, for integrands in compiled code.

A compiled function takes no function, so whoever integrates holds the loop:

    panels, first, count = no_panels(m), 0, 0
    count = add_panel(panels, count, low, high)                 (one for each part of the range)
    while first < count:
        for p in range(first, count):
            ...                                                 (fill value[p], error[p], sums[p] of panel p)
        first, count = count, halve(panels, first, count, TOLERANCE)
    total = total_of(panels, count, sums)

Panel p has the nodes low[p] + (high[p] - low[p]) ``NODES`` and, to a factor of its width, the integral by the finer
rule has the weights ``FINE`` and its difference from the coarser one the weights ``DIFFERENCE``. The integrals in
sums[p], (m,), such as the derivatives by m parameters, are those by the finer rule.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.arrays import FloatArray
from hddm_sbi.compiled.compiling import internal

# Gauss-Legendre on (0, 1). The error of n nodes falls like r^(-2n), r > 1 by the integrand: with four nodes more the
# finer rule is better than the coarser by r^-8, so that their difference is the error of the coarser.
_SIZES = (10, 14)
_COARSE, _FINE = (np.polynomial.legendre.leggauss(n) for n in _SIZES)
NODES = 0.5 * (1.0 + np.concatenate([_COARSE[0], _FINE[0]]))
FINE = 0.5 * np.concatenate([np.zeros(_SIZES[0]), _FINE[1]])
DIFFERENCE = 0.5 * np.concatenate([-_COARSE[1], _FINE[1]])
# of the whole integral: where the coarser rule is as good as this on a panel, the finer one is far better
TOLERANCE = 1e-11
# panels in all; halving one in the same place 50 times takes 100
MOST = 600


class Panels(NamedTuple):
    """Panels on an axis; where one has been halved its integrals are zero.

    Args:
        low, high: its ends, (MOST,).
        value: the integral by the finer rule, (MOST,).
        error: of the coarser rule, (MOST,).
        sums: further integrals, (MOST, m).
    """

    low: FloatArray
    high: FloatArray
    value: FloatArray
    error: FloatArray
    sums: FloatArray


@internal
def no_panels(m: int) -> Panels:
    """Room for panels with m further integrals."""
    return Panels(np.empty(MOST), np.empty(MOST), np.empty(MOST), np.empty(MOST), np.empty((MOST, m)))


@internal
def add_panel(panels: Panels, count: int, low: float, high: float) -> int:
    """The number of panels with one more, if there is room."""
    if count == MOST or not low < high:
        return count
    panels.low[count], panels.high[count] = low, high
    return count + 1


@internal
def halve(panels: Panels, first: int, count: int, tolerance: float) -> int:
    """Halve those of the panels first, ..., count - 1 that are imprecise; the number of panels then.

    ``tolerance`` is that of the coarser rule relative to the whole integral: ``TOLERANCE``, or what rounding allows.
    At floating-point resolution, and where there is no more room, a panel stays as it is.
    """
    most, stop = tolerance * np.sum(np.abs(panels.value[:count])), count
    for p in range(first, count):
        low, high = panels.low[p], panels.high[p]
        middle = 0.5 * (low + high)
        if abs(panels.error[p]) > most and stop <= MOST - 2 and low < middle < high:
            panels.value[p] = 0.0
            panels.sums[p] = 0.0
            stop = add_panel(panels, add_panel(panels, stop, low, middle), middle, high)
    return stop


@internal
def total_of(panels: Panels, count: int, sums: FloatArray) -> float:
    """The whole integral; fills sums, (m,), with the further ones."""
    sums[:] = 0.0
    total = 0.0
    for p in range(count):
        total += panels.value[p]
        for k in range(len(sums)):
            sums[k] += panels.sums[p, k]
    return total
