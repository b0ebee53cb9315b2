"""The drift-diffusion model with constant boundaries (Ratcliff 1978)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Symmetries
from hddm_sbi.ssm.models import diffusion_priors as priors
from hddm_sbi.ssm.simulation.blocks import BLOCK, run_blocks
from hddm_sbi.ssm.simulation.reversal import with_reversal
from hddm_sbi.ssm.simulation.rng import seed_state
from hddm_sbi.ssm.simulation.wiener import first_passage, shared_early_probability


@njit(nogil=True, cache=True)
def _simulate_span(
    theta: FloatArray, n: int, seed: int, start: int, stop: int, rt: FloatArray, choice: IntArray
) -> None:
    state = np.empty(4, dtype=np.uint64)
    row = -1
    v = below = above = t0 = early = 0.0
    for i in range(start, stop):
        if i % BLOCK == 0:
            seed_state(state, seed, i // BLOCK)
        if i // n != row:
            row = i // n
            v, a, z, t0 = theta[row, 0], theta[row, 1], theta[row, 2], theta[row, 3]
            below, above = a * z, a * (1.0 - z)
            early = shared_early_probability(v, min(below, above))
        t, side = first_passage(v, below, above, early, state)
        rt[i] = t0 + t
        choice[i] = side


def simulate_ddm(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Exact draws of (rt, choice): no time steps, no bias.

    Args:
        theta: v, a, z, t0 in the columns, shape (rows, 4).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_simulate_span, theta, n, seed)


DDM = SSM(
    name="ddm",
    parameters=(
        Parameter("v", (-math.inf, math.inf), "identity", (-6.0, 6.0), "drift rate", prior=priors.V),
        Parameter("a", (0.0, math.inf), "log", (0.3, 5.0), "boundary separation", prior=priors.A),
        Parameter("z", (0.0, 1.0), "logit", (0.05, 0.95), "relative starting point", prior=priors.Z),
        Parameter("t0", (0.0, math.inf), "log", (0.0, 2.0), "non-decision time, s", prior=priors.T0),
    ),
    simulator=simulate_ddm,
    symmetries=Symmetries(
        shift="t0",
        scale="a",
        units=(("v", 1, -1),),
        mirror=(("v", "negate"), ("z", "complement")),
        even=("v",),
    ),
    diffusion=Diffusion("v", "z"),
    ratio_simulator=with_reversal(simulate_ddm, lambda theta, t: 0.5 * theta[:, [1]]),
    description="Wiener process with drift between two constant boundaries",
)
