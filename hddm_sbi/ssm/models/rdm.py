"""The racing diffusion model (Tillman, Van Zandt & Logan 2020, Psychonomic Bulletin & Review 27, 911-936).

Accumulator k is a Wiener process with drift v_k > 0 and noise s = 1, started at a uniform draw from [0, A] of its own;
the first to reach A + B makes the response. B is the distance from the highest start to the threshold.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from hddm_sbi.ssm.base import SSM, FloatArray, IntArray, Parameter, Prior
from hddm_sbi.ssm.models.race import N_SHARED, Family, race_parameters, race_symmetries
from hddm_sbi.ssm.rules import race_rules
from hddm_sbi.ssm.simulation.blocks import BLOCK, run_blocks
from hddm_sbi.ssm.simulation.rng import seed_state, uniform
from hddm_sbi.ssm.simulation.wiener import inverse_gaussian


@njit(nogil=True, cache=True)
def _simulate_span(
    theta: FloatArray, n: int, seed: int, start: int, stop: int, rt: FloatArray, choice: IntArray
) -> None:
    state = np.empty(4, dtype=np.uint64)
    n_choices = theta.shape[1] - N_SHARED
    for i in range(start, stop):
        if i % BLOCK == 0:
            seed_state(state, seed, i // BLOCK)
        row = i // n
        B, A, t0 = theta[row, n_choices], theta[row, n_choices + 1], theta[row, n_choices + 2]
        first, winner = np.inf, 0
        for k in range(n_choices):
            distance = B + A * uniform(state)
            # the first passage is inverse Gaussian with mean distance / v and shape distance^2
            t = distance * distance * inverse_gaussian(1.0 / (theta[row, k] * distance), state)
            if t < first:
                first, winner = t, k
        rt[i] = t0 + first
        choice[i] = winner


def simulate_rdm(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Exact draws of (rt, choice): no time steps, no bias.

    Args:
        theta: v0, ..., B, A, t0 in the columns, shape (rows, accumulators + 3).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (index of the first accumulator to arrive), each of shape (rows, n).
    """
    return run_blocks(_simulate_span, theta, n, seed)


# simulated from the priors, two accumulators
_SOURCE = "weakly informative: median response times of 0.24 to 2.0 s (95 %)"


def _rdm(n: int) -> SSM:
    drift = Parameter(
        "v", (0.0, math.inf), "log", (0.05, 10.0), "drift rate",
        Prior(math.log(2.0), 0.7, 0.7, 0.5, 0.35, _SOURCE),  # 95 %: 0.5 to 7.9
    )  # fmt: skip
    return SSM(
        name="rdm",
        parameters=race_parameters(
            drift,
            B=Prior(math.log(1.2), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.37 to 3.9
            A=Prior(math.log(0.5), 0.7, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.13 to 2.0
            t0=Prior(math.log(0.2), 0.6, 0.5, 0.5, 0.25, _SOURCE),  # 95 %: 0.06 to 0.65 s
            n=n,
        ),
        simulator=simulate_rdm,
        n_choices=n,
        symmetries=race_symmetries(n, time_power=2.0),
        guess=race_rules([f"v{k}" for k in range(n)], distance=1.45),  # B and A / 2 at their medians
        description="race of Wiener processes with positive drifts to one threshold",
    )


RDM = Family("rdm", _rdm)
