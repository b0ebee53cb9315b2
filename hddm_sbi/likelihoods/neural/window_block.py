"""Log densities of a block of decision times that a uniform delay has smeared, and their derivatives.

The density of decision time plus delay at t is (F(t) - F(t - w)) / w for a delay of width w, with the flow's
distribution function F, which has a closed form.
"""

from __future__ import annotations

import math

from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.native.compiling import internal
from hddm_sbi.likelihoods.neural import clocks, reduction
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
    INTERVAL,
)
from hddm_sbi.likelihoods.neural.network_record import Form

# of a point in time: interval of the spline, place in it, the normal and its derivatives by x and log x'(u), and root u
Point = tuple[int, float, float, float, float, float]


@internal
def _normal_at(u: float, form: Form, table: FloatArray, zeta: float, delta: float) -> Point:
    """The standard normal at time u on the clock."""
    root = math.sqrt(u)
    position = (delta * root - zeta / root - form.left) / form.spacing
    interval = int(min(max(0.0, math.floor(position)), form.n_intervals - 1.0))
    x, p = position - interval, table[interval]
    t = p[0] + form.spacing * x * (p[1] + x * (p[2] / 2.0 + x * (p[3] / 3.0 + x * p[4] / 4.0)))
    slope = p[1] + x * (p[2] + x * (p[3] + x * p[4]))
    return interval, x, t, slope, slope * 0.5 * (delta + zeta / u) / root, root


@internal
def _put_place(i: int, at: int, interval: int, weight: float, raised: float, x: float, tile: FloatArray) -> None:
    """Note an interval of the spline, and the derivatives by its polynomial of weight times its height."""
    tile[at + INTERVAL + i], tile[at + BY_P0 + i], tile[at + BY_P1 + i] = interval, weight, raised
    tile[at + BY_P2 + i], tile[at + BY_P3 + i] = raised * x / 2.0, raised * x * x / 3.0
    tile[at + BY_P4 + i] = raised * x * x * x / 4.0


@internal
def _clear(i: int, tile: FloatArray) -> None:
    _put_place(i, 0, 0, 0.0, 0.0, 0.0, tile)
    _put_place(i, AGAIN, 0, 0.0, 0.0, 0.0, tile)
    tile[BY_ZETA + i] = tile[BY_DELTA + i] = tile[BY_TIME + i] = tile[BY_UNIT + i] = 0.0
    tile[BY_FIRST + i] = tile[BY_SECOND + i] = tile[BY_WINDOW + i] = 0.0


@internal
def fill_window(
    rt: FloatArray, form: Form, shift: float, window: float, per_unit: float, first: float, second: float, zeta: float,
    delta: float, log_base: float, table: FloatArray, tile: FloatArray, out: FloatArray,
) -> None:  # fmt: skip
    """Fill in the log densities of trials later than the shift, and their derivatives; see ``fill_density``.

    Args:
        window: width of the delay, in seconds; ``log_base`` does not contain it.
    """
    end = clocks.end(form.collapse, first, second)
    for i in range(len(rt)):
        upper, lower = math.inf, -math.inf
        later, earlier = (rt[i] - shift) * per_unit, (rt[i] - shift - window) * per_unit
        late = clocks.clock(form.collapse, min(later, end), first, second)
        soon = clocks.clock(form.collapse, max(min(earlier, end), 1e-300), first, second)
        after = _normal_at(late[0], form, table, zeta, delta)
        before = _normal_at(soon[0], form, table, zeta, delta)
        if later < end:
            upper = after[2]
        if earlier > 0.0:
            lower = before[2] if earlier < end else math.inf
        out[i] = LOG_ZERO
        _clear(i, tile)
        if not upper > lower:
            continue
        log_f, by_upper, by_lower = reduction.log_difference(upper, lower)
        out[i] = log_f + log_base - math.log(window)
        tile[BY_WINDOW + i] = -1.0 / window
        for at, sign, s, clock, point in (
            (0, by_upper, later, late, after),
            (AGAIN, by_lower, earlier, soon, before),
        ):
            if sign == 0.0 or not (0.0 < s < end):
                continue
            interval, x, _, slope, by_u, root = point
            _put_place(i, at, interval, sign, sign * form.spacing * x, x, tile)
            tile[BY_ZETA + i] -= sign * slope / root
            tile[BY_DELTA + i] += sign * slope * root
            by_s = sign * by_u * math.exp(clock[1])
            tile[BY_TIME + i] += by_s
            tile[BY_UNIT + i] -= by_s * s
            tile[BY_FIRST + i] += sign * by_u * clock[3]
            tile[BY_SECOND + i] += sign * by_u * clock[5]
            if at == AGAIN:
                tile[BY_WINDOW + i] -= by_s * per_unit
