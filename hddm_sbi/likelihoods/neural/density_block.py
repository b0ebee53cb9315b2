"""Log densities of a block of decision times under a first-passage network, and their derivatives.

The loops vectorise. Each starts at 0 and is a function of its own: inlined into a caller which adds up in order, it
would not be free to reorder its sums, and so could not use vector registers.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.arrays import add_scaled, dot
from hddm_sbi.compiled.compiling import inlined, internal, once, summing
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural import reverse, time_change
from hddm_sbi.likelihoods.neural.block import (
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
    BY_ZETA,
    INTERVAL,
    LOG_RATE,
    P0,
    P1,
    P2,
    P3,
    P4,
    PER_ROOT,
    RATE_BY_FIRST,
    RATE_BY_SECOND,
    RATE_BY_TIME,
    TIME,
    TIME_BY_FIRST,
    TIME_BY_SECOND,
    U,
)
from hddm_sbi.likelihoods.neural.network_record import Form

# derivatives by zeta, delta, decision time in units and logarithm of the unit, after the sum of the weights
Pulled = tuple[float, float, float, float, float]


@summing
def _read_plain(rt: FloatArray, shift: float, per_unit: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        tile[TIME + i], tile[LOG_RATE + i] = (rt[i] - shift) * per_unit, 0.0


@summing
def _read_linear(rt: FloatArray, shift: float, per_unit: float, slope: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        u, log_rate, by_s, u_first, rate_first, _, _ = time_change.linear((rt[i] - shift) * per_unit, slope)
        tile[TIME + i], tile[LOG_RATE + i], tile[RATE_BY_TIME + i] = u, log_rate, by_s
        tile[TIME_BY_FIRST + i], tile[RATE_BY_FIRST + i] = u_first, rate_first


@summing
def _read_weibull(rt: FloatArray, shift: float, per_unit: float, alpha: float, beta: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        u, log_rate, by_s, u_first, rate_first, u_second, rate_second = time_change.weibull(
            (rt[i] - shift) * per_unit, alpha, beta
        )
        tile[TIME + i], tile[LOG_RATE + i], tile[RATE_BY_TIME + i] = u, log_rate, by_s
        tile[TIME_BY_FIRST + i], tile[RATE_BY_FIRST + i] = u_first, rate_first
        tile[TIME_BY_SECOND + i], tile[RATE_BY_SECOND + i] = u_second, rate_second


@summing
def _read_jumps(rt: FloatArray, shift: float, per_unit: float, k: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        u, log_rate, by_s, u_first, rate_first, _, _ = time_change.jumps((rt[i] - shift) * per_unit, k)
        tile[TIME + i], tile[LOG_RATE + i], tile[RATE_BY_TIME + i] = u, log_rate, by_s
        tile[TIME_BY_FIRST + i], tile[RATE_BY_FIRST + i] = u_first, rate_first


@internal
def read_clock(
    rt: FloatArray, kind: int, shift: float, per_unit: float, first: float, second: float, tile: FloatArray
) -> None:
    """Fill in the time of each trial on the boundaries' clock, the logarithm of its rate, and their derivatives."""
    if kind == time_change.LINEAR:
        _read_linear(rt, shift, per_unit, first, tile)
    elif kind == time_change.WEIBULL:
        _read_weibull(rt, shift, per_unit, first, second, tile)
    elif kind == time_change.JUMPS:
        _read_jumps(rt, shift, per_unit, first, tile)
    else:
        _read_plain(rt, shift, per_unit, tile)


@summing
def _locate(n: int, form: Form, zeta: float, delta: float, tile: FloatArray) -> None:
    """Fill in the interval of the spline of each trial, and the place in it."""
    per_spacing, last, left = 1.0 / form.spacing, form.n_intervals - 1.0, form.left
    for i in range(n):
        s = tile[TIME + i]
        per_root = 1.0 / math.sqrt(s)
        position = ((delta * s - zeta) * per_root - left) * per_spacing
        # in this order NaN becomes 0
        interval = min(max(0.0, math.floor(position)), last)
        tile[INTERVAL + i] = interval
        tile[U + i] = position - interval
        tile[PER_ROOT + i] = per_root


@internal
def _gather(n: int, table: FloatArray, tile: FloatArray) -> None:
    """Fill in the spline's polynomial of each trial."""
    for i in range(n):
        row = table[int(tile[INTERVAL + i])]
        tile[P0 + i], tile[P1 + i], tile[P2 + i], tile[P3 + i], tile[P4 + i] = row[0], row[1], row[2], row[3], row[4]


@internal
def _gather_few(n: int, areas: FloatArray, weights: FloatArray, tile: FloatArray) -> None:
    """The same from the spline's offset and coefficients, without a table."""
    for i in range(n):
        interval = int(tile[INTERVAL + i])
        tile[P0 + i] = weights[0] + dot(areas[interval], weights[1:])
        tile[P1 + i], tile[P2 + i], tile[P3 + i], tile[P4 + i] = reverse.powers_of(weights[1:], interval)


@summing
def _evaluate(spacing: float, zeta: float, delta: float, log_base: float, tile: FloatArray, out: FloatArray) -> None:
    """Fill in the log densities, and their derivatives by the spline's height and slope, by its ends and the clock."""
    for i in range(len(out)):
        s, per_root = tile[TIME + i], tile[PER_ROOT + i]
        per_s = per_root * per_root
        u, p1, p2, p3, p4 = tile[U + i], tile[P1 + i], tile[P2 + i], tile[P3 + i], tile[P4 + i]
        height = tile[P0 + i] + spacing * u * (p1 + u * (p2 / 2.0 + u * (p3 / 3.0 + u * p4 / 4.0)))
        slope = p1 + u * (p2 + u * (p3 + u * p4))
        bend = (p2 + u * (2.0 * p3 + u * 3.0 * p4)) / spacing
        stretch = 0.5 * per_root * (delta + zeta * per_s)
        product = slope * stretch
        per_product = 1.0 / product
        per_slope = per_product * stretch
        out[i] = log_base - 0.5 * height * height + vm.log(product) + tile[LOG_RATE + i]
        by_x = per_slope * bend - height * slope
        by_stretch = 0.5 * per_product * slope * per_root
        by_time = by_x * stretch - 0.5 * by_stretch * (delta + 3.0 * zeta * per_s) * per_s
        raised = -height * spacing * u
        tile[BY_P0 + i], tile[BY_P1 + i] = -height, raised + per_slope
        tile[BY_P2 + i] = u * (raised / 2.0 + per_slope)
        tile[BY_P3 + i] = u * u * (raised / 3.0 + per_slope)
        tile[BY_P4 + i] = u * u * u * (raised / 4.0 + per_slope)
        tile[BY_ZETA + i], tile[BY_DELTA + i] = by_stretch * per_s - by_x * per_root, by_x * s * per_root + by_stretch
        tile[BY_TIME + i], tile[BY_UNIT + i] = by_time, -1.0 - by_time * s


@summing
def _by_clock(rt: FloatArray, shift: float, per_unit: float, tile: FloatArray) -> None:
    """Turn derivatives by the time on the clock into those by the decision time and the clock's first parameter."""
    for i in range(len(rt)):
        s, by_u = (rt[i] - shift) * per_unit, tile[BY_TIME + i]
        by_s = by_u * vm.exp(tile[LOG_RATE + i]) + tile[RATE_BY_TIME + i]
        tile[BY_TIME + i], tile[BY_UNIT + i] = by_s, -1.0 - by_s * s
        tile[BY_FIRST + i] = by_u * tile[TIME_BY_FIRST + i] + tile[RATE_BY_FIRST + i]


@summing
def _by_second(n: int, tile: FloatArray) -> None:
    for i in range(n):
        tile[BY_SECOND + i] = tile[BY_TIME + i] * tile[TIME_BY_SECOND + i] + tile[RATE_BY_SECOND + i]


@once
def fill_density(
    rt: FloatArray, form: Form, shift: float, per_unit: float, first: float, second: float, zeta: float, delta: float,
    log_base: float, few: bool, table: FloatArray, weights: FloatArray, tile: FloatArray, out: FloatArray,
) -> None:  # fmt: skip
    """Fill in the log densities of trials while the process runs, and their derivatives.

    Args:
        rt: response times in seconds, (n,), n <= BLOCK.
        form: what shapes the network, see ``network_record.Form``.
        shift: the time in seconds at which the process starts.
        per_unit: number of units of decision time in a second.
        first, second: both parameters of the clock, see ``time_change``.
        zeta, delta: ends of the flow, see ``flow``.
        log_base: constant that is added to each log density.
        few: whether to do without the spline's table.
        table: the spline's table, shape (intervals, 5).
        weights: the spline's offset and coefficients.
        tile: working memory that is filled with intermediate results; see ``block``.
        out: array that is filled with the log densities, shape (n,).
    """
    read_clock(rt, form.collapse, shift, per_unit, first, second, tile)
    _locate(len(rt), form, zeta, delta, tile)
    if few:
        _gather_few(len(rt), form.areas, weights, tile)
    else:
        _gather(len(rt), table, tile)
    _evaluate(form.spacing, zeta, delta, log_base, tile, out)
    if form.collapse == time_change.WEIBULL:
        _by_second(len(rt), tile)
    if form.collapse != time_change.NONE:
        _by_clock(rt, shift, per_unit, tile)


# Far out in a tail derivatives overflow; there lapses leave no weight, and infinity times nothing is nothing.
@inlined
def _times(weight: float, slope: float) -> float:
    return weight * slope if weight != 0.0 else 0.0


@summing
def pulled(weight: FloatArray, tile: FloatArray) -> Pulled:
    """Sums over a block of what every density depends on."""
    total = by_zeta = by_delta = by_time = by_unit = 0.0
    for i in range(len(weight)):
        own = weight[i]
        total += own
        by_zeta += _times(own, tile[BY_ZETA + i])
        by_delta += _times(own, tile[BY_DELTA + i])
        by_time += _times(own, tile[BY_TIME + i])
        by_unit += _times(own, tile[BY_UNIT + i])
    return total, by_zeta, by_delta, by_time, by_unit


@summing
def weighted(weight: FloatArray, at: int, tile: FloatArray) -> float:
    """The sum over a block of one more derivative."""
    total = 0.0
    for i in range(len(weight)):
        total += _times(weight[i], tile[at + i])
    return total


@internal
def scatter(weight: FloatArray, tile: FloatArray, by_table: FloatArray) -> None:
    """Add to the derivatives by the spline's table."""
    # sorted trials stay in an interval for a while, and its sums in registers
    interval, b0, b1, b2, b3, b4 = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(weight)):
        if weight[i] == 0.0:
            continue
        own = int(tile[INTERVAL + i])
        if own != interval:
            _add(interval, b0, b1, b2, b3, b4, by_table)
            interval, b0, b1, b2, b3, b4 = own, 0.0, 0.0, 0.0, 0.0, 0.0
        b0 += weight[i] * tile[BY_P0 + i]
        b1 += weight[i] * tile[BY_P1 + i]
        b2 += weight[i] * tile[BY_P2 + i]
        b3 += weight[i] * tile[BY_P3 + i]
        b4 += weight[i] * tile[BY_P4 + i]
    _add(interval, b0, b1, b2, b3, b4, by_table)


@internal
def scatter_few(weight: FloatArray, areas: FloatArray, tile: FloatArray, by_weights: FloatArray) -> None:
    """Add to the derivatives by the spline's offset and coefficients."""
    for i in range(len(weight)):
        own, interval = weight[i], int(tile[INTERVAL + i])
        if own == 0.0:
            continue
        by_weights[0] += own * tile[BY_P0 + i]
        add_scaled(own * tile[BY_P0 + i], areas[interval], by_weights[1:])
        b1, b2, b3, b4 = own * tile[BY_P1 + i], own * tile[BY_P2 + i], own * tile[BY_P3 + i], own * tile[BY_P4 + i]
        reverse.add_by_coefficients(interval, b1, b2, b3, b4, by_weights)


@internal
def _add(interval: int, b0: float, b1: float, b2: float, b3: float, b4: float, by_table: FloatArray) -> None:
    row = by_table[interval]
    row[0] += b0
    row[1] += b1
    row[2] += b2
    row[3] += b3
    row[4] += b4
