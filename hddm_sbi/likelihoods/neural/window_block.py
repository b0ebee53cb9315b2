"""Log densities of a block of decision times that a uniform delay has smeared, and their derivatives.

The density of decision time plus delay at t is (F(t) - F(t - w)) / w for a delay of width w, with the flow's
distribution function F, which has a closed form. Where the difference cancels, its derivatives are left to ``adjoints``.
"""

from __future__ import annotations

import math

from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.native.compiling import internal
from hddm_sbi.likelihoods.neural import clocks, reduction
from hddm_sbi.likelihoods.neural.adjoints import Sums, add_between, sums_memory, sums_of
from hddm_sbi.likelihoods.neural.block import (
    AGAIN,
    BY_DELTA,
    BY_FIRST,
    BY_P0,
    BY_P1,
    BY_P2,
    BY_P3,
    BY_P4,
    BY_SECOND,
    BY_TIME,
    BY_UNIT,
    BY_WINDOW,
    BY_ZETA,
    CANCELS,
    INTERVAL,
)
from hddm_sbi.likelihoods.neural.density_block import pulled, scatter, weighted
from hddm_sbi.likelihoods.neural.passage import Passage, height, log_between, narrow, place, slope

# of a decision time: its normal, the place in the spline, the derivatives of the normal by x, zeta, delta, the decision
# time in units, and both parameters of the clock
Point = tuple[float, int, float, float, float, float, float, float]


@internal
def _point(passage: Passage, decision: float) -> Point:
    """The normal of a decision time in seconds: -inf before the process starts, inf from its end on."""
    s = decision * passage.per_unit
    if not 0.0 < s < passage.end:
        return (math.inf if s > 0.0 else -math.inf), 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    u, log_rate, _, u_first, _, u_second, _ = clocks.clock(passage.collapse, s, passage.first, passage.second)
    root, interval, x = place(passage, u)
    by_x = slope(passage, interval, x)
    by_u = 0.5 * by_x * (passage.delta + passage.zeta / u) / root
    by_s = by_u * math.exp(log_rate)
    return height(passage, interval, x), interval, x, -by_x / root, by_x * root, by_s, by_u * u_first, by_u * u_second


@internal
def _clear(i: int, tile: FloatArray) -> None:
    for at in (BY_ZETA, BY_DELTA, BY_TIME, BY_UNIT, BY_FIRST, BY_SECOND, BY_WINDOW, CANCELS):
        tile[at + i] = 0.0
    for at in (INTERVAL, BY_P0, BY_P1, BY_P2, BY_P3, BY_P4):
        tile[at + i] = tile[AGAIN + at + i] = 0.0


@internal
def _put(i: int, at: int, weight: float, point: Point, s: float, spacing: float, tile: FloatArray) -> float:
    """Add the derivatives of weight times a normal; return that by the decision time in units."""
    _, interval, x, by_zeta, by_delta, by_s, by_first, by_second = point
    raised = weight * spacing * x
    tile[at + INTERVAL + i], tile[at + BY_P0 + i], tile[at + BY_P1 + i] = interval, weight, raised
    tile[at + BY_P2 + i], tile[at + BY_P3 + i] = raised * x / 2.0, raised * x * x / 3.0
    tile[at + BY_P4 + i] = raised * x * x * x / 4.0
    tile[BY_ZETA + i] += weight * by_zeta
    tile[BY_DELTA + i] += weight * by_delta
    tile[BY_TIME + i] += weight * by_s
    tile[BY_UNIT + i] -= weight * by_s * s
    tile[BY_FIRST + i] += weight * by_first
    tile[BY_SECOND + i] += weight * by_second
    return weight * by_s


@internal
def fill_window(
    rt: FloatArray, passage: Passage, shift: float, window: float, log_choice: float, tile: FloatArray, out: FloatArray
) -> None:
    """Fill in the log densities of trials, and their derivatives.

    Args:
        rt: response times in seconds, (n,), n <= BLOCK.
        passage: of the row and choice.
        shift: of the decision times, in seconds.
        window: width of the delay on top of it, in seconds, above 0.
        log_choice: log probability of the choice.
        tile: to be filled; see ``block``.
        out: to be filled, (n,).
    """
    log_window = math.log(window)
    for i in range(len(rt)):
        late, early = rt[i] - shift, rt[i] - shift - window
        after, before = _point(passage, late), _point(passage, early)
        out[i] = LOG_ZERO
        _clear(i, tile)
        if narrow(early, after[0], before[0]):
            value = log_between(passage, early, late, window)
            tile[CANCELS + i] = 1.0
        elif after[0] > before[0]:
            value, by_after, by_before = reduction.log_difference(after[0], before[0])
            if after[0] < math.inf:
                _put(i, 0, by_after, after, late * passage.per_unit, passage.spacing, tile)
            if before[0] > -math.inf:
                by_s = _put(i, AGAIN, by_before, before, early * passage.per_unit, passage.spacing, tile)
                tile[BY_WINDOW + i] = -by_s * passage.per_unit
        else:
            continue
        if math.isfinite(value):
            out[i] = log_choice + value - log_window
        else:
            _clear(i, tile)


@internal
def pull_window(
    rt: FloatArray, passage: Passage, shift: float, window: float, weight: FloatArray, tile: FloatArray,
    by_table: FloatArray,
) -> Sums:  # fmt: skip
    """Sums over trials of the weighted derivatives of what ``fill_window`` has filled in; adds to ``by_table``."""
    scatter(weight, 0, tile, by_table)
    scatter(weight, AGAIN, tile, by_table)
    total, by_zeta, by_delta, by_time, by_unit = pulled(weight, tile)
    by = sums_memory()
    if weighted(weight, CANCELS, tile) > 0.0:
        for i in range(len(rt)):
            if tile[CANCELS + i] > 0.0 and weight[i] != 0.0:
                late = rt[i] - shift
                add_between(passage, late - window, late, window, -1.0, 0.0, weight[i], by, by_table)
    _, more_zeta, more_delta, more_time, more_unit, more_first, more_second, more_window = sums_of(by)
    return (
        total,
        by_zeta + more_zeta,
        by_delta + more_delta,
        by_time * passage.per_unit + more_time,
        by_unit + more_unit,
        weighted(weight, BY_FIRST, tile) + more_first,
        weighted(weight, BY_SECOND, tile) + more_second,
        weighted(weight, BY_WINDOW, tile) - total / window + more_window,
    )
