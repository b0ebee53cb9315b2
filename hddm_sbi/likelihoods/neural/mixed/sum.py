"""Sum of a mixed estimator's log densities over trials, lapses included, with one pass back for the gradient.

Networks are evaluated once for each design row and choice that have trials; the rest is arithmetic for each trial.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, LOG_ZERO, mix
from hddm_sbi.likelihoods.native.compiling import internal, once
from hddm_sbi.likelihoods.native.contract import SUM_SIGNATURE
from hddm_sbi.likelihoods.native.records import CFunction
from hddm_sbi.likelihoods.native.trial_arrays import clear
from hddm_sbi.likelihoods.neural.mixed import spline
from hddm_sbi.likelihoods.neural.mixed.passes import mass_back, mass_forward, time_back, time_forward
from hddm_sbi.likelihoods.neural.mixed.record import Mixed, read_mixed

# Segments whose networks are evaluated together: their activations fit the second-level cache.
CHUNK = 64
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@internal
def _segment(
    net: Mixed, segment: int, log_mass: float, splines: FloatArray, by_splines: FloatArray, p: float
) -> tuple[float, float, float]:
    """Log density of the trials of one row and choice, and the shares of the process and of the lapses among them."""
    trials, time, n = net.trials, net.time, len(splines)
    log_p, log_not_p = math.log(p), math.log1p(-p)
    at, place = np.empty(n + 1), np.empty(n, dtype=np.int64)
    base = log_mass - _HALF_LOG_TWO_PI + math.log(abs(time.slope))
    total = process = lapses = 0.0
    for i in range(trials.bounds[segment], trials.bounds[segment + 1]):
        rt, log_f = trials.rt[i], base
        possible = log_mass > LOG_ZERO and not (time.is_log == 1 and rt <= 0.0)
        at[0] = time.offset + time.slope * (math.log(rt) if time.is_log == 1 else rt)
        if time.is_log == 1:
            log_f -= math.log(rt)
        for j in range(n):
            place[j], at[j + 1], log_slope = spline.forward(at[j], splines[j])
            log_f += log_slope
        log_f -= 0.5 * at[n] * at[n]
        log_density, share = mix(log_f if possible else LOG_ZERO, trials.log_lapse[i], max(log_p, LOG_ZERO), log_not_p)
        weight = trials.counts[i] * share
        total += trials.counts[i] * log_density
        process += weight
        lapses += trials.counts[i] - weight
        if possible:
            by = -weight * at[n]
            for j in range(n - 1, -1, -1):
                by = spline.backward(at[j], place[j], splines[j], by, weight, by_splines[j])
    return total, process, lapses


@internal
def _standardise(net: Mixed, first: int, theta: FloatArray, x_mass: FloatArray, x_time: FloatArray) -> None:
    """Fill in the inputs of both networks, (segments, parameters) and (segments, 1 + parameters)."""
    for s in range(len(x_mass)):
        row = theta[net.trials.row[first + s]]
        x_time[s, 0] = net.trials.choice[first + s]
        for i in range(x_mass.shape[1]):
            x_mass[s, i] = (row[i] - net.mass.mean[i]) / net.mass.sd[i]
            x_time[s, 1 + i] = (row[i] - net.time.mean[i]) / net.time.sd[i]


@internal
def _segments(
    net: Mixed, first: int, theta: FloatArray, logits: FloatArray, raw: FloatArray, by_logits: FloatArray,
    by_raw: FloatArray, by_theta: FloatArray,
) -> float:  # fmt: skip
    """Log density of all trials of a chunk; fills in the derivatives by the networks' outputs, adds those by p."""
    trials, time, k = net.trials, net.time, len(net.mass.mean)
    n_splines, bins = len(raw), (raw.shape[2] + 1) // 3
    splines, by_splines = np.empty((n_splines, 3 * bins + 3)), np.empty((n_splines, 3 * bins + 3))
    shares, total = np.empty((n_splines, 2 * bins)), 0.0
    for s in range(len(logits)):
        row, category = trials.row[first + s], -1
        if 0 <= trials.choice[first + s] < len(net.category):
            category = net.category[trials.choice[first + s]]
        largest = np.max(logits[s])
        log_sum = largest + math.log(np.sum(np.exp(logits[s] - largest)))
        log_mass = logits[s, category] - log_sum if category >= 0 else LOG_ZERO
        for j in range(n_splines):
            spline.fill_spline(raw[j, s], time.scale, time.bound, time.least, shares[j], splines[j])
        clear(by_splines)
        p = theta[row, k] if theta.shape[1] > k else 0.0
        found, process, lapses = _segment(net, first + s, log_mass, splines, by_splines, p)
        total += found
        if theta.shape[1] > k:
            by_theta[row, k] += lapses / p - process / (1.0 - p)
        for c in range(logits.shape[1]):
            by_logits[s, c] = process * ((1.0 if c == category else 0.0) - math.exp(logits[s, c] - log_sum))
        for j in range(n_splines):
            spline.spline_back(by_splines[j], raw[j, s], time.scale, time.bound, time.least, shares[j], by_raw[j, s])
    return total


@internal
def _chunk(net: Mixed, first: int, stop: int, theta: FloatArray, by_theta: FloatArray) -> float:
    """The sum over some segments; adds to by_theta."""
    mass, time, n, k = net.mass, net.time, stop - first, len(net.mass.mean)
    h, width, outputs = time.first.shape[0], mass.last.shape[1], time.outputs.shape[0] // time.n_splines
    x_mass, x_time = np.empty((n, k)), np.empty((n, 1 + k))
    residual, inner = np.empty((1 + mass.n_blocks, n, width)), np.empty((2, mass.n_blocks, n, width))
    embedded, hidden = np.empty((1 + time.n_embedding, n, h)), np.empty((time.n_splines, time.n_heads, n, h))
    logits, raw = np.empty((n, mass.last.shape[0])), np.empty((time.n_splines, n, outputs))
    by_logits, by_raw = np.empty(logits.shape), np.empty(raw.shape)
    _standardise(net, first, theta, x_mass, x_time)
    mass_forward(mass, x_mass, residual, inner, logits)
    time_forward(time, x_time, embedded, hidden, raw)
    total = _segments(net, first, theta, logits, raw, by_logits, by_raw, by_theta)
    by_mass, by_time = np.zeros((n, k)), np.empty((n, 1 + k))
    mass_back(mass, by_logits, inner, by_mass)
    time_back(time, by_raw, embedded, hidden, by_time)
    for s in range(n):
        for i in range(k):
            by_theta[net.trials.row[first + s], i] += by_mass[s, i] / mass.sd[i] + by_time[s, 1 + i] / time.sd[i]
    return total


@once
def mixed_sum(net: Mixed, theta: FloatArray, by_theta: FloatArray) -> float:
    """Sum over all trials of the log density; fills by_theta, shape of theta, with its derivatives.

    Args:
        net: with its trials.
        theta: the model's parameters and, with lapses, p_outlier, shape (rows, parameters).
        by_theta: to be filled.

    Returns:
        The sum; -inf, with derivatives of no meaning, where a trial is impossible.
    """
    clear(by_theta)
    total, n = 0.0, len(net.trials.row)
    for first in range(0, n, CHUNK):
        total += _chunk(net, first, min(first + CHUNK, n), theta, by_theta)
    return total if total > IMPOSSIBLE else -np.inf


def _mixed_sum_at(record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    # the slot is of no account: working memory is allocated, which costs little beside the networks
    net = read_mixed(record)
    shape = (net.trials.n_rows, net.trials.n_columns)
    return mixed_sum(net, nb.carray(theta, shape), nb.carray(by_theta, shape))


mixed_sum_at = CFunction(SUM_SIGNATURE, _mixed_sum_at)
