"""Is the network's density that of the simulator? Probabilities of both, compared at parameters of the posterior."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.log_ratios import Experiment, simulate_rows, spread
from hddm_sbi.likelihoods.base import Density

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Parameter vectors at which densities are compared.
_ROWS = 20
# Trials for each of them: the bound is then 0.006. The first round gives the times at which probabilities are compared.
_TRIALS, _FIRST_ROUND, _ROUND = 100_000, 2_000, 10_000
# Intervals of time, equally probable, and nodes of the Gauss-Legendre quadrature in each.
_INTERVALS, _NODES = 64, 6
# The bound holds with this probability.
_CONFIDENCE = 0.99


@dataclass(frozen=True)
class DensityCheck:
    """The largest difference between probabilities of the network and of the simulator.

    Args:
        distance: the largest |P(choice, rt <= t)| difference over choices, times t and parameter vectors.
        bound: what the simulations alone account for: 99% of the distances of an exact density are smaller.
        theta: the parameter vector where it is largest, natural scale, shape (parameters,).
        choice: the choice at which it is largest.
        n_theta: number of parameter vectors compared.
        n_trials: number of trials simulated for each.
    """

    distance: float
    bound: float
    theta: FloatArray
    choice: int
    n_theta: int
    n_trials: int


def density_check(
    experiment: Experiment, network: Density, theta: FloatArray, seed: int = 0, seconds: float = 5.0
) -> DensityCheck:
    """Compare the network's distribution functions with those of simulated trials.

    The bound is that of Dvoretzky, Kiefer & Wolfowitz with Massart's constant (1990, Annals of Probability 18,
    1269-1283), for all functions that are compared together.

    Args:
        experiment: the design: up to 20 of its rows are looked at.
        network: the network's density of the process, without lapses.
        theta: natural scale, shape (rows, parameters), the first columns being the parameters of the process.
        seed: a non-negative integer; the same seed gives the same simulated trials.
        seconds: the time after which no further trials are simulated.
    """
    _, first = np.unique(theta, axis=0, return_index=True)
    theta = theta[first[spread(len(first))[:_ROWS]]]
    numbers = np.random.SeedSequence(seed).generate_state(1 + _TRIALS // _ROUND, np.uint32)
    rt, choice = simulate_rows(experiment, theta, _FIRST_ROUND, int(numbers[0]))
    until = time.monotonic() + seconds  # from the first round on, which may have compiled
    possible = np.isfinite(rt).all(axis=1)
    theta, rt, choice = theta[possible], rt[possible], choice[possible]
    edges = _edges(rt)
    counts, n = _counts(rt, choice, edges, network.n_choices), _FIRST_ROUND
    for number in numbers[1:]:
        if time.monotonic() > until:
            break
        rt, choice = simulate_rows(experiment, theta, _ROUND, int(number))
        counts, n = counts + _counts(rt, choice, edges, network.n_choices), n + _ROUND
    cdf = _distribution(network, np.ascontiguousarray(theta[:, : len(network.parameters)]), edges)
    difference = np.abs(np.cumsum(counts, axis=2) / n - cdf).max(axis=2)
    row, option = np.unravel_index(np.argmax(difference), difference.shape)
    bound = math.sqrt(math.log(2.0 * difference.size / (1.0 - _CONFIDENCE)) / (2.0 * n))
    return DensityCheck(float(difference[row, option]), bound, theta[row], int(option), len(theta), n)


def _edges(rt: FloatArray) -> FloatArray:
    """Ends of the intervals of each row, (rows, intervals + 2): from 0 to the fastest trial, then equally probable."""
    quantiles = np.quantile(rt, np.linspace(0.0, 1.0, _INTERVALS + 1), axis=1).T
    return np.concatenate([np.zeros((len(rt), 1)), quantiles], axis=1)


def _counts(rt: FloatArray, choice: IntArray, edges: FloatArray, n_choices: int) -> IntArray:
    """Trials in each interval, (rows, choices, intervals)."""
    rows, n_intervals = len(rt), edges.shape[1] - 1
    place = np.stack([np.searchsorted(ends, times) - 1 for ends, times in zip(edges, rt, strict=True)])
    inside = place < n_intervals  # later ones lie above all
    flat = (np.arange(rows)[:, None] * n_choices + choice) * n_intervals + place
    counts = np.bincount(flat[inside], minlength=rows * n_choices * n_intervals)
    return counts.reshape(rows, n_choices, n_intervals).astype(np.int64)


def _distribution(network: Density, theta: FloatArray, edges: FloatArray) -> FloatArray:
    """P(choice, rt <= upper end) of the network for each interval, (rows, choices, intervals), by quadrature."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    low, width = edges[:, :-1, None], np.diff(edges, axis=1)[:, :, None]
    rt = low + 0.5 * width * (1.0 + node)
    shape = (len(theta), network.n_choices, *rt.shape[1:])
    row, choice = (np.broadcast_to(np.arange(shape[k]).reshape(-1, *[1] * (3 - k)), shape).ravel() for k in (0, 1))
    times = np.ascontiguousarray(np.broadcast_to(rt[:, None], shape)).ravel()
    density = np.exp(network.log_prob(times, np.ascontiguousarray(choice), theta, np.ascontiguousarray(row)))
    mass = (density.reshape(shape) * weight).sum(axis=-1) * 0.5 * width[:, None, :, 0]
    return np.cumsum(mass, axis=2)
