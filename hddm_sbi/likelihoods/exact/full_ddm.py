"""The exact log density of the full drift diffusion model as a likelihood."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import CompiledPiece
from hddm_sbi.likelihoods.exact.full_ddm_density import N_PARAMETERS
from hddm_sbi.likelihoods.exact.full_ddm_integrand import TABLE_SIZE
from hddm_sbi.likelihoods.exact.full_ddm_mass import full_ddm_mass
from hddm_sbi.likelihoods.exact.full_ddm_piece import Memory, full_ddm_log_prob_grad, full_ddm_piece


@callable_from_python
def full_ddm_log_mass_grad(
    choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray, log_mass: FloatArray,
    grad: FloatArray,
) -> None:  # fmt: skip
    """Fill log_mass (trials,) and grad (trials, 7), the derivatives by the trial's own row of theta (rows, 7)."""
    times = np.empty(TABLE_SIZE)
    for i in range(t1.shape[0]):
        p = theta[row[i]]
        out = full_ddm_mass(choice[i], t1[i], t2[i], p[0], p[1], p[2], p[3], p[4], p[5], p[6], times)
        log_mass[i] = out[0]
        for k in range(N_PARAMETERS):
            grad[i, k] = out[1 + k]


class ExactFullDDM:
    """Exact log density of the full DDM: drift, start and non-decision time vary between trials.

    Parameters are v, a, z, t0, sv, sz, st0, with noise s = 1 and `a` the full boundary separation: drift ~ N(v, sv^2),
    start / a uniform of width sz around z, non-decision time uniform from t0 to t0 + st0. sv, sz and st0 may be 0.

    Satisfies the `Likelihood` contract. The mean over drifts has a closed form, those over start and non-decision time
    are Gauss-Legendre sums with an error of about 1e-8 of the density. The loops release the interpreter's lock.
    """

    parameters: tuple[str, ...] = ("v", "a", "z", "t0", "sv", "sz", "st0")
    n_choices: int = 2
    any_by_choice: bool = False

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial.

        Args:
            rt: response times in seconds, shape (trials,).
            choice: 0 = lower, 1 = upper, shape (trials,).
            theta: v, a, z, t0, sv, sz, st0 on their natural scales, shape (rows, 7).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,); -inf at rt <= t0 and for parameters outside their support, among them widths sz with
            which starts would reach a boundary; never NaN.
        """
        return self.log_prob_grad(rt, choice, theta, row)[0]

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial (trials,) and its gradient (trials, 7), zero where the log density is -inf."""
        log_f, grad = np.empty(rt.shape[0]), np.empty((rt.shape[0], N_PARAMETERS))
        full_ddm_log_prob_grad(rt, choice, theta, row, Memory.of(1), log_f, grad)
        return log_f, grad

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times, per trial.

        Args:
            choice: 0 = lower, 1 = upper, or ``ANY``, shape (trials,).
            t1, t2: in seconds, 0 <= t1 <= t2 <= infinity, shape (trials,).
            theta: v, a, z, t0, sv, sz, st0 on their natural scales, shape (rows, 7).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,), accurate to 1e-10 of the probability for |v| a up to 100; -inf where it is zero, as for
            t2 <= t0, and for parameters outside their support, never NaN.
        """
        return self.log_mass_grad(choice, t1, t2, theta, row)[0]

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same (trials,) and its gradient (trials, 7), zero where it is -inf."""
        log_mass, grad = np.empty(t1.shape[0]), np.empty((t1.shape[0], N_PARAMETERS))
        full_ddm_log_mass_grad(choice, t1, t2, theta, row, log_mass, grad)
        return log_mass, grad

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The compiled piece for so many threads; see ``driver.piece``. What is demanded is of no account."""
        return full_ddm_piece(slots)
