"""How probable it is that an experiment reaches its goal, given its size: one curve for all sizes, from few outcomes.

With s the spread between N participants and e the noise of a trial, the variance of an average effect is about
(s^2 + e^2 / T) / N, as if there were N / (1 + k / T) participants without noise, k = e^2 / s^2. The probability is a
probit curve of the square root of that number,

    P(reached) = p Phi(c (sqrt(M / m) - 1)),    M = N (1 + k / T_max) / (1 + k / T),

which is exact for a test of a normal mean: c is then the quantile of the threshold, and m the size at which half of
the experiments succeed. p is 1 unless the effect is a distribution, part of which no experiment would find. The
posterior of m, c, k and p is computed on a grid. The prior is uniform in the logarithms of m and k, and log-normal for
c, about what is expected of the kind of goal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, ndtri

FloatArray = npt.NDArray[np.float64]

# The grid: m from the smallest size over _REACH to the largest times it, c, k in trials, and p of uncertain effects.
_REACH, _SIZES = 20.0, 120
# The sd of the logarithm of c about what is expected of the goal: small samples and uncertain effects flatten curves.
_STEEPNESS_SD = 0.5
# Sizes at which experiments are simulated, of one number of trials; neighbours tell the same.
_PLACES = 12
# Those of the first round.
_FIRST = 5
_STEEPNESS = np.geomspace(0.4, 40.0, 32)
_NOISE = np.array([0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0])
_CEILING = np.array([1.0, 0.97, 0.93, 0.88, 0.82, 0.75, 0.65, 0.55])


@dataclass(frozen=True)
class Curve:
    """The posterior of the curve.

    Args:
        participants: candidates, increasing.
        trials: candidates, increasing.
        steepness: c, as it is expected.
        uncertain: whether the effect is a distribution.
        sizes: participants and trials of each outcome, shape (outcomes, 2).
        reached: the outcomes.
    """

    participants: Sequence[int]
    trials: Sequence[int]
    steepness: float
    uncertain: bool
    sizes: FloatArray
    reached: npt.NDArray[np.bool_]

    @cached_property
    def _grid(self) -> tuple[FloatArray, ...]:
        """m, c, k and p of each point."""
        ends = self.participants[0] / _REACH, self.participants[-1] * _REACH
        noise = _NOISE if len(self.trials) > 1 else _NOISE[:1]
        ceiling = _CEILING if self.uncertain else _CEILING[:1]
        axes = np.meshgrid(np.geomspace(*ends, _SIZES), _STEEPNESS, noise, ceiling, indexing="ij")
        return tuple(axis.ravel() for axis in axes)

    def _share(self, trials: float) -> FloatArray:
        """M / N of each point."""
        k = self._grid[2]
        return (1.0 + k / self.trials[-1]) / (1.0 + k / trials)

    def _probit(self, participants: float, trials: float) -> FloatArray:
        m, c = self._grid[:2]
        return c * (np.sqrt(participants * self._share(trials) / m) - 1.0)

    @cached_property
    def weights(self) -> FloatArray:
        """Posterior probability of each point of the grid."""
        log = -0.5 * (np.log(self._grid[1] / self.steepness) / _STEEPNESS_SD) ** 2
        if len(self.sizes):
            for size in np.unique(self.sizes, axis=0):
                own = self.reached[(self.sizes == size).all(axis=1)]
                x, p = self._probit(*size), self._grid[3]
                log += own.sum() * (np.log(p) + log_ndtr(x)) + (~own).sum() * np.log1p(
                    -np.minimum(p * ndtr(x), 1 - 1e-12)
                )
        weights = np.exp(log - log.max())
        return weights / weights.sum()

    def power(self, participants: float, trials: float) -> tuple[float, float]:
        """The probability to reach the goal with so many, and its Monte Carlo error: the sd of its posterior."""
        p = self._grid[3] * ndtr(self._probit(participants, trials))
        mean = float(self.weights @ p)
        return mean, float(np.sqrt(max(self.weights @ p**2 - mean**2, 0.0)))

    def band(self, participants: float, trials: float, tails: tuple[float, float]) -> FloatArray:
        """Quantiles of that probability."""
        return self._quantiles(self._grid[3] * ndtr(self._probit(participants, trials)), tails)

    def needed(self, power: float, trials: float) -> FloatArray:
        """Participants with which the probability is ``power``, of each point; infinite where none are enough."""
        m, c, _, p = self._grid
        with np.errstate(invalid="ignore"):
            above = np.where(power < p, ndtri(np.minimum(power / p, 1.0)), np.inf)
        return m * np.maximum(1.0 + above / c, 0.0) ** 2 / self._share(trials)

    def needed_band(self, power: float, trials: float, tails: tuple[float, float]) -> FloatArray:
        """Quantiles of the number of participants that are needed."""
        return self._quantiles(self.needed(power, trials), tails)

    def smallest(self, power: float, trials: int) -> int | None:
        """The fewest of the candidates with which the probability is at least ``power``; None if there are none."""
        at = [n for n in self.participants if self.power(n, trials)[0] >= power]
        return at[0] if at else None

    @property
    def places(self) -> tuple[int, ...]:
        """The numbers of participants at which experiments are simulated."""
        at = np.geomspace(self.participants[0], self.participants[-1], _PLACES)
        return tuple(sorted({min(self.participants, key=lambda n: (abs(n - x), n)) for x in at}))

    def first_sizes(self, number: int) -> list[tuple[int, int]]:
        """Sizes over the whole range, while nothing is known."""
        some = [self.places[round(x)] for x in np.linspace(0, len(self.places) - 1, _FIRST)]
        return [(some[k % _FIRST], self.trials[(k // _FIRST + k) % len(self.trials)]) for k in range(number)]

    def next_sizes(self, power: float, number: int, rng: np.random.Generator) -> list[tuple[int, int]]:
        """Where to simulate: for each a point of the grid is drawn, and the candidate nearest to what it needs taken.

        Sizes far from the threshold are thus chosen as seldom as they are still believed to be it.
        """
        drawn = rng.choice(self.weights.size, size=number, p=self.weights)
        candidates, found = np.array(self.places), []
        for k, point in enumerate(drawn):
            trials = self.trials[k % len(self.trials)]
            needed = self.needed(power, trials)[point]
            near = np.abs(np.log(candidates / np.clip(needed, candidates[0], candidates[-1])))
            found.append((int(candidates[near.argmin()]), trials))
        return found

    def _quantiles(self, values: FloatArray, tails: tuple[float, float]) -> FloatArray:
        order = np.argsort(values)
        below = np.cumsum(self.weights[order])
        return values[order][np.minimum(np.searchsorted(below, tails), values.size - 1)]
