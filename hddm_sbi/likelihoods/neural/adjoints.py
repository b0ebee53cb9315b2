"""Derivatives of normals and densities at decision times, in reverse: each adds to what the spline and the clock share.

``by`` holds sums over trials: of weights, and of derivatives by zeta, delta, decision time in seconds, log unit, both
parameters of the clock, and window.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.native.compiling import internal
from hddm_sbi.likelihoods.neural.intervals import Part
from hddm_sbi.likelihoods.neural.passage import (
    NODES,
    WEIGHTS,
    Between,
    Passage,
    Point,
    log_density,
    point_of,
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
def _add_normal(
    passage: Passage, point: Point, weight: float, time_by: float, by: FloatArray, by_table: FloatArray
) -> None:
    """Add the weighted derivatives of the normal of a decision time that the window moves by ``time_by``."""
    if not (point.inside and weight != 0.0):
        return
    s, (u, log_rate, _, u_first, _, u_second, _), root, interval, x, _, _ = point
    row, raised = by_table[interval], weight * passage.spacing * x
    row[0] += weight
    row[1] += raised
    row[2] += x * raised / 2.0
    row[3] += x * x * raised / 3.0
    row[4] += x * x * x * raised / 4.0
    # the spline's argument is delta root - zeta / root
    by_x = weight * slope(passage, point)
    by[ZETA] -= by_x / root
    by[DELTA] += by_x * root
    by_u = by_x * 0.5 * (passage.delta + passage.zeta / u) / root
    by_s = by_u * math.exp(log_rate)
    by[FIRST] += by_u * u_first
    by[SECOND] += by_u * u_second
    by[TIME] += by_s * passage.per_unit
    by[LOG_UNIT] -= by_s * s
    by[WINDOW] += time_by * by_s * passage.per_unit


@internal
def _add_log_density(
    passage: Passage, point: Point, weight: float, time_by: float, by: FloatArray, by_table: FloatArray
) -> None:
    """The same of the log density: minus half the normal's square, log slope, log stretch x'(u) and log rate u'(s)."""
    _add_normal(passage, point, -weight * point.normal, time_by, by, by_table)
    s, (u, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second), root, interval, x, _, _ = point
    row, p, by_slope = by_table[interval], passage.table[interval], weight / slope(passage, point)
    row[1] += by_slope
    row[2] += x * by_slope
    row[3] += x * x * by_slope
    row[4] += x * x * x * by_slope
    by_x = by_slope * (p[2] + x * (2.0 * p[3] + x * 3.0 * p[4])) / passage.spacing
    # the stretch is (delta + zeta / u) / (2 root)
    double = passage.delta + passage.zeta / u
    by_double = weight / double
    by[ZETA] += by_double / u - by_x / root
    by[DELTA] += by_double + by_x * root
    by_u = 0.5 * (by_x * double / root - weight / u) - by_double * passage.zeta / u / u
    by_s = by_u * math.exp(log_rate) + weight * rate_by_s
    by[FIRST] += by_u * u_first + weight * rate_first
    by[SECOND] += by_u * u_second + weight * rate_second
    by[TIME] += by_s * passage.per_unit
    by[LOG_UNIT] -= by_s * s + weight
    by[WINDOW] += time_by * by_s * passage.per_unit


@internal
def add_between(
    passage: Passage, part: Part, between: Between, weight: float, by: FloatArray, by_table: FloatArray
) -> None:
    """Add the weighted derivatives of a part's logarithm, ``between`` its two times."""
    if between.narrow:
        log_mean = between.log_mass - math.log(part.width)
        for k in range(len(NODES)):
            decision = part.early + NODES[k] * (part.late - part.early)
            time_by = part.early_by + NODES[k] * (part.late_by - part.early_by)
            share = WEIGHTS[k] * math.exp(log_density(passage, decision) - log_mean)
            _add_log_density(passage, point_of(passage, decision), weight * share, time_by, by, by_table)
        by[WINDOW] += weight * (part.late_by - part.early_by) / part.width
        return
    _add_normal(passage, between.late, weight * between.by_late, part.late_by, by, by_table)
    _add_normal(passage, between.early, weight * between.by_early, part.early_by, by, by_table)
