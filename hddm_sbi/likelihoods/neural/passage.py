"""The decision time of one row of theta and one choice, as compiled code asks for it: at a time, and between two."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.native.compiling import internal
from hddm_sbi.likelihoods.neural import clocks, reduction
from hddm_sbi.likelihoods.neural.network import NARROW

FloatArray = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# A difference of normals closer than NARROW keeps 1e-11 of itself at most; so close, four nodes give the integral of
# the density to rounding.
_X, _W = np.polynomial.legendre.leggauss(4)
NODES, WEIGHTS = 0.5 * (1.0 + _X), 0.5 * _W


class Passage(NamedTuple):
    """The flow of decision times given the choice, and the clock that it is read on.

    Args:
        table: of the spline, (intervals, 5).
        zeta, delta: see ``flow``.
        left, spacing: of the knots.
        collapse, first, second: the clock and its two parameters.
        log_unit: logarithm of the unit of decision time.
        per_unit: units in a second.
        end: the decision time from which on there is no density, in units.
    """

    table: FloatArray
    zeta: float
    delta: float
    left: float
    spacing: float
    collapse: int
    first: float
    second: float
    log_unit: float
    per_unit: float
    end: float


@internal
def passage_of(form, table, zeta, delta, log_unit, first, second):  # type: ignore[no-untyped-def]
    """The passage of a network of this form."""
    end = clocks.end(form.collapse, first, second)
    return Passage(
        table, zeta, delta, form.left, form.spacing, form.collapse, first, second, log_unit, math.exp(-log_unit), end
    )


@internal
def place(passage: Passage, u: float) -> tuple[float, int, float]:
    """The root of a time on the clock, the interval of the spline it falls into, and the place in that."""
    root = math.sqrt(u)
    position = (passage.delta * root - passage.zeta / root - passage.left) / passage.spacing
    # in this order NaN becomes 0
    interval = int(min(max(0.0, math.floor(position)), len(passage.table) - 1.0))
    return root, interval, position - interval


@internal
def height(passage: Passage, interval: int, x: float) -> float:
    """The spline."""
    p = passage.table[interval]
    return p[0] + passage.spacing * x * (p[1] + x * (p[2] / 2.0 + x * (p[3] / 3.0 + x * p[4] / 4.0)))


@internal
def slope(passage: Passage, interval: int, x: float) -> float:
    """Its slope."""
    p = passage.table[interval]
    return p[1] + x * (p[2] + x * (p[3] + x * p[4]))


@internal
def normal(passage: Passage, decision: float) -> float:
    """The normal of a decision time in seconds; -inf before the process starts, inf from its end on."""
    s = decision * passage.per_unit
    if not s > 0.0:
        return -math.inf
    if s >= passage.end:
        return math.inf
    _, interval, x = place(passage, clocks.clock(passage.collapse, s, passage.first, passage.second)[0])
    return height(passage, interval, x)


@internal
def log_density(passage: Passage, decision: float) -> float:
    """Log density of a decision time between the start of the process and its end, per second."""
    u, log_rate, _, _, _, _, _ = clocks.clock(
        passage.collapse, decision * passage.per_unit, passage.first, passage.second
    )
    root, interval, x = place(passage, u)
    t = height(passage, interval, x)
    stretch = 0.5 * (passage.delta + passage.zeta / u) / root
    log_q = -0.5 * t * t - _HALF_LOG_TWO_PI + math.log(slope(passage, interval, x) * stretch)
    return log_q + log_rate - passage.log_unit


@internal
def narrow(early: float, upper: float, lower: float) -> bool:
    """Whether an interval from ``early`` on, in which the normal rises from ``lower`` to ``upper``, needs nodes."""
    return early > 0.0 and upper - lower < NARROW


@internal
def log_between(passage: Passage, early: float, late: float, width: float) -> float:
    """Log probability of a decision time between two, ``width`` apart, in seconds; -inf where there is none."""
    upper, lower = normal(passage, late), normal(passage, early)
    if narrow(early, upper, lower):
        return log_mean_density(passage, early, late) + math.log(width)
    return reduction.log_difference(upper, lower)[0] if upper > lower else -math.inf


@internal
def log_mean_density(passage: Passage, early: float, late: float) -> float:
    """Logarithm of the mean density over a narrow interval."""
    first = log_density(passage, early)
    total = 0.0
    for k in range(len(NODES)):
        total += WEIGHTS[k] * math.exp(log_density(passage, early + NODES[k] * (late - early)) - first)
    return first + math.log(total)
