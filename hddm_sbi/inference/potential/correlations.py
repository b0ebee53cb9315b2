"""Correlation matrices by their partial correlations: Cholesky factors and densities.

Row i of the factor L of a K x K correlation matrix comes from partial correlations r_ij, j < i,

    L_ij = r_ij prod_{m < j} sqrt(1 - r_im^2),    L_ii = prod_{m < i} sqrt(1 - r_im^2),

and r = tanh(u), as torch's ``CorrCholeskyTransform`` has it. Under the LKJ distribution with shape eta
the partial correlations are independent, (1 + r_ij) / 2 ~ Beta(b, b) with b = eta + (K - 2 - j) / 2 (Lewandowski,
Kurowicka & Joe 2009, Journal of Multivariate Analysis 100), so that a coordinate u has the density
(1 - tanh(u)^2)^b / (2^(2 b - 1) B(b, b)).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def partial_shapes(size: int, eta: float) -> FloatArray:
    """b of each partial correlation, row by row of the factor, (K (K - 1) / 2,)."""
    return np.array([eta + 0.5 * (size - 2 - j) for i in range(size) for j in range(i)])


@internal
def to_cholesky(partial: FloatArray, at: int, size: int, factor: FloatArray, rest: FloatArray, start: int) -> None:
    """Fill in L, K K from ``start``, from r, which begin at ``at``; of ``rest`` the products before each column."""
    for i in range(size):
        left, row = 1.0, start + i * size
        for j in range(i):
            r = partial[at]
            at += 1
            rest[row + j] = left
            factor[row + j] = r * left
            left *= math.sqrt(max(1.0 - r * r, 0.0))
        factor[row + i] = left


@internal
def from_cholesky(
    by_factor: FloatArray,
    partial: FloatArray,
    at: int,
    size: int,
    rest: FloatArray,
    start: int,
    by_partial: FloatArray,
) -> None:
    """Add to the derivatives by r those that come by L, after ``to_cholesky``."""
    for i in range(size):
        row = start + i * size
        first = at + i * (i - 1) // 2
        by_left = by_factor[row + i]
        for j in range(i - 1, -1, -1):
            r, left = partial[first + j], rest[row + j]
            root = math.sqrt(max(1.0 - r * r, 1e-300))
            by_partial[first + j] += by_factor[row + j] * left - by_left * left * r / root
            by_left = by_factor[row + j] * r + by_left * root
