"""Sum of exact log densities of the full drift diffusion model over sorted trials, lapses included."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.structs import FLOATS2, CFunction, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.full_ddm_density import N_PARAMETERS, full_ddm_trial
from hddm_sbi.likelihoods.exact.full_ddm_integrand import N_ROWS
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, lapse_sum, mix
from hddm_sbi.likelihoods.native.native_sum import SUM_SIGNATURE
from hddm_sbi.likelihoods.native.trial_arrays import TRIAL_ARRAYS, TrialArrays, clear, first_after


class FullTrials(NamedTuple):
    """Trials, and working memory for each slot: nodes, (slots * rows of nodes, capacity)."""

    trials: TrialArrays
    nodes: FloatArray


FULL_TRIALS = record_type(FullTrials, trials=TRIAL_ARRAYS, nodes=FLOATS2)
read_full_trials = reader(FULL_TRIALS)


@internal
def _segment_sum(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, choice: int, theta: FloatArray, p: float,
    nodes: FloatArray, by_theta: FloatArray,
) -> float:  # fmt: skip
    """Log density of the trials of one row and choice; adds its derivatives to by_theta, shape of theta."""
    v, a, z, t0, sv, sz, st0 = theta[0], theta[1], theta[2], theta[3], theta[4], theta[5], theta[6]
    log_p, log_not_p = math.log(p), math.log1p(-p)
    possible = first_after(rt, 0, len(rt), t0)
    total, lapses = lapse_sum(count[:possible], log_lapse[:possible], log_p)
    process = 0.0
    for i in range(possible, len(rt)):
        out = full_ddm_trial(rt[i], choice, v, a, z, t0, sv, sz, st0, nodes)
        log_density, share = mix(out[0], log_lapse[i], log_p, log_not_p)
        weight = count[i] * share
        total += count[i] * log_density
        by_theta[0] += weight * out[1]
        by_theta[1] += weight * out[2]
        by_theta[2] += weight * out[3]
        by_theta[3] += weight * out[4]
        by_theta[4] += weight * out[5]
        by_theta[5] += weight * out[6]
        by_theta[6] += weight * out[7]
        process += weight
        lapses += count[i] - weight
    if len(by_theta) > N_PARAMETERS:
        by_theta[N_PARAMETERS] += lapses / p - process / (1.0 - p)
    return total


@internal
def full_ddm_sum(trials: TrialArrays, theta: FloatArray, nodes: FloatArray, by_theta: FloatArray) -> float:
    """Sum over all trials of the log density; fills by_theta, shape of theta, with its derivatives.

    Args:
        trials: sorted.
        theta: v, a, z, t0, sv, sz, st0 and, with lapses, p_outlier, shape (rows, 7 or 8).
        nodes: working memory.
        by_theta: to be filled.

    Returns:
        The sum; -inf, with derivatives of no meaning, where a trial is impossible. At a lapse probability of exactly 0
        or 1 the derivatives are not finite.
    """
    clear(by_theta)
    total = 0.0
    for segment in range(len(trials.row)):
        at = slice(trials.bounds[segment], trials.bounds[segment + 1])
        row = trials.row[segment]
        p = theta[row, N_PARAMETERS] if theta.shape[1] > N_PARAMETERS else 0.0
        total += _segment_sum(
            trials.rt[at], trials.counts[at], trials.log_lapse[at], trials.choice[segment], theta[row], p, nodes,
            by_theta[row],
        )  # fmt: skip
    return total if total > IMPOSSIBLE else -np.inf


def _full_ddm_sum_at(record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    memory = read_full_trials(record)
    trials, size = memory.trials, N_ROWS
    nodes = memory.nodes[slot * size : (slot + 1) * size]
    shape = (trials.n_rows, trials.n_columns)
    return full_ddm_sum(trials, nb.carray(theta, shape), nodes, nb.carray(by_theta, shape))


full_ddm_sum_at = CFunction(SUM_SIGNATURE, _full_ddm_sum_at)
