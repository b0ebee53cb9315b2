"""The density of a race summed over trials."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal, summing
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.race_density import possible_race
from hddm_sbi.likelihoods.exact.race_piece import (
    BY_A,
    BY_B,
    BY_T,
    BY_V,
    LOG,
    OWN_LOG,
    add_irregular,
    add_own,
    add_regular,
)
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, lapse_sum, mix
from hddm_sbi.likelihoods.native.piece import BLOCK, weighted
from hddm_sbi.likelihoods.native.trial_arrays import TrialArrays, clear, first_after


@summing
def _piece_sum(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, log_p: float, log_not_p: float, known: FloatArray
) -> tuple[float, float, float]:
    """Log density of a piece, and the shares of the process and of the lapses; the process's replace LOG."""
    total = process = lapses = 0.0
    log = known[LOG]
    for i in range(len(rt)):
        log_density, share = mix(log[i], log_lapse[i], log_p, log_not_p)
        weight = count[i] * share
        log[i] = weight
        total += count[i] * log_density
        process += weight
        lapses += count[i] - weight
    return total, process, lapses


@internal
def _add_piece(
    kind: int, choice: int, rt: FloatArray, count: FloatArray, log_lapse: FloatArray, theta: FloatArray, n: int,
    p: float, known: FloatArray, by_theta: FloatArray,
) -> float:  # fmt: skip
    """Log density of some trials of one row and choice; adds its derivatives to by_theta, shape of theta."""
    B, A, t0 = theta[n], theta[n + 1], theta[n + 2]
    known[:OWN_LOG] = 0.0
    for k in range(n):
        by_v = known[BY_V + k]
        if add_regular(kind, k == choice, rt, t0, theta[k], B, A, known, by_v) > 0:
            add_irregular(kind, k == choice, rt, t0, theta[k], B, A, known, by_v)
        add_own(len(rt), known)
    total, process, lapses = _piece_sum(rt, count, log_lapse, math.log(p), math.log1p(-p), known)
    weight = known[LOG, : len(rt)]
    for k in range(n):
        by_theta[k] += weighted(weight, known[BY_V + k])
    by_theta[n] += weighted(weight, known[BY_B])
    by_theta[n + 1] += weighted(weight, known[BY_A])
    by_theta[n + 2] -= weighted(weight, known[BY_T])
    if len(by_theta) > n + 3:
        by_theta[n + 3] += lapses / p - process / (1.0 - p)
    return total


@internal
def race_sum(kind: int, n: int, trials: TrialArrays, theta: FloatArray, by_theta: FloatArray) -> float:
    """Sum over all trials of the log density; fills by_theta, shape of theta, with its derivatives.

    Args:
        kind: of accumulator.
        n: number of accumulators.
        trials: sorted.
        theta: v0, ..., B, A, t0 and, with lapses, p_outlier, shape (rows, n + 3 or n + 4).
        by_theta: to be filled.

    Returns:
        The sum; -inf, with derivatives of no meaning, where a trial is impossible. At a lapse probability of exactly 0
        or 1 the derivatives are not finite.
    """
    clear(by_theta)
    known = np.empty((BY_V + n, BLOCK))
    total = 0.0
    for segment in range(len(trials.row)):
        first, last = trials.bounds[segment], trials.bounds[segment + 1]
        row, choice = trials.row[segment], trials.choice[segment]
        p = theta[row, n + 3] if theta.shape[1] > n + 3 else 0.0
        start = first_after(trials.rt, first, last, theta[row, n + 2]) if possible_race(kind, theta, row, n) else last
        early, n_early = lapse_sum(trials.counts[first:start], trials.log_lapse[first:start], math.log(p))
        total += early
        if theta.shape[1] > n + 3:
            by_theta[row, n + 3] += n_early / p
        while start < last:
            at = slice(start, min(start + BLOCK, last))
            total += _add_piece(
                kind, choice, trials.rt[at], trials.counts[at], trials.log_lapse[at], theta[row], n, p, known,
                by_theta[row],
            )  # fmt: skip
            start += BLOCK
    return total if total > IMPOSSIBLE else -np.inf
