"""A group's coefficients, standardised given the population: independent of it, whatever its standard deviations are.

A group's k coefficients are b = beta + s rho, with rho ~ N(0, P^-1) by the prior (P = 1, except for groups apart). Its
log likelihood is taken as Gaussian in b, with the observed information G and the maximum b_hat. Given beta and the
standard deviations s, with S = diag(s), rho then has

    precision  M = P + S G S = L L',    mean  M^-1 c,    c = rest + S (G (b_hat - beta) - ...),

and x = L' (rho - M^-1 c) is standard normal, whatever s and beta are: there is no funnel, neither where s is small,
which traps centred coefficients, nor where it is large, which makes others sharp. The mean is odd in s and M even, so
that a standard deviation may pass through zero: (s, x) and (-s, -x) are one point. The dots stand for all other
coefficients of the core, which shift the maximum likewise: c takes H times the core's distance from the centre.
Where the likelihood is not Gaussian, x is only nearly standard; the change of coordinates is exact in any case, with
the Jacobian 1 / det L.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.native.compiling import internal

FloatArray = npt.NDArray[np.float64]


@internal
def factorise(prior: FloatArray, information: FloatArray, s: FloatArray, factor: FloatArray) -> float:
    """Fill in L, k k, lower triangle, of P + S G S; return log det L."""
    k, log_det = len(s), 0.0
    for i in range(k):
        for j in range(i + 1):
            total = s[i] * information[i, j] * s[j]
            if i == j:
                total += prior[i]
            for m in range(j):
                total -= factor[i, m] * factor[j, m]
            # M is at least P, and so are its pivots, but for rounding
            factor[i, j] = math.sqrt(max(total, prior[i])) if i == j else total / factor[j, j]
        log_det += math.log(factor[i, i])
    return log_det


@internal
def solve_lower(factor: FloatArray, vector: FloatArray) -> None:
    """L^-1 vector, in its place."""
    for i in range(len(vector)):
        for j in range(i):
            vector[i] -= factor[i, j] * vector[j]
        vector[i] /= factor[i, i]


@internal
def solve_upper(factor: FloatArray, vector: FloatArray) -> None:
    """L'^-1 vector, in its place."""
    for i in range(len(vector) - 1, -1, -1):
        for j in range(i + 1, len(vector)):
            vector[i] -= factor[j, i] * vector[j]
        vector[i] /= factor[i, i]


@internal
def by_precision(factor: FloatArray, by_factor: FloatArray) -> None:
    """The derivatives by the lower triangle of M from those by that of L, in their place (Smith 1995).

    An element below the diagonal has the derivative by both elements of M that are the same number.
    """
    for m in range(factor.shape[0] - 1, -1, -1):
        for j in range(m + 1, factor.shape[0]):
            for i in range(j, factor.shape[0]):
                by_factor[i, m] -= by_factor[i, j] * factor[j, m]
                by_factor[j, m] -= by_factor[i, j] * factor[i, m]
        for j in range(m + 1, factor.shape[0]):
            by_factor[j, m] /= factor[m, m]
            by_factor[m, m] -= factor[j, m] * by_factor[j, m]
        by_factor[m, m] /= 2.0 * factor[m, m]


@internal
def by_scales(information: FloatArray, s: FloatArray, by_m: FloatArray, by_s: FloatArray) -> None:
    """Add to the derivatives by s what they change of M = P + S G S, from the derivatives by its lower triangle."""
    for i in range(len(s)):
        for j in range(i + 1):
            change = by_m[i, j] * information[i, j]
            by_s[i] += change * s[j]
            by_s[j] += change * s[i]
