"""The decision time of one row of theta and one choice, as compiled code asks for it: at a time, and between two."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.neural import canonical_numba, kernels, time_change
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
        table: the spline's table, shape (intervals, 5).
        zeta, delta: ends of the flow, see ``flow``.
        left, spacing: place of the first knot, and distance between knots.
        collapse, first, second: the clock and its two parameters.
        log_unit: logarithm of the unit of decision time.
        per_unit: number of units of decision time in a second.
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
    end = time_change.end(form.collapse, first, second)
    return Passage(
        table, zeta, delta, form.left, form.spacing, form.collapse, first, second, log_unit, math.exp(-log_unit), end
    )


class Point(NamedTuple):
    """A decision time.

    Args:
        s: decision time in units.
        clock: what the clock shows, see ``time_change``.
        root: square root of the time on the clock.
        interval, x: of the spline that it falls into, and the place in that.
        normal: the spline: the standard normal of the time.
        inside: whether the process has started and not ended; else all but the normal, which is infinite, are of an
            arbitrary time.
    """

    s: float
    clock: time_change.Clock
    root: float
    interval: int
    x: float
    normal: float
    inside: bool


@internal
def point_of(passage: Passage, decision: float) -> Point:
    """The point of a decision time in seconds; its normal is -inf before the process starts, inf from its end on."""
    s = decision * passage.per_unit
    inside = 0.0 < s < passage.end
    some = s if inside else min(1.0, 0.5 * passage.end)
    clock = time_change.clock(passage.collapse, some, passage.first, passage.second)
    root = math.sqrt(clock[0])
    position = (passage.delta * root - passage.zeta / root - passage.left) / passage.spacing
    interval = kernels.interval_of(position, len(passage.table))
    x, p = position - interval, passage.table[interval]
    normal = p[0] + passage.spacing * x * (p[1] + x * (p[2] / 2.0 + x * (p[3] / 3.0 + x * p[4] / 4.0)))
    if not inside:
        normal = math.inf if s > 0.0 else -math.inf
    return Point(s, clock, root, interval, x, normal, inside)


@internal
def slope(passage: Passage, point: Point) -> float:
    """The spline's slope."""
    p = passage.table[point.interval]
    return p[1] + point.x * (p[2] + point.x * (p[3] + point.x * p[4]))


@internal
def log_density(passage: Passage, decision: float) -> float:
    """Log density of a decision time between the start of the process and its end, per second."""
    point = point_of(passage, decision)
    stretch = 0.5 * (passage.delta + passage.zeta / point.clock[0]) / point.root
    log_q = math.log(slope(passage, point) * stretch) - 0.5 * point.normal * point.normal - _HALF_LOG_TWO_PI
    return log_q + point.clock[1] - passage.log_unit


@internal
def narrow(early: float, upper: float, lower: float) -> bool:
    """Whether an interval from ``early`` on, in which the normal rises from ``lower`` to ``upper``, needs nodes."""
    return early > 0.0 and upper - lower < NARROW


class Between(NamedTuple):
    """The probability of a decision time between two.

    Args:
        log_mass: logarithm of the probability; -inf where it is zero.
        early, late: the points of the two times.
        by_early, by_late: derivatives by their normals.
        narrow: whether they are so close that it is a matter of densities, not of these.
    """

    log_mass: float
    early: Point
    late: Point
    by_early: float
    by_late: float
    narrow: bool


@internal
def between_of(passage: Passage, early: float, late: float, width: float) -> Between:
    """The probability of a decision time between two, ``width`` apart, in seconds."""
    before, after = point_of(passage, early), point_of(passage, late)
    if narrow(early, after.normal, before.normal):
        return Between(log_mean_density(passage, early, late) + math.log(width), before, after, 0.0, 0.0, True)
    if not after.normal > before.normal:
        return Between(-math.inf, before, after, 0.0, 0.0, False)
    value, by_late, by_early = canonical_numba.log_difference(after.normal, before.normal)
    return Between(value, before, after, by_early, by_late, False)


@internal
def log_between(passage: Passage, early: float, late: float, width: float) -> float:
    """Its logarithm alone."""
    return between_of(passage, early, late, width).log_mass


@internal
def log_mean_density(passage: Passage, early: float, late: float) -> float:
    """Logarithm of the mean density over a narrow interval."""
    first = log_density(passage, early)
    total = 0.0
    for k in range(len(NODES)):
        total += WEIGHTS[k] * math.exp(log_density(passage, early + NODES[k] * (late - early)) - first)
    return first + math.log(total)
