"""The probability that a normal variable lies in an interval, in the tails and in narrow intervals as well."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.arrays import FloatArray
from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.compiled.normal_tail import mills

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
_ROOT_2PI = math.sqrt(2.0 * math.pi)
# In narrow intervals the two ends cancel. Over a width h the density changes like exp(c), c = h max(1, |ends|): below
# c = 0.1 four Gauss-Legendre nodes miss c^8 (4!)^4 / (9 (8!)^3) < 1e-17 of the integral; above, a factor 1 / c is lost.
_NARROW = 0.1
_GAUSS = np.polynomial.legendre.leggauss(4)
_NODES, _WEIGHTS = 0.5 * (1.0 + _GAUSS[0]), 0.5 * _GAUSS[1]


@internal
def _tail(x: float) -> float:
    """1 - Phi(x) for x >= 0."""
    return math.exp(-0.5 * x * x) * mills(x) / _ROOT_2PI if x < np.inf else 0.0


@internal
def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / _ROOT_2PI


@internal
def normal_interval(low: float, high: float) -> tuple[float, float, float]:
    """log(Phi(high) - Phi(low)) for low < high, either of which may be infinite, and its derivatives by low and high.

    Where low >= high or one is NaN: -inf, 0, 0.
    """
    if not low < high:
        return -np.inf, 0.0, 0.0
    # mirrored if need be, so that the larger part is above zero
    mirrored = -low > high
    a, b = (-high, -low) if mirrored else (low, high)
    if a <= 0.0 and not (b - a) * max(1.0, b) < _NARROW:
        total = 1.0 - _tail(-a) - _tail(b)
        log, at_a, at_b = math.log1p(-_tail(-a) - _tail(b)), _density(a) / total, _density(b) / total
    else:  # in units of phi(a), so that nothing is lost to large exponents
        h = b - a
        end = math.exp(-0.5 * h * (a + b)) if b < np.inf else 0.0  # phi(b)
        total = 0.0
        if h * max(1.0, b) < _NARROW:
            for i in range(len(_NODES)):
                step = h * _NODES[i]
                total += h * _WEIGHTS[i] * math.exp(-step * (a + 0.5 * step))
        else:
            total = mills(a) - (end * mills(b) if end > 0.0 else 0.0)
        log, at_a, at_b = math.log(total) - 0.5 * a * a - _HALF_LOG_2PI, 1.0 / total, end / total
    return (log, -at_b, at_a) if mirrored else (log, -at_a, at_b)


@callable_from_python
def normal_intervals(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``normal_interval`` for each of (n,) intervals."""
    log, by_low, by_high = np.empty(len(low)), np.empty(len(low)), np.empty(len(low))
    for i in range(len(low)):
        log[i], by_low[i], by_high[i] = normal_interval(low[i], high[i])
    return log, by_low, by_high
