"""Does a network describe what the simulator does? Choices and distribution functions against a large simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.special import erfinv
from torch import Tensor

from hddm_sbi.likelihoods.neural.network import FirstPassageNetwork
from hddm_sbi.ssm.base import SSM, FloatArray
from hddm_sbi.training.draw import Box, draw_theta
from hddm_sbi.training.validate import parts_of, seed_of

# Simulations that place the edges of the bins, apart from those that are counted.
_PILOT = 20_000
# Bins for each option: enough to see the shape of an error that is smooth in rt, ...
_BINS = 40
# ... and no more than leaves so many pilot simulations in each.
_LEAST = 50
# A frequency is nearly normal, so that its distance in standard errors means something, with so many counts.
_NORMAL = 25.0
# A bin counts for the divergence if so many trials fell or should have fallen into it.
_COUNTS = 5.0
# Nodes over a uniform delay: distribution functions are smooth on a hundredth of its width.
_NODES = 400


def agreement(
    ssm: SSM,
    network: FirstPassageNetwork,
    *,
    points: int = 200,
    trials: int = 1_000_000,
    box: Box | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Compare probabilities of choices, and of choices no later than a time, with their frequencies.

    Args:
        ssm: the model.
        network: trained; it is evaluated in double precision.
        points: parameter vectors, uniform over ``box``.
        trials: number of trials simulated at each parameter vector.
        box: ranges by parameter; default: the training box.
        seed: a non-negative integer.

    Returns:
        ``choice`` (of probabilities of choices) and ``distribution`` (of P(choice, rt <= t) at up to 39 quantiles of
        each option's rts), each with the differences ``median_abs``, ``rms``, ``max_abs``; ``rms_by_chance``, what
        frequencies of so many trials show of the truth itself; ``rms_corrected``, without it; and in standard errors,
        where the frequency is nearly normal, ``rms_in_se`` (1 for the truth), ``max_in_se``, and ``largest_by_chance``
        of so many independent ones. ``kl_binned`` with standard error: the divergence per trial of the distributions
        over choices and bins, a lower bound of that over choices and times, close to it where errors are smooth.
    """
    theta = draw_theta(ssm, points, np.random.default_rng([seed, 0]), box)
    double = torch.tensor(theta, dtype=torch.float64)
    precise = _in_double(network)
    choices, times, divergence = [], [], np.empty(points)
    for k in range(points):
        edges = _edges(ssm, theta[k : k + 1], seed_of(seed, 1, k))
        counts = _counts(ssm, theta[k : k + 1], edges, trials, (seed, 2, k))
        frequency = [part / trials for part in counts]
        described = _described(precise, double[k : k + 1], edges)
        choices += [(part.sum(), other.sum()) for part, other in zip(frequency, described, strict=True)]
        times += [
            pair
            for part, other in zip(frequency, described, strict=True)
            for pair in zip(np.cumsum(part)[:-1], np.cumsum(other)[:-1], strict=True)
        ]
        divergence[k] = _divergence(np.concatenate(frequency), np.concatenate(described), trials)
    return {
        "points": float(points),
        "trials": float(trials),
        "choice": _differences(np.array(choices), trials),
        "distribution": _differences(np.array(times), trials),
        "kl_binned": float(divergence.mean()),
        "kl_binned_se": float(divergence.std(ddof=1) / np.sqrt(points)) if points > 1 else 0.0,
    }


def _in_double(network: FirstPassageNetwork) -> FirstPassageNetwork:
    """A copy in double precision, whose probabilities do not end at the seventh digit."""
    copy = FirstPassageNetwork(network.canonical, network.architecture)
    copy.load_state_dict(network.state_dict())
    return copy.double().eval()


def _edges(ssm: SSM, theta: FloatArray, seed: int) -> list[FloatArray]:
    """Inner edges of each option's bins: quantiles of a simulation of its own."""
    rt, choice = ssm.simulator(theta, _PILOT, seed)
    edges = []
    for option in range(ssm.n_choices):
        own = rt[0, choice[0] == option]
        bins = max(1, min(_BINS, len(own) // _LEAST))
        edges.append(np.quantile(own, np.arange(1, bins) / bins) if bins > 1 else np.empty(0))
    return edges


def _counts(
    ssm: SSM, theta: FloatArray, edges: list[FloatArray], trials: int, seed: tuple[int, int, int]
) -> list[FloatArray]:
    """Simulated trials by option and bin."""
    counts = [np.zeros(len(inner) + 1) for inner in edges]
    for part, size in enumerate(parts_of(trials)):
        rt, choice = ssm.simulator(theta, size, seed_of(*seed, part))
        for option, inner in enumerate(edges):
            # a bin holds its upper edge, as distribution functions do
            found = np.searchsorted(inner, rt[0, choice[0] == option], side="left")
            counts[option] += np.bincount(found, minlength=len(inner) + 1)
    return counts


def _described(network: FirstPassageNetwork, theta: Tensor, edges: list[FloatArray]) -> list[FloatArray]:
    """The network's probabilities by option and bin."""
    with torch.no_grad():
        total = torch.exp(network.condition(theta).log_choice)[0].numpy()
        described = []
        for option, inner in enumerate(edges):
            rt = torch.as_tensor(inner, dtype=torch.float64)
            choice = torch.full((len(inner),), option, dtype=torch.int64)
            below = network.cdf(rt, choice, theta, torch.zeros_like(choice), _NODES).numpy()
            described.append(np.diff(np.concatenate([[0.0], below, [total[option]]])))
    return described


def _divergence(frequency: FloatArray, described: FloatArray, trials: int) -> float:
    """KL from the frequencies, to second order, less what chance adds, (1 - q) / (2 n) for a bin."""
    used = trials * np.maximum(frequency, described) >= _COUNTS
    p, q = frequency[used], np.maximum(described[used], np.finfo(float).tiny)
    return float(0.5 * np.sum((p - q) ** 2 / q - (1.0 - q) / trials))


def _differences(pairs: FloatArray, trials: int) -> dict[str, float]:
    """What ``agreement`` says of frequencies and probabilities, (n, 2)."""
    frequency, described = pairs.T
    difference, variance = np.abs(frequency - described), described * (1.0 - described) / trials
    rms, chance = np.sqrt(np.mean(difference**2)), np.sqrt(np.mean(variance))
    normal = trials * np.minimum(described, 1.0 - described) >= _NORMAL
    in_se = difference[normal] / np.sqrt(variance[normal]) if normal.any() else np.zeros(1)
    return {
        "comparisons": float(len(pairs)),
        "median_abs": float(np.median(difference)),
        "rms": float(rms),
        "max_abs": float(difference.max()),
        "rms_by_chance": float(chance),
        "rms_corrected": float(np.sqrt(max(0.0, rms**2 - chance**2))),
        "rms_in_se": float(np.sqrt(np.mean(in_se**2))),
        "max_in_se": float(in_se.max()),
        # of m independent standard normal sizes, one in m lies beyond this
        "largest_by_chance": float(np.sqrt(2.0) * erfinv(1.0 - 1.0 / len(in_se))),
    }
