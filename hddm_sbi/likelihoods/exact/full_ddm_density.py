"""The exact density of the full drift diffusion model: its integrand summed over nodes, and the gradient.

The derivatives are sums of the integrand's derivatives over the same nodes, so that they stay precise while sv, sz and
st0 go to zero, and at zero: there they are one-sided limits. That by `a` follows from the others, because time in units
of a^2, distance in units of a and drift in units of 1 / a leave the process as it is.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.gauss_legendre import PLACES, WEIGHTS
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.full_ddm_integrand import (
    CAPACITY,
    DELAY,
    H_M,
    H_M2,
    H_PLACE,
    H_T,
    H_W,
    LEAST,
    TIME,
    WEIGHT,
    H,
    means,
)
from hddm_sbi.likelihoods.exact.full_ddm_nodes import CUT, exponent, time_window
from hddm_sbi.likelihoods.exact.full_ddm_starts import starts_inside

N_PARAMETERS = 7  # v, a, z, t0, sv, sz, st0

# Sums over times, weighted: of h, h m and h (m^2 - t / q); of the derivative of h by w, as it is and times the place;
# of that by t, as it is, times the delay and times t.
Sums = tuple[float, float, float, float, float, float, float, float]
NO_SUMS: Sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

# log density and its derivatives by v, a, z, t0, sv, sz, st0
FullTrial = tuple[float, float, float, float, float, float, float, float]


@summing
def add_times(sums: Sums, at: FloatArray, n: int) -> Sums:
    """Sums with those over the first n times of the table added."""
    h, by_m, by_m2, by_w, by_place, by_t, by_delay, by_time = sums
    for i in range(n):
        weight = at[WEIGHT * CAPACITY + i]
        h_t = weight * at[H_T * CAPACITY + i]
        h += weight * at[H * CAPACITY + i]
        by_m += weight * at[H_M * CAPACITY + i]
        by_m2 += weight * at[H_M2 * CAPACITY + i]
        by_w += weight * at[H_W * CAPACITY + i]
        by_place += weight * at[H_PLACE * CAPACITY + i]
        by_t += h_t
        by_delay += h_t * at[DELAY * CAPACITY + i]
        by_time += h_t * at[TIME * CAPACITY + i]
    return h, by_m, by_m2, by_w, by_place, by_t, by_delay, by_time


@once
def integrate(
    T: float, v: float, a: float, w: float, c: float, variance: float, sz: float, st0: float, at: FloatArray
) -> tuple[float, Sums]:
    """The integral of the integrand and its derivatives, times exp(shift), and the shift."""
    low, high = a * (w - 0.5 * sz), a * (w + 0.5 * sz)
    n = 1
    # at st0 = 0 the derivatives are those of a narrow window, whose mean delay is 1/2
    at[TIME * CAPACITY], at[DELAY * CAPACITY], at[WEIGHT * CAPACITY] = T, 0.5, 1.0
    if st0 > 0.0:
        last, length, n, shift = time_window(T, st0, v, a, low, high, variance, CUT)
        for i in range(n):
            log_ratio = -length * PLACES[n, i]
            t = last * vm.exp(log_ratio)
            at[TIME * CAPACITY + i] = t
            at[DELAY * CAPACITY + i] = (T - last - last * vm.expm1(log_ratio)) / st0
            at[WEIGHT * CAPACITY + i] = WEIGHTS[n, i] * length * t / st0
    else:
        shift = exponent(T, v, a, low, high, variance)
    for i in range(n):
        at[LEAST * CAPACITY + i] = shift
    means(at, n, v, a, w, c, variance, sz, CUT, 0.0)
    return shift, add_times(NO_SUMS, at, n)


@internal
def inside(choice: int, v: float, a: float, z: float, t0: float, sv: float, sz: float, st0: float) -> bool:
    """Whether there are densities: the choice is 0 or 1 and the parameters are inside of their support."""
    support = abs(v) < np.inf and a > 0.0 and z > 0.0 and z < 1.0 and t0 >= 0.0 and sv >= 0.0 and st0 >= 0.0
    return support and starts_inside(z, sz) and (choice == 0 or choice == 1)


@internal
def full_ddm_trial(
    rt: float, choice: int, v: float, a: float, z: float, t0: float, sv: float, sz: float, st0: float,
    at: FloatArray,
) -> FullTrial:  # fmt: skip
    """Log density of one trial and its derivatives by v, a, z, t0, sv, sz, st0; -inf and zeros where there is none.

    ``at`` is working memory of TABLE_SIZE numbers.
    """
    T = rt - t0
    nothing = (-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if not (T > 0.0 and inside(choice, v, a, z, t0, sv, sz, st0)):
        return nothing
    side = -1.0 if choice == 1 else 1.0
    w, c = (1.0 - z, z) if choice == 1 else (z, 1.0 - z)
    shift, sums = integrate(T, side * v, a, w, c, sv * sv, sz, st0, at)
    f = sums[0]
    log_f = math.log(f) - shift
    # Parameters whose exponents overflow float64 have no representable density either; written to catch NaN.
    if not (-np.inf < log_f < np.inf):
        return nothing
    d_v, d_sv, d_t, d_st0 = -side * sums[1] / f, sv * sums[2] / f, sums[5] / f, -sums[6] / f
    d_a = (v * d_v + sv * d_sv - 2.0 - 2.0 * sums[7] / f) / a
    return log_f, d_v, d_a, side * sums[3] / f, -d_t, d_sv, sums[4] / f, d_st0
