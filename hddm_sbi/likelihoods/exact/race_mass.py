"""The probability that a race ends between two times, for any kind of accumulator, with its derivatives.

None of the accumulators has arrived until t with probability S(t) = prod_k S_k(t). So any of them arrives between two
times with probability S(t1) - S(t2), a closed form. One of them in particular, and any where that difference cancels,
is the integral of its density, which is positive: nothing is lost in the tails.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.panels import DIFFERENCE, FINE, NODES, TOLERANCE, halve, no_panels, total_of
from hddm_sbi.likelihoods.base import ANY, FloatArray
from hddm_sbi.likelihoods.exact.race_density import possible_race
from hddm_sbi.likelihoods.exact.race_panels import cut, log_density, none_until

# S(t1) - S(t2) is taken where log S falls by more than this, relative to its size: each S is good to about 1e-13.
_FALL = 1e-3
# Across less than this in u, the density changes too little for its difference between the ends to be precise.
_SHORT = 0.1
# exp overflows beyond 709.
_LARGEST = 700.0
# A logarithm is a sum of terms of either sign, some of them larger than itself: so much of it is rounded.
_ROUNDING = 16.0 * 2.0**-52


@internal
def _integral(
    kind: int, n: int, choice: int, low: float, high: float, scale: float, theta: FloatArray, by: FloatArray
) -> float:
    """Log of the integral of the density over (low, high) in u; fills by, (n + 3,), with its derivatives."""
    slope, hazard, panels = np.empty((1, n + 3)), np.empty((n, 5)), no_panels(n + 3)
    count, largest = cut(kind, n, choice, low, high, scale, theta, slope, hazard, panels)
    tolerance, first = TOLERANCE + _ROUNDING * abs(largest), 0
    while first < count:
        for p in range(first, count):
            width = panels.high[p] - panels.low[p]
            value = error = 0.0
            panels.sums[p] = 0.0
            for j in range(len(NODES)):
                u = panels.low[p] + width * NODES[j]
                log_f = log_density(kind, n, choice, u, scale, theta, slope, hazard)
                if log_f > -np.inf:
                    f = width * math.exp(min(log_f - largest, _LARGEST))
                    value += FINE[j] * f
                    error += DIFFERENCE[j] * f
                    for k in range(n + 3 if FINE[j] > 0.0 and f > 0.0 else 0):
                        panels.sums[p, k] += FINE[j] * f * slope[0, k]
            panels.value[p], panels.error[p] = value, error
        first, count = count, halve(panels, first, count, tolerance)
    total = total_of(panels, count, by)
    if not total > 0.0:
        return -np.inf
    by /= total
    if high - low > _SHORT:  # the derivative by t0 is that by both ends, precisely
        by[n + 2] = 0.0
        for end, sign in ((low, 1.0), (high, -1.0)):
            log_f = log_density(kind, n, choice, end, scale, theta, slope, hazard)
            if log_f > -np.inf:
                by[n + 2] += sign * math.exp(log_f - largest - end) / (scale * total)
    return largest + math.log(total)


@internal
def _any_mass(kind: int, n: int, d1: float, d2: float, theta: FloatArray, by: FloatArray) -> float:
    """As ``race_mass``, for any accumulator, by the closed form; NaN where that is imprecise."""
    log1 = none_until(kind, n, d1, theta, by)
    if d2 == np.inf or log1 == -np.inf:
        return log1
    by2 = np.empty(n + 3)
    fall = log1 - none_until(kind, n, d2, theta, by2)
    if not fall > _FALL * (1.0 + abs(log1)):
        return np.nan
    still, ended = math.exp(-fall), -math.expm1(-fall)
    for k in range(n + 3):
        by[k] = (by[k] - (still * by2[k] if still > 0.0 else 0.0)) / ended
    return log1 + math.log(ended)


@internal
def race_mass(
    kind: int, n: int, choice: int, t1: float, t2: float, theta: FloatArray, r: int, grad: FloatArray, i: int
) -> float:
    """Log probability that accumulator ``choice``, or ``ANY``, is the first and arrives between two times.

    Args:
        kind: kind of the accumulators, ``RDM`` or ``LBA``.
        n: number of accumulators.
        choice: index of an accumulator, or ``ANY``.
        t1, t2: ends of the interval in seconds, t1 <= t2; t2 may be infinite.
        theta: v0, ..., v{n-1}, B, A, t0 and whatever else, (rows, n + 3 or more).
        r: index of the row of theta that holds the trial's parameters.
        grad: its row i is filled with the derivatives by the n + 3 parameters, (rows, n + 3 or more).
        i: index of the row of grad that is filled.

    Returns:
        -inf, with derivatives of zero, where the probability is zero or cannot be told from it, and for parameters
        outside their supports; never NaN.
    """
    by, log_mass = np.zeros(n + 3), -np.inf
    if possible_race(kind, theta, r, n) and ANY <= choice < n and t1 < t2 and t2 > theta[r, n + 2]:
        own = np.empty((1, n + 3))  # ``race_trial`` takes no further columns
        own[0] = theta[r, : n + 3]
        d1, d2 = max(t1 - own[0, n + 2], 0.0), t2 - own[0, n + 2]
        log_mass = np.nan
        if choice == ANY:
            log_mass = _any_mass(kind, n, d1, d2, own, by)
        if log_mass != log_mass:
            scale = d1 if d1 > 0.0 else d2 if d2 < np.inf else 1.0
            low = 0.0 if d1 > 0.0 else -np.inf
            high = math.log1p((t2 - t1) / d1) if d1 > 0.0 else math.log(d2 / scale)
            log_mass = _integral(kind, n, choice, low, high, scale, own, by)
    possible = -np.inf < log_mass
    for k in range(n + 3):
        grad[i, k] = by[k] if possible else 0.0
    return log_mass if possible else -np.inf
