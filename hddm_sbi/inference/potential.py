"""The joint log density on the unconstrained space, and its gradient, without tracing Pyro."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.predictor import Hierarchy, Predictor
from hddm_sbi.likelihoods.base import Likelihood
from hddm_sbi.spec.model_spec import ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class MergedTrials:
    """Identical trials (the same design row, rt and choice) once, with their counts, sorted by design row."""

    def __init__(self, row: IntArray, rt: FloatArray, choice: IntArray) -> None:
        order = np.lexsort((rt, choice, row))
        row, rt, choice = row[order], rt[order], choice[order]
        first = np.ones(len(row), dtype=bool)
        first[1:] = (np.diff(row) != 0) | (np.diff(choice) != 0) | (np.diff(rt) != 0.0)
        start = np.flatnonzero(first)
        self.rt: FloatArray = np.ascontiguousarray(rt[first])
        self.choice: IntArray = np.ascontiguousarray(choice[first])
        self.row: IntArray = np.ascontiguousarray(row[first])
        self.count: FloatArray = np.diff(start, append=len(row)).astype(np.float64)
        self.rows, self._bounds = np.unique(self.row, return_index=True)

    def sum_by_row(self, values: FloatArray, n_rows: int) -> FloatArray:
        """Sums over the trials of each design row, counts applied: (trials, k) to (rows, k)."""
        total = np.zeros((n_rows, values.shape[1]))
        total[self.rows] = np.add.reduceat(values * self.count[:, None], self._bounds, axis=0)
        return total


class Potential:
    """Joint log density of a model and its data on the unconstrained space.

    The constants of all densities are kept: the value is minus Pyro's own potential energy. Instances are immutable,
    so that chains may share one across threads.

    Args:
        spec: the model.
        likelihood: its parameters are those of ``spec``, in the same order.
        rt: response times in seconds, shape (trials,).
        choice: option index, shape (trials,).
    """

    def __init__(self, spec: ModelSpec, likelihood: Likelihood, rt: FloatArray, choice: IntArray) -> None:
        self.spec, self.likelihood = spec, likelihood
        self.layout = Layout.of(spec)
        self.trials = MergedTrials(spec.row, np.asarray(rt, np.float64), np.asarray(choice, np.int64))
        self._hierarchy = Hierarchy(self.layout)
        self._predictor = Predictor(spec, self.layout)

    @property
    def ndim(self) -> int:
        """Length of u."""
        return self.layout.ndim

    def log_density(self, u: FloatArray) -> float:
        """Log density at u, shape (ndim,); -inf where it overflows or a trial is impossible."""
        with np.errstate(all="ignore"):
            coefficients, state = self._hierarchy.forward(u)
            theta = self._predictor.theta(coefficients)
            if not (math.isfinite(state.log_prior) and np.isfinite(theta).all()):
                return -math.inf
            trials = self.trials
            log_prob = self.likelihood.log_prob(trials.rt, trials.choice, theta, trials.row)
            value = state.log_prior + float(trials.count @ log_prob)
        return value if math.isfinite(value) else -math.inf

    def log_density_grad(self, u: FloatArray) -> tuple[float, FloatArray]:
        """Log density at u and its gradient, shape (ndim,); -inf and zeros where either is not finite."""
        with np.errstate(all="ignore"):
            coefficients, state = self._hierarchy.forward(u)
            theta = self._predictor.theta(coefficients)
            if not (math.isfinite(state.log_prior) and np.isfinite(theta).all()):
                return -math.inf, np.zeros(self.ndim)
            trials = self.trials
            log_prob, by_theta = self.likelihood.log_prob_grad(trials.rt, trials.choice, theta, trials.row)
            by_row = trials.sum_by_row(by_theta, self.spec.n_rows)
            value = state.log_prior + float(trials.count @ log_prob)
            gradient = self._hierarchy.backward(self._predictor.backward(by_row, theta), state)
        if math.isfinite(value) and np.isfinite(gradient).all():
            return value, gradient
        return -math.inf, np.zeros(self.ndim)

    def theta(self, u: FloatArray) -> FloatArray:
        """Parameters on their natural scales at u, shape (rows, parameters)."""
        with np.errstate(all="ignore"):
            return self._predictor.theta(self._hierarchy.forward(u)[0])
