"""Sum of exact DDM log densities, lapses included, over trials that are sorted: no branch is left inside a loop.

The trials of one design row and choice stand together, sorted by response time. Two binary searches then tell which are
impossible, which belong to the small-time and which to the large-time series, and the three loops over them vectorise.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from hddm_sbi.compiled.compiling import once, summing
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import SWITCH, large_time, sine_cosine, small_time
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, lapse_sum, mix
from hddm_sbi.likelihoods.native.native_sum import SUM_SIGNATURE
from hddm_sbi.likelihoods.native.trial_arrays import TrialArrays, clear, first_after, read_trials

# sums over trials: log density, then its derivatives by v, a, z, t0 and p_outlier; of one series, log density, its
# derivatives by v, a, w and t, and the shares of the process and of the lapses
Sums = tuple[float, float, float, float, float, float]
SeriesSums = tuple[float, float, float, float, float, float, float]


# One loop for each series: a branch between them inside of a loop would keep it from vectorising.
@summing
def _small_time_sum(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, t0: float, v: float, a: float, w: float, c: float,
    near: bool, log_p: float, log_not_p: float,
) -> SeriesSums:  # fmt: skip
    total = by_v = by_a = by_w = by_t = process = lapses = 0.0
    for i in range(len(rt)):
        log_f, d_v, d_a, d_w, d_t = small_time(rt[i] - t0, v, a, w, c, near)
        log_density, share = mix(log_f, log_lapse[i], log_p, log_not_p)
        weight = count[i] * share
        total += count[i] * log_density
        by_v += weight * d_v
        by_a += weight * d_a
        by_w += weight * d_w
        by_t += weight * d_t
        process += weight
        lapses += count[i] - weight
    return total, by_v, by_a, by_w, by_t, process, lapses


@summing
def _large_time_sum(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, t0: float, v: float, a: float, w: float, sine: float,
    cosine: float, log_p: float, log_not_p: float,
) -> SeriesSums:  # fmt: skip
    total = by_v = by_a = by_w = by_t = process = lapses = 0.0
    for i in range(len(rt)):
        log_f, d_v, d_a, d_w, d_t = large_time(rt[i] - t0, v, a, w, sine, cosine)
        log_density, share = mix(log_f, log_lapse[i], log_p, log_not_p)
        weight = count[i] * share
        total += count[i] * log_density
        by_v += weight * d_v
        by_a += weight * d_a
        by_w += weight * d_w
        by_t += weight * d_t
        process += weight
        lapses += count[i] - weight
    return total, by_v, by_a, by_w, by_t, process, lapses


@once
def _segment_sum(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, choice: int, theta: FloatArray, p: float
) -> Sums:
    """Log density of the trials of one row and choice, and its derivatives by v, a, z, t0 and p."""
    v, a, z, t0 = theta[0], theta[1], theta[2], theta[3]
    w, c, drift = (1.0 - z, z, -v) if choice == 1 else (z, 1.0 - z, v)
    log_p, log_not_p = math.log(p), math.log1p(-p)
    possible, switch = len(rt), len(rt)  # without a process every trial is a lapse
    if a > 0.0 and 0.0 < z < 1.0 and t0 >= 0.0 and math.isfinite(v):
        possible = first_after(rt, 0, len(rt), t0)
        switch = first_after(rt, possible, len(rt), t0 + SWITCH * a * a)
    early, n_early = lapse_sum(count[:possible], log_lapse[:possible], log_p)
    at = slice(possible, switch)
    small = _small_time_sum(rt[at], count[at], log_lapse[at], t0, drift, a, w, c, w <= 0.5, log_p, log_not_p)
    at = slice(switch, len(rt))
    large = _large_time_sum(rt[at], count[at], log_lapse[at], t0, drift, a, w, *sine_cosine(w, c), log_p, log_not_p)
    side = -1.0 if choice == 1 else 1.0
    process, lapses = small[5] + large[5], n_early + small[6] + large[6]
    return (
        early + small[0] + large[0],
        side * (small[1] + large[1]),
        small[2] + large[2],
        side * (small[3] + large[3]),
        -(small[4] + large[4]),
        lapses / p - process / (1.0 - p),
    )


@once
def ddm_sum(trials: TrialArrays, theta: FloatArray, by_theta: FloatArray) -> float:
    """Sum over all trials of the log density; fills by_theta, shape of theta, with its derivatives.

    Args:
        trials: sorted.
        theta: v, a, z, t0 and, with lapses, p_outlier, shape (rows, 4 or 5).
        by_theta: to be filled.

    Returns:
        The sum; -inf, with derivatives of no meaning, where a trial is impossible. At a lapse probability of exactly 0
        or 1 the derivatives are not finite.
    """
    lapses = theta.shape[1] == 5
    clear(by_theta)
    total = 0.0
    for segment in range(len(trials.row)):
        at = slice(trials.bounds[segment], trials.bounds[segment + 1])
        rt, count, log_lapse = trials.rt[at], trials.counts[at], trials.log_lapse[at]
        row, choice = trials.row[segment], trials.choice[segment]
        p = theta[row, 4] if lapses else 0.0
        sums = _segment_sum(rt, count, log_lapse, choice, theta[row], p)
        total += sums[0]
        for k in range(theta.shape[1]):
            by_theta[row, k] += sums[1 + k]
    return total if total > IMPOSSIBLE else -np.inf


def _ddm_sum_at(record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    # the slot is of no account: no memory of its own is needed
    trials = read_trials(record)
    shape = (trials.n_rows, trials.n_columns)
    return ddm_sum(trials, nb.carray(theta, shape), nb.carray(by_theta, shape))


ddm_sum_at = CFunction(SUM_SIGNATURE, _ddm_sum_at)
