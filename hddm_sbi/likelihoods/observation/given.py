"""A user's own ``Likelihood`` as a density: bound to the trials as they ran, and asked for what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import ANY, BoundLikelihood, FloatArray, IntArray, Likelihood
from hddm_sbi.likelihoods.observation.seen import UNSEEN, SeenTrials
from hddm_sbi.likelihoods.quadrature import log_mass_grad

# The relative step of central differences whose errors by rounding and by the third derivative are alike.
_STEP = np.finfo(np.float64).eps ** (1.0 / 3.0)
# Parameters change by no less than this times the step, which rounding would drown.
_SMALL = 0.01
# Log densities that differ by less are the same but for rounding.
_ALIKE = 1e-9
# What to do where the past of a trial matters.
_NEEDS_MASSES = (
    "for omissions, truncation and choices without a time, what bind returns needs a method log_mass(theta, choice, "
    "t1, t2)"
)
_NEEDS_CHOICES = "a time without its response cannot be fitted, so fill in the responses"


class GivenDensity:
    """The density of any object that satisfies ``Likelihood``.

    A binding in which every trial has a row of theta of its own gives the gradient trial by trial, which the mixture
    with lapses needs.

    Args:
        likelihood: the user's object, which satisfies ``Likelihood``.
        trials: what it is bound to, in their order; None: to whichever it is asked about.
        index: which of these trials it is asked about; None: all of them.
    """

    def __init__(self, likelihood: Likelihood, trials: SeenTrials | None = None, index: IntArray | None = None) -> None:
        self.likelihood, self.trials, self._index = likelihood, trials, index
        self.parameters: tuple[str, ...] = tuple(likelihood.parameters)
        self.n_choices: int = likelihood.n_choices

    def on(self, trials: SeenTrials) -> GivenDensity:
        """The same of given trials."""
        return GivenDensity(self.likelihood, trials)

    def at(self, index: IntArray) -> GivenDensity:
        """The same, asked about some of its trials."""
        one = GivenDensity(self.likelihood, self.trials, index)
        one.__dict__["_apart"] = self._apart  # bound once
        return one

    @cached_property
    def bound(self) -> BoundLikelihood:
        """The likelihood of the trials, which share rows of theta."""
        assert self.trials is not None
        return _checked(self.likelihood, self.trials)

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial; see ``Density.log_prob``."""
        return self._evaluate(rt, choice, theta, row, False)[0]

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Density.log_prob_grad``."""
        return self._evaluate(rt, choice, theta, row, True)

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times: the likelihood's own, or by quadrature; see ``Density``."""
        known = self._own_mass(choice, t1, t2, theta, row)
        return self._integrated(choice, t1, t2, theta, row)[0] if known is None else known

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same with its gradient; of the likelihood's own masses by central differences."""
        known = self._own_mass(choice, t1, t2, theta, row)
        if known is None:
            return self._integrated(choice, t1, t2, theta, row)
        gradient = np.zeros((len(choice), theta.shape[1]))
        for k in range(theta.shape[1]):
            step = _STEP * np.maximum(np.abs(theta[:, k]), _SMALL)
            above, below = theta.copy(), theta.copy()
            above[:, k] += step
            below[:, k] -= step
            high, low = (self._own_mass(choice, t1, t2, moved, row) for moved in (above, below))
            assert high is not None and low is not None
            with np.errstate(invalid="ignore"):  # -inf at both
                gradient[:, k] = (high - low) / (2.0 * step[row])
        return known, np.where(np.isfinite(gradient), gradient, 0.0)

    def simulate(self, theta: FloatArray, seed: int, trials: SeenTrials) -> tuple[FloatArray, IntArray]:
        """rt and choice of trials, (trials,) each, for theta (trials, parameters)."""
        rt, choice = (
            np.array(each, np.float64) for each in _checked(self.likelihood, _apart(trials)).simulate(theta, seed)
        )
        name, shape = type(self.likelihood).__name__, (trials.n,)
        if rt.shape != shape or choice.shape != shape:
            raise ModelError(
                f"simulate of the likelihood '{name}' gives arrays of shape {rt.shape} and {choice.shape} for "
                f"{trials.n} trials; it must give rt and choice, one of each for every trial."
            )
        if not np.isin(choice, np.arange(self.n_choices)).all():
            raise ModelError(
                f"simulate of the likelihood '{name}' gives the choices {np.unique(choice)[:5].tolist()}; they must "
                f"be whole numbers from 0 to {self.n_choices - 1}."
            )
        return rt, choice.astype(np.int64)

    def _own_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray | None:
        """Log masses by the likelihood's own ``log_mass``; None where it has none."""
        n, mine, index = len(choice), self.trials, self._index
        if mine is not None and index is not None:
            bound, by_trial = self._apart, theta[mine.row]  # all trials, since the past may matter
            by_trial[index] = theta[row]
        else:
            trials = SeenTrials.whole(np.full(n, np.nan), np.full(n, UNSEEN), np.arange(n), n)
            bound, by_trial, index = _checked(self.likelihood, trials), theta[row], np.arange(n)
        of_bound = getattr(bound, "log_mass", None)
        if of_bound is None:
            return None
        low, high = np.zeros(len(by_trial)), np.full(len(by_trial), np.inf)
        low[index], high[index] = t1, t2
        log_mass = np.full(n, -np.inf)
        for option in np.unique(choice):
            values = np.asarray(of_bound(by_trial, None if option == ANY else int(option), low, high), np.float64)
            log_mass[choice == option] = values[index[choice == option]]
        return log_mass

    def _integrated(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log masses by quadrature and their gradient, each trial for itself: its place may matter."""
        if self.trials is None or self._index is None:
            return log_mass_grad(self, choice, t1, t2, theta, row)
        any_whole = (self.trials.rt_seen & self.trials.choice_seen).any()
        if any_whole and self._same(theta, lambda whole: SeenTrials.whole(whole.rt, whole.choice, whole.row)):
            return log_mass_grad(GivenDensity(self.likelihood), choice, t1, t2, theta, row)  # alike trials count once
        self._check_memory(theta, _NEEDS_MASSES)
        return log_mass_grad(_Nodes(self, self._index), choice, t1, t2, theta[row], np.arange(len(choice)))

    def _check_memory(self, theta: FloatArray, remedy: str) -> None:
        """Refuse to change what trials show where it matters to later ones: seen where trials are bound in reverse.

        Args:
            theta: shape (rows, parameters).
            remedy: for the message.

        Raises:
            ModelError: the log densities of whole trials are others then.
        """
        if not self._same(theta, lambda whole: whole):
            raise ModelError(
                f"the likelihood '{type(self.likelihood).__name__}' gives trials other densities where those before "
                f"them are others, and what a trial may have shown is asked without its past: {remedy}."
            )

    def _same(self, theta: FloatArray, change: Callable[[SeenTrials], SeenTrials]) -> bool:
        """Whether trials of which all was seen, if any, have the same density in reverse and changed."""
        mine = self.trials
        assert mine is not None
        backwards = np.flatnonzero(mine.rt_seen & mine.choice_seen)[::-1]
        by_trial = theta[mine.row]
        forward = self._of(self._apart, by_trial, False)[0][backwards]
        changed = _checked(self.likelihood, _apart(change(mine.at(backwards))))
        return np.allclose(forward, self._of(changed, by_trial[backwards], False)[0], _ALIKE, _ALIKE, equal_nan=True)

    @cached_property
    def _apart(self) -> BoundLikelihood:
        """The likelihood of the trials, each with a row of its own."""
        assert self.trials is not None
        return _checked(self.likelihood, _apart(self.trials))

    def _evaluate(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, with_grad: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Log densities and, if wanted, their gradients."""
        mine, index = self.trials, self._index
        if mine is None or index is None:
            trials = SeenTrials.whole(rt, choice, np.arange(len(rt)), len(rt))
            return self._of(_checked(self.likelihood, trials), theta[row], with_grad)
        if np.array_equal(rt, mine.rt[index]) and np.array_equal(choice, mine.choice[index]):
            everywhere = theta[mine.row]  # also of trials that are not asked about: they are the past of others
            everywhere[index] = theta[row]
            log_f, gradient = self._of(self._apart, everywhere, with_grad)
            return log_f[index], gradient[index]
        self._check_memory(theta, _NEEDS_CHOICES)
        return self.asked(index, rt, choice, theta[row], with_grad)

    def asked(
        self, index: IntArray, rt: FloatArray, choice: IntArray, theta: FloatArray, with_grad: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Log densities and, if wanted, gradients of what trials may have shown, each for itself.

        Args:
            index: the trials, any of them any number of times, shape (n,).
            rt, choice: shape (n,).
            theta: shape (n, parameters).
            with_grad: whether gradients are wanted.
        """
        assert self.trials is not None
        trials = _apart(self.trials.at(index).showing(rt, choice))
        return self._of(_checked(self.likelihood, trials), theta, with_grad)

    def _of(self, bound: BoundLikelihood, theta: FloatArray, with_grad: bool) -> tuple[FloatArray, FloatArray]:
        theta, name = np.ascontiguousarray(theta), type(self.likelihood).__name__
        log_f = np.asarray(bound.log_prob(theta), np.float64)
        if log_f.shape != (len(theta),):
            raise ModelError(
                f"log_prob of the likelihood '{name}' gives an array of shape {log_f.shape} for {len(theta)} trials; "
                "it must give one number for each, -inf where the density is zero."
            )
        if not with_grad:
            return log_f, np.zeros((len(theta), 0))
        gradient = np.asarray(bound.sum_grad(theta)[1], np.float64)
        if gradient.shape != theta.shape:
            raise ModelError(
                f"sum_grad of the likelihood '{name}' gives derivatives of shape {gradient.shape}; they must have "
                f"theta's shape, {theta.shape}."
            )
        return log_f, np.where((log_f > -np.inf)[:, np.newaxis], np.nan_to_num(gradient), 0.0)


class _Nodes:
    """A likelihood's trials, each asked about times and choices that it may have shown; see ``quadrature.Pointwise``.

    Args:
        given: bound to the trials.
        index: which trial each row of theta is of.
    """

    def __init__(self, given: GivenDensity, index: IntArray) -> None:
        self._given, self._index = given, index
        self.n_choices = given.n_choices

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per node."""
        return self._given.asked(self._index[row], rt, choice, theta[row], False)[0]

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same with its gradient."""
        return self._given.asked(self._index[row], rt, choice, theta[row], True)


def _apart(trials: SeenTrials) -> SeenTrials:
    """The same trials, each with a design row of its own."""
    return replace(trials, row=np.arange(trials.n), n_rows=trials.n)


def _checked(likelihood: Likelihood, trials: SeenTrials) -> BoundLikelihood:
    bound: object = likelihood.bind(trials)
    if not isinstance(bound, BoundLikelihood):
        missing = [name for name in ("log_prob", "sum_grad", "simulate") if not hasattr(bound, name)]
        raise ModelError(
            f"bind of the likelihood '{type(likelihood).__name__}' returns {type(bound).__name__!r}, which has no "
            f"{' and no '.join(missing)}; see hs.BoundLikelihood."
        )
    return bound
