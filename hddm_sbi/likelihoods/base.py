"""The contracts that carry the package: trials and theta in, log probability and its gradient out.

A ``Density`` is what a model supplies: two primitives, for any trials. A ``Likelihood`` is bound to trials once, and
knows of each what was seen; ``observation`` makes one of every density.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from hddm_sbi.likelihoods.observation.seen import SeenTrials

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# in place of an option index: any of the options
ANY = -1


@runtime_checkable
class Likelihood(Protocol):
    """What ``HierarchicalDDM(likelihood=...)`` accepts: any object with these three.

    Example:
        >>> class Exponential:
        ...     parameters, n_choices = ("rate",), 1
        ...     def bind(self, trials):
        ...         return BoundExponential(trials)  # see ``BoundLikelihood``
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the columns of theta: the model's parameters, in order."""
        ...

    @property
    def n_choices(self) -> int:
        """Number of response options."""
        ...

    def bind(self, trials: SeenTrials) -> BoundLikelihood:
        """The likelihood of given trials.

        Args:
            trials: ``rt``, ``choice``, ``row``, ``subject``, ``order``, ``deadline`` and the masks ``rt_seen`` and
                ``choice_seen``, each of shape (trials,), in the order in which they ran. Only those of which both were
                seen are asked about; the others are there for likelihoods to which the past matters.
        """
        ...


@runtime_checkable
class BoundLikelihood(Protocol):
    """The log density of given trials under theta, shape (rows, parameters), and its simulator.

    An optional method ``log_mass(theta, choice, t1, t2)``, shape (trials,), gives the log probability of a choice
    (None: any) between two times for each trial, t1 and t2 of shape (trials,); without it densities are integrated,
    which takes it that the density of a trial does not depend on those before. An optional method
    ``compiled(slots)`` gives the sum as a ``CompiledSum``, used where everything was seen and there are no lapses.
    """

    def log_prob(self, theta: FloatArray) -> FloatArray:
        """Log density of each trial, shape (trials,); -inf where it is zero, never NaN."""
        ...

    def sum_grad(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """The sum over all trials, and its derivatives by theta, shape (rows, parameters)."""
        ...

    def simulate(self, theta: FloatArray, seed: int) -> tuple[FloatArray, IntArray]:
        """rt in seconds and choice of one experiment with these trials, each of shape (trials,)."""
        ...


class Density(Protocol):
    """The two primitives of a process, in float64: the log density of (rt, choice), and the log mass between times.

    Trials that share their parameters share a row of ``theta``: ``row[i]`` is the row of trial i, so that work which
    depends on the parameters alone is done once per row. Exact formulas and networks satisfy this contract. A density
    that is compiled also has ``piece(demand, slots)``, see ``driver.piece``.
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the columns of ``theta``."""
        ...

    @property
    def n_choices(self) -> int:
        """Number of response options."""
        ...

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial.

        Args:
            rt: response times in seconds, shape (trials,).
            choice: option index, shape (trials,).
            theta: parameters on their natural scales, shape (rows, parameters).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,); -inf where the density is zero, never NaN.
        """
        ...

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial (trials,) and its gradient with respect to the trial's theta (trials, parameters).

        The gradient is zero where the log density is -inf.
        """
        ...

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times, per trial.

        Args:
            choice: option index, or ``ANY``, shape (trials,).
            t1, t2: in seconds, 0 <= t1 <= t2 <= infinity, shape (trials,).
            theta: parameters on their natural scales, shape (rows, parameters).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,); -inf where the probability is zero, never NaN.
        """
        ...

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same (trials,) and its gradient with respect to the trial's theta (trials, parameters); zero at -inf."""
        ...
