"""The exact log density of the drift diffusion model with constant bounds as a likelihood."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import CompiledPiece
from hddm_sbi.likelihoods.exact.ddm_density import ddm_trial
from hddm_sbi.likelihoods.exact.ddm_mass import ddm_mass
from hddm_sbi.likelihoods.exact.ddm_piece import ddm_piece


@callable_from_python
def ddm_log_prob(rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, log_f: FloatArray) -> None:
    """Fill log_f (trials,) with the log density of each trial; theta (rows, 4), row (trials,)."""
    for i in range(rt.shape[0]):
        r = row[i]
        log_f[i] = ddm_trial(rt[i], choice[i], theta[r, 0], theta[r, 1], theta[r, 2], theta[r, 3])[0]


@callable_from_python
def ddm_log_prob_grad(
    rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, log_f: FloatArray, grad: FloatArray
) -> None:
    """Fill log_f (trials,) and grad (trials, 4), the derivatives by v, a, z, t0 of the trial's own row."""
    for i in range(rt.shape[0]):
        r = row[i]
        out = ddm_trial(rt[i], choice[i], theta[r, 0], theta[r, 1], theta[r, 2], theta[r, 3])
        log_f[i] = out[0]
        grad[i, 0] = out[1]
        grad[i, 1] = out[2]
        grad[i, 2] = out[3]
        grad[i, 3] = out[4]


@callable_from_python
def ddm_log_mass_grad(
    choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray, log_mass: FloatArray,
    grad: FloatArray,
) -> None:  # fmt: skip
    """Fill log_mass (trials,) and grad (trials, 4), the derivatives by v, a, z, t0 of the trial's own row."""
    for i in range(t1.shape[0]):
        r = row[i]
        out = ddm_mass(choice[i], t1[i], t2[i], theta[r, 0], theta[r, 1], theta[r, 2], theta[r, 3])
        log_mass[i] = out[0]
        grad[i, 0] = out[1]
        grad[i, 1] = out[2]
        grad[i, 2] = out[3]
        grad[i, 3] = out[4]


class ExactDDM:
    """Exact log density of the constant-bound DDM (v, a, z, t0), noise s = 1, `a` the full boundary separation.

    Satisfies ``Density``. The loops release the interpreter's lock and allocate only their results.
    """

    parameters: tuple[str, ...] = ("v", "a", "z", "t0")
    n_choices: int = 2
    any_by_choice: bool = False

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial.

        Args:
            rt: response times in seconds, shape (trials,).
            choice: 0 = lower, 1 = upper, shape (trials,).
            theta: v, a, z, t0 on their natural scales, shape (rows, 4).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,); -inf at rt <= t0 and for parameters outside their support, never NaN.
        """
        log_f = np.empty(rt.shape[0])
        ddm_log_prob(rt, choice, theta, row, log_f)
        return log_f

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial (trials,) and its gradient (trials, 4), zero where the log density is -inf."""
        log_f = np.empty(rt.shape[0])
        grad = np.empty((rt.shape[0], 4))
        ddm_log_prob_grad(rt, choice, theta, row, log_f, grad)
        return log_f, grad

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times, per trial.

        Args:
            choice: 0 = lower, 1 = upper, or ``ANY``, shape (trials,).
            t1, t2: in seconds, 0 <= t1 <= t2 <= infinity, shape (trials,).
            theta: v, a, z, t0 on their natural scales, shape (rows, 4).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,), accurate to 1e-12 of the probability; -inf where it is zero, as for t2 <= t0, and for
            parameters outside their support, never NaN.
        """
        return self.log_mass_grad(choice, t1, t2, theta, row)[0]

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same (trials,) and its gradient (trials, 4), zero where it is -inf."""
        log_mass = np.empty(t1.shape[0])
        grad = np.empty((t1.shape[0], 4))
        ddm_log_mass_grad(choice, t1, t2, theta, row, log_mass, grad)
        return log_mass, grad

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The compiled piece for so many threads; see ``driver.piece``. What is demanded is of no account."""
        return ddm_piece(slots)
