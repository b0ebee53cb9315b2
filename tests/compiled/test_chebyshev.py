"""Chebyshev interpolation, and its transpose."""

import numba as nb
import numpy as np

from hddm_sbi.compiled import chebyshev
from hddm_sbi.compiled.chebyshev import ROOTS


@nb.njit
def project(x, one, other, by_one, by_other, spare, spare2):
    chebyshev.project(x, one, other, by_one, by_other, spare, spare2)


@nb.njit
def evaluate(terms, x, out, spare):
    chebyshev.evaluate(terms, x, out, spare)


@nb.njit
def scaled(terms):
    chebyshev.scaled(terms)


def interpolation(values, x):
    n, places = len(values), len(x)
    terms, other = np.zeros(n), np.zeros(n)
    project(ROOTS[n, :n].copy(), values, values, terms, other, np.zeros(n), np.zeros(n))
    np.testing.assert_array_equal(terms, other)
    scaled(terms)
    out = np.zeros(places)
    evaluate(terms, x, out, np.zeros(places))
    return out


def test_polynomials_are_exact_and_functions_precise():
    x = np.linspace(-1, 1, 37)
    for n in (4, 8, 20):
        coefficients = np.random.default_rng(n).normal(size=n)
        values = np.polynomial.Polynomial(coefficients)(ROOTS[n, :n])
        np.testing.assert_allclose(interpolation(values, x), np.polynomial.Polynomial(coefficients)(x), atol=1e-12)
    np.testing.assert_allclose(interpolation(np.exp(ROOTS[20, :20]), x), np.exp(x), rtol=1e-14)


def test_the_transpose():
    rng = np.random.default_rng(3)
    n, x, weight, values = 12, rng.uniform(-1, 1, 29), rng.normal(size=29), rng.normal(size=12)
    by_term, by_twice, at_roots = np.zeros(n), np.zeros(n), np.zeros(n)
    project(x, weight, 2 * weight, by_term, by_twice, np.zeros(29), np.zeros(29))
    np.testing.assert_allclose(by_twice, 2 * by_term, rtol=1e-13)
    scaled(by_term)
    evaluate(by_term, ROOTS[n, :n].copy(), at_roots, np.zeros(n))
    np.testing.assert_allclose(at_roots @ values, weight @ interpolation(values, x), rtol=1e-12)
