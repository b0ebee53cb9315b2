"""Errors of a density, and the bias of posterior means, as integrals over first-passage times: without Monte Carlo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.likelihoods.base import Density
from hddm_sbi.ssm.base import SSM, FloatArray
from hddm_sbi.training.draw import Box, draw_theta
from hddm_sbi.training.first_passage import passage


class _Compared(NamedTuple):
    """Truth and likelihood at the times and choices of a grid at one parameter vector, (n,); scores (n, parameters)."""

    weight: FloatArray
    log_p: FloatArray
    log_q: FloatArray
    score: FloatArray

    @property
    def error(self) -> FloatArray:
        return self.log_q - self.log_p

    @property
    def mass(self) -> FloatArray:
        return self.weight * np.exp(self.log_p)


def density_integrals(
    ssm: SSM, likelihood: Density, *, points: int = 200, seed: int = 1, box: Box | None = None
) -> dict[str, float]:
    """Errors of the log density, weighted by the density; see ``density_accuracy``.

    Args:
        ssm: a model whose first-passage densities are known.
        likelihood: the density that is judged.
        points: parameter vectors, uniform over ``box`` (default: the model's training box).
        seed: a non-negative integer.
        box: range of each parameter from which theta is drawn, by name; None: the training box.

    Returns:
        ``mean_abs_error``, ``p95_abs_error`` of log p and ``kl``, the Kullback-Leibler divergence per trial in nats,
        with its standard error over parameter vectors ``kl_se``.
    """
    theta = draw_theta(ssm, points, np.random.default_rng(seed), box)
    sizes, masses, divergence = [], [], np.empty(points)
    for k in range(points):
        found = _compare(ssm, likelihood, theta[k], seed + k)
        sizes.append(np.abs(found.error))
        masses.append(found.mass)
        # with the difference of the masses the integrand is nowhere negative, whatever the grid leaves out
        divergence[k] = np.sum(found.mass * (np.expm1(found.error) - found.error))
    size, mass = np.concatenate(sizes), np.concatenate(masses)
    order = np.argsort(size)
    below = np.cumsum(mass[order]) / mass.sum()
    return {
        "points": float(points),
        "mean_abs_error": float(np.sum(mass * size) / mass.sum()),
        "p95_abs_error": float(size[order][np.searchsorted(below, 0.95)]),
        "kl": float(divergence.mean()),
        "kl_se": float(divergence.std(ddof=1) / np.sqrt(points)) if points > 1 else 0.0,
    }


def score_integrals(
    ssm: SSM,
    likelihood: Density,
    *,
    box: Box,
    points: int = 200,
    trials_observed: int = 1_000,
    seed: int = 1,
) -> dict[str, float]:
    """By how many posterior standard deviations the posterior means move, to first order; see ``score_bias``.

    Args:
        ssm: a model whose first-passage densities are known.
        likelihood: the density that is judged.
        box: range of each parameter from which theta is drawn uniformly; else its training box.
        points: number of parameter vectors.
        trials_observed: N, the number of trials of the experiment whose posterior is meant.
        seed: a non-negative integer.

    Returns:
        ``median``, ``p95`` over theta of the largest shift over parameters.
    """
    theta = draw_theta(ssm, points, np.random.default_rng(seed), box)
    shifts = np.empty(points)
    for k in range(points):
        found = _compare(ssm, likelihood, theta[k], seed + k)
        described = found.mass * np.exp(found.error)
        # the integral of the likelihood's own score under itself is zero, that of the difference has no rounding
        bias = (found.mass - described) @ found.score
        covariance = np.linalg.inv((found.score.T * described) @ found.score)
        moved = np.sqrt(trials_observed) * (covariance @ bias) / np.sqrt(np.diag(covariance))
        shifts[k] = np.abs(moved).max()
    return {
        "trials_observed": float(trials_observed),
        "points": float(points),
        "median": float(np.median(shifts)),
        "p95": float(np.quantile(shifts, 0.95)),
    }


def _compare(ssm: SSM, likelihood: Density, theta: FloatArray, seed: int) -> _Compared:
    grid = passage(ssm, theta, seed)
    possible = grid.density > np.finfo(float).tiny
    at, choice = np.nonzero(possible)
    rt = grid.time[at] + theta[ssm.parameter_names.index("t0")]
    row = np.zeros(len(rt), dtype=np.int64)
    log_q, score = likelihood.log_prob_grad(rt, choice.astype(np.int64), theta[None], row)
    return _Compared(grid.weight[at], np.log(grid.density[possible]), np.maximum(log_q, -700.0), score)
