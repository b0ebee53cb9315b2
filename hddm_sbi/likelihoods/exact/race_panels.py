"""Panels of time that hold all of a race's density, for its integral.

The variable is u = log(t / s) with the decision time t and a scale s. Densities then fall like exp(-n u) at late times
(ballistic accumulators, whose slopes may be next to zero) or faster (diffusions), and around the times at which
accumulators arrive they change over a range in u of 1 / v or 1 / sqrt(v distance).
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.panels import Panels, add_panel
from hddm_sbi.likelihoods.base import ANY, FloatArray
from hddm_sbi.likelihoods.exact.race_density import RDM, accumulator_trial, race_trial

# A density has to be below its largest value by this in the logarithm to be left out together with what lies beyond.
_NEGLIGIBLE = 50.0
# Panels are at most so wide in u, and so wide compared with the range over which a density rises and falls: fourteen
# nodes see it. Beyond the times at which accumulators arrive they double.
_WIDEST, _WIDEST_PEAK, _MOST_PEAKS = 1.0, 10.0, 100


@internal
def none_until(kind: int, n: int, t: float, theta: FloatArray, slope: FloatArray) -> float:
    """Log probability of no arrival until t; fills slope with its derivatives, t0's included; theta (1, n + 3)."""
    slope[:] = 0.0
    total = 0.0
    if not t > 0.0:
        return total
    for k in range(n):
        log, d_v, d_B, d_A, d_t = accumulator_trial(kind, False, t, theta[0, k], theta[0, n], theta[0, n + 1])
        total += log
        slope[k] = d_v
        slope[n] += d_B
        slope[n + 1] += d_A
        slope[n + 2] -= d_t
    return total if -np.inf < total else -np.inf


@internal
def _any_trial(kind: int, n: int, t: float, theta: FloatArray, slope: FloatArray, hazard: FloatArray) -> float:
    """Log density of the first arrival, whichever it is, as ``race_trial``; works in hazard, (n, 5)."""
    log_S = none_until(kind, n, t, theta, slope)
    largest = -np.inf
    for k in range(n):
        v, B, A = theta[0, k], theta[0, n], theta[0, n + 1]
        wins, loses = accumulator_trial(kind, True, t, v, B, A), accumulator_trial(kind, False, t, v, B, A)
        hazard[k, 0] = wins[0] - loses[0]
        hazard[k, 1] = wins[1] - loses[1]
        hazard[k, 2] = wins[2] - loses[2]
        hazard[k, 3] = wins[3] - loses[3]
        hazard[k, 4] = wins[4] - loses[4]
        largest = max(largest, hazard[k, 0])
    total = 0.0
    for k in range(n):
        total += math.exp(hazard[k, 0] - largest)
    for k in range(n):
        share = math.exp(hazard[k, 0] - largest) / total
        if share > 0.0:
            slope[k] += share * hazard[k, 1]
            slope[n] += share * hazard[k, 2]
            slope[n + 1] += share * hazard[k, 3]
            slope[n + 2] -= share * hazard[k, 4]
    log_f = log_S + largest + math.log(total)
    return log_f if -np.inf < log_f < np.inf else -np.inf


@internal
def log_density(
    kind: int, n: int, choice: int, u: float, scale: float, theta: FloatArray, slope: FloatArray, hazard: FloatArray
) -> float:
    """Log density in u = log(t / scale) of the arrival of one or any; fills slope, (1, n + 3), as ``race_trial``."""
    t = scale * math.exp(u)
    if not 0.0 < t < np.inf:
        return -np.inf
    if choice == ANY:
        log_f = _any_trial(kind, n, t, theta, slope[0], hazard)
    else:
        log_f = race_trial(kind, t, choice, theta, 0, slope, 0)
    return log_f + math.log(t)


@internal
def _peaks(kind: int, n: int, theta: FloatArray) -> tuple[float, float, float]:
    """The log time before which no accumulator tends to arrive, that by which all do, the width of panels between."""
    B, A = theta[0, n], theta[0, n + 1]
    early, late, steep, squares = np.inf, 0.0, 1.0, 0.0
    for k in range(n):
        v = theta[0, k]
        squares += v * v
        for distance in (B, B + A):
            if kind == RDM:  # d/du of log[t^(-1/2) exp(-(distance - v t)^2 / (2 t))] is zero
                time = 2.0 * distance * distance / (1.0 + math.sqrt(1.0 + 4.0 * (v * distance) ** 2))
            else:  # of log[z phi(z - v)], z = distance / t; without cancellation
                root = math.sqrt(v * v + 4.0)
                time = 2.0 * distance / (v + root) if v > 0.0 else 0.5 * distance * (root - v)
            early, late = min(early, time), max(late, time)
    if kind == RDM:  # that one arrives and the others do not is as a drift of this size
        speed = math.sqrt(squares)
        early = min(early, 2.0 * B * B / (1.0 + math.sqrt(1.0 + 4.0 * (speed * B) ** 2)))
        steep = max(steep, math.sqrt(speed * (B + A)))
    else:
        steep = max(steep, math.sqrt(squares))
    early, late = math.log(early), math.log(late)
    return early, late, max(min(_WIDEST, _WIDEST_PEAK / steep), (late - early) / _MOST_PEAKS)


@internal
def cut(
    kind: int, n: int, choice: int, low: float, high: float, scale: float, theta: FloatArray, slope: FloatArray,
    hazard: FloatArray, panels: Panels,
) -> tuple[int, float]:  # fmt: skip
    """Cut (low, high) in u, either end infinite or not, into panels, beyond which the density is negligible.

    Returns:
        The number of panels; the largest log density that was seen.
    """
    early, late, width = _peaks(kind, n, theta)
    first, last = min(max(early - math.log(scale), low), high), max(min(late - math.log(scale), high), low)
    parts = math.ceil((last - first) / width)
    count, largest = 0, -np.inf
    for j in range(parts + 1):
        at = first + (last - first) * j / max(parts, 1)
        largest = max(largest, log_density(kind, n, choice, at, scale, theta, slope, hazard))
        if j > 0:
            count = add_panel(panels, count, first + (last - first) * (j - 1) / parts, at)
    for side in (-1.0, 1.0):
        at, end = (first, low) if side < 0.0 else (last, high)
        log_f = log_density(kind, n, choice, at, scale, theta, slope, hazard)
        steep = abs(1.0 - math.exp(at) * scale * slope[0, n + 2])
        step = min(0.5 * width, 10.0 / steep) if 0.0 < steep < np.inf else 0.5 * width
        while at != end and (log_f > largest - _NEGLIGIBLE or largest == -np.inf) and step < 1e4:
            past = at
            at = max(at - step, low) if side < 0.0 else min(at + step, high)
            count = add_panel(panels, count, min(past, at), max(past, at))
            log_f = log_density(kind, n, choice, at, scale, theta, slope, hazard)
            largest = max(largest, log_f)
            step *= 2.0
    return count, largest
