"""Probability that the constant-bound drift diffusion model responds between two times, and its gradient.

Notation of `ddm_density`: absorption at the LOWER boundary, w the relative distance of the start from it, c = 1 - w,
u = t / a^2, y = v a; the upper boundary is the mirror image. Nothing here is a difference of nearly equal numbers, so
that the tails keep their relative precision, and all is in logs, so that they may be as deep as they like.

`_late`, from u >= 1/4 on, to infinity included: the large-time series of the density, integrated term by term,

    pi e^{-y w} sum_{k >= 1} k sin(k pi w) e^{-r_k u} (1 - e^{-r_k (u' - u)}) / r_k,    r_k = (y^2 + k^2 pi^2) / 2,

is the density's own with factors that fall with k: what it leaves out is at most as small a share (see `SWITCH`), and
its first term is at least 0.85 of the sum, however narrow the interval.

`_early`, up to u = 1/4: the small-time density is positive and of relative precision, and is integrated by
Gauss-Legendre quadrature over log t, in which exp(-(d + v t)^2 / (2t)) is smooth at a scale of one or, where |v| d is
large, of 1 / sqrt(|v| d). It is cut where this factor has fallen to exp(-CUT) of its largest value in the interval.

`_ever`, from 0 to infinity: e^{-y w} sinh(y c) / sinh(y). From 0 to u >= 1/4 the mass is that less the rest, which is
at most 2 sum_k (-1)^(k+1) exp(-k^2 pi^2 / 8) = 0.57 of it (the limit w -> 1, y -> 0).

Sums of masses (early and late, both boundaries) have positive terms.

Sources: Feller (1968), An Introduction to Probability Theory I, chapter 14; Blurton, Kesselmeier & Gondan (2012),
Journal of Mathematical Psychology 56, 470-475.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal, summing
from hddm_sbi.compiled.gauss_legendre import MOST_NODES, PLACES, WEIGHTS
from hddm_sbi.compiled.log_space import log_difference, log_sum
from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED, SWITCH, sine_cosine, small_time

# log of a probability and its derivatives by v, a, w (or z) and by a shift of both decision times (or t0)
Mass = tuple[float, float, float, float, float]

NOTHING: Mass = (-np.inf, 0.0, 0.0, 0.0, 0.0)
CERTAIN: Mass = (0.0, 0.0, 0.0, 0.0, 0.0)

# exp(-36) = 2e-16
CUT = 36.0
# An interval that ends this little above the switch is not divided there: it might be narrow.
ABOVE = 1.01
# Over an interval as long as this in log t, the derivative by t is the difference of the densities at its ends, which
# is precise where the mean of the density's derivative cancels: beside a start close to the boundary.
WIDE = 0.5


@inlined
def _combined(log_mass: float, p: float, one: Mass, q: float, other: Mass) -> Mass:
    """Derivatives of a log mass that depends on two others with the derivatives p and q."""
    return (
        log_mass, p * one[1] + q * other[1], p * one[2] + q * other[2], p * one[3] + q * other[3],
        p * one[4] + q * other[4],
    )  # fmt: skip


@inlined
def _sum(one: Mass, other: Mass) -> Mass:
    total, p, q = log_sum(one[0], other[0])
    return _combined(total, p, one, q, other)


@inlined
def _difference(whole: Mass, part: Mass) -> Mass:
    total, p, q = log_difference(whole[0], part[0])
    return _combined(total, p, whole, q, part)


@inlined
def _mirror(mass: Mass) -> Mass:
    """A mass at the lower boundary as one at the upper boundary, or back."""
    return mass[0], -mass[1], mass[2], -mass[3], mass[4]


@inlined
def _per_expm1(x: float) -> float:
    """x / (exp(x) - 1) for x >= 0."""
    return x / math.expm1(x) if 0.0 < x < 700.0 else (1.0 if x == 0.0 else 0.0)


@inlined
def _langevin(x: float) -> float:
    """coth(x) - 1 / x for 0 <= x <= 1, by its continued fraction; what is left out is below 1e-16 of it."""
    fraction = 13.0
    for odd in range(11, 1, -2):
        fraction = odd + x * x / fraction
    return x / fraction


@internal
def _ever(v: float, a: float, w: float, c: float) -> Mass:
    """The lower boundary at any time."""
    y = max(abs(v) * a, 1e-200)  # the limit is reached long before
    log_p = math.log(math.expm1(-2.0 * y * c) / math.expm1(-2.0 * y))
    d_w = -_per_expm1(2.0 * y * c) / c
    if y < 1.0:
        d_y = w + c * _langevin(y * c) - _langevin(y)
    else:
        d_y = 2.0 * c / math.expm1(2.0 * y * c) - 2.0 / math.expm1(2.0 * y)
    if v > 0.0:
        return log_p - 2.0 * y * w, a * (d_y - 2.0 * w), v * (d_y - 2.0 * w), d_w - 2.0 * y, 0.0
    return log_p, -a * d_y, -v * d_y, d_w, 0.0


@internal
def _late(t: float, width: float, v: float, a: float, w: float, c: float) -> Mass:
    """The lower boundary between t and t + width, where t >= SWITCH a^2."""
    if t == np.inf:
        return NOTHING
    per_aa = 1.0 / (a * a)
    u, duration, y = t * per_aa, width * per_aa, v * a
    sine, x = sine_cosine(w, c)
    S = S_x = by_rate = by_scale = by_u = 0.0
    U, before, U_x, before_x = 1.0, 0.0, 0.0, 0.0  # Chebyshev polynomials of the second kind and their derivatives
    for k in range(1, 6):
        rate = 0.5 * y * y + k * k * HALF_PI_SQUARED
        length = rate * duration
        short = _per_expm1(length)  # one for a narrow interval, zero for a long one
        term = -k * math.exp((1.0 - k * k) * HALF_PI_SQUARED * u) * math.expm1(-length) / rate
        S_x += term * U_x
        term *= U
        S += term
        by_rate += term * (u + (1.0 - short) / rate)
        by_u += term * rate
        by_scale += term * (short - rate * u)
        U, before, U_x, before_x = 2.0 * x * U - before, U, 2.0 * (U + x * U_x) - before_x, U_x
    log_mass = math.log(math.pi * sine * S) - y * w - (0.5 * y * y + HALF_PI_SQUARED) * u
    d_y = -w - y * by_rate / S
    d_w = math.pi * (x / sine - sine * S_x / S) - y
    return log_mass, a * d_y, v * d_y - 2.0 * by_scale / (S * a), d_w, -by_u / S * per_aa


@summing
def _sum_early(last: float, length: float, n: int, shift: float, v: float, a: float, w: float, c: float) -> Mass:
    """The integral over log t from log(last) - length to log(last), times exp(shift), and those of the derivatives."""
    near = w <= 0.5
    total = by_v = by_a = by_w = by_t = 0.0
    for i in range(n):
        t = last * vm.exp(-length * PLACES[n, i])
        log_f, d_v, d_a, d_w, d_t = small_time(t, v, a, w, c, near)
        weight = WEIGHTS[n, i] * length * t * vm.exp(log_f + shift)
        total += weight
        by_v += weight * d_v
        by_a += weight * d_a
        by_w += weight * d_w
        by_t += weight * d_t
    return total, by_v, by_a, by_w, by_t


@inlined
def _exponent(t: float, d: float, v: float) -> float:
    return 0.5 * (d + v * t) * (d + v * t) / t


@inlined
def _n_nodes(at_begin: float, at_end: float, length: float) -> int:
    """Nodes for a relative error of 1e-13; the exponent, above its least value, at the ends, and the length in log t.

    Computed for 3,000 intervals all over the space of parameters: what an exponential decay, a maximum inside of the
    interval and the other factors of the density need.
    """
    variation = at_begin + at_end
    variation += max(4.0 * min(at_begin, at_end), (11.0 + 0.45 * length) * length)
    return min(int(6.0 + 2.3 * math.sqrt(variation)), MOST_NODES)


@internal
def _early(t1: float, t2: float, width: float, v: float, a: float, w: float, c: float) -> Mass:
    """The lower boundary between t1 and t2 <= SWITCH a^2, width = t2 - t1; t1 may be negative."""
    d = a * w
    mode = min(max(d / max(abs(v), 1e-200), t1), t2)
    least = _exponent(mode, d, v)
    limit = least * (1.0 + 1e-12) + CUT  # a cut where the exponent has the digits for it
    root = math.sqrt(max(limit * (limit - 2.0 * d * v), 0.0))
    # solutions of the exponent = limit
    first = d * d / (limit - d * v + root)
    last = min(t2, (limit - d * v + root) / max(v * v, 1e-200))
    if first < t1 and last == t2:
        first = t1
        length = -math.log1p(-width / last)
    else:
        first = max(first, t1)
        length = math.log(last / first)
    n = _n_nodes(_exponent(first, d, v) - least, _exponent(last, d, v) - least, length)
    total, by_v, by_a, by_w, by_t = _sum_early(last, length, n, least, v, a, w, c)
    if length > WIDE:
        by_t = math.exp(small_time(last, v, a, w, c, w <= 0.5)[0] + least) if last == t2 else 0.0
        by_t -= math.exp(small_time(first, v, a, w, c, w <= 0.5)[0] + least) if first == t1 else 0.0
    return math.log(total) - least, by_v / total, by_a / total, by_w / total, by_t / total


@internal
def _boundary(t1: float, t2: float, width: float, v: float, a: float, w: float, c: float) -> Mass:
    """The lower boundary between decision times."""
    switch = SWITCH * a * a
    if t1 <= 0.0 and t2 >= switch:
        return _difference(_ever(v, a, w, c), _late(t2, np.inf, v, a, w, c))
    if t1 >= switch:
        return _late(t1, width, v, a, w, c)
    if t2 <= ABOVE * switch:
        return _early(t1, t2, width, v, a, w, c)
    return _sum(_early(t1, switch, switch - t1, v, a, w, c), _late(switch, t2 - switch, v, a, w, c))


@internal
def ddm_mass(choice: int, t1: float, t2: float, v: float, a: float, z: float, t0: float) -> Mass:
    """Log probability of a response between t1 and t2, and its derivatives by v, a, z, t0.

    It is -inf, with derivatives of zero, where the probability is zero and outside of the support of the parameters.

    Args:
        choice: 0 = lower, 1 = upper, or ``ANY``.
        t1, t2: in seconds, 0 <= t1 <= t2 <= infinity.
        v, a, z, t0: parameters on their natural scales, t0 in seconds.
    """
    inside = abs(v) < np.inf and 0.0 < a < np.inf and 0.0 < z < 1.0 and 0.0 <= t0 < np.inf
    if not (inside and t1 < t2 and t0 < t2):
        return NOTHING
    first, last, width = t1 - t0, t2 - t0, t2 - t1
    if choice == 0:
        mass = _boundary(first, last, width, v, a, z, 1.0 - z)
    elif choice == 1:
        mass = _mirror(_boundary(first, last, width, -v, a, 1.0 - z, z))
    elif choice == ANY:
        if first <= 0.0 and last >= SWITCH * a * a:
            upper = _mirror(_late(last, np.inf, -v, a, 1.0 - z, z))
            mass = _difference(CERTAIN, _sum(_late(last, np.inf, v, a, z, 1.0 - z), upper))
        else:
            upper = _mirror(_boundary(first, last, width, -v, a, 1.0 - z, z))
            mass = _sum(_boundary(first, last, width, v, a, z, 1.0 - z), upper)
    else:
        return NOTHING
    # Parameters whose exponents overflow float64 have no representable probability either; written to catch NaN.
    if not (-np.inf < mass[0] < np.inf):
        return NOTHING
    return min(mass[0], 0.0), mass[1], mass[2], mass[3], -mass[4]
