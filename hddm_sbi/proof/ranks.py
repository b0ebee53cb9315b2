"""Are ranks uniform? A test by their whole ECDF, and what it would have found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Samples of uniform ranks: p-values near 0.05 are then known to 0.0015.
SAMPLES, AT_ONCE = 20_000, 1000
# Samples for the power against a fault, which is then known to about 2%.
_POWER_SAMPLES = 400
# Faults of a posterior that are looked at: shifts in its own sds, and its width as a multiple of the right one.
_SHIFTS = np.geomspace(0.05, 3.0, 24)
_WIDTHS = np.geomspace(0.98, 0.2, 24)


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

    def p_value(self, ranks: IntArray) -> float:
        """Share of samples of uniform ranks that stray as far, this one counted among them."""
        return float(self._p_values(ranks[None])[0])

    def band(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Ends of the band that holds the whole ECDF of uniform ranks with this probability."""
        tail = np.quantile(self._expected, 1.0 - level)
        low, high = stats.binom.ppf(tail, self.n, self.points), stats.binom.isf(tail, self.n, self.points)
        return low / self.n, high / self.n

    def ecdf(self, ranks: IntArray) -> FloatArray:
        """Share of ranks up to each point."""
        return self._counts(ranks[None])[0] / self.n

    def found_with(self, power: float, level: float) -> tuple[float, float]:
        """The least faults of a posterior that are found with so much probability, where it is normal.

        Args:
            power: the probability.
            level: p-values at or below it count as found.

        Returns:
            A shift, in posterior sds, and a width, as a multiple of the right one; infinite and 0 where no fault is.
        """
        rng = np.random.default_rng(1)
        z = rng.standard_normal((_POWER_SAMPLES, self.n))
        shift = next((d for d in _SHIFTS if self._power(z + d, level) >= power), np.inf)
        width = next((w for w in _WIDTHS if self._power(z / w, level) >= power), 0.0)
        return float(shift), float(width)

    def _power(self, z: FloatArray, level: float) -> float:
        """Share of samples, (samples, n), that are found: z is how far truths are from their posteriors, in its sds."""
        ranks = np.minimum((stats.norm.cdf(z) * self.size).astype(np.int64), self.size - 1)
        return float((self._p_values(ranks) <= level).mean())

    def _p_values(self, ranks: IntArray) -> FloatArray:
        as_far = np.searchsorted(self._expected, self._statistics(ranks), side="right")
        return np.asarray((as_far + 1) / (SAMPLES + 1))

    def _counts(self, ranks: IntArray) -> IntArray:
        """How many ranks are at most 0, 1, ..., size - 2: of shape (samples, n), to (samples, size - 1)."""
        samples = len(ranks)
        flat = (ranks + self.size * np.arange(samples)[:, None]).ravel()
        shares = np.bincount(flat, minlength=samples * self.size).reshape(samples, self.size)
        return np.cumsum(shares, axis=1)[:, :-1]

    def _statistics(self, ranks: IntArray) -> FloatArray:
        return np.asarray(self._tail[self._counts(ranks), np.arange(self.size - 1)].min(axis=1))
