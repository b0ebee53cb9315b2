"""Errors of a network for ``levy`` against ``benchmarks.stable_passage``, where that is good."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import hddm_sbi as hs
from benchmarks.stable_passage import stable_passage
from hddm_sbi.likelihoods.base import Density
from hddm_sbi.training.validate import draw_theta

FloatArray = npt.NDArray[np.float64]

# The numbers of terms whose solutions are compared; trials on which they differ by more count as not solved.
TERMS, SOLVED = (140, 200), 1e-3
# Below it the solution converges slowly.
LEAST_ALPHA = 1.25


def stable_accuracy(likelihood: Density, points: int, trials: int = 1000, seed: int = 0) -> dict[str, float]:
    """Errors of log p over the training box with alpha above ``LEAST_ALPHA``.

    Args:
        likelihood: the network's.
        points: parameter vectors.
        trials: simulated trials of each.
        seed: of both.

    Returns:
        ``mean_abs_error``, ``p95_abs_error``; ``kl`` per trial, as the mean of r - 1 - log r for the ratio r of the
        network's density to the truth (Schulman 2020), ``kl_se``; ``solved``, the share of the trials compared.
    """
    ssm = hs.get_model("levy")
    theta = draw_theta(ssm, 4 * points, np.random.default_rng(seed))
    theta = theta[theta[:, 4] > LEAST_ALPHA][:points]
    errors = [_errors(likelihood, row, *hs.simulate("levy", row, trials, seed=seed + k)) for k, row in enumerate(theta)]
    error = np.concatenate(errors)
    # a point's trials are not independent in what they say of the network
    kl = np.array([np.mean(np.expm1(e) - e) if len(e) else np.nan for e in errors])
    return {
        "mean_abs_error": float(np.mean(np.abs(error))),
        "p95_abs_error": float(np.quantile(np.abs(error), 0.95)),
        "kl": float(np.nanmean(kl)),
        "kl_se": float(np.nanstd(kl) / np.sqrt(np.isfinite(kl).sum())),
        "solved": len(error) / (len(theta) * trials),
    }


def _errors(likelihood: Density, theta: FloatArray, rt: FloatArray, choice: npt.NDArray[np.int64]) -> FloatArray:
    v, a, z, t0, alpha = theta
    found = np.empty((2, len(rt)))
    for terms, density in zip(TERMS, found, strict=True):
        solution = stable_passage(v, a, z, alpha, terms)
        for option in (0, 1):
            density[choice == option] = solution.density(rt[choice == option] - t0, option)
    with np.errstate(invalid="ignore", divide="ignore"):
        coarse, truth = np.log(found)
        solved = np.abs(coarse - truth) < SOLVED
    trials = np.zeros(int(solved.sum()), dtype=np.int64)
    return likelihood.log_prob(rt[solved], choice[solved], theta[None], trials) - truth[solved]
