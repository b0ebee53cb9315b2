"""Are ranks uniform? Tests by their whole ECDF, and by their shares in bins."""

from __future__ import annotations

import numpy as np
from scipy import stats

# Samples of uniform ranks: p-values near 0.05 are then known to 0.0015.
SAMPLES, AT_ONCE = 20_000, 1000


class UniformRanks:
    """What ECDFs of n ranks, uniform on 0 ... size - 1, look like.

    At one point, the number of ranks up to there is binomial. A sample's statistic is its least tail probability over
    all points (Säilynoja, Bürkner & Vehtari 2022, Statistics and Computing 32:32), whose distribution is simulated.

    Args:
        n: how many ranks.
        size: of how many possible values.
    """

    def __init__(self, n: int, size: int) -> None:
        self.n, self.size = n, size
        self.points = np.arange(1, size) / size
        counted = np.arange(n + 1)[:, None]
        below, above = stats.binom.cdf(counted, n, self.points), stats.binom.sf(counted - 1, n, self.points)
        self._tail = np.minimum(below, above)
        rng = np.random.default_rng(0)
        parts = [self._statistics(rng.integers(0, size, (AT_ONCE, n))) for _ in range(SAMPLES // AT_ONCE)]
        self._expected = np.sort(np.concatenate(parts))

    def p_value(self, ranks: np.ndarray) -> float:
        """Share of samples of uniform ranks that stray as far, this one counted among them."""
        as_far = np.searchsorted(self._expected, self._statistics(ranks[None])[0], side="right")
        return float(as_far + 1) / (SAMPLES + 1)

    def band(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the band that holds the whole ECDF of uniform ranks with this probability."""
        tail = np.quantile(self._expected, 1.0 - level)
        low, high = stats.binom.ppf(tail, self.n, self.points), stats.binom.isf(tail, self.n, self.points)
        return low / self.n, high / self.n

    def ecdf(self, ranks: np.ndarray) -> np.ndarray:
        """Share of ranks up to each point."""
        return self._counts(ranks[None])[0] / self.n

    def _counts(self, ranks: np.ndarray) -> np.ndarray:
        """How many ranks are at most 0, 1, ..., size - 2: of shape (samples, n), to (samples, size - 1)."""
        samples = len(ranks)
        flat = (ranks + self.size * np.arange(samples)[:, None]).ravel()
        shares = np.bincount(flat, minlength=samples * self.size).reshape(samples, self.size)
        return np.cumsum(shares, axis=1)[:, :-1]

    def _statistics(self, ranks: np.ndarray) -> np.ndarray:
        return self._tail[self._counts(ranks), np.arange(self.size - 1)].min(axis=1)


def bins_for(n: int) -> int:
    """Bins for the chi-square test of n ranks: at most 20, and five ranks expected in each."""
    return max(bins for bins in (2, 4, 5, 10, 20) if bins == 2 or n >= 5 * bins)


def chi_square(ranks: np.ndarray, size: int) -> float:
    """p-value of equal shares in bins; ``size``, the number of possible ranks, must divide by 20."""
    bins = bins_for(len(ranks))
    counts = np.bincount(ranks * bins // size, minlength=bins)
    return float(stats.chisquare(counts).pvalue)
