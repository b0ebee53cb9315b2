"""The exact log density of a race of accumulators as a likelihood."""

from __future__ import annotations

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import CompiledPiece
from hddm_sbi.likelihoods.exact.race_density import possible_race, race_trial
from hddm_sbi.likelihoods.exact.race_mass import race_mass
from hddm_sbi.likelihoods.exact.race_piece import race_piece


@callable_from_python
def race_log_prob_grad(
    kind: int, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, log_f: FloatArray, grad: FloatArray
) -> None:
    """Fill log_f (trials,) and grad (trials, parameters), the derivatives by the trial's own row of theta."""
    n = theta.shape[1] - 3
    r, possible = -1, False
    for i in range(rt.shape[0]):
        if row[i] != r:  # trials of one row mostly stand together
            r = row[i]
            possible = possible_race(kind, theta, r, n)
        t = rt[i] - theta[r, n + 2]
        log_f[i] = -np.inf
        if possible and t > 0.0 and 0 <= choice[i] < n:
            log_f[i] = race_trial(kind, t, choice[i], theta, r, grad, i)
        if log_f[i] == -np.inf:
            for k in range(n + 3):
                grad[i, k] = 0.0


@callable_from_python
def race_log_mass_grad(
    kind: int, n: int, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray,
    log_mass: FloatArray, grad: FloatArray,
) -> None:  # fmt: skip
    """Fill log_mass (trials,) and grad (trials, n + 3), the derivatives by the trial's own row of theta."""
    for i in range(len(choice)):
        log_mass[i] = race_mass(kind, n, choice[i], t1[i], t2[i], theta, row[i], grad, i)


class ExactRace:
    """Exact log density of a race of n accumulators (v0, ..., v{n-1}, B, A, t0); choice is the first to arrive.

    Satisfies the `Likelihood` contract. The loops release the interpreter's lock.

    Args:
        kind: kind of the accumulators, ``RDM`` or ``LBA``.
        n: number of accumulators, at least 2.
    """

    any_by_choice: bool = False

    def __init__(self, kind: int, n: int) -> None:
        self.kind = kind
        self.parameters: tuple[str, ...] = (*(f"v{k}" for k in range(n)), "B", "A", "t0")
        self.n_choices: int = n

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial.

        Args:
            rt: response times in seconds, shape (trials,).
            choice: index of the accumulator, shape (trials,).
            theta: v0, ..., B, A, t0 on their natural scales, shape (rows, n + 3).
            row: row of theta for each trial, shape (trials,).

        Returns:
            Shape (trials,); -inf at rt <= t0 and for parameters outside their support, never NaN.
        """
        return self.log_prob_grad(rt, choice, theta, row)[0]

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial (trials,) and its gradient (trials, n + 3), zero where the log density is -inf."""
        log_f, grad = np.empty(rt.shape[0]), np.empty((rt.shape[0], len(self.parameters)))
        race_log_prob_grad(self.kind, rt, choice, theta, row, log_f, grad)
        return log_f, grad

    def log_mass(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> FloatArray:
        """Log probability of a response between two times; see ``Density.log_mass``."""
        return self.log_mass_grad(choice, t1, t2, theta, row)[0]

    def log_mass_grad(
        self, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same (trials,) and its gradient (trials, n + 3); see ``Density.log_mass_grad``."""
        log_mass, grad = np.empty(len(choice)), np.empty((len(choice), len(self.parameters)))
        race_log_mass_grad(self.kind, self.n_choices, choice, t1, t2, theta, row, log_mass, grad)
        return log_mass, grad

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The compiled piece for so many threads; see ``driver.piece``. What is demanded is of no account."""
        return race_piece(self.kind, self.n_choices, slots)
