"""The integrand of the full drift diffusion model, drift integrated out in closed form, and its sums over nodes.

Notation of `ddm_density`: absorption at the LOWER boundary, w the relative distance of the start from it, c = 1 - w,
d = a w, t the decision time, u = t / a^2. With drift ~ N(v, sv^2) and q = 1 + sv^2 t, the mean of
exp(-drift d - drift^2 t / 2) over drifts is q^-1/2 exp(E), so that the density given start and decision time is

    h(t, w) = a^-2 q^-1/2 exp(E) g(u, w),  E = (sv^2 d^2 - 2 v d - v^2 t) / (2 q)
    E - d^2 / (2t) = -(d + v t)^2 / (2 t q)          (with the exponent of the small-time series' first term)

Source: Tuerlinckx (2004), Behavior Research Methods, Instruments & Computers 36, 702-716. With m = (d + v t) / q the
derivatives of log h are -m by v and sv (m^2 - t / q) by sv; E has the derivatives -(v - sv^2 d) a / q by w and
-(v - sv^2 d)^2 / (2 q^2) by t.
"""

from __future__ import annotations

import math

from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED, images_far, images_near, sines
from hddm_sbi.likelihoods.native import vector_math as vm
from hddm_sbi.likelihoods.native.compiling import inlined, summing

# Below this u the small-time series is used, above it the large-time series. The latter costs less here; at u = 1/5 it
# leaves out less than 36 exp(-35 pi^2 u / 2) = 4e-14 of the sum (see `ddm_density`).
SWITCH = 0.2

# Rows of the matrix of nodes: decision time t; place s of the start in its range, w = mean + sz s; delay, the place of
# the time in its window, t = T - st0 delay; weight, with the factors of h that depend on t alone; 1 / q; and 1 / t for
# the small-time series, exp(-pi^2 u / 2) for the large-time series.
TIME, PLACE, DELAY, WEIGHT, PER_Q, SERIES = range(6)
N_ROWS = 6
# Nodes are padded to a multiple of this, the doubles in the longest vector registers.
LANES = 8

# Sums over nodes, weighted: of h, h m and h (m^2 - t / q); of the derivative of h by w, as it is and times the place;
# of that by t, as it is, times the delay and times t.
NodeSums = tuple[float, float, float, float, float, float, float, float]

HALF_PI = 0.5 * math.pi
PER_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@inlined
def sine_cosine_pi(w: float, c: float) -> tuple[float, float]:
    """sin(pi w) and cos(pi w), w + c = 1, without calls or branches, precise near both boundaries."""
    x = HALF_PI * min(w, c)  # at most pi / 4, where the terms that the two series leave out are below 1e-16
    y = x * x
    s = -1.0 / 1307674368000.0
    s = s * y + 1.0 / 6227020800.0
    s = s * y - 1.0 / 39916800.0
    s = s * y + 1.0 / 362880.0
    s = s * y - 1.0 / 5040.0
    s = s * y + 1.0 / 120.0
    s = s * y - 1.0 / 6.0
    s = x + x * y * s
    k = 1.0 / 20922789888000.0
    k = k * y - 1.0 / 87178291200.0
    k = k * y + 1.0 / 479001600.0
    k = k * y - 1.0 / 3628800.0
    k = k * y + 1.0 / 40320.0
    k = k * y - 1.0 / 720.0
    k = k * y + 1.0 / 24.0
    k = 1.0 - 0.5 * y + y * y * k
    cosine = 1.0 - 2.0 * s * s
    return 2.0 * s * k, (cosine if w <= c else -cosine)


@inlined
def small_time_factor(per_t: float, per_q: float, a: float) -> float:
    """Factors of the small-time h that depend on the time alone."""
    return PER_SQRT_2PI * a * per_t * math.sqrt(per_q * per_t)


@inlined
def large_time_factor(per_q: float, a: float) -> float:
    """Factors of the large-time h that depend on the time alone."""
    return math.pi / (a * a) * math.sqrt(per_q)


@summing
def small_time_nodes(
    nodes: FloatArray, n: int, v: float, a: float, w: float, c: float, variance: float, sz: float, shift: float
) -> NodeSums:
    """Sums over n nodes by the small-time series, times exp(shift); w and c are of the mean start."""
    time, place, delay, weight = nodes[TIME], nodes[PLACE], nodes[DELAY], nodes[WEIGHT]
    per_q, per_t = nodes[PER_Q], nodes[SERIES]
    near = w <= 0.5
    total = by_m = by_m2 = by_w = by_place = by_t = by_delay = by_time = 0.0
    for i in range(n):
        start, rest = w + sz * place[i], c - sz * place[i]
        per_u = a * a * per_t[i]
        T, D, T_w = images_near(per_u, start, rest) if near else images_far(per_u, start, rest)
        to_go = a * start + v * time[i]
        m = to_go * per_q[i]
        rate = m * per_t[i]
        base = weight[i] * vm.exp(shift - 0.5 * to_go * rate)
        h = base * T
        h_w = base * T_w - h * a * rate
        slope = rate * (0.5 * rate * (1.0 + 2.0 * variance * time[i]) - v)
        h_t = h * (slope - 1.5 * per_t[i] - 0.5 * variance * per_q[i]) + base * D * per_u * per_t[i]
        total += h
        by_m += h * m
        by_m2 += h * (m * m - time[i] * per_q[i])
        by_w += h_w
        by_place += place[i] * h_w
        by_t += h_t
        by_delay += delay[i] * h_t
        by_time += time[i] * h_t
    return total, by_m, by_m2, by_w, by_place, by_t, by_delay, by_time


@summing
def large_time_nodes(
    nodes: FloatArray, n: int, v: float, a: float, w: float, c: float, variance: float, sz: float, shift: float
) -> NodeSums:
    """Sums over n nodes by the large-time series, times exp(shift); w and c are of the mean start."""
    time, place, delay, weight = nodes[TIME], nodes[PLACE], nodes[DELAY], nodes[WEIGHT]
    per_q, first = nodes[PER_Q], nodes[SERIES]
    decay = HALF_PI_SQUARED / (a * a)
    total = by_m = by_m2 = by_w = by_place = by_t = by_delay = by_time = 0.0
    for i in range(n):
        start, rest = w + sz * place[i], c - sz * place[i]
        sine, x = sine_cosine_pi(start, rest)
        S, S_u, S_x = sines(first[i], x)
        d = a * start
        m = (d + v * time[i]) * per_q[i]
        drift = (v - variance * d) * per_q[i]
        exponent = 0.5 * ((variance * d - 2.0 * v) * d - v * v * time[i]) * per_q[i] - decay * time[i]
        base = weight[i] * vm.exp(shift + exponent)
        h = base * sine * S
        h_w = base * math.pi * (x * S - sine * sine * S_x) - h * a * drift
        h_t = -0.5 * h * (drift * drift + variance * per_q[i]) - decay * base * sine * (S + S_u)
        total += h
        by_m += h * m
        by_m2 += h * (m * m - time[i] * per_q[i])
        by_w += h_w
        by_place += place[i] * h_w
        by_t += h_t
        by_delay += delay[i] * h_t
        by_time += time[i] * h_t
    return total, by_m, by_m2, by_w, by_place, by_t, by_delay, by_time
