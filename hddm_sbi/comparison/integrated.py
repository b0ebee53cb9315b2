r"""The likelihood of a participant's trials given the population alone: its own effects integrated out.

For a draw phi of the population, of participant i,

    L = p(y_i | phi) = integral of p(y_i | b, phi) p(b | phi) over b,

is estimated by importance sampling, as the mean of w = p(y_i | b, phi) p(b | phi) / q(b) over M nodes from q. Leaving
out a participant takes not L but 1 / L: p(y_i | y_-i) is 1 over the posterior mean of 1 / L. Where one of the nodes is
the participant's b of the posterior draw itself, and the others lie around it as the nodes of q lie around any one of
them, the expectation of 1 / mean(w) is 1 / L exactly, for every M and q: with such a node the joint density of all
nodes is that of nodes from q times mean(w) / L (the identity behind conditional sequential Monte Carlo, Andrieu,
Doucet & Holenstein 2010, Journal of the Royal Statistical Society B 72, 269-342). A poor q thus costs precision, and
shows as a larger Pareto k, but no bias.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hddm_sbi.comparison.effects import Effects, IntArray, effects_of
from hddm_sbi.comparison.fitted import Coefficients, Fitted, FloatArray, count, flat
from hddm_sbi.comparison.nodes import NODES, Placement, place
from hddm_sbi.comparison.quadratic import quadratic_of
from hddm_sbi.inference.predictive import MEMORY, natural_in_chunks
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.spec.model_spec import ModelSpec

# Draws of the population, and how many trials may be evaluated in all: 1,000 draws up to 25,000 trials, 250 of 100,000
# and more.
DRAWS, _FEWEST, _EVALUATIONS = 1_000, 250, 425_000_000


def population_draws(n_trials: int) -> int:
    """Number of draws of the population for which participants are integrated over."""
    return int(np.clip(_EVALUATIONS // (NODES * max(n_trials, 1)), _FEWEST, DRAWS))


class Integrator:
    """Integrates over participants' effects.

    Args:
        fitted: the model and its draws, which say where nodes are placed.
        unit: participant of each trial, shape (trials,).
        n_units: number of participants.
        seed: of the lattices.
        moved: told the number of draws that are done.
    """

    def __init__(
        self, fitted: Fitted, unit: IntArray, n_units: int, seed: int = 0, moved: Callable[[int], None] | None = None
    ) -> None:
        self._spec, self._bound, self._unit, self._n = fitted.spec, fitted.bound, unit, n_units
        self._effects: Effects = effects_of(fitted.spec, unit, n_units)
        self._rng, self._moved = np.random.default_rng(seed), moved or (lambda done: None)
        self._placement: Placement | None = None
        if self._effects.size:
            draws = flat(fitted.thinned(DRAWS))
            self._placement = place(quadratic_of(fitted, self._effects, unit), draws, self._at_once)

    @property
    def _at_once(self) -> int:
        """Draws whose nodes, and theta at them, are in memory together; at least one."""
        numbers = NODES * 3 * self._spec.n_rows * len(self._spec.parameters)
        numbers += (4 * NODES + 4 * self._effects.size) * self._n * max(self._effects.size, 1)
        return max(1, MEMORY // (8 * numbers))

    def log_likelihood(self, coefficients: Coefficients) -> FloatArray:
        """Log L of each draw and participant.

        Args:
            coefficients: draws by site from the posterior of all trials, each of shape (chains, draws, *site shape).

        Returns:
            Shape (chains, draws, participants).
        """
        return self._integrated(coefficients, self._bound, self._unit, of_posterior=True)

    def of_unit(self, coefficients: Coefficients, unit: int) -> FloatArray:
        """Log L of one participant, whose trials the draws know nothing of, shape (chains, draws)."""
        own = self._unit == unit
        alone = self._bound.on(self._bound.trials.at(own))
        return self._integrated(coefficients, alone, self._unit[own], of_posterior=False)[..., unit]

    def _integrated(
        self, coefficients: Coefficients, bound: BoundTrials, unit: IntArray, of_posterior: bool
    ) -> FloatArray:
        shape, draws = next(iter(coefficients.values())).shape[:2], flat(coefficients)
        result = np.empty((count(draws), self._n))
        for start in range(0, len(result), self._at_once):
            some = {site: value[start : start + self._at_once] for site, value in draws.items()}
            result[start : start + self._at_once] = self._some(some, bound, unit, of_posterior)
            self._moved(min(start + self._at_once, len(result)))
        return result.reshape(*shape, self._n)

    def _some(self, draws: Coefficients, bound: BoundTrials, unit: IntArray, of_posterior: bool) -> FloatArray:
        if self._placement is None:
            return unit_sums(self._spec, bound, draws, unit, self._n)
        n = count(draws)
        nodes = self._placement.nodes(draws, self._rng, of_posterior)
        repeated = {site: np.repeat(value, NODES, axis=0) for site, value in draws.items()}
        own = nodes.deviations.reshape(n * NODES, self._n, self._effects.size)
        sums = unit_sums(self._spec, bound, self._effects.replaced(repeated, own), unit, self._n)
        log_weights = sums.reshape(n, NODES, self._n) + nodes.log_ratio
        return np.asarray(np.logaddexp.reduce(log_weights, axis=1) - np.log(NODES))


def unit_sums(spec: ModelSpec, bound: BoundTrials, draws: Coefficients, unit: IntArray, n_units: int) -> FloatArray:
    """Log likelihood of each participant's trials under each draw, shape (draws, participants)."""
    result = np.empty((count(draws), n_units))
    for part, theta in natural_in_chunks(spec, {site: value[np.newaxis] for site, value in draws.items()}):
        for at, rows in zip(range(part.start, part.stop), theta, strict=True):
            result[at] = np.bincount(unit, bound.log_prob(np.ascontiguousarray(rows)), n_units)
    return result
