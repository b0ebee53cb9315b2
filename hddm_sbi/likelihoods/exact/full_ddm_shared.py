"""The densities of many trials of one row and choice of the full drift diffusion model, from curves that they share.

A trial's density is the mean of h(t) over its window of decision times, from T - st0 to T (see `full_ddm_nodes`). The
windows of a block of trials overlap: h is evaluated once at the places of a few curves (see `full_ddm_curve`), each for
some trials that follow one another, and interpolated at the nodes of the windows. Where the trials are few beside the
places of a curve, or a curve is not smooth enough, each trial is left to `full_ddm_density`.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.chebyshev import MOST_TERMS, STEP, evaluate, project
from hddm_sbi.compiled.compiling import inlined, internal, once
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.piece import BLOCK
from hddm_sbi.likelihoods.exact.full_ddm_curve import (
    BY_ONE,
    BY_OTHER,
    CURVE_SIZE,
    LOG,
    SUMS_SIZE,
    draw,
    summed,
    terms_needed,
    weights_at_roots,
)
from hddm_sbi.likelihoods.exact.full_ddm_density import Sums
from hddm_sbi.likelihoods.exact.full_ddm_integrand import TABLE_SIZE
from hddm_sbi.likelihoods.exact.full_ddm_nodes import CUT, time_window
from hddm_sbi.likelihoods.exact.full_ddm_windows import (
    NODES,
    ONE,
    OTHER,
    PER_SUM,
    SPARE,
    SPARE2,
    T_ROW,
    X,
    add_up,
    count_nodes,
    fill_windows,
    lay_nodes,
    node_row,
    spread,
    weigh_nodes,
)

# Trials of a block are split into this many parts at most, and into parts of no fewer trials than this.
MOST_PARTS, LEAST_TRIALS = 8, 16
# Fewer trials are not worth a look.
FEWEST = 4
# A trial alone costs about as much as so many terms of a curve: with a window, or with a single time.
ALONE, ALONE_NARROW = 9, 3
# Half of the length of a curve, at least.
SHORTEST = 1e-3
# Each term of a curve costs this much, and this much more with each window.
PLACE_COST, WINDOW_COST = 200.0, 5.0

# The working memory of a block, one after the other: the table of decision times of `full_ddm_integrand`; of each part
# its first trial and the end of its trials, its first node and their number, its terms, and its curve; the sums of
# `full_ddm_curve`; rows of trials and rows of nodes.
TABLE = 0
PART = TABLE + TABLE_SIZE
PART_FIRST, PART_END, PART_NODE, PART_NODES, PART_TERMS, PART_HEAD = range(6)
PART_SIZE = PART_HEAD + CURVE_SIZE
SUMS = PART + MOST_PARTS * PART_SIZE
TRIAL = SUMS + SUMS_SIZE
NODE = TRIAL + 7 * BLOCK
SIZE = NODE + 7 * NODES


@internal
def _terms(sums: FloatArray, row: int, n: int) -> FloatArray:
    return sums[row * MOST_TERMS : row * MOST_TERMS + n]


@internal
def _largest(curve: FloatArray, n: int) -> float:
    """The largest value of log h t on a curve of n places."""
    largest = -np.inf
    for i in range(n):
        largest = max(largest, curve[LOG * MOST_TERMS + i])
    return largest


@internal
def _reach(T: float, v: float, a: float, w: float, variance: float, sz: float, st0: float) -> float:
    """The length of a trial's window in log t; infinity where it ends before T."""
    if st0 == 0.0:
        return 0.0
    last, length, _, _ = time_window(T, st0, v, a, a * (w - 0.5 * sz), a * (w + 0.5 * sz), variance, CUT)
    return length if last == T else np.inf


@inlined
def _cost(terms: float, n: int) -> float:
    """What a curve and the interpolation at n windows cost, in about 0.5 nanoseconds."""
    return terms * (PLACE_COST + WINDOW_COST * n)


@internal
def _end_of_part(
    times: FloatArray, first: int, v: float, a: float, w: float, variance: float, sz: float, st0: float
) -> int:
    """The end of the trials from the first on that share a curve: all, or as many halves less as makes it cheaper."""
    end, sharpness = len(times), abs(v) * a * sz
    reach = _reach(times[first], v, a, w, variance, sz, st0)
    whole = _cost(terms_needed(reach + math.log(times[end - 1] / times[first]), sharpness), end - first)
    while end - first >= 2 * LEAST_TRIALS:
        middle = (first + end) // 2
        early = terms_needed(reach + math.log(times[middle - 1] / times[first]), sharpness)
        later = _reach(times[middle], v, a, w, variance, sz, st0) + math.log(times[end - 1] / times[middle])
        half = _cost(early, middle - first)
        if half + _cost(terms_needed(later, sharpness), end - middle) >= whole:
            break
        end, whole = middle, half
    return end


@once
def _draw_part(
    work: FloatArray, head: FloatArray, first: int, end: int, v: float, a: float, w: float, c: float, variance: float,
    sz: float, st0: float,
) -> tuple[int, int, float]:  # fmt: skip
    """Draw the curve of trials first, ..., end - 1, and count their nodes.

    Returns the first trial that shares it, before which others may be left out, or the end where none do; the number of
    nodes; and half of the length of the curve, which ends at the last trial. The number of terms is put into the head.
    """
    low, high = a * (w - 0.5 * sz), a * (w + 0.5 * sz)
    latest, sharpness = work[TRIAL + T_ROW * BLOCK + end - 1], abs(v) * a * sz
    whole = reach = np.inf
    while first < end:
        T = work[TRIAL + T_ROW * BLOCK + first]
        reach = _reach(T, v, a, w, variance, sz, st0)
        whole = reach + math.log(latest / T)
        if terms_needed(whole, sharpness) <= MOST_TERMS:
            break
        first += 1  # far from the others, or cut at its late end
    if first == end:
        return end, 0, 0.0
    trial = work[TRIAL + first :]
    fill_windows(trial, end - first, T * math.exp(-reach), v, a, low, high, variance, st0)
    n_nodes, n_terms = count_nodes(trial, end - first), terms_needed(whole, sharpness)
    alone = (end - first) * (ALONE if st0 > 0.0 else ALONE_NARROW)
    half = max(0.5 * whole, SHORTEST)
    middle = math.log(latest) - half
    while n_nodes > 0 and alone >= n_terms and n_terms <= MOST_TERMS:
        head[PART_TERMS] = n_terms
        curve, sums = head[PART_HEAD:], work[SUMS : SUMS + SUMS_SIZE]
        if draw(curve, sums, work, n_terms, middle, half, v, a, w, c, variance, sz):
            return first, n_nodes, half
        n_terms += 2 * STEP
    return end, 0, 0.0


@once
def share(
    work: FloatArray, n: int, v: float, a: float, w: float, c: float, variance: float, sz: float, st0: float,
    log_f: FloatArray,
) -> int:  # fmt: skip
    """Fill in log densities of those of n trials that share curves: where 1 / sum, row PER_SUM, is not zero.

    Args:
        work: working memory of SIZE numbers, with the decision times, sorted, in its first row of trials.
        n: number of trials, at most BLOCK.
        v, a, w, c, variance, sz, st0: parameters inside of their support; w and c are of the mean start, variance is
            sv^2.
        log_f: shape (n,).

    Returns:
        The number of parts, which ``pull_shared`` takes.
    """
    times = work[TRIAL : TRIAL + n]
    for i in range(n):
        work[TRIAL + PER_SUM * BLOCK + i] = 0.0
    begin = 0
    while begin < n and not times[begin] > 0.0:
        begin += 1
    if n - begin < FEWEST or not times[n - 1] < np.inf:
        return 0
    part, used = 0, 0
    while begin < n and part < MOST_PARTS:
        head = work[PART + part * PART_SIZE : PART + (part + 1) * PART_SIZE]
        end = _end_of_part(times, begin, v, a, w, variance, sz, st0)
        first, n_nodes, half = _draw_part(work, head, begin, end, v, a, w, c, variance, sz, st0)
        begin, part = end, part + 1
        head[PART_FIRST], head[PART_END], head[PART_NODE], head[PART_NODES] = first, end, used, n_nodes
        if n_nodes > 0:
            node, trial = work[NODE + used :], work[TRIAL + first :]
            latest, largest = math.log(times[end - 1]), _largest(head[PART_HEAD:], int(head[PART_TERMS]))
            lay_nodes(node, trial, end - first, latest, 1.0 / half)
            terms = work[SUMS + BY_ONE * MOST_TERMS : SUMS + BY_ONE * MOST_TERMS + int(head[PART_TERMS])]
            evaluate(terms, node_row(node, X, n_nodes), node_row(node, ONE, n_nodes), node_row(node, SPARE, n_nodes))
            weigh_nodes(node, n_nodes, largest)
            add_up(node, trial, end - first, st0, largest, log_f[first:end])
            used += n_nodes
    return part


@once
def pull_shared(work: FloatArray, parts: int, st0: float, weight: FloatArray) -> Sums:
    """Sums of weight (n,) times the logarithmic derivatives of the densities that ``share`` has filled in.

    They are, as in `full_ddm_density`, sums of h and its derivatives over the nodes of the trials.
    """
    total = by_m = by_m2 = by_w = by_place = by_t = by_delay = by_time = 0.0
    for part in range(parts):
        head, sums = work[PART + part * PART_SIZE : PART + (part + 1) * PART_SIZE], work[SUMS : SUMS + SUMS_SIZE]
        n, n_terms = int(head[PART_NODES]), int(head[PART_TERMS])
        if n > 0:
            first, end = int(head[PART_FIRST]), int(head[PART_END])
            node, trial = work[NODE + int(head[PART_NODE]) :], work[TRIAL + first :]
            total += spread(node, trial, n, st0, weight[first:end])
            project(
                node_row(node, X, n), node_row(node, ONE, n), node_row(node, OTHER, n), _terms(sums, BY_ONE, n_terms),
                _terms(sums, BY_OTHER, n_terms), node_row(node, SPARE, n), node_row(node, SPARE2, n),
            )  # fmt: skip
            weights_at_roots(head[PART_HEAD:], sums, n_terms)
            more = summed(head[PART_HEAD:], sums, n_terms)
            by_m += more[0]
            by_m2 += more[1]
            by_w += more[2]
            by_place += more[3]
            by_t += more[4]
            by_delay += more[5]
            by_time += more[6]
    return total, by_m, by_m2, by_w, by_place, by_t, by_delay, by_time
