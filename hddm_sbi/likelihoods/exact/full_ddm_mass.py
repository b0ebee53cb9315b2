"""Probability that the full drift diffusion model responds between two times, and its gradient.

With T1 and T2 the two times less t0, the mass is the integral of h(t, w), the density given the decision time and the
start, over starts and over decision times t > 0, weighted by the share of delays that bring t between the two times:

    K(t) = share of delays s in (0, st0) with T1 < t + s < T2.

K is piecewise linear: it rises from T1 - st0 on, is level, and falls up to T2. In each of the three pieces the
integrand is smooth and positive, and is integrated by Gauss-Legendre quadrature over log t and w where the exponent of
h is within CUT of its least value: the tails keep their relative precision. The exponent of the large-time series
grows by at least pi^2 / (2 a^2) a second, whatever sv is, because E in `full_ddm_integrand` falls with t; so there is
a horizon beyond which nothing matters.

A change of t0 moves all decision times; one of st0 moves them by the place r of the delay in (0, st0). The derivatives
are therefore the integrals of -K dh/dt and of -K r dh/dt, with r the mean place of the delays that K counts. That by
`a` follows from the others as in `full_ddm_density`.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal, once
from hddm_sbi.compiled.gauss_legendre import MOST_NODES, PLACES, WEIGHTS
from hddm_sbi.compiled.log_space import log_difference, log_sum
from hddm_sbi.likelihoods.base import ANY, FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED
from hddm_sbi.likelihoods.exact.ddm_mass import ddm_mass
from hddm_sbi.likelihoods.exact.full_ddm_density import NO_SUMS, FullTrial, Sums, add_times
from hddm_sbi.likelihoods.exact.full_ddm_integrand import CAPACITY, DELAY, LEAST, TIME, WEIGHT, means
from hddm_sbi.likelihoods.exact.full_ddm_nodes import time_window
from hddm_sbi.likelihoods.exact.full_ddm_starts import SWITCH, starts_inside

NOTHING: FullTrial = (-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
CERTAIN: FullTrial = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

LOG_HALF = math.log(0.5)

N_PIECES = 3
# exp(-36) = 2e-16 of the largest value: deeper than for a density, whose slope is steep at the cut
CUT = 36.0
# Each set of nodes is laid over a length of at most PANEL in log t, and over less where drift is fast and starts
# differ: each start then has a peak of its own, of the width 1 / sqrt(|v| d). With SHARP the error is below 1e-10 of
# the mass for |v| a up to 100 and below 1e-9 up to 600, computed for 4,000 intervals against six times the panels.
PANEL = 6.0
SHARP = 6.0

# The end of a piece and its width; K and the mean place of its delays at the end, and what they change by per second
# of distance from it.
Piece = tuple[float, float, float, float, float, float]


@inlined
def _more_nodes(n: int) -> int:
    """Nodes for a relative error of 1e-11 where n are for 1e-9."""
    return min(n + 4 + n // 4, MOST_NODES)


@inlined
def _piece(k: int, T1: float, T2: float, width: float, st0: float) -> Piece:
    """The rise (k = 0), the level part and the fall of K, for T1 >= 0 and T2 = T1 + width."""
    if st0 == 0.0:
        return T2, (width if k == 1 else 0.0), 1.0, 0.0, 0.5, 0.0
    ramp = min(width, st0)  # how long K rises and falls
    level = ramp / st0
    if k == 0:
        return (T1 if st0 <= width else T2 - st0), ramp, level, -1.0 / st0, 1.0 - 0.5 * level, 0.5 / st0
    if k == 2:
        return T2, ramp, 0.0, 1.0 / st0, 0.0, 0.5 / st0
    if st0 <= width:
        return T2 - st0, width - st0, 1.0, 0.0, 0.5, 0.0
    return T1, st0 - width, level, 0.0, 0.5 * level, 1.0 / st0


@inlined
def _within(piece: Piece, horizon: float) -> tuple[float, float]:
    """The end of a piece and its width, without what is beyond the horizon; no width where nothing is left."""
    end = min(piece[0], horizon)
    extent = piece[1] - (piece[0] - end)
    return end, (extent if end > 0.0 else 0.0)


@once
def _add_piece(
    sums: Sums, piece: Piece, last: float, length: float, n_times: int, shift: float, v: float, a: float, w: float,
    c: float, variance: float, sz: float, at: FloatArray,
) -> Sums:  # fmt: skip
    """Sums with those of a piece added, times exp(shift), over log t from log(last) - length to log(last)."""
    end, _, level, level_slope, delay, delay_slope = piece
    panels = 1 + int(length * (1.0 / PANEL + math.sqrt(abs(v) * a * sz) / SHARP))
    for panel in range(panels):
        for i in range(n_times):
            log_ratio = -length * (panel + PLACES[n_times, i]) / panels
            t, before = last * vm.exp(log_ratio), (end - last) - last * vm.expm1(log_ratio)
            at[TIME * CAPACITY + i], at[LEAST * CAPACITY + i] = t, shift
            at[WEIGHT * CAPACITY + i] = WEIGHTS[n_times, i] * length / panels * t * (level + level_slope * before)
            at[DELAY * CAPACITY + i] = delay + delay_slope * before
        means(at, n_times, v, a, w, c, variance, sz, CUT, 1.0)
        sums = add_times(sums, at, n_times)
    return sums


@once
def _boundary(
    T1: float, T2: float, width: float, v: float, a: float, w: float, c: float, variance: float, sz: float, st0: float,
    at: FloatArray,
) -> tuple[float, Sums]:  # fmt: skip
    """The mass of the lower boundary and its derivatives, times exp(shift), and the shift."""
    low, high = a * (w - 0.5 * sz), a * (w + 0.5 * sz)
    horizon = max(T1 - st0, SWITCH * a * a) + CUT * a * a / HALF_PI_SQUARED
    if horizon + st0 < T2:
        T2, width = horizon + st0, horizon + st0 - T1
    shift = np.inf
    for k in range(N_PIECES):
        end, extent = _within(_piece(k, T1, T2, width, st0), horizon)
        if extent > 0.0:
            shift = min(shift, time_window(end, extent, v, a, low, high, variance, CUT)[3])
    sums = NO_SUMS
    for k in range(N_PIECES):
        piece = _piece(k, T1, T2, width, st0)
        end, extent = _within(piece, horizon)
        if extent > 0.0:
            last, length, n_times, least = time_window(end, extent, v, a, low, high, variance, CUT)
            if least < shift + CUT:
                n_times = _more_nodes(n_times)
                sums = _add_piece(sums, piece, last, length, n_times, shift, v, a, w, c, variance, sz, at)
    return shift, sums


@internal
def _choice(
    choice: int, T1: float, T2: float, width: float, v: float, a: float, z: float, sv: float, sz: float, st0: float,
    at: FloatArray,
) -> FullTrial:  # fmt: skip
    """Log mass of one choice between decision times, T1 >= 0, and its derivatives."""
    side = -1.0 if choice == 1 else 1.0
    w, c = (1.0 - z, z) if choice == 1 else (z, 1.0 - z)
    shift, sums = _boundary(T1, T2, width, side * v, a, w, c, sv * sv, sz, st0, at)
    mass = sums[0]
    log_mass = math.log(mass) - shift
    # Parameters whose exponents overflow float64 have no representable probability either; written to catch NaN.
    if not (-np.inf < log_mass < np.inf):
        return NOTHING
    d_v, d_sv = -side * sums[1] / mass, sv * sums[2] / mass
    d_a = (v * d_v + sv * d_sv - 2.0 - 2.0 * sums[7] / mass) / a
    return log_mass, d_v, d_a, side * sums[3] / mass, -sums[5] / mass, d_sv, sums[4] / mass, -sums[6] / mass


@internal
def _combined(log_mass: float, p: float, one: FullTrial, q: float, other: FullTrial) -> FullTrial:
    """Derivatives of a log mass that depends on two others with the derivatives p and q."""
    return (
        log_mass, p * one[1] + q * other[1], p * one[2] + q * other[2], p * one[3] + q * other[3],
        p * one[4] + q * other[4], p * one[5] + q * other[5], p * one[6] + q * other[6], p * one[7] + q * other[7],
    )  # fmt: skip


@internal
def _either(
    T1: float, T2: float, width: float, v: float, a: float, z: float, sv: float, sz: float, st0: float,
    at: FloatArray,
) -> FullTrial:  # fmt: skip
    """As `_choice`, for both choices together."""
    lower = _choice(0, T1, T2, width, v, a, z, sv, sz, st0, at)
    upper = _choice(1, T1, T2, width, v, a, z, sv, sz, st0, at)
    total, p, q = log_sum(lower[0], upper[0])
    return _combined(total, p, lower, q, upper)


@internal
def full_ddm_mass(
    choice: int, t1: float, t2: float, v: float, a: float, z: float, t0: float, sv: float, sz: float, st0: float,
    at: FloatArray,
) -> FullTrial:  # fmt: skip
    """Log probability of a response between t1 and t2, and its derivatives by v, a, z, t0, sv, sz, st0.

    It is -inf, with derivatives of zero, where the probability is zero and outside of the support of the parameters.

    Args:
        choice: 0 = lower, 1 = upper, or ``ANY``.
        t1, t2: in seconds, 0 <= t1 <= t2 <= infinity.
        v, a, z, t0, sv, sz, st0: on their natural scales.
        at: working memory of TABLE_SIZE numbers.
    """
    inside = abs(v) < np.inf and 0.0 < a < np.inf and 0.0 < z < 1.0 and 0.0 <= t0 < np.inf
    inside = inside and 0.0 <= sv < np.inf and starts_inside(z, sz) and 0.0 <= st0 < np.inf
    if not (inside and t1 < t2 and t0 < t2 and (choice == 0 or choice == 1 or choice == ANY)):
        return NOTHING
    if sv == 0.0 and sz == 0.0 and st0 == 0.0:
        log_mass, d_v, d_a, d_z, d_t0 = ddm_mass(choice, t1, t2, v, a, z, t0)
        return log_mass, d_v, d_a, d_z, d_t0, 0.0, 0.0, 0.5 * d_t0
    T1, T2, width = max(t1 - t0, 0.0), t2 - t0, t2 - max(t1, t0)
    if choice != ANY:
        mass = _choice(choice, T1, T2, width, v, a, z, sv, sz, st0, at)
    elif T1 > 0.0:
        mass = _either(T1, T2, width, v, a, z, sv, sz, st0, at)
    else:
        mass = NOTHING
        if math.isfinite(T2):
            mass = _either(T2, np.inf, np.inf, v, a, z, sv, sz, st0, at)
        if mass[0] < LOG_HALF:
            total, p, q = log_difference(0.0, mass[0])
            return _combined(total, p, CERTAIN, q, mass)
        mass = _either(0.0, T2, T2, v, a, z, sv, sz, st0, at)
    return (min(mass[0], 0.0), mass[1], mass[2], mass[3], mass[4], mass[5], mass[6], mass[7])
