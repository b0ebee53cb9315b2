"""The integrand of the full drift diffusion model, drift integrated out in closed form, and its means over starts.

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

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal, summing
from hddm_sbi.compiled.gauss_legendre import MOST_NODES, PLACES, WEIGHTS
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED, images_far, images_near, sines
from hddm_sbi.likelihoods.exact.full_ddm_starts import SWITCH, large_time_range, small_time_range

# Rows of a table of decision times, which lie one after the other in one array, so that loops over times use vector
# registers. Given: the time t and the least exponent, by which h is divided; weight and delay, the place of the time in
# its window, are of the caller's own. Working memory: the places of the starts; 1 / q; and 1 / t for the small-time
# series, exp(-pi^2 u / 2) for the large-time series. Results: the means over starts of h, h m and h (m^2 - t / q); of
# the derivative of h by w, as it is and times the place; of that by t.
TIME, LEAST, WEIGHT, DELAY, BEGIN, SPAN, COUNT, PER_Q, SERIES, H, H_M, H_M2, H_W, H_PLACE, H_T = range(15)
N_ROWS = 15
# Times are padded to a multiple of this, the doubles in the longest vector registers.
LANES = 8
CAPACITY = MOST_NODES + LANES
TABLE_SIZE = N_ROWS * CAPACITY

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


@summing
def _small_times(
    at: FloatArray, n_starts: int, v: float, a: float, w: float, c: float, variance: float,
    sz: float,
) -> None:  # fmt: skip
    """Fill in the results of LANES times by the small-time series; w and c are of the mean start."""
    near = w <= 0.5
    for j in range(n_starts):
        relative, share = PLACES[n_starts, j], WEIGHTS[n_starts, j]
        for i in range(LANES):
            t, per_q, per_t = at[TIME * CAPACITY + i], at[PER_Q * CAPACITY + i], at[SERIES * CAPACITY + i]
            place = at[BEGIN * CAPACITY + i] + relative * at[SPAN * CAPACITY + i]
            start, rest = w + sz * place, c - sz * place
            per_u = a * a * per_t
            T, D, T_w = images_near(per_u, start, rest) if near else images_far(per_u, start, rest)
            to_go = a * start + v * t
            m = to_go * per_q
            rate = m * per_t
            base = share * vm.exp(at[LEAST * CAPACITY + i] - 0.5 * to_go * rate)
            h = base * T
            h_w = base * T_w - h * a * rate
            slope = rate * (0.5 * rate * (1.0 + 2.0 * variance * t) - v)
            at[H * CAPACITY + i] += h
            at[H_M * CAPACITY + i] += h * m
            at[H_M2 * CAPACITY + i] += h * (m * m - t * per_q)
            at[H_W * CAPACITY + i] += h_w
            at[H_PLACE * CAPACITY + i] += place * h_w
            at[H_T * CAPACITY + i] += h * (slope - 1.5 * per_t - 0.5 * variance * per_q) + base * D * per_u * per_t


@summing
def _large_times(
    at: FloatArray, n_starts: int, v: float, a: float, w: float, c: float, variance: float,
    sz: float,
) -> None:  # fmt: skip
    """The same by the large-time series."""
    decay = HALF_PI_SQUARED / (a * a)
    for j in range(n_starts):
        relative, share = PLACES[n_starts, j], WEIGHTS[n_starts, j]
        for i in range(LANES):
            t, per_q = at[TIME * CAPACITY + i], at[PER_Q * CAPACITY + i]
            place = at[BEGIN * CAPACITY + i] + relative * at[SPAN * CAPACITY + i]
            start, rest = w + sz * place, c - sz * place
            sine, x = sine_cosine_pi(start, rest)
            S, S_u, S_x = sines(at[SERIES * CAPACITY + i], x)
            d = a * start
            m = (d + v * t) * per_q
            drift = (v - variance * d) * per_q
            exponent = 0.5 * ((variance * d - 2.0 * v) * d - v * v * t) * per_q - decay * t
            base = share * vm.exp(at[LEAST * CAPACITY + i] + exponent)
            h = base * sine * S
            h_w = base * math.pi * (x * S - sine * sine * S_x) - h * a * drift
            at[H * CAPACITY + i] += h
            at[H_M * CAPACITY + i] += h * m
            at[H_M2 * CAPACITY + i] += h * (m * m - t * per_q)
            at[H_W * CAPACITY + i] += h_w
            at[H_PLACE * CAPACITY + i] += place * h_w
            at[H_T * CAPACITY + i] += -0.5 * h * (drift * drift + variance * per_q) - decay * base * sine * (S + S_u)


@summing
def _prepare(
    at: FloatArray, n: int, small: bool, v: float, a: float, w: float, c: float, variance: float,
    sz: float, cut: float,
) -> None:  # fmt: skip
    """Fill in the starts of each time, how many nodes they need, and what depends on the time alone."""
    for i in range(n):
        t = at[TIME * CAPACITY + i]
        at[PER_Q * CAPACITY + i] = 1.0 / (1.0 + variance * t)
        for row in range(H, H_T + 1):
            at[row * CAPACITY + i] = 0.0
    if small:
        for i in range(n):
            at[SERIES * CAPACITY + i] = 1.0 / at[TIME * CAPACITY + i]
    else:
        for i in range(n):
            at[SERIES * CAPACITY + i] = vm.exp(-HALF_PI_SQUARED * at[TIME * CAPACITY + i] / (a * a))
    if sz == 0.0:  # the derivatives are those of a narrow range
        for i in range(n):
            at[BEGIN * CAPACITY + i], at[SPAN * CAPACITY + i], at[COUNT * CAPACITY + i] = -0.5, 1.0, 1.0
    elif small:
        for i in range(n):
            begin, end, count = small_time_range(
                at[TIME * CAPACITY + i], v, a, w, c, variance, sz, at[LEAST * CAPACITY + i], cut
            )
            at[BEGIN * CAPACITY + i], at[SPAN * CAPACITY + i], at[COUNT * CAPACITY + i] = begin, end - begin, count
    else:
        for i in range(n):
            begin, end, count = large_time_range(at[TIME * CAPACITY + i], v, a, w, variance, sz, cut)
            at[BEGIN * CAPACITY + i], at[SPAN * CAPACITY + i], at[COUNT * CAPACITY + i] = begin, end - begin, count


@summing
def _finish(at: FloatArray, n: int, small: bool, a: float) -> None:
    """Multiply the results by the factors of h that depend on the time alone."""
    for i in range(n):
        per_q = at[PER_Q * CAPACITY + i]
        if small:
            per_t = at[SERIES * CAPACITY + i]
            factor = PER_SQRT_2PI * a * per_t * math.sqrt(per_q * per_t)
        else:
            factor = math.pi / (a * a) * math.sqrt(per_q)
        factor *= at[SPAN * CAPACITY + i]
        for row in range(H, H_T + 1):
            at[row * CAPACITY + i] *= factor


@internal
def _means_by_series(
    at: FloatArray, n: int, small: bool, v: float, a: float, w: float, c: float, variance: float, sz: float, cut: float,
    surplus: float,
) -> None:  # fmt: skip
    """As ``means``, for n times that share a series."""
    padded = (n + LANES - 1) // LANES * LANES
    _prepare(at, padded, small, v, a, w, c, variance, sz, cut)
    for begin in range(0, padded, LANES):
        some, count = at[begin:], 1.0
        for i in range(min(n - begin, LANES)):
            count = max(count, some[COUNT * CAPACITY + i])
        n_starts = min(int(count + surplus * (4.0 + 0.25 * count)), MOST_NODES) if sz > 0.0 else 1
        if small:
            _small_times(some, n_starts, v, a, w, c, variance, sz)
        else:
            _large_times(some, n_starts, v, a, w, c, variance, sz)
    _finish(at, padded, small, a)


@internal
def means(
    at: FloatArray, n: int, v: float, a: float, w: float, c: float, variance: float, sz: float, cut: float,
    surplus: float,
) -> None:  # fmt: skip
    """Fill in the results of n times, times the exponential of each time's least exponent.

    Args:
        at: the table, whose times go from late to early.
        n: number of times, at most MOST_NODES.
        v, a, w, c, variance, sz: w and c are of the mean start, variance is sv^2.
        cut: starts whose exponent is above the least by so much are left out.
        surplus: 0 for the nodes of an error of 1e-9, 1 for those of 1e-11.
    """
    for i in range(n, n + LANES):
        at[TIME * CAPACITY + i], at[LEAST * CAPACITY + i] = at[TIME * CAPACITY + n - 1], at[LEAST * CAPACITY + n - 1]
    n_large = 0
    while n_large < n and at[TIME * CAPACITY + n_large] >= SWITCH * a * a:
        n_large += 1
    # the padding of the first reaches into the second, which is filled in afterwards
    if n_large > 0:
        _means_by_series(at, n_large, False, v, a, w, c, variance, sz, cut, surplus)
    if n_large < n:
        _means_by_series(at[n_large:], n - n_large, True, v, a, w, c, variance, sz, cut, surplus)
