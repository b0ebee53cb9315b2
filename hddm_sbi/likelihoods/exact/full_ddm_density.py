"""The exact density of the full drift diffusion model: its integrand summed over nodes, and the gradient.

The derivatives are sums of the integrand's derivatives over the same nodes, so that they stay precise while sv, sz and
st0 go to zero, and at zero: there they are one-sided limits. That by `a` follows from the others, because time in units
of a^2, distance in units of a and drift in units of 1 / a leave the process as it is.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.gauss_legendre import PLACES, WEIGHTS
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED
from hddm_sbi.likelihoods.exact.full_ddm_integrand import (
    DELAY,
    LANES,
    N_ROWS,
    PER_Q,
    PLACE,
    SERIES,
    SWITCH,
    TIME,
    WEIGHT,
    NodeSums,
    large_time_factor,
    large_time_nodes,
    small_time_factor,
    small_time_nodes,
)  # fmt: skip
from hddm_sbi.likelihoods.exact.full_ddm_nodes import CUT, exponent, start_range, starts_inside, time_window

# nodes evaluated together: they fit the first-level cache
CAPACITY = 256
NODES_SHAPE = (N_ROWS, CAPACITY)

NO_SUMS: NodeSums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

N_PARAMETERS = 7  # v, a, z, t0, sv, sz, st0

# log density and its derivatives by v, a, z, t0, sv, sz, st0
FullTrial = tuple[float, float, float, float, float, float, float, float]


@inlined
def put_nodes(
    nodes: FloatArray, n: int, t: float, delay: float, weight: float, a: float, variance: float, begin: float,
    end: float, n_starts: int,
) -> int:  # fmt: skip
    """Append the nodes of one decision time, and return how many there are."""
    per_q = 1.0 / (1.0 + variance * t)
    if t < SWITCH * a * a:
        series = 1.0 / t
        weight *= small_time_factor(series, per_q, a)
    else:
        series = vm.exp(-HALF_PI_SQUARED * t / (a * a))
        weight *= large_time_factor(per_q, a)
    for i in range(n_starts):
        nodes[TIME, n + i] = t
        nodes[PLACE, n + i] = begin + (end - begin) * PLACES[n_starts, i]
        nodes[DELAY, n + i] = delay
        nodes[WEIGHT, n + i] = weight * (end - begin) * WEIGHTS[n_starts, i]
        nodes[PER_Q, n + i] = per_q
        nodes[SERIES, n + i] = series
    return n + n_starts


@inlined
def add_nodes(
    sums: NodeSums, nodes: FloatArray, n: int, v: float, a: float, w: float, c: float, variance: float, sz: float,
    shift: float,
) -> NodeSums:  # fmt: skip
    """Sums with those over the first n nodes, which share a series, added."""
    padded = n
    while n > 1 and padded % LANES > 0:  # with nodes of no weight
        for k in range(N_ROWS):
            nodes[k, padded] = nodes[k, 0]
        nodes[WEIGHT, padded] = 0.0
        padded += 1
    if nodes[TIME, 0] < SWITCH * a * a:
        more = small_time_nodes(nodes, padded, v, a, w, c, variance, sz, shift)
    else:
        more = large_time_nodes(nodes, padded, v, a, w, c, variance, sz, shift)
    return (
        sums[0] + more[0], sums[1] + more[1], sums[2] + more[2], sums[3] + more[3], sums[4] + more[4],
        sums[5] + more[5], sums[6] + more[6], sums[7] + more[7],
    )  # fmt: skip


@internal
def integrate(
    T: float, v: float, a: float, w: float, c: float, variance: float, sz: float, st0: float, nodes: FloatArray
) -> tuple[float, NodeSums]:
    """The integral of the integrand and its derivatives, times exp(shift), and the shift."""
    low, high = a * (w - 0.5 * sz), a * (w + 0.5 * sz)
    last, length, n_times = T, 0.0, 1
    if st0 > 0.0:
        last, length, n_times, shift = time_window(T, st0, v, a, low, high, variance, CUT)
    else:
        shift = exponent(T, v, a, low, high, variance)
    sums = NO_SUMS
    # at sz = 0 and st0 = 0 the derivatives are those of a narrow window: the mean place is 0, the mean delay 1/2
    t, delay, weight, begin, end, n_starts, n = T, 0.5, 1.0, -0.5, 0.5, 1, 0
    for j in range(n_times):
        if st0 > 0.0:
            log_ratio = -length * PLACES[n_times, j]
            t = last * vm.exp(log_ratio)
            delay = (T - last - last * vm.expm1(log_ratio)) / st0
            weight = WEIGHTS[n_times, j] * length * t / st0
        if sz > 0.0:
            begin, end, n_starts = start_range(t, v, a, w, c, variance, sz, shift, CUT)
        another_series = n > 0 and (t < SWITCH * a * a) != (nodes[TIME, 0] < SWITCH * a * a)
        if another_series or n + n_starts > CAPACITY:
            sums = add_nodes(sums, nodes, n, v, a, w, c, variance, sz, shift)
            n = 0
        n = put_nodes(nodes, n, t, delay, weight, a, variance, begin, end, n_starts)
    return shift, add_nodes(sums, nodes, n, v, a, w, c, variance, sz, shift)


@internal
def full_ddm_trial(
    rt: float, choice: int, v: float, a: float, z: float, t0: float, sv: float, sz: float, st0: float,
    nodes: FloatArray,
) -> FullTrial:  # fmt: skip
    """Log density of one trial and its derivatives by v, a, z, t0, sv, sz, st0; -inf and zeros where there is none.

    ``nodes`` is working memory of the shape ``NODES_SHAPE``.
    """
    T = rt - t0
    nothing = (-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    inside = a > 0.0 and z > 0.0 and z < 1.0 and t0 >= 0.0 and sv >= 0.0 and st0 >= 0.0
    if not (inside and T > 0.0 and starts_inside(z, sz) and (choice == 0 or choice == 1)):
        return nothing
    side = -1.0 if choice == 1 else 1.0
    w, c = (1.0 - z, z) if choice == 1 else (z, 1.0 - z)
    shift, sums = integrate(T, side * v, a, w, c, sv * sv, sz, st0, nodes)
    f = sums[0]
    log_f = math.log(f) - shift
    # Parameters whose exponents overflow float64 have no representable density either; written to catch NaN.
    if not (-np.inf < log_f < np.inf):
        return nothing
    d_v, d_sv, d_t, d_st0 = -side * sums[1] / f, sv * sums[2] / f, sums[5] / f, -sums[6] / f
    d_a = (v * d_v + sv * d_sv - 2.0 - 2.0 * sums[7] / f) / a
    return log_f, d_v, d_a, side * sums[3] / f, -d_t, d_sv, sums[4] / f, d_st0
