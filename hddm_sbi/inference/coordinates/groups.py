"""A group's coefficients, standardised given the population: independent of it, whatever its standard deviations are.

A group's k coefficients are b = beta + S Lambda rho, with rho ~ N(0, P^-1) by the prior (P = 1, except for groups
apart), S = diag(s) and Lambda the Cholesky factor of their correlations (the identity where effects are independent).
The log likelihood is taken as Gaussian in b, with the observed information G and the maximum b_hat. Given beta, s and
Lambda, rho then has

    precision  M = P + Lambda' S G S Lambda = L' L,    mean  M^-1 c,    c = rest + Lambda' S (G (b_hat - beta) - ...),

and x = L (rho - M^-1 c) is standard normal, whatever s, Lambda and beta are: there is no funnel, neither where s is
small, which traps centred coefficients, nor where it is large, which makes others sharp. L is lower triangular, as
Lambda is, and b moves by S Lambda L^-1 x, the lower Cholesky factor of the posterior covariance of b: where the trials
tell b well, x goes on meaning the same when correlations change. With L L' it would not. Of drift and a well-known
non-decision time, the first element of x would be drift where their correlation is zero and non-decision time where it
is not, and every group whose likelihood is not quite Gaussian would hold the correlation on its side of zero.

A standard deviation may pass
through zero: with a diagonal D of signs, (D s, D Lambda D, D rho) makes the same b as (s, Lambda, rho), so that a
negative standard deviation is a positive one with its raw coefficient and its partial correlations turned round. The
dots stand for all other coefficients of the core, which shift the maximum likewise: c takes H times the core's distance
from the centre. Where the likelihood is not Gaussian, x is only nearly standard; the change of coordinates is exact in
any case, with the Jacobian 1 / det L.

Vectors and matrices of all groups lie one after the other; ``at`` and ``square`` are where a group's begin. To make
arrays of the parts would take longer than to compute with them. Row i of Lambda begins at ``row[at + i]`` of the memory
of factors, with ``before[at + i]`` elements before its diagonal; row -1 is a row of the identity.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import inlined

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Products of pivots beyond this are put away as logarithms.
LARGE = 1e100


@inlined
def fill_scaled(information: FloatArray, s: FloatArray, at: int, square: int, out: FloatArray, k: int) -> None:
    """Fill in S G S, k k, the lower triangle of a matrix at ``square`` of ``information``."""
    for i in range(k):
        for j in range(i + 1):
            out[i * k + j] = out[j * k + i] = s[at + i] * information[square + i * k + j] * s[at + j]


@inlined
def times_lambda(
    matrix: FloatArray, cholesky: FloatArray, row: IntArray, before: IntArray, at: int, out: FloatArray, k: int
) -> None:
    """Fill in matrix Lambda, k k."""
    for i in range(k * k):
        out[i] = 0.0
    for m in range(k):
        if row[at + m] < 0:
            for i in range(k):
                out[i * k + m] += matrix[i * k + m]
        else:
            first = m - before[at + m]
            for j in range(before[at + m] + 1):
                weight = cholesky[row[at + m] + j]
                for i in range(k):
                    out[i * k + first + j] += weight * matrix[i * k + m]


@inlined
def transposed_times(
    matrix: FloatArray,
    cholesky: FloatArray,
    row: IntArray,
    before: IntArray,
    at: int,
    out: FloatArray,
    start: int,
    k: int,
) -> None:
    """Fill in Lambda' matrix, k k, from ``start`` of ``out``."""
    for i in range(k * k):
        out[start + i] = 0.0
    for m in range(k):
        if row[at + m] < 0:
            for i in range(k):
                out[start + m * k + i] += matrix[m * k + i]
        else:
            first = m - before[at + m]
            for j in range(before[at + m] + 1):
                weight = cholesky[row[at + m] + j]
                for i in range(k):
                    out[start + (first + j) * k + i] += weight * matrix[m * k + i]


@inlined
def lambda_times(
    matrix: FloatArray, cholesky: FloatArray, row: IntArray, before: IntArray, at: int, out: FloatArray, k: int
) -> None:
    """Fill in Lambda matrix, k k."""
    for m in range(k):
        for i in range(k):
            out[m * k + i] = matrix[m * k + i] if row[at + m] < 0 else 0.0
        if row[at + m] >= 0:
            first = m - before[at + m]
            for j in range(before[at + m] + 1):
                weight = cholesky[row[at + m] + j]
                for i in range(k):
                    out[m * k + i] += weight * matrix[(first + j) * k + i]


@inlined
def fill_precision(
    prior: FloatArray, information: FloatArray, s: FloatArray, factor: FloatArray, at: int, square: int, k: int
) -> None:
    """Fill in the lower triangle of P + S G S, where effects are independent."""
    for i in range(k):
        row = square + i * k
        for j in range(i + 1):
            factor[row + j] = s[at + i] * information[row + j] * s[at + j]
        factor[row + i] += prior[at + i]


@inlined
def factorise(prior: FloatArray, factor: FloatArray, at: int, square: int, k: int) -> float:
    """Put L, with M = L' L, in the place of M, lower triangle, with 1 / L_ii on the diagonal; return log det L."""
    log_det, pivots = 0.0, 1.0
    for i in range(k - 1, -1, -1):
        row = square + i * k
        for m in range(i + 1, k):
            below, weight = square + m * k, factor[square + m * k + i]
            for j in range(i + 1):
                factor[row + j] -= weight * factor[below + j]
        total = max(factor[row + i], prior[at + i])  # M is at least P, and so are its pivots, but for rounding
        inverse = 1.0 / math.sqrt(total)
        for j in range(i):
            factor[row + j] *= inverse
        factor[row + i] = inverse
        pivots *= total
        if pivots > LARGE:
            log_det, pivots = log_det + 0.5 * math.log(pivots), 1.0
    return log_det + 0.5 * math.log(pivots)


@inlined
def solve_lower(factor: FloatArray, square: int, vector: FloatArray, at: int, k: int) -> None:
    """L^-1 vector, in its place."""
    for i in range(k):
        total = vector[at + i]
        for j in range(i):
            total -= factor[square + i * k + j] * vector[at + j]
        vector[at + i] = total * factor[square + i * k + i]


@inlined
def solve_upper(factor: FloatArray, square: int, vector: FloatArray, at: int, k: int) -> None:
    """L'^-1 vector, in its place."""
    for i in range(k - 1, -1, -1):
        total = vector[at + i]
        for j in range(i + 1, k):
            total -= factor[square + j * k + i] * vector[at + j]
        vector[at + i] = total * factor[square + i * k + i]


@inlined
def by_precision(factor: FloatArray, square: int, by_factor: FloatArray, k: int) -> None:
    """The derivatives by the lower triangle of M, k k, from those by that of L, in their place (Smith 1995).

    An element below the diagonal has the derivative by both elements of M that are the same number.
    """
    for m in range(k):
        row = square + m * k
        for j in range(m):
            for i in range(j + 1):
                change = by_factor[j * k + i]
                by_factor[m * k + i] -= change * factor[row + j]
                by_factor[m * k + j] -= change * factor[row + i]
        total, inverse = by_factor[m * k + m], factor[row + m]
        for j in range(m):
            by_factor[m * k + j] *= inverse
            total -= factor[row + j] * by_factor[m * k + j]
        by_factor[m * k + m] = 0.5 * total * inverse


@inlined
def by_scales(
    information: FloatArray, square: int, s: FloatArray, at: int, by_m: FloatArray, by_s: FloatArray, k: int
) -> None:
    """Add to the derivatives by s, k, what they change of P + S G S, from the derivatives by its lower triangle.

    An element below the diagonal has the derivative by both elements that are the same number.
    """
    for i in range(k):
        for j in range(i + 1):
            change = by_m[i * k + j] * information[square + i * k + j]
            by_s[i] += change * s[at + j]
            by_s[j] += change * s[at + i]
