"""Lapse mixture: some trials are not the model's, but uniform over a window of time and the choices."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import FloatArray, IntArray, Likelihood
from hddm_sbi.likelihoods.mixture import lapse_trial
from hddm_sbi.likelihoods.native.compiling import callable_from_python
from hddm_sbi.likelihoods.native.contract import Lapses, NativeLikelihood, NativeSum
from hddm_sbi.likelihoods.native.merged import MergedTrials

P_OUTLIER = "p_outlier"


@callable_from_python
def lapse_log_prob(
    rt: FloatArray,
    theta: FloatArray,
    row: IntArray,
    low: float,
    high: float,
    log_uniform: float,
    log_f: FloatArray,
    out: FloatArray,
) -> None:
    """Fill out (trials,) with the mixture's log density; p is theta's last column; out may be log_f."""
    last = theta.shape[1] - 1
    r, p, log_p, log_not_p = -1, 0.0, 0.0, 0.0
    for i in range(rt.shape[0]):
        if row[i] != r:  # trials of one row mostly stand together
            r = row[i]
            p = theta[r, last]
            log_p, log_not_p = math.log(p), math.log1p(-p)
        inside = log_uniform if low <= rt[i] <= high else -np.inf
        out[i] = lapse_trial(log_f[i], p, log_p, log_not_p, inside)[0]


@callable_from_python
def lapse_log_prob_grad(
    rt: FloatArray,
    theta: FloatArray,
    row: IntArray,
    low: float,
    high: float,
    log_uniform: float,
    log_f: FloatArray,
    grad_f: FloatArray,
    out: FloatArray,
    grad: FloatArray,
) -> None:
    """Fill out (trials,) and grad (trials, k + 1) from the model's log_f (trials,) and grad_f (trials, k)."""
    last = theta.shape[1] - 1
    r, p, log_p, log_not_p = -1, 0.0, 0.0, 0.0
    for i in range(rt.shape[0]):
        if row[i] != r:
            r = row[i]
            p = theta[r, last]
            log_p, log_not_p = math.log(p), math.log1p(-p)
        inside = log_uniform if low <= rt[i] <= high else -np.inf
        out[i], share, grad[i, last] = lapse_trial(log_f[i], p, log_p, log_not_p, inside)
        for j in range(last):
            grad[i, j] = share * grad_f[i, j]


class LapseMixture:
    """A likelihood f mixed with uniform lapses: (1 - p) f + p 1{low <= rt <= high} / ((high - low) n_choices).

    Satisfies the `Likelihood` contract with one more, last, column of theta: ``p_outlier``, in [0, 1]. It integrates to
    one over time and choices whenever f does. Trials outside the window get no lapse mass.

    Args:
        likelihood: of the trials that are not lapses.
        window: low and high end of the lapse density, in seconds, 0 <= low < high.

    Raises:
        ModelError: the window is not an interval of non-negative finite times, or the likelihood has lapses already.
    """

    def __init__(self, likelihood: Likelihood, window: tuple[float, float]) -> None:
        low, high = float(window[0]), float(window[1])
        if not 0.0 <= low < high < math.inf:
            raise ModelError(
                f"the lapse window ({low:g}, {high:g}) is not an interval of times: give two finite numbers of seconds "
                "with 0 <= low < high."
            )
        if P_OUTLIER in likelihood.parameters:
            raise ModelError(f"the likelihood has a parameter '{P_OUTLIER}' already: mix lapses in once only.")
        self.likelihood = likelihood
        self.window = (low, high)
        self.parameters: tuple[str, ...] = (*likelihood.parameters, P_OUTLIER)
        self.n_choices: int = likelihood.n_choices
        self.log_uniform = -math.log((high - low) * likelihood.n_choices)

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial (trials,); theta (rows, k + 1) with p_outlier last, row (trials,)."""
        log_f = self.likelihood.log_prob(rt, choice, np.ascontiguousarray(theta[:, :-1]), row)
        out = np.empty(rt.shape[0])
        lapse_log_prob(rt, theta, row, *self.window, self.log_uniform, log_f, out)
        return out

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial (trials,) and its gradient (trials, k + 1), zero where the log density is -inf.

        At p_outlier = 0 the derivative by it is (U - f) / f, capped at e^700.
        """
        log_f, grad_f = self.likelihood.log_prob_grad(rt, choice, np.ascontiguousarray(theta[:, :-1]), row)
        out, grad = np.empty(rt.shape[0]), np.empty((rt.shape[0], theta.shape[1]))
        lapse_log_prob_grad(rt, theta, row, *self.window, self.log_uniform, log_f, grad_f, out, grad)
        return out, grad

    def native_sum(
        self, trials: MergedTrials, n_rows: int, slots: int, lapses: Lapses | None = None
    ) -> NativeSum | None:
        """The sum over trials as a C function, if the likelihood has one; see ``NativeLikelihood``."""
        if lapses is not None or not isinstance(self.likelihood, NativeLikelihood):
            return None
        return self.likelihood.native_sum(trials, n_rows, slots, Lapses(*self.window, self.log_uniform))
