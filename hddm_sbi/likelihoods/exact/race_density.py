"""The density of a race, f_winner(t) prod_{others} S(t), for any kind of accumulator, trial by trial.

A race of n accumulators has the parameters v0, ..., v{n-1}, B, A, t0.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.lba_density import lba_loser, lba_winner
from hddm_sbi.likelihoods.exact.rdm_density import Terms, rdm_loser, rdm_winner

# kinds of accumulator
RDM, LBA = 0, 1


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
