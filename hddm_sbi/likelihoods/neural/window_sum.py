"""Sum of log densities of decision times that a uniform delay has smeared.

The density of decision time plus delay at t is (F(t) - F(t - w)) / w for a delay of width w, with the flow's
distribution function F, which has a closed form.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.likelihoods.mixture import mix
from hddm_sbi.likelihoods.neural import clocks, kernels, reduction
from hddm_sbi.likelihoods.neural.network_record import Form, Network

FloatArray = npt.NDArray[np.float64]

# of a point in time: interval of the spline, place in it, the normal and its derivatives by x and log x'(u), and u
Point = tuple[int, float, float, float, float, float]


@internal
def _normal_at(u: float, form: Form, table: FloatArray, zeta: float, delta: float) -> Point:
    """The standard normal at time u on the clock."""
    root = math.sqrt(u)
    position = (delta * root - zeta / root - form.left) / form.spacing
    interval = kernels.interval_of(position, form.n_intervals)
    x, p = position - interval, table[interval]
    t = p[0] + form.spacing * x * (p[1] + x * (p[2] / 2.0 + x * (p[3] / 3.0 + x * p[4] / 4.0)))
    slope = p[1] + x * (p[2] + x * (p[3] + x * p[4]))
    return interval, x, t, slope, slope * 0.5 * (delta + zeta / u) / root, root


@internal
def _add(weight: float, point: Point, spacing: float, by_table: FloatArray) -> tuple[float, float]:
    """Add the derivatives by the table of weight times the normal; return those by zeta and delta."""
    interval, x, _, slope, _, root = point
    row, raised = by_table[interval], weight * spacing * x
    row[0] += weight
    row[1] += raised
    row[2] += x * raised / 2.0
    row[3] += x * x * raised / 3.0
    row[4] += x * x * x * raised / 4.0
    return -weight * slope / root, weight * slope * root


@once
def window_sums(
    net: Network, begin: int, stop: int, table: FloatArray, by_table: FloatArray, zeta: float, delta: float,
    log_choice: float, shift: float, window: float, log_unit: float, collapse: tuple[float, float], p: float,
) -> tuple[float, float, float, float, float, float, float, float, float, float]:  # fmt: skip
    """Sums over trials later than the shift; adds to ``by_table``.

    Returns:
        Log density; shares of the process and of the lapses; derivatives by zeta, delta, decision time, log unit, both
        parameters of the clock, and window.
    """
    trials, form = net.trials, net.form
    log_p, log_not_p, per_unit = math.log(p), math.log1p(-p), math.exp(-log_unit)
    end = clocks.end(form.collapse, collapse[0], collapse[1])
    total = process = lapses = by_zeta = by_delta = by_time = by_log_unit = by_first = by_second = by_window = 0.0
    for i in range(begin, stop):
        upper, lower = math.inf, -math.inf
        later, earlier = (trials.rt[i] - shift) * per_unit, (trials.rt[i] - shift - window) * per_unit
        late = clocks.clock(form.collapse, min(later, end), collapse[0], collapse[1])
        soon = clocks.clock(form.collapse, max(min(earlier, end), 1e-300), collapse[0], collapse[1])
        after = _normal_at(late[0], form, table, zeta, delta)
        before = _normal_at(soon[0], form, table, zeta, delta)
        if later < end:
            upper = after[2]
        if earlier > 0.0:
            lower = before[2] if earlier < end else math.inf
        log_f, by_upper, by_lower = -1e300, 0.0, 0.0
        if upper > lower:
            log_f, by_upper, by_lower = reduction.log_difference(upper, lower)
            log_f += log_choice - math.log(window)
        log_density, share = mix(log_f, trials.log_lapse[i], log_p, log_not_p)
        weight = trials.counts[i] * share
        total += trials.counts[i] * log_density
        process += weight
        lapses += trials.counts[i] - weight
        by_window -= weight / window
        for sign, s, clock, point in ((by_upper, later, late, after), (by_lower, earlier, soon, before)):
            if sign == 0.0 or weight == 0.0 or not (0.0 < s < end):
                continue
            more_zeta, more_delta = _add(weight * sign, point, form.spacing, by_table)
            by_zeta += more_zeta
            by_delta += more_delta
            by_u = weight * sign * point[4]
            by_s = by_u * math.exp(clock[1])
            by_time += by_s * per_unit
            by_log_unit -= by_s * s
            by_first += by_u * clock[3]
            by_second += by_u * clock[5]
            if sign < 0.0:
                by_window -= by_s * per_unit
    return total, process, lapses, by_zeta, by_delta, by_time, by_log_unit, by_first, by_second, by_window
