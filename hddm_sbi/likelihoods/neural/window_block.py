"""Log densities of a block of decision times that a uniform delay has smeared, and their derivatives.

The density of decision time plus delay at t is (F(t) - F(t - w)) / w for a delay of width w, with the flow's
distribution function F, which has a closed form.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.neural import canonical_numba
from hddm_sbi.likelihoods.neural.adjoints import Sums
from hddm_sbi.likelihoods.neural.network_record import Form
from hddm_sbi.likelihoods.neural.passage import Passage, Point, passage_of, point_of, slope

# of each end of the delay: derivative by its normal, interval of the spline, place in it, its slope, root of the time
# on the clock, and the normal's derivatives by the decision time and by both parameters of the clock
_BY, _INTERVAL, _PLACE, _SLOPE, _ROOT, _BY_TIME, _BY_FIRST, _BY_SECOND, _SIZE = range(9)
# numbers that are kept of a trial from ``fill_window`` for ``pull_window``
KEPT = 2 * _SIZE


@internal
def _keep(passage: Passage, point: Point, by_normal: float, at: int, kept: FloatArray) -> None:
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
        rt: response times in seconds, shape (trials,).
        out: filled, (trials,); ``LOG_ZERO`` where the density is zero.
        kept: filled for ``pull_window``, (trials, KEPT).
    """
    passage = passage_of(form, table, zeta, delta, log_unit, collapse[0], collapse[1])
    log_factor = log_choice - math.log(window)
    for i in range(len(rt)):
        late, early = point_of(passage, rt[i] - shift), point_of(passage, rt[i] - shift - window)
        out[i], by_late, by_early = LOG_ZERO, 0.0, 0.0
        if late.normal > early.normal:
            value, by_late, by_early = canonical_numba.log_difference(late.normal, early.normal)
            if math.isfinite(value + log_factor):
                out[i] = value + log_factor
        _keep(passage, late, by_late, 0, kept[i])
        _keep(passage, early, by_early, _SIZE, kept[i])


@internal
def _add(by_normal: float, x: float, spacing: float, row: FloatArray) -> None:
    """Add to the derivatives by the spline's polynomial those of its height."""
    raised = by_normal * spacing * x
    row[0] += by_normal
    row[1] += raised
    row[2] += x * raised / 2.0
    row[3] += x * x * raised / 3.0
    row[4] += x * x * x * raised / 4.0


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
            _add(by_normal, end[_PLACE], form.spacing, by_table[int(end[_INTERVAL])])
            by_zeta -= by_normal * end[_SLOPE] / end[_ROOT]
            by_delta += by_normal * end[_SLOPE] * end[_ROOT]
            by_decision = by_normal * end[_BY_TIME]
            by_time += by_decision
            by_log_unit -= by_decision * (rt[i] - delay)
            by_first += by_normal * end[_BY_FIRST]
            by_second += by_normal * end[_BY_SECOND]
            if at > 0:
                by_window -= by_decision
    return total, by_zeta, by_delta, by_time, by_log_unit, by_first, by_second, by_window - total / window
