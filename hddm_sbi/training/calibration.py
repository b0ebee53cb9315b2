"""How well a network describes a large simulation it has never seen, where no exact density is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.ssm.base import SSM, FloatArray, IntArray
from hddm_sbi.training.draw import draw_theta

# Median and 95th percentile of sqrt(n) times Kolmogorov's distance between n draws and their own distribution.
_KOLMOGOROV = (0.8276, 1.3581)
# Parameter vectors evaluated at once.
_CHUNK = 10
# A response time by which every response has come.
_LATE = 1e9


def calibration(
    ssm: SSM, network: FirstPassageNetwork, *, points: int = 200, trials: int = 1000, seed: int = 1
) -> dict[str, Any]:
    """Compare a network's distribution with simulations at parameters drawn from the training box, as in training.

    Args:
        ssm: the model.
        network: the trained network.
        points: number of parameter vectors, drawn from the training box.
        trials: number of trials simulated at each parameter vector.
        seed: a non-negative integer.

    Returns:
        ``log_density``, the mean over all simulations, with its standard error ``log_density_se``;
        ``choice_probability``: ``rms_error`` over parameters and options, without the part of chance ``rms_by_chance``;
        ``kolmogorov``: distance between simulated and described distribution of rt and choice, ``median`` and ``p95``
        over parameters, and what chance alone gives at most;
        ``pit``: for each option the probability integral transforms of its rts, pooled over parameters, should be
        uniform: the largest distance of their distribution function from that, and its 95th percentile by chance.
    """
    theta = draw_theta(ssm, points, np.random.default_rng(seed))
    log_density: list[FloatArray] = []
    transforms: list[tuple[int, float]] = []
    error: list[FloatArray] = []
    noise: list[FloatArray] = []
    distance = np.empty(points)
    for first in range(0, points, _CHUNK):
        part = theta[first : first + _CHUNK]
        rt, choice = ssm.simulator(part, trials, seed + 1 + first)
        density, below, total = _described(network, part, rt, choice)
        log_density.append(density)
        for k in range(len(part)):
            shares = np.bincount(choice[k], minlength=ssm.n_choices) / trials
            distance[first + k] = _distance(below[k], choice[k], total[k])
            error.append(shares - total[k])
            noise.append(total[k] * (1.0 - total[k]) / trials)
        given = below / np.take_along_axis(total, choice, axis=1)
        transforms += list(zip(choice.ravel(), given.ravel(), strict=True))
    chance = float(np.mean(noise))
    densities = np.concatenate(log_density)
    by_chance = [quantile / np.sqrt(trials) for quantile in _KOLMOGOROV]
    return {
        "simulations": points * trials,
        "points": points,
        "log_density": float(densities.mean()),
        "log_density_se": float(densities.mean(axis=1).std(ddof=1) / np.sqrt(points)) if points > 1 else 0.0,
        "choice_probability": {
            "rms_error": float(np.sqrt(max(0.0, float(np.mean(np.square(error))) - chance))),
            "rms_by_chance": float(np.sqrt(chance)),
        },
        "kolmogorov": {
            "median": float(np.median(distance)),
            "p95": float(np.quantile(distance, 0.95)),
            "median_by_chance": float(by_chance[0]),
            "p95_by_chance": float(by_chance[1]),
        },
        "pit": _pit(np.array(transforms), ssm.n_choices),
    }


def _described(
    network: FirstPassageNetwork, theta: FloatArray, rt: FloatArray, choice: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density and P(choice, no later than rt) of each trial, (points, trials), and P(choice), (points, choices)."""
    weights = next(network.parameters())
    points, trials = rt.shape
    n_choices = network.canonical.n_choices

    def tensor(values: Any) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(weights)

    row = torch.arange(points, device=weights.device)
    every, condition = row.repeat_interleave(trials), tensor(theta)
    options = torch.arange(n_choices, device=weights.device).repeat(points)
    with torch.no_grad():
        x = tensor(np.stack([rt.ravel(), choice.ravel()], -1))
        density = network.log_prob_rows(x, condition, every)
        below = network.cdf(x[:, 0], x[:, 1].long(), condition, every)
        late = torch.full((len(options),), _LATE, device=weights.device).to(weights)
        total = network.cdf(late, options, condition, row.repeat_interleave(n_choices))
    arrays = [values.double().cpu().numpy() for values in (density, below, total)]
    return arrays[0].reshape(points, trials), arrays[1].reshape(points, trials), arrays[2].reshape(points, n_choices)


def _distance(below: FloatArray, choice: IntArray, total: FloatArray) -> float:
    """Kolmogorov's distance between simulated and described distribution functions, the largest over options."""
    worst = 0.0
    for option, probability in enumerate(total):
        described = np.sort(below[choice == option])
        rank = np.arange(len(described) + 1) / len(below)
        gaps = [rank[1:] - described, described - rank[:-1], [abs(probability - rank[-1])]]
        worst = max(worst, *(float(np.max(gap)) for gap in gaps if len(gap)))
    return worst


def _pit(transforms: FloatArray, n_choices: int) -> dict[str, dict[str, float]]:
    pit = {}
    for option in range(n_choices):
        u = np.sort(transforms[transforms[:, 0] == option, 1])
        if len(u):
            rank = np.arange(len(u) + 1) / len(u)
            deviation = max(float((rank[1:] - u).max()), float((u - rank[:-1]).max()))
            pit[str(option)] = {"deviation": deviation, "p95_by_chance": _KOLMOGOROV[1] / float(np.sqrt(len(u)))}
    return pit
