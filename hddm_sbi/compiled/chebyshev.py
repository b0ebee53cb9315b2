"""Interpolation by Chebyshev polynomials: sums of a series at many places, and the sums that transpose them.

A function on [-1, 1] that is known at the n roots x_l of the polynomial T_n is interpolated by

    sum_k c_k T_k(x),  c_k = (2 - [k = 0]) / n  sum_l f(x_l) T_k(x_l)

so that the coefficients are the projection of its values, and one sum serves both directions, forward and reverse.
Source: Trefethen (2013), Approximation Theory and Approximation Practice, chapters 2 to 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal, summing

FloatArray = npt.NDArray[np.float64]

# The number of terms is a multiple of STEP, which the loops over terms are unrolled by.
STEP = 4
MOST_TERMS = 60


def _roots() -> FloatArray:
    """Roots of T_n from the largest to the least, in the rows n."""
    roots = np.zeros((MOST_TERMS + 1, MOST_TERMS))
    for n in range(1, MOST_TERMS + 1):
        roots[n, :n] = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    return roots


ROOTS = _roots()


@summing
def evaluate(terms: FloatArray, x: FloatArray, out: FloatArray, spare: FloatArray) -> None:
    """Fill in sum_k terms[k] T_k(x) by Clenshaw's recurrence.

    Args:
        terms: coefficients, a multiple of STEP of them.
        x: places from -1 to 1, shape (places,).
        out: shape (places,).
        spare: working memory, shape (places,).
    """
    n = len(x)
    for i in range(n):
        out[i] = 0.0
        spare[i] = 0.0
    for k in range(len(terms) - STEP, -1, -STEP):
        c0, c1, c2, c3 = terms[k], terms[k + 1], terms[k + 2], terms[k + 3]
        for i in range(n):
            twice = 2.0 * x[i]
            b3 = c3 + twice * out[i] - spare[i]
            b2 = c2 + twice * b3 - out[i]
            b1 = c1 + twice * b2 - b3
            out[i] = c0 + twice * b1 - b2
            spare[i] = b1
    for i in range(n):
        out[i] -= x[i] * spare[i]


@summing
def project(
    x: FloatArray, one: FloatArray, other: FloatArray, by_one: FloatArray, by_other: FloatArray, spare: FloatArray,
    spare2: FloatArray,
) -> None:  # fmt: skip
    """Fill in sum_i one[i] T_k(x[i]) for every term k, a multiple of STEP of them, and the same of the other.

    Args:
        x: places from -1 to 1, shape (places,).
        one, other: weights, shape (places,).
        by_one, by_other: shape (terms,).
        spare, spare2: working memory, shape (places,).
    """
    n = len(x)
    for i in range(n):
        spare[i] = 1.0
        spare2[i] = x[i]
    for k in range(0, len(by_one), STEP):
        s0 = s1 = s2 = s3 = r0 = r1 = r2 = r3 = 0.0
        for i in range(n):
            twice, t0, t1 = 2.0 * x[i], spare[i], spare2[i]
            t2 = twice * t1 - t0
            t3 = twice * t2 - t1
            t4 = twice * t3 - t2
            spare[i] = t4
            spare2[i] = twice * t4 - t3
            s0 += one[i] * t0
            s1 += one[i] * t1
            s2 += one[i] * t2
            s3 += one[i] * t3
            r0 += other[i] * t0
            r1 += other[i] * t1
            r2 += other[i] * t2
            r3 += other[i] * t3
        by_one[k], by_one[k + 1], by_one[k + 2], by_one[k + 3] = s0, s1, s2, s3
        by_other[k], by_other[k + 1], by_other[k + 2], by_other[k + 3] = r0, r1, r2, r3


@internal
def scaled(terms: FloatArray) -> None:
    """Turn the projections of values at the roots into coefficients."""
    n = len(terms)
    terms[0] *= 0.5
    for k in range(n):
        terms[k] *= 2.0 / n
