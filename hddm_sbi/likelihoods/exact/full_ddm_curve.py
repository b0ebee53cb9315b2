"""The density of decision times of the full drift diffusion model as a curve, which the trials of a row share.

Without variability of t0 the density of a time t is the mean h(t) of the integrand over starts. Its logarithm is smooth
in log t, at a scale of about one: g(u, w) has its zeros where the real part of u is negative. So Chebyshev
interpolation needs some 5 terms and 6 more for each unit of log t; whether they are enough is seen by the last ones.
The derivatives of log h are known at the same places, and are interpolated by the same sums.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.chebyshev import MOST_TERMS, ROOTS, STEP, evaluate, project, scaled
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.exact.full_ddm_integrand import (
    CAPACITY,
    H_M,
    H_M2,
    H_PLACE,
    H_T,
    H_W,
    LEAST,
    TIME,
    H,
    means,
)
from hddm_sbi.likelihoods.exact.full_ddm_nodes import CUT, exponent

# Rows of a curve: places, from 1 to -1 as times go from late to early; log of h t, the density of log t; derivatives
# of log h as `full_ddm_integrand` names them, and that by t times t.
ROOT, LOG, BY_M, BY_M2, BY_W, BY_PLACE, BY_T, BY_LOG_T = range(8)
CURVE_SIZE = 8 * MOST_TERMS
# Rows of the working memory of the sums.
ONE, OTHER, BY_ONE, BY_OTHER, SPARE = range(5)
SUMS_SIZE = 5 * MOST_TERMS

# The last two terms of log h, at most.
TOLERANCE = 1e-9


@internal
def terms_needed(length: float, sharpness: float) -> int:
    """Terms for a curve of this length in log t, where drift and range of starts leave peaks of their own."""
    wanted = (3.5 + 6.0 * length) * (1.0 + 0.1 * math.sqrt(sharpness))
    # written to catch NaN and infinity
    return (int(wanted) + STEP) // STEP * STEP if wanted < 2.0 * MOST_TERMS else 2 * MOST_TERMS


@summing
def _logarithms(at: FloatArray, curve: FloatArray, n: int) -> None:
    """Fill in the rows of the curve from the means over starts."""
    for i in range(n):
        h, t = at[H * CAPACITY + i], at[TIME * CAPACITY + i]
        curve[LOG * MOST_TERMS + i] = vm.log(h * t) - at[LEAST * CAPACITY + i]
        per_h = 1.0 / h
        curve[BY_M * MOST_TERMS + i] = at[H_M * CAPACITY + i] * per_h
        curve[BY_M2 * MOST_TERMS + i] = at[H_M2 * CAPACITY + i] * per_h
        curve[BY_W * MOST_TERMS + i] = at[H_W * CAPACITY + i] * per_h
        curve[BY_PLACE * MOST_TERMS + i] = at[H_PLACE * CAPACITY + i] * per_h
        by_t = at[H_T * CAPACITY + i] * per_h
        curve[BY_T * MOST_TERMS + i] = by_t
        curve[BY_LOG_T * MOST_TERMS + i] = by_t * t


@once
def draw(
    curve: FloatArray, sums: FloatArray, at: FloatArray, n: int, middle: float, half: float, v: float, a: float,
    w: float, c: float, variance: float, sz: float,
) -> bool:  # fmt: skip
    """Fill in a curve of n terms from middle - half to middle + half in log t, and the coefficients of its logarithm.

    Returns whether n terms are enough. The coefficients are row BY_ONE of the sums.
    """
    low, high = a * (w - 0.5 * sz), a * (w + 0.5 * sz)
    for i in range(n):
        t = vm.exp(middle + half * ROOTS[n, i])
        at[TIME * CAPACITY + i], at[LEAST * CAPACITY + i] = t, exponent(t, v, a, low, high, variance)
        curve[ROOT * MOST_TERMS + i] = ROOTS[n, i]
    means(at, n, v, a, w, c, variance, sz, CUT, 0.0)
    _logarithms(at, curve, n)
    root, log = _row(curve, ROOT, n), _row(curve, LOG, n)
    terms = _row(sums, BY_ONE, n)
    project(root, log, log, terms, _row(sums, BY_OTHER, n), _row(sums, SPARE, n), _row(sums, ONE, n))
    scaled(terms)
    # written to catch NaN
    return abs(terms[n - 1]) <= TOLERANCE and abs(terms[n - 2]) <= TOLERANCE


@internal
def _row(rows: FloatArray, row: int, n: int) -> FloatArray:
    return rows[row * MOST_TERMS : row * MOST_TERMS + n]


@once
def weights_at_roots(curve: FloatArray, sums: FloatArray, n: int) -> None:
    """Turn sums over places of T_k, rows BY_ONE and BY_OTHER, into weights of the curve's own places, ONE and OTHER.

    The transpose of interpolation: the sum over places of weights times an interpolated function is that over the
    curve's places of these weights times its values.
    """
    root, spare = _row(curve, ROOT, n), _row(sums, SPARE, n)
    scaled(_row(sums, BY_ONE, n))
    evaluate(_row(sums, BY_ONE, n), root, _row(sums, ONE, n), spare)
    scaled(_row(sums, BY_OTHER, n))
    evaluate(_row(sums, BY_OTHER, n), root, _row(sums, OTHER, n), spare)


@summing
def summed(curve: FloatArray, sums: FloatArray, n: int) -> tuple[float, float, float, float, float, float, float]:
    """Sums of the rows BY_M, BY_M2, BY_W, BY_PLACE and BY_T by ONE, of BY_T by OTHER, of BY_LOG_T by ONE."""
    by_m = by_m2 = by_w = by_place = by_t = by_delay = by_log_t = 0.0
    for i in range(n):
        one = sums[ONE * MOST_TERMS + i]
        by_m += one * curve[BY_M * MOST_TERMS + i]
        by_m2 += one * curve[BY_M2 * MOST_TERMS + i]
        by_w += one * curve[BY_W * MOST_TERMS + i]
        by_place += one * curve[BY_PLACE * MOST_TERMS + i]
        by_t += one * curve[BY_T * MOST_TERMS + i]
        by_delay += sums[OTHER * MOST_TERMS + i] * curve[BY_T * MOST_TERMS + i]
        by_log_t += one * curve[BY_LOG_T * MOST_TERMS + i]
    return by_m, by_m2, by_w, by_place, by_t, by_delay, by_log_t
