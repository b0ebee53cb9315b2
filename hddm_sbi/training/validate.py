"""How far an estimator is from the truth: per trial, and in the posterior it implies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.likelihoods.base import Density
from hddm_sbi.ssm.base import SSM, FloatArray
from hddm_sbi.training.draw import Box, draw_theta

# Trials that are simulated and evaluated at once.
_LARGEST = 250_000
# Draws of what chance alone makes of a shift, for each parameter vector.
_CHANCES = 64


def density_accuracy(
    ssm: SSM,
    likelihood: Density,
    exact: Density,
    *,
    draws: int = 1_000_000,
    seed: int = 1,
    box: Box | None = None,
) -> dict[str, float]:
    """Errors of the log density over simulated trials.

    Args:
        ssm: the model.
        likelihood: the density that is judged.
        exact: the exact density, which is the truth.
        draws: trials, each with parameters of its own, uniform over ``box`` (default: the model's training box).
        seed: a non-negative integer.

    Returns:
        ``mean_abs_error``, ``p95_abs_error``, ``max_abs_error`` of log p, and ``kl``, the Kullback-Leibler divergence
        per trial in nats with its standard error ``kl_se``. The divergence is the mean of q/p - 1 - log(q/p), which has
        the expectation of -log(q/p) and a far smaller variance.
    """
    rng = np.random.default_rng(seed)
    errors = []
    for part, size in enumerate(parts_of(draws, 50_000)):
        theta = draw_theta(ssm, size, rng, box)
        rt, choice = ssm.simulator(theta, 1, seed + 1000 * (part + 1))
        row = np.arange(size)
        trials = (rt[:, 0], choice[:, 0], theta, row)
        errors.append(likelihood.log_prob(*trials) - exact.log_prob(*trials))
    error = np.concatenate(errors)
    divergence = np.expm1(error) - error
    return {
        "draws": float(draws),
        **size_of(error),
        "kl": float(divergence.mean()),
        "kl_se": float(divergence.std() / np.sqrt(draws)),
    }


def size_of(error: FloatArray) -> dict[str, float]:
    """Mean, 95th percentile and maximum of the absolute errors of log p, (trials,)."""
    size = np.abs(error)
    return {
        "mean_abs_error": float(size.mean()),
        "p95_abs_error": float(np.quantile(size, 0.95)),
        "max_abs_error": float(size.max()),
    }


def score_bias(
    ssm: SSM,
    likelihood: Density,
    exact: Density | None = None,
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
    Without an exact density b is the mean of grad log q, I is that of q, and the Monte Carlo error of each shift is
    sqrt(N / trials) standard deviations.

    Args:
        ssm: the model.
        likelihood: the density that is judged.
        exact: the exact density; None where there is no formula.
        box: range of each parameter from which theta is drawn uniformly; a parameter that is left out has its training
            box.
        points: number of parameter vectors.
        trials: number of trials simulated at each parameter vector.
        trials_observed: N, the number of trials of the experiment whose posterior is meant.
        seed: a non-negative integer.

    Returns:
        ``median``, ``p95`` over theta of the largest shift over parameters; ``mc_error``, the median Monte Carlo
        standard error of such a shift; ``median_by_chance``, ``p95_by_chance``, what that error alone would show;
        ``median_corrected``, ``p95_corrected``, the shifts without it (their squares add); ``no_density``, the share of
        simulated trials that the likelihood holds for impossible.
    """
    theta = draw_theta(ssm, points, np.random.default_rng(seed), box)
    shifts, noise, impossible = np.empty(points), np.empty(points), 0
    chance = np.empty((points, _CHANCES))
    for k in range(points):
        found = _scores(ssm, likelihood, exact, theta[k : k + 1], trials, (seed, k))
        covariance = np.linalg.inv(found.information)
        to_sds = np.sqrt(trials_observed) * covariance / np.sqrt(np.diag(covariance))[:, None]
        shift, error = to_sds @ found.bias, to_sds @ found.error @ to_sds.T
        worst = int(np.argmax(np.abs(shift)))
        shifts[k], noise[k] = abs(shift[worst]), np.sqrt(error[worst, worst])
        draws = np.random.default_rng([seed, k]).multivariate_normal(0.0 * shift, error, _CHANCES, method="eigh")
        chance[k] = np.abs(draws).max(axis=1)
        impossible += found.impossible
    result = {"trials_observed": float(trials_observed), "points": float(points), "trials": float(trials)}
    for name, level in (("median", 0.5), ("p95", 0.95)):
        seen, by_chance = float(np.quantile(shifts, level)), float(np.quantile(chance, level))
        result |= {name: seen, f"{name}_by_chance": by_chance}
        result[f"{name}_corrected"] = float(np.sqrt(max(0.0, seen**2 - by_chance**2)))
    return {**result, "mc_error": float(np.median(noise)), "no_density": impossible / (points * trials)}


class _Scores(NamedTuple):
    """Fisher information, score bias and the covariance of its Monte Carlo error; trials without a density."""

    information: FloatArray
    bias: FloatArray
    error: FloatArray
    impossible: int


def _scores(
    ssm: SSM, likelihood: Density, exact: Density | None, theta: FloatArray, trials: int, seed: tuple[int, int]
) -> _Scores:
    """From simulations at one parameter vector, (1, parameters)."""
    n = theta.shape[1]
    information, bias, square, impossible = np.zeros((n, n)), np.zeros(n), np.zeros((n, n)), 0
    for part, size in enumerate(parts_of(trials)):
        rt, choice = ssm.simulator(theta, size, seed_of(*seed, part))
        given = (rt[0], choice[0], theta, np.zeros(size, dtype=np.int64))
        log_prob, score = likelihood.log_prob_grad(*given)
        impossible += int(np.sum(log_prob == -np.inf))
        true = score if exact is None else exact.log_prob_grad(*given)[1]
        gap = score if exact is None else score - true
        information += true.T @ true / trials
        bias += gap.sum(axis=0) / trials
        square += gap.T @ gap / trials
    return _Scores(information, bias, (square - np.outer(bias, bias)) / trials, impossible)


def parts_of(draws: int, largest: int = _LARGEST) -> list[int]:
    """Sizes that add up to ``draws``, so that memory stays bounded."""
    return [largest] * (draws // largest) + ([draws % largest] if draws % largest else [])


def seed_of(*numbers: int) -> int:
    """One seed from several, such that no two of them share simulations."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
