"""The linear ballistic accumulator (Brown & Heathcote 2008, Cognitive Psychology 57, 153-178).

Accumulator k rises in a straight line from a uniform draw from [0, A] with a slope from a normal distribution with mean
v_k and sd 1; the first to reach A + B makes the response. B is the distance from the highest start to the threshold.

Every slope is a draw from the part of its normal distribution above zero, as in rtdists (``posdrift = TRUE``, its
default) and EMC2. Each accumulator then arrives at some time, so that the density over (rt, choice) integrates to one;
with slopes of either sign (Brown & Heathcote 2008) nobody might arrive.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, FloatArray, Formula, IntArray, Parameter, Prior
from hddm_sbi.ssm.models.race import N_SHARED, Family, race_evidence, race_parameters, race_symmetries
from hddm_sbi.ssm.rules import race_rules
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import UIntArray, exponential, normal, uniform


@callable_from_python
def positive_normal(mean: float, state: UIntArray) -> float:
    """A draw from the part of Normal(mean, 1) above zero (Robert 1995, Statistics and Computing 5, 121-125)."""
    if mean > -0.5:  # at least three in ten are above zero
        while True:
            x = mean + normal(state)
            if x > 0.0:
                return x
    # an exponential proposal with the rate that rejects least
    rate = 0.5 * (math.sqrt(mean * mean + 4.0) - mean)
    while True:
        x = exponential(state) / rate
        gap = x - mean - rate
        if 2.0 * exponential(state) >= gap * gap:
            return x


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    n_choices = len(theta) - N_SHARED
    B, A, t0 = theta[n_choices], theta[n_choices + 1], theta[n_choices + 2]
    for i in range(first, last):
        earliest, winner = np.inf, 0
        for k in range(n_choices):
            t = (B + A * uniform(state)) / positive_normal(theta[k], state)
            if t < earliest:
                earliest, winner = t, k
        rt[i] = t0 + earliest
        choice[i] = winner


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_lba(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) exactly.

    Args:
        theta: v0, ..., B, A, t0 in the columns, shape (rows, accumulators + 3).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (index of the first accumulator to arrive), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed)


# simulated from the priors, two accumulators
_SOURCE = "weakly informative: median response times of 0.27 to 1.7 s (95 %)"


def _formula(n: int) -> object:
    from hddm_sbi.likelihoods.exact.race import ExactRace
    from hddm_sbi.likelihoods.exact.race_density import LBA

    return ExactRace(LBA, n)


def _moves(theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Straight lines; without noise those with the mean slope of each accumulator."""
    means = theta[: starts.shape[1]]
    if rng is None:
        slopes = means + np.exp(-0.5 * means**2) / (math.sqrt(2.0 * math.pi) * ndtr(means))
    else:  # by inversion, from the upper tail
        slopes = means - ndtri((1.0 - rng.random(starts.shape)) * ndtr(means))
    return np.asarray(starts[..., None] + slopes[..., None] * times)


def _lba(n: int) -> SSM:
    drift = Parameter(
        "v", (-math.inf, math.inf), "identity", (-3.0, 8.0), "mean drift rate",
        Prior(2.0, 1.5, 1.5, 1.0, 0.75, _SOURCE),
    )  # fmt: skip
    return SSM(
        name="lba",
        parameters=race_parameters(
            drift,
            B=Prior(math.log(0.8), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.25 to 2.6
            A=Prior(math.log(0.5), 0.7, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.13 to 2.0
            t0=Prior(math.log(0.2), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.06 to 0.65 s
            n=n,
        ),
        simulator=simulate_lba,
        n_choices=n,
        symmetries=race_symmetries(n, time_power=1.0),
        guess=race_rules([f"v{k}" for k in range(n)], distance=1.05),  # B and A / 2 at their medians
        exact=Formula(simulate_lba, lambda: _formula(n)),
        evidence=race_evidence(simulate_lba, _moves),
        description="race of straight lines with normally distributed positive slopes to one threshold",
    )


LBA = Family("lba", _lba)
