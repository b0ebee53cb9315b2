"""Lapse mixture: some trials are not the model's, but uniform over a window of time and the choices."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from hddm_sbi.errors import ModelError
from hddm_sbi.likelihoods.base import FloatArray, IntArray, Likelihood

P_OUTLIER = "p_outlier"
# exp overflows float64 above 709.78; slopes steeper than e^700 are reported as e^700.
LARGEST_EXPONENT = 700.0
LARGEST_SLOPE = math.exp(LARGEST_EXPONENT)

_jit = nb.njit(cache=True, nogil=True, error_model="numpy")
_inlined = nb.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)


@_inlined
def lapse_trial(
    log_f: float, p: float, log_p: float, log_not_p: float, log_uniform: float
) -> tuple[float, float, float]:
    """Mixture of one trial: its log density, the model's share of it, and its derivative by p.

    Args:
        log_f: log density of the model.
        p: lapse probability; outside [0, 1] the density is zero.
        log_p: log p.
        log_not_p: log(1 - p).
        log_uniform: log density of the lapses at the trial, -inf outside the window.

    Returns:
        log[(1 - p) f + p U]; (1 - p) f / [(1 - p) f + p U], the factor of the model's gradient; and
        (U - f) / [(1 - p) f + p U]. Where the density is zero: -inf, 0, 0.
    """
    log_model = log_not_p + log_f
    log_lapse = log_p + log_uniform
    larger = max(log_model, log_lapse)
    if not (p >= 0.0 and p <= 1.0) or larger == -np.inf:
        return -np.inf, 0.0, 0.0
    ratio = math.exp(-abs(log_lapse - log_model))  # of the smaller part to the larger
    total = 1.0 + ratio
    log_total = larger + math.log1p(ratio)
    share = 1.0 / total if log_model >= log_lapse else ratio / total
    lapse = ratio / total if log_model >= log_lapse else 1.0 / total
    if p == 0.0:
        d_p = math.exp(min(log_uniform - log_f, LARGEST_EXPONENT)) - 1.0
    elif p == 1.0:
        d_p = 1.0 - math.exp(min(log_f - log_uniform, LARGEST_EXPONENT))
    else:
        d_p = min(lapse / p, LARGEST_SLOPE) - share / (1.0 - p)
    return log_total, share, d_p


@_jit
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


@_jit
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
