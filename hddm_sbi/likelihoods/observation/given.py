"""A user's own ``Likelihood`` as a density: it is bound to the trials as they ran, and asked for what was seen of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import BoundLikelihood, FloatArray, IntArray, Likelihood
from hddm_sbi.likelihoods.observation.seen import SeenTrials
from hddm_sbi.likelihoods.quadrature import log_mass, log_mass_grad


class GivenDensity:
    """The density of any object that satisfies ``Likelihood``.

    A binding in which every trial has a row of theta of its own gives the gradient trial by trial, which the mixture
    with lapses needs.

    Args:
        likelihood: the object.
        trials: those that it is bound to, in their order; None: whichever it is asked about.
    """

    def __init__(self, likelihood: Likelihood, trials: SeenTrials | None = None) -> None:
        self.likelihood, self.trials = likelihood, trials
        self.parameters: tuple[str, ...] = tuple(likelihood.parameters)
        self.n_choices: int = likelihood.n_choices

    def on(self, trials: SeenTrials) -> GivenDensity:
        """The same of given trials."""
        return GivenDensity(self.likelihood, trials)

    @cached_property
    def bound(self) -> BoundLikelihood:
        """The likelihood of the trials, which share rows of theta."""
        assert self.trials is not None
        return _checked(self.likelihood, self.trials)

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial; see ``Density.log_prob``."""
        return self._log_prob(self._apart(rt, choice), theta[row])

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Density.log_prob_grad``."""
        bound, by_trial = self._apart(rt, choice), np.ascontiguousarray(theta[row])
        log_f = self._log_prob(bound, by_trial)
        gradient = np.asarray(bound.sum_grad(by_trial)[1], np.float64)
        if gradient.shape != by_trial.shape:
            raise ModelError(
                f"sum_grad of the likelihood '{self._name}' gives derivatives of shape {gradient.shape}; they must have "
                f"theta's shape, {by_trial.shape}."
            )
        return log_f, np.where((log_f > -np.inf)[:, np.newaxis], np.nan_to_num(gradient), 0.0)

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times, by quadrature; see ``Density.log_mass``."""
        return log_mass(self, choice, t1, t2, theta, row)

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same with its gradient."""
        return log_mass_grad(self, choice, t1, t2, theta, row)

    def simulate(self, theta: FloatArray, seed: int, trials: SeenTrials) -> tuple[FloatArray, IntArray]:
        """rt and choice of trials, (trials,) each, for theta (trials, parameters)."""
        rt, choice = _checked(self.likelihood, _apart(trials)).simulate(theta, seed)
        return np.array(rt, dtype=np.float64), np.array(choice, dtype=np.int64)

    @property
    def _name(self) -> str:
        return type(self.likelihood).__name__

    @cached_property
    def _own(self) -> BoundLikelihood:
        """The likelihood of the trials, each with a row of its own."""
        assert self.trials is not None
        return _checked(self.likelihood, _apart(self.trials))

    def _apart(self, rt: FloatArray, choice: IntArray) -> BoundLikelihood:
        """The likelihood of trials with a row each; of those that it is bound to it is kept."""
        mine = self.trials
        if mine is not None and np.array_equal(rt, mine.rt) and np.array_equal(choice, mine.choice):
            return self._own
        return _checked(self.likelihood, SeenTrials.whole(rt, choice, np.arange(len(rt)), len(rt)))

    def _log_prob(self, bound: BoundLikelihood, theta: FloatArray) -> FloatArray:
        log_f = np.asarray(bound.log_prob(theta), np.float64)
        if log_f.shape != (len(theta),) or np.isnan(log_f).any():
            found = "NaN" if log_f.shape == (len(theta),) else f"an array of shape {log_f.shape}"
            raise ModelError(
                f"log_prob of the likelihood '{self._name}' gives {found} for {len(theta)} trials; it must give one "
                "number for each, -inf where the density is zero."
            )
        return log_f


def _apart(trials: SeenTrials) -> SeenTrials:
    """The same trials, each with a design row of its own."""
    return replace(trials, row=np.arange(trials.n), n_rows=trials.n)


def _checked(likelihood: Likelihood, trials: SeenTrials) -> BoundLikelihood:
    bound = likelihood.bind(trials)
    if not isinstance(bound, BoundLikelihood):
        missing = [name for name in ("log_prob", "sum_grad", "simulate") if not hasattr(bound, name)]
        raise ModelError(
            f"bind of the likelihood '{type(likelihood).__name__}' returns {type(bound).__name__!r}, which has no "
            f"{' and no '.join(missing)}; see hs.BoundLikelihood."
        )
    return bound
