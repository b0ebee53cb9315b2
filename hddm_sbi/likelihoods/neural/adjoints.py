"""Derivatives of normals and densities at decision times, in reverse: each adds to what the spline and the clock share.

``by`` holds sums over trials: of weights, and of derivatives by zeta, delta, decision time in seconds, log unit, both
parameters of the clock, and window.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.native.compiling import internal
from hddm_sbi.likelihoods.neural import clocks, reduction
from hddm_sbi.likelihoods.neural.passage import (
    NODES,
    WEIGHTS,
    Passage,
    height,
    log_density,
    log_mean_density,
    narrow,
    normal,
    place,
    slope,
)

FloatArray = npt.NDArray[np.float64]

WEIGHT, ZETA, DELTA, TIME, LOG_UNIT, FIRST, SECOND, WINDOW = range(8)
# the same as numbers, in order
Sums = tuple[float, float, float, float, float, float, float, float]


@internal
def sums_memory() -> FloatArray:
    """Sums of nothing."""
    return np.zeros(8)


@internal
def sums_of(by: FloatArray) -> Sums:
    """The sums as numbers."""
    return by[WEIGHT], by[ZETA], by[DELTA], by[TIME], by[LOG_UNIT], by[FIRST], by[SECOND], by[WINDOW]


@internal
def _add_at(
    passage: Passage, decision: float, by_height: float, by_slope: float, by_log_stretch: float, by_log_rate: float,
    by: FloatArray, by_table: FloatArray,
) -> float:  # fmt: skip
    """Add what follows from the derivatives by the spline, its slope, stretch x'(u) and rate u'(s) at a decision time.

    Returns:
        The derivative by the decision time in seconds.
    """
    s = decision * passage.per_unit
    u, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second = clocks.clock(
        passage.collapse, s, passage.first, passage.second
    )
    root, interval, x = place(passage, u)
    p, row, raised = passage.table[interval], by_table[interval], by_height * passage.spacing * x
    row[0] += by_height
    row[1] += raised + by_slope
    row[2] += x * (raised / 2.0 + by_slope)
    row[3] += x * x * (raised / 3.0 + by_slope)
    row[4] += x * x * x * (raised / 4.0 + by_slope)
    bend = (p[2] + x * (2.0 * p[3] + x * 3.0 * p[4])) / passage.spacing
    by_x = by_height * slope(passage, interval, x) + by_slope * bend
    # the position is delta root - zeta / root, the stretch its derivative, (delta + zeta / u) / (2 root)
    sum_of_two = passage.delta + passage.zeta / u
    by_sum = by_log_stretch / sum_of_two
    by[ZETA] += by_sum / u - by_x / root
    by[DELTA] += by_sum + by_x * root
    by_u = 0.5 * (by_x * sum_of_two / root - by_log_stretch / u) - by_sum * passage.zeta / u / u
    by_s = by_u * math.exp(log_rate) + by_log_rate * rate_by_s
    by[FIRST] += by_u * u_first + by_log_rate * rate_first
    by[SECOND] += by_u * u_second + by_log_rate * rate_second
    by[TIME] += by_s * passage.per_unit
    by[LOG_UNIT] -= by_s * s
    return by_s * passage.per_unit


@internal
def _add_normal(
    passage: Passage, decision: float, weight: float, time_by: float, by: FloatArray, by_table: FloatArray
) -> None:
    """Add the weighted derivatives of the normal of a decision time that the window moves by ``time_by``."""
    s = decision * passage.per_unit
    if weight != 0.0 and 0.0 < s < passage.end:
        by[WINDOW] += time_by * _add_at(passage, decision, weight, 0.0, 0.0, 0.0, by, by_table)


@internal
def _add_log_density(
    passage: Passage, decision: float, weight: float, time_by: float, by: FloatArray, by_table: FloatArray
) -> None:
    """The same of the log density."""
    u = clocks.clock(passage.collapse, decision * passage.per_unit, passage.first, passage.second)[0]
    _, interval, x = place(passage, u)
    by_height, by_slope = -weight * height(passage, interval, x), weight / slope(passage, interval, x)
    by[WINDOW] += time_by * _add_at(passage, decision, by_height, by_slope, weight, weight, by, by_table)
    by[LOG_UNIT] -= weight


@internal
def add_between(
    passage: Passage, early: float, late: float, width: float, early_by: float, late_by: float, weight: float,
    by: FloatArray, by_table: FloatArray,
) -> None:  # fmt: skip
    """Add the weighted derivatives of ``log_between``; the window moves both times, by early_by and late_by."""
    upper, lower = normal(passage, late), normal(passage, early)
    if narrow(early, upper, lower):
        mean = log_mean_density(passage, early, late)
        for k in range(len(NODES)):
            decision, time_by = early + NODES[k] * (late - early), early_by + NODES[k] * (late_by - early_by)
            share = WEIGHTS[k] * math.exp(log_density(passage, decision) - mean)
            _add_log_density(passage, decision, weight * share, time_by, by, by_table)
        by[WINDOW] += weight * (late_by - early_by) / width
        return
    _, by_upper, by_lower = reduction.log_difference(upper, lower)
    _add_normal(passage, late, weight * by_upper, late_by, by, by_table)
    _add_normal(passage, early, weight * by_lower, early_by, by, by_table)
