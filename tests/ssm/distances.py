"""Distances between distributions of (rt, choice), with bounds that chance exceeds once in ten million."""

from collections.abc import Callable

import numpy as np

RARE = 1e-7


def distance_to(rt: np.ndarray, choice: np.ndarray, option: int, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    """Kolmogorov distance between the empirical and a given defective distribution function of one choice."""
    times = np.sort(rt[choice == option])
    theory = cdf(times)
    rank = np.arange(len(times) + 1) / len(rt)
    if len(times) == 0:
        return 0.0
    return float(max(np.abs(theory - rank[:-1]).max(), np.abs(theory - rank[1:]).max()))


def bound(n: int) -> float:
    """Dvoretzky, Kiefer & Wolfowitz, with Massart's constant."""
    return float(np.sqrt(np.log(2.0 / RARE) / (2.0 * n)))


def distance_between(first: np.ndarray, second: np.ndarray) -> float:
    """Kolmogorov distance of two samples; a response with the other choice counts as never (infinity)."""
    grid = np.sort(np.concatenate([first[np.isfinite(first)], second[np.isfinite(second)]]))
    below = [np.searchsorted(np.sort(sample), grid, side="right") / len(sample) for sample in (first, second)]
    return float(np.abs(below[0] - below[1]).max()) if len(grid) else 0.0


def bound_between(n: int, m: int) -> float:
    """The same bound for two samples (Wei & Dudley 2012)."""
    return float(np.sqrt(np.log(2.0 / RARE) / 2.0 * (1.0 / n + 1.0 / m)))
