"""The loops over a tile of trials that read the boundaries' clock, and that sum the derivatives by it.

There is a loop for each clock, without branches, and each is a function of its own: inlined into the sum over trials,
which adds up in order, it would not be free to reorder its sums, and so could not use vector registers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import internal, summing
from hddm_sbi.likelihoods.neural import clocks
from hddm_sbi.likelihoods.neural.tile import BY_TIME, LOG_RATE, TIME, WEIGHT

FloatArray = npt.NDArray[np.float64]

# derivatives by the decision time, the same times the decision time, and by both parameters of the clock
ClockSums = tuple[float, float, float, float]


@summing
def _read_linear_clock(rt: FloatArray, shift: float, per_unit: float, slope: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        out = clocks.linear((rt[i] - shift) * per_unit, slope)
        tile[TIME + i], tile[LOG_RATE + i] = out[0], out[1]


@summing
def _read_weibull_clock(
    rt: FloatArray, shift: float, per_unit: float, alpha: float, beta: float, tile: FloatArray
) -> None:
    for i in range(len(rt)):
        out = clocks.weibull((rt[i] - shift) * per_unit, alpha, beta)
        tile[TIME + i], tile[LOG_RATE + i] = out[0], out[1]


@summing
def _read_jumps_clock(rt: FloatArray, shift: float, per_unit: float, k: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        out = clocks.jumps((rt[i] - shift) * per_unit, k)
        tile[TIME + i], tile[LOG_RATE + i] = out[0], out[1]


@summing
def _read_plain_clock(rt: FloatArray, shift: float, per_unit: float, tile: FloatArray) -> None:
    for i in range(len(rt)):
        tile[TIME + i], tile[LOG_RATE + i] = (rt[i] - shift) * per_unit, 0.0


@internal
def read_clock(
    rt: FloatArray, kind: int, shift: float, per_unit: float, first: float, second: float, tile: FloatArray
) -> None:
    """Fill in the time of each trial on the boundaries' clock, and the logarithm of its rate."""
    if kind == clocks.LINEAR:
        _read_linear_clock(rt, shift, per_unit, first, tile)
    elif kind == clocks.WEIBULL:
        _read_weibull_clock(rt, shift, per_unit, first, second, tile)
    elif kind == clocks.JUMPS:
        _read_jumps_clock(rt, shift, per_unit, first, tile)
    else:
        _read_plain_clock(rt, shift, per_unit, tile)


@summing
def _linear_clock_sums(rt: FloatArray, shift: float, per_unit: float, slope: float, tile: FloatArray) -> ClockSums:
    by_s = by_log_s = by_first = 0.0
    for i in range(len(rt)):
        s = (rt[i] - shift) * per_unit
        _, log_rate, rate_by_s, u_first, rate_first, _, _ = clocks.linear(s, slope)
        of_s = tile[BY_TIME + i] * vm.exp(log_rate) + tile[WEIGHT + i] * rate_by_s
        by_s += of_s
        by_log_s += of_s * s
        by_first += tile[BY_TIME + i] * u_first + tile[WEIGHT + i] * rate_first
    return by_s, by_log_s, by_first, 0.0


@summing
def _weibull_clock_sums(
    rt: FloatArray, shift: float, per_unit: float, alpha: float, beta: float, tile: FloatArray
) -> ClockSums:
    by_s = by_log_s = by_first = by_second = 0.0
    for i in range(len(rt)):
        s = (rt[i] - shift) * per_unit
        _, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second = clocks.weibull(s, alpha, beta)
        of_s = tile[BY_TIME + i] * vm.exp(log_rate) + tile[WEIGHT + i] * rate_by_s
        by_s += of_s
        by_log_s += of_s * s
        by_first += tile[BY_TIME + i] * u_first + tile[WEIGHT + i] * rate_first
        by_second += tile[BY_TIME + i] * u_second + tile[WEIGHT + i] * rate_second
    return by_s, by_log_s, by_first, by_second


@summing
def _jumps_clock_sums(rt: FloatArray, shift: float, per_unit: float, k: float, tile: FloatArray) -> ClockSums:
    by_s = by_log_s = by_first = 0.0
    for i in range(len(rt)):
        s = (rt[i] - shift) * per_unit
        _, log_rate, rate_by_s, u_first, rate_first, _, _ = clocks.jumps(s, k)
        of_s = tile[BY_TIME + i] * vm.exp(log_rate) + tile[WEIGHT + i] * rate_by_s
        by_s += of_s
        by_log_s += of_s * s
        by_first += tile[BY_TIME + i] * u_first + tile[WEIGHT + i] * rate_first
    return by_s, by_log_s, by_first, 0.0


@summing
def _plain_clock_sums(n: int, tile: FloatArray) -> ClockSums:
    by_s = by_log_s = 0.0
    for i in range(n):
        by_s += tile[BY_TIME + i]
        by_log_s += tile[BY_TIME + i] * tile[TIME + i]
    return by_s, by_log_s, 0.0, 0.0


@internal
def clock_sums(
    rt: FloatArray, kind: int, shift: float, per_unit: float, first: float, second: float, tile: FloatArray
) -> ClockSums:
    """Derivatives by decision time and clock, from those by the time on the clock and each trial's weight."""
    if kind == clocks.LINEAR:
        return _linear_clock_sums(rt, shift, per_unit, first, tile)
    if kind == clocks.WEIBULL:
        return _weibull_clock_sums(rt, shift, per_unit, first, second, tile)
    if kind == clocks.JUMPS:
        return _jumps_clock_sums(rt, shift, per_unit, first, tile)
    return _plain_clock_sums(len(rt), tile)
