"""The windows of a block of trials of the full drift diffusion model, and the nodes along them: `full_ddm_shared`."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.gauss_legendre import PLACES, WEIGHTS
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.piece import BLOCK
from hddm_sbi.likelihoods.exact.full_ddm_nodes import CUT, exponent, mode, time_count

# Sums over nodes below this have lost digits.
TINY = 1e-280
# Nodes of a window, at most, and of a block.
MOST_ALONG = 32
NODES = BLOCK * MOST_ALONG + 72  # apart by no multiple of a page, which would slow stores down

# Rows of trials: decision time and its logarithm; length in log t of the part of the window that has nodes, and their
# number; whether the rest is the window of the trial before; factor of the nodes' weights; 1 / the sum over the window,
# zero where the trial shares no curve.
T_ROW, LOG_T, LENGTH, COUNT, NESTED, SHARE, PER_SUM = range(7)
# Rows of nodes: place on the curve, weight, delay over T, two rows that are summed, and two of working memory
X, WEIGHT, DELAY, ONE, OTHER, SPARE, SPARE2 = range(7)


@internal
def node_row(node: FloatArray, row: int, n: int) -> FloatArray:
    """A row of n nodes."""
    return node[row * NODES : row * NODES + n]


@summing
def fill_windows(
    trial: FloatArray, n: int, earliest: float, v: float, a: float, low: float, high: float, variance: float, st0: float
) -> None:
    """Fill in length and number of nodes of n windows, none of which begins before the earliest time that matters.

    Those that begin there lie within one another: each then takes the sum of the one before, and nodes for the rest.
    """
    peak = mode(v, low, variance)
    for i in range(n):
        T = trial[T_ROW * BLOCK + i]
        # what a nested window adds to the one before it begins where that ends
        nested = i > 0 and st0 > 0.0 and T - st0 <= earliest
        first = trial[T_ROW * BLOCK + max(i - 1, 0)] if nested else max(T - st0, earliest)
        ratio = (T - first if nested or T - st0 <= earliest else st0) / first
        trial[NESTED * BLOCK + i] = 1.0 if nested else 0.0
        trial[LOG_T * BLOCK + i] = vm.log(T)
        length = vm.log1p(min(ratio, 1.0)) if ratio <= 1.0 else vm.log(1.0 + ratio)
        at_first = exponent(first, v, a, low, high, variance)
        at_last = exponent(T, v, a, low, high, variance)
        at_middle = exponent(min(max(peak, first), T), v, a, low, high, variance)
        least = min(at_first, at_last, at_middle)
        at_first_high = exponent(first, v, a, high, high, variance)
        trial[LENGTH * BLOCK + i] = length
        count = time_count(at_first, at_last, least, at_first_high, length, CUT)
        trial[COUNT * BLOCK + i] = count if st0 > 0.0 else 1.0


@internal
def count_nodes(trial: FloatArray, n: int) -> int:
    """Nodes of n windows; those with more than MOST_ALONG are left out, or all where others build on them."""
    total = 0
    for i in range(n):
        count = int(trial[COUNT * BLOCK + i])
        if count > MOST_ALONG:
            count = 0
            if i + 1 < n and trial[NESTED * BLOCK + i + 1] == 1.0:
                return 0
        trial[COUNT * BLOCK + i] = count
        total += count
    return total


@once
def lay_nodes(node: FloatArray, trial: FloatArray, n: int, latest: float, per_half: float) -> None:
    """Fill in, at the nodes of n windows, the places on the curve, the weights and log t less log T."""
    k = 0
    for i in range(n):
        count, length = int(trial[COUNT * BLOCK + i]), trial[LENGTH * BLOCK + i]
        end = 1.0 - (latest - trial[LOG_T * BLOCK + i]) * per_half
        for j in range(count):
            log_ratio = -length * PLACES[count, j]
            node[X * NODES + k + j] = min(max(end + log_ratio * per_half, -1.0), 1.0)
            node[WEIGHT * NODES + k + j] = WEIGHTS[count, j]
            node[DELAY * NODES + k + j] = log_ratio
        k += count


@summing
def weigh_nodes(node: FloatArray, n: int, largest: float) -> None:
    """Multiply the weights of nodes by h t, whose logarithm is row ONE, over the largest; and turn log t into delays.

    Delays are relative to T.
    """
    for i in range(n):
        node[WEIGHT * NODES + i] *= vm.exp(node[ONE * NODES + i] - largest)
        node[DELAY * NODES + i] = -vm.expm1(node[DELAY * NODES + i])


@summing
def add_up(node: FloatArray, trial: FloatArray, n: int, st0: float, largest: float, log_f: FloatArray) -> None:
    """Sum over the nodes of each of n windows."""
    k, before = 0, 0.0
    for i in range(n):
        count, total = int(trial[COUNT * BLOCK + i]), 0.0
        for j in range(count):
            total += node[WEIGHT * NODES + k + j]
        k += count
        # in a window without width h t is divided by t
        share = trial[LENGTH * BLOCK + i] / st0 if st0 > 0.0 else 1.0 / trial[T_ROW * BLOCK + i]
        before = total * share + trial[NESTED * BLOCK + i] * before
        trial[SHARE * BLOCK + i] = share
        trial[PER_SUM * BLOCK + i] = 1.0 / before if TINY < before < np.inf else 0.0
    for i in range(n):
        log_f[i] = largest - vm.log(max(trial[PER_SUM * BLOCK + i], TINY))


@internal
def spread(node: FloatArray, trial: FloatArray, n: int, st0: float, weight: FloatArray) -> float:
    """Fill in weights of n nodes, ONE, and times the delay OTHER, from those of trials, whose sum is returned."""
    k, total, own, delay = n, 0.0, 0.0, 0.0
    for i in range(len(weight) - 1, -1, -1):
        T = trial[T_ROW * BLOCK + i]
        own_before, delay_before = own, delay
        own = weight[i] * trial[PER_SUM * BLOCK + i]
        delay = 0.0
        if own != 0.0:
            total += weight[i]
        if i + 1 < len(weight) and trial[NESTED * BLOCK + i + 1] == 1.0:
            # the nodes serve later trials too, whose delays are longer
            delay = delay_before + own_before * (trial[T_ROW * BLOCK + i + 1] - T) / st0
            own += own_before
        share = trial[SHARE * BLOCK + i]
        k -= int(trial[COUNT * BLOCK + i])
        for j in range(int(trial[COUNT * BLOCK + i])):
            one = share * node[WEIGHT * NODES + k + j]
            node[ONE * NODES + k + j] = own * one
            # the mean delay of a narrow window is 1/2
            relative = own * T / st0 * node[DELAY * NODES + k + j] + delay if st0 > 0.0 else 0.5 * own
            node[OTHER * NODES + k + j] = one * relative
    return total
