"""Exact first-passage density of the drift diffusion model with constant bounds, and its gradient.

Notation of the papers, for absorption at the LOWER boundary: w = z is the relative distance of the start from it,
c = 1 - w the rest, t the decision time and u = t / a^2 the decision time in units of the boundary separation. The upper
boundary is the mirror image, v -> -v and z -> 1 - z, so that its w is 1 - z and its c is z, without rounding.

    f(t) = a^-2 exp(-v a w - v^2 t / 2) g(u, w)
    g(u, w) = (2 pi u^3)^-1/2 sum_{k in Z} (w + 2k) exp(-(w + 2k)^2 / (2u))        (small-time series)
            = pi sum_{k >= 1} k sin(k pi w) exp(-k^2 pi^2 u / 2)                   (large-time series)

Sources: Feller (1968), An Introduction to Probability Theory I, chapter 14; Navarro & Fuss (2009), Journal of
Mathematical Psychology 53, 222-230; Gondan, Blurton & Kesselmeier (2014), Journal of Mathematical Psychology 60, 20-22.

Both series are written as their leading term times a correction near one, and the leading term stays in logs: the deep
tails keep their relative precision. Terms that cancel when the start lies close to a boundary are differenced in closed
form, so z -> 0 and z -> 1 keep it too.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined

# Below this u the small-time series is used, above it the large-time series. At u = 1/4 each leaves out less than 1e-15
# of the sum: the small-time series with images up to |k| = 2 misses (6 - w) / w exp(-6 (3 - w) / u) <= 11 e^-60 for
# w <= 1/2 and (4 + w) / w exp(-4 (2 + w) / u) <= 9 e^-40 for w > 1/2 (in pairs that vanish with w or 1 - w as the sum
# does); the large-time series with k <= 5 misses 36 exp(-35 pi^2 u / 2) = 36 e^-43.
SWITCH = 0.25
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
HALF_PI_SQUARED = 0.5 * math.pi**2


@inlined
def images_near(per_u: float, w: float, c: float) -> tuple[float, float, float]:
    """Small-time sum over images for w <= 1/2, over the exponential of its first term, and its derivatives; takes 1/u.

    Returns T, u^2 dT/du and dT/dw for T = sum_k (w + 2k) exp(-((w + 2k)^2 - w^2) / (2u)). With A = exp(-2c/u) and
    B = exp(-2w/u) the exponentials of images 2, -2, 4, -4 are AB^2, A, A^4 B^6 and A^4 B^2; images k and -k are taken
    together, because they cancel as w -> 0.
    """
    A = vm.exp(-2.0 * c * per_u)
    one_minus_B = -vm.expm1(-2.0 * w * per_u)
    B = 1.0 - one_minus_B
    B2 = B * B
    B4 = B2 * B2
    A4B2 = A * A * A * A * B2
    one_minus_B2 = one_minus_B * (1.0 + B)
    one_minus_B4 = one_minus_B2 * (1.0 + B2)
    T = w + A * (w * (1.0 + B2) - 2.0 * one_minus_B2) + A4B2 * (w * (1.0 + B4) - 4.0 * one_minus_B4)
    ww = w * w
    D = A * (6.0 * w * (1.0 + B2) - (4.0 + 2.0 * ww) * one_minus_B2)
    D += A4B2 * (24.0 * w * (1.0 + B4) - (32.0 + 4.0 * ww) * one_minus_B4)
    T_w = (
        1.0
        + A * (1.0 + B2 - (2.0 * per_u) * ((2.0 - w) + (2.0 + w) * B2))
        + A4B2 * (1.0 + B4 - (4.0 * per_u) * ((4.0 - w) + (4.0 + w) * B4))
    )
    return T, D, T_w


@inlined
def images_far(per_u: float, w: float, c: float) -> tuple[float, float, float]:
    """Small-time sum over images for w > 1/2: as `images_near`.

    Images w and w - 2 = -(1 + c), w + 2 = 3 - c and w - 4 = -(3 + c) are taken together, because they cancel as c -> 0.
    """
    one_minus_A = -vm.expm1(-2.0 * c * per_u)
    A = 1.0 - one_minus_A
    B = vm.exp(-2.0 * w * per_u)
    A3 = A * A * A
    AB2 = A * B * B
    one_minus_A3 = one_minus_A * (1.0 + A + A * A)
    T = w * one_minus_A - 2.0 * c * A + AB2 * (3.0 * one_minus_A3 - c * (1.0 + A3))
    D = -2.0 * c * (1.0 + c) * A + AB2 * (12.0 * one_minus_A3 - c * (10.0 - 2.0 * c + A3 * (16.0 + 4.0 * c)))
    T_w = 1.0 + A * (1.0 - 2.0 * (1.0 + c) * per_u)
    T_w += AB2 * (1.0 - 2.0 * (2.0 + w) * per_u + A3 * (1.0 - 4.0 * (3.0 + c) * per_u))
    return T, D, T_w


@inlined
def small_time(
    t: float, v: float, a: float, w: float, c: float, near: bool
) -> tuple[float, float, float, float, float]:
    """Log density at the lower boundary by the small-time series, and its derivatives by v, a, w, t.

    ``near`` says that w <= 1/2: it is the same for all trials of a loop.
    """
    per_u = a * a / t
    T, D, T_w = images_near(per_u, w, c) if near else images_far(per_u, w, c)
    # The drift and the first image complete the square: their large exponents cancel before they are rounded.
    distance = a * w
    to_go = distance + v * t
    rate = to_go / t
    log_f = vm.log(a * T / (t * math.sqrt(t))) - HALF_LOG_2PI - 0.5 * to_go * rate
    d_log_T = D * per_u / T  # u dlog(T)/du
    d_a = (1.0 - 2.0 * d_log_T) / a - w * rate
    d_w = T_w / T - a * rate
    d_t = (d_log_T - 1.5) / t + 0.5 * rate * (distance / t - v)
    return log_f, -to_go, d_a, d_w, d_t


@inlined
def sine_cosine(w: float, c: float) -> tuple[float, float]:
    """sin(pi w) and cos(pi w), precise near both boundaries."""
    if w <= 0.5:
        return math.sin(math.pi * w), math.cos(math.pi * w)
    return math.sin(math.pi * c), -math.cos(math.pi * c)


@inlined
def sines(q: float, x: float) -> tuple[float, float, float]:
    """Large-time sum over its first term, and its derivatives by u (over -pi^2 / 2) and x, without the first term's.

    sin(k pi w) = sin(pi w) U_{k-1}(x), x = cos(pi w), U the Chebyshev polynomials of the second kind: one sine and one
    cosine serve all terms, and the first term's sine is a factor of the sum; q = exp(-pi^2 u / 2).
    """
    q3 = q * q * q
    q8 = q3 * q3 * q * q
    q15 = q8 * q3 * q3 * q
    q24 = q8 * q8 * q8
    xx = x * x
    k2 = q3 * 4.0 * x
    k3 = q8 * (12.0 * xx - 3.0)
    k4 = q15 * 16.0 * x * (2.0 * xx - 1.0)
    k5 = q24 * (80.0 * xx * (xx - 0.75) + 5.0)
    S = 1.0 + k2 + k3 + k4 + k5
    S_u = 3.0 * k2 + 8.0 * k3 + 15.0 * k4 + 24.0 * k5
    S_x = 4.0 * q3 + 24.0 * x * q8 + (96.0 * xx - 16.0) * q15 + x * (320.0 * xx - 120.0) * q24
    return S, S_u, S_x


@inlined
def large_time(
    t: float, v: float, a: float, w: float, sine: float, x: float
) -> tuple[float, float, float, float, float]:
    """Log density at the lower boundary by the large-time series, and its derivatives by v, a, w, t."""
    u = t / (a * a)
    S, S_u, S_x = sines(vm.exp(-HALF_PI_SQUARED * u), x)
    drift = v * a
    log_f = vm.log(math.pi * sine * S / (a * a)) - drift * w - 0.5 * v * v * t - HALF_PI_SQUARED * u
    u_g_u = -HALF_PI_SQUARED * u * (1.0 + S_u / S)  # u dlog(g)/du
    d_a = -2.0 * (1.0 + u_g_u) / a - v * w
    d_w = math.pi * (x / sine - sine * S_x / S) - drift
    d_t = u_g_u / t - 0.5 * v * v
    return log_f, -(a * w + v * t), d_a, d_w, d_t


@inlined
def ddm_trial(
    rt: float, choice: int, v: float, a: float, z: float, t0: float
) -> tuple[float, float, float, float, float]:
    """Log density of one trial and its derivatives by v, a, z, t0; -inf and zeros where there is none."""
    t = rt - t0
    if not (t > 0.0 and a > 0.0 and z > 0.0 and z < 1.0 and t0 >= 0.0 and (choice == 0 or choice == 1)):
        return -np.inf, 0.0, 0.0, 0.0, 0.0
    upper = choice == 1
    drift = -v if upper else v
    w = 1.0 - z if upper else z
    c = z if upper else 1.0 - z
    if t < SWITCH * a * a:
        log_f, d_v, d_a, d_w, d_t = small_time(t, drift, a, w, c, w <= 0.5)
    else:
        log_f, d_v, d_a, d_w, d_t = large_time(t, drift, a, w, *sine_cosine(w, c))
    # Parameters whose exponents overflow float64 have no representable density either; written to catch NaN.
    if not (-np.inf < log_f < np.inf):
        return -np.inf, 0.0, 0.0, 0.0, 0.0
    if upper:
        return log_f, -d_v, d_a, -d_w, -d_t
    return log_f, d_v, d_a, d_w, -d_t
