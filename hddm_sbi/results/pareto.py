"""Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25, 1-58)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# A tail of fewer draws says nothing of its shape.
_FEWEST = 5


def pareto_smooth(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Importance weights whose largest values are replaced by those expected of a generalised Pareto distribution.

    Args:
        log_weights: up to a constant, shape (draws,); -inf for a weight of zero.

    Returns:
        The weights, which sum to one, and the shape k of their tail: weights with k above ``largest_k`` cannot be
        trusted. k is 0 where the largest weights are equal, and infinite where too few draws have weights; where none
        has, the weights are NaN.
    """
    n, largest = len(log_weights), np.max(log_weights)
    if not np.isfinite(largest):
        return np.full(n, np.nan), math.inf
    weights = np.exp(log_weights - largest)
    order = np.argsort(weights, kind="stable")
    size = math.ceil(min(0.2 * n, 3.0 * math.sqrt(n)))
    cutoff = weights[order[-size - 1]] if size < n else 0.0
    tail = order[weights[order] > max(cutoff, np.finfo(np.float64).tiny)]
    k = math.inf if cutoff < weights.max() or size >= n else 0.0
    if len(tail) >= _FEWEST:
        k, scale = _fit(weights[tail] - cutoff)
        if math.isfinite(k):
            p = (np.arange(len(tail)) + 0.5) / len(tail)
            smooth = -scale * np.log1p(-p) if abs(k) < 1e-12 else scale * np.expm1(-k * np.log1p(-p)) / k
            weights[tail] = np.minimum(cutoff + smooth, 1.0)
    return weights / weights.sum(), k


def largest_k(n: int) -> float:
    """The k up to which so many draws give means whose error is known."""
    return min(1.0 - 1.0 / math.log10(max(n, 11)), 0.7)


def _fit(x: FloatArray) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution by Zhang & Stephens (2009, Technometrics 51, 316-325).

    Ascending x above 0. Of their profile posterior on a grid the mean is taken, and the shape is drawn towards 0.5 as
    by ten observations (appendix C of Vehtari et al.).
    """
    n = len(x)
    m = 30 + math.isqrt(n)
    quartile = x[max(math.floor(n / 4 + 0.5) - 1, 0)]
    theta = 1.0 / x[-1] + (1.0 - np.sqrt(m / (np.arange(m) + 0.5))) / (3.0 * quartile)
    shapes = np.log1p(-np.outer(theta, x)).mean(axis=1)
    profile = n * (np.log(-theta / shapes) - shapes - 1.0)
    posterior = np.exp(profile - profile.max())
    at = float(theta @ posterior / posterior.sum())
    shape = float(np.log1p(-at * x).mean())
    return (n * shape + 10 * 0.5) / (n + 10), -shape / at
