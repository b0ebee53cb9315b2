"""The contract that carries the package: trials and theta in, log density per trial and its gradient out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# in place of an option index: any of the options
ANY = -1


class Likelihood(Protocol):
    """Per-trial log density of (rt, choice), in float64.

    Trials that share their parameters share a row of ``theta``: ``row[i]`` is the row of trial i, so that work which
    depends on the parameters alone is done once per row. Exact formulas and networks satisfy this contract; lapse
    mixtures wrap a likelihood and satisfy it again, with one more column in ``theta``.
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
