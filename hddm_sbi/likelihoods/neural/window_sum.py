"""Sum of log densities of decision times that a uniform delay has smeared.

The density of decision time plus delay at t is (F(t) - F(t - w)) / w for a delay of width w, with the flow's
distribution function F, which has a closed form.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.mixture import LOG_ZERO, mix
from hddm_sbi.likelihoods.native.compiling import internal, once
from hddm_sbi.likelihoods.neural import clocks, kernels, reduction
from hddm_sbi.likelihoods.neural.adjoints import Sums
from hddm_sbi.likelihoods.neural.network_record import Form, Network
from hddm_sbi.likelihoods.neural.passage import Passage, passage_of, point_of, slope
from hddm_sbi.likelihoods.neural.passage import Point as PassagePoint

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


# of each end of the delay: derivative by its normal, interval of the spline, place in it, its slope, root of the time
# on the clock, and the normal's derivatives by the decision time and by both parameters of the clock
_BY, _INTERVAL, _PLACE, _SLOPE, _ROOT, _BY_TIME, _BY_FIRST, _BY_SECOND, _SIZE = range(9)
# numbers that are kept of a trial from ``fill_window`` for ``pull_window``
KEPT = 2 * _SIZE


@internal
def _keep(passage: Passage, point: PassagePoint, by_normal: float, at: int, kept: FloatArray) -> None:
    kept[at + _BY] = by_normal if point.inside else 0.0
    kept[at + _INTERVAL], kept[at + _PLACE], kept[at + _ROOT] = point.interval, point.x, point.root
    u, log_rate, _, u_first, _, u_second, _ = point.clock
    rise = slope(passage, point)
    by_u = rise * 0.5 * (passage.delta + passage.zeta / u) / point.root
    kept[at + _SLOPE], kept[at + _BY_TIME] = rise, by_u * math.exp(log_rate) * passage.per_unit
    kept[at + _BY_FIRST], kept[at + _BY_SECOND] = by_u * u_first, by_u * u_second


@internal
def fill_window(
    form: Form, table: FloatArray, zeta: float, delta: float, log_choice: float, shift: float, window: float,
    log_unit: float, collapse: tuple[float, float], rt: FloatArray, out: FloatArray, kept: FloatArray,
) -> None:  # fmt: skip
    """Fill in the log density of the choice and each rt under a window that is not ``NARROW``.

    Args:
        form, ..., collapse: as for ``fill_masses``.
        rt: in seconds, (trials,).
        out: filled, (trials,); ``LOG_ZERO`` where the density is zero.
        kept: filled for ``pull_window``, (trials, KEPT).
    """
    passage = passage_of(form, table, zeta, delta, log_unit, collapse[0], collapse[1])
    log_factor = log_choice - math.log(window)
    for i in range(len(rt)):
        late, early = point_of(passage, rt[i] - shift), point_of(passage, rt[i] - shift - window)
        out[i], by_late, by_early = LOG_ZERO, 0.0, 0.0
        if late.normal > early.normal:
            value, by_late, by_early = reduction.log_difference(late.normal, early.normal)
            if math.isfinite(value + log_factor):
                out[i] = value + log_factor
        _keep(passage, late, by_late, 0, kept[i])
        _keep(passage, early, by_early, _SIZE, kept[i])


@internal
def pull_window(
    form: Form, shift: float, window: float, rt: FloatArray, kept: FloatArray, weight: FloatArray, by_table: FloatArray
) -> Sums:
    """Sums over trials of the weighted derivatives of what ``fill_window`` has filled in; see ``pull_masses``."""
    total = by_zeta = by_delta = by_time = by_log_unit = by_first = by_second = by_window = 0.0
    for i in range(len(rt)):
        total += weight[i]
        for at in (0, _SIZE):
            end = kept[i, at : at + _SIZE]
            by_normal = weight[i] * end[_BY]
            if by_normal == 0.0:
                continue
            delay = shift if at == 0 else shift + window
            point = (int(end[_INTERVAL]), end[_PLACE], 0.0, end[_SLOPE], 0.0, end[_ROOT])
            more_zeta, more_delta = _add(by_normal, point, form.spacing, by_table)
            by_zeta += more_zeta
            by_delta += more_delta
            by_decision = by_normal * end[_BY_TIME]
            by_time += by_decision
            by_log_unit -= by_decision * (rt[i] - delay)
            by_first += by_normal * end[_BY_FIRST]
            by_second += by_normal * end[_BY_SECOND]
            if at > 0:
                by_window -= by_decision
    return total, by_zeta, by_delta, by_time, by_log_unit, by_first, by_second, by_window - total / window
