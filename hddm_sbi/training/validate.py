"""How far an estimator is from the exact density: per trial, and in the posterior it implies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hddm_sbi.likelihoods.base import Likelihood
from hddm_sbi.ssm.base import SSM, FloatArray

Box = Mapping[str, tuple[float, float]]


def density_accuracy(
    ssm: SSM,
    likelihood: Likelihood,
    exact: Likelihood,
    *,
    draws: int = 1_000_000,
    seed: int = 1,
    box: Box | None = None,
) -> dict[str, float]:
    """Errors of the log density over simulated trials.

    Args:
        ssm: the model.
        likelihood: the one to judge.
        exact: the truth.
        draws: trials, each with parameters of its own, uniform over ``box`` (default: the model's training box).
        seed: a non-negative integer.

    Returns:
        ``mean_abs_error``, ``p95_abs_error``, ``max_abs_error`` of log p, and ``kl``, the Kullback-Leibler divergence
        per trial in nats with its standard error ``kl_se``. The divergence is the mean of q/p - 1 - log(q/p), which has
        the expectation of -log(q/p) and a far smaller variance.
    """
    rng = np.random.default_rng(seed)
    errors = []
    for part, size in enumerate(_parts(draws)):
        theta = _uniform(ssm, box, size, rng)
        rt, choice = ssm.simulator(theta, 1, seed + 1000 * (part + 1))
        row = np.arange(size)
        trials = (rt[:, 0], choice[:, 0], theta, row)
        errors.append(likelihood.log_prob(*trials) - exact.log_prob(*trials))
    error = np.concatenate(errors)
    size_of_error, divergence = np.abs(error), np.expm1(error) - error
    return {
        "draws": float(draws),
        "mean_abs_error": float(size_of_error.mean()),
        "p95_abs_error": float(np.quantile(size_of_error, 0.95)),
        "max_abs_error": float(size_of_error.max()),
        "kl": float(divergence.mean()),
        "kl_se": float(divergence.std() / np.sqrt(draws)),
    }


def score_bias(
    ssm: SSM,
    likelihood: Likelihood,
    exact: Likelihood,
    *,
    box: Box,
    points: int = 500,
    trials: int = 100_000,
    trials_observed: int = 1_000,
    seed: int = 1,
) -> dict[str, float]:
    r"""By how many posterior standard deviations the posterior means move, to first order.

    With the score bias b = E_theta[grad log q] and the Fisher information I, the mean of N trials' posterior moves by
    I^{-1} b, in units of its standard deviations sqrt(N) (I^{-1} b)_j / sqrt((I^{-1})_jj). As E_theta[grad log p] = 0
    for the exact density p, b is estimated by the mean of grad log q - grad log p, whose Monte Carlo error is small.

    Args:
        ssm: the model.
        likelihood: the one to judge.
        exact: the truth.
        box: range of each parameter from which theta is drawn uniformly.
        points: parameter vectors.
        trials: simulations for each.
        trials_observed: N.
        seed: a non-negative integer.

    Returns:
        ``median``, ``p95`` over theta of the largest shift over parameters; ``mc_error``, the median Monte Carlo
        standard error of such a shift.
    """
    theta = _uniform(ssm, box, points, np.random.default_rng(seed))
    shifts, noise = np.empty(points), np.empty(points)
    for k in range(points):
        rt, choice = ssm.simulator(theta[k : k + 1], trials, seed + k + 1)
        row = np.zeros(trials, dtype=np.int64)
        _, score = exact.log_prob_grad(rt[0], choice[0], theta[k : k + 1], row)
        _, other = likelihood.log_prob_grad(rt[0], choice[0], theta[k : k + 1], row)
        covariance = np.linalg.inv(score.T @ score / trials)
        to_sds = np.sqrt(trials_observed) * covariance / np.sqrt(np.diag(covariance))[:, None]
        moved = (other - score) @ to_sds.T
        worst = int(np.argmax(np.abs(moved.mean(0))))
        shifts[k], noise[k] = abs(moved.mean(0)[worst]), moved[:, worst].std() / np.sqrt(trials)
    return {
        "trials_observed": float(trials_observed),
        "points": float(points),
        "median": float(np.median(shifts)),
        "p95": float(np.quantile(shifts, 0.95)),
        "mc_error": float(np.median(noise)),
    }


def _uniform(ssm: SSM, box: Box | None, size: int, rng: np.random.Generator) -> FloatArray:
    edges = np.array([(box or {}).get(parameter.name, parameter.box) for parameter in ssm.parameters])
    return rng.uniform(edges[:, 0], edges[:, 1], size=(size, len(edges)))


def _parts(draws: int, largest: int = 50_000) -> list[int]:
    """Sizes that add up to ``draws``, so that memory stays bounded."""
    return [largest] * (draws // largest) + ([draws % largest] if draws % largest else [])
