"""Sums and differences of probabilities that are known by their logs, with derivatives."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import inlined


@inlined
def log_sum(log_p: float, log_q: float) -> tuple[float, float, float]:
    """log(p + q), and its derivatives by log p and log q, which are zero where p = q = 0."""
    if log_p == -np.inf and log_q == -np.inf:
        return -np.inf, 0.0, 0.0
    ratio = math.exp(-abs(log_p - log_q))
    less = ratio / (1.0 + ratio)
    total = max(log_p, log_q) + math.log1p(ratio)
    return (total, 1.0 - less, less) if log_p > log_q else (total, less, 1.0 - less)


@inlined
def log_difference(log_p: float, log_q: float) -> tuple[float, float, float]:
    """log(p - q) for p > q, and its derivatives by log p and log q."""
    ratio = math.exp(min(log_q - log_p, 0.0))
    odds = ratio / (1.0 - ratio)
    return log_p + math.log1p(-ratio), 1.0 + odds, -odds
