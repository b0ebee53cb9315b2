"""The density of a race, f_winner(t) prod_{others} S(t), and its sum over trials, for any kind of accumulator.

A race of n accumulators has the parameters v0, ..., v{n-1}, B, A, t0. For the sum, the trials of one design row and
choice are taken in pieces; for each accumulator in turn a loop without branches adds the closed form of its log density
or log survival to all trials of the piece, and trials for which that is imprecise are done again one by one.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal, summing
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.lba_density import (
    lba_loser,
    lba_loser_regular,
    lba_regular,
    lba_winner,
    lba_winner_regular,
)
from hddm_sbi.likelihoods.exact.rdm_density import (
    Terms,
    rdm_loser,
    rdm_loser_regular,
    rdm_regular,
    rdm_winner,
    rdm_winner_regular,
)
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, LOG_ZERO, lapse_sum, mix
from hddm_sbi.likelihoods.native.trial_arrays import TrialArrays, clear, first_after

# kinds of accumulator
RDM, LBA = 0, 1

# Trials in a piece: few enough that what is known of them stays in the fastest cache.
PIECE = 128
# What is known of each trial of a piece: log density and its derivatives by B, A and t; the same of one accumulator;
# the derivatives by each drift.
LOG, BY_B, BY_A, BY_T, OWN_LOG, OWN_B, OWN_A, OWN_T, BY_V = range(9)


@internal
def possible_race(kind: int, theta: FloatArray, r: int, n: int) -> bool:
    """Whether row r of theta, (v0, ..., B, A, t0, ...), lies in the supports; written to catch NaN."""
    B, A, t0 = theta[r, n], theta[r, n + 1], theta[r, n + 2]
    possible = B > 0.0 and A >= 0.0 and t0 >= 0.0 and math.isfinite(B + A)
    for k in range(n):
        possible = possible and (theta[r, k] > 0.0 or kind == LBA) and math.isfinite(theta[r, k])
    return possible


@internal
def accumulator_trial(kind: int, wins: bool, t: float, v: float, B: float, A: float) -> Terms:
    """Log density of arrival at t, or log probability of none until t, and its derivatives by v, B, A, t."""
    if kind == RDM:
        return rdm_winner(t, v, B, A) if wins else rdm_loser(t, v, B, A)
    return lba_winner(t, v, B, A) if wins else lba_loser(t, v, B, A)


@internal
def race_trial(kind: int, t: float, choice: int, theta: FloatArray, r: int, grad: FloatArray, i: int) -> float:
    """Log density at decision time t > 0 under row r of theta; fills row i of grad with its derivatives, t0's included.

    Where the density is not representable it is -inf, and the derivatives have no meaning.
    """
    n = theta.shape[1] - 3
    total = by_B = by_A = by_t = 0.0
    for k in range(n):
        log, d_v, d_B, d_A, d_t = accumulator_trial(kind, k == choice, t, theta[r, k], theta[r, n], theta[r, n + 1])
        total += log
        by_B += d_B
        by_A += d_A
        by_t += d_t
        grad[i, k] = d_v
    grad[i, n], grad[i, n + 1], grad[i, n + 2] = by_B, by_A, -by_t
    # Parameters whose exponents overflow float64 have no representable density either; written to catch NaN.
    return total if -np.inf < total < np.inf else -np.inf


@summing
def _add_regular(
    kind: int, wins: bool, rt: FloatArray, t0: float, v: float, B: float, A: float, known: FloatArray, by_v: FloatArray
) -> int:
    """Fill the terms of one accumulator by closed forms; the number of trials for which these are imprecise."""
    irregular = 0
    log, by_B, by_A, by_t = known[OWN_LOG], known[OWN_B], known[OWN_A], known[OWN_T]
    # one loop for each case: a branch between them inside of a loop would keep it from vectorising
    if kind == RDM:
        for i in range(len(rt)):
            irregular += 0 if rdm_regular(rt[i] - t0, v, B, A) else 1
        if wins:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = rdm_winner_regular(rt[i] - t0, v, B, A)
        else:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = rdm_loser_regular(rt[i] - t0, v, B, A)
    else:
        for i in range(len(rt)):
            irregular += 0 if lba_regular(rt[i] - t0, v, B, A) else 1
        if wins:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = lba_winner_regular(rt[i] - t0, v, B, A)
        else:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = lba_loser_regular(rt[i] - t0, v, B, A)
    return irregular


@internal
def _add_irregular(
    kind: int, wins: bool, rt: FloatArray, t0: float, v: float, B: float, A: float, known: FloatArray, by_v: FloatArray
) -> None:
    """Fill the terms of one accumulator again where the closed forms are imprecise."""
    for i in range(len(rt)):
        t = rt[i] - t0
        regular = rdm_regular(t, v, B, A) if kind == RDM else lba_regular(t, v, B, A)
        if not regular:
            log, d_v, d_B, d_A, d_t = accumulator_trial(kind, wins, t, v, B, A)
            usable = -np.inf < log < np.inf
            known[OWN_LOG, i] = log if usable else LOG_ZERO
            by_v[i] = d_v if usable else 0.0
            known[OWN_B, i] = d_B if usable else 0.0
            known[OWN_A, i] = d_A if usable else 0.0
            known[OWN_T, i] = d_t if usable else 0.0


@summing
def _add_own(n: int, known: FloatArray) -> None:
    """Add the terms of one accumulator to those of the race, for n trials."""
    for j in range(4):
        race, own = known[j], known[OWN_LOG + j]
        for i in range(n):
            race[i] += own[i]


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


@summing
def _weighted(n: int, weight: FloatArray, slope: FloatArray) -> float:
    total = 0.0
    for i in range(n):
        total += weight[i] * slope[i]
    return total


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
        if _add_regular(kind, k == choice, rt, t0, theta[k], B, A, known, by_v) > 0:
            _add_irregular(kind, k == choice, rt, t0, theta[k], B, A, known, by_v)
        _add_own(len(rt), known)
    total, process, lapses = _piece_sum(rt, count, log_lapse, math.log(p), math.log1p(-p), known)
    weight = known[LOG]
    for k in range(n):
        by_theta[k] += _weighted(len(rt), weight, known[BY_V + k])
    by_theta[n] += _weighted(len(rt), weight, known[BY_B])
    by_theta[n + 1] += _weighted(len(rt), weight, known[BY_A])
    by_theta[n + 2] -= _weighted(len(rt), weight, known[BY_T])
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
    known = np.empty((BY_V + n, PIECE))
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
            at = slice(start, min(start + PIECE, last))
            total += _add_piece(
                kind, choice, trials.rt[at], trials.counts[at], trials.log_lapse[at], theta[row], n, p, known,
                by_theta[row],
            )  # fmt: skip
            start += PIECE
    return total if total > IMPOSSIBLE else -np.inf
