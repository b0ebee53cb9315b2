"""The drift-diffusion model with constant boundaries (Ratcliff 1978)."""

from __future__ import annotations

import math

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, Formula, IntArray, Parameter, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence
from hddm_sbi.ssm.models import diffusion_priors as priors
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.reversal import with_reversal
from hddm_sbi.ssm.simulation.wiener import first_passage, shared_early_probability


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    v, a, z, t0 = theta[0], theta[1], theta[2], theta[3]
    below, above = a * z, a * (1.0 - z)
    early = shared_early_probability(v, min(below, above))
    for i in range(first, last):
        t, side = first_passage(v, below, above, early, state)
        rt[i] = t0 + t
        choice[i] = side


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_ddm(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) exactly: without time steps, without bias.

    Args:
        theta: v, a, z, t0 in the columns, shape (rows, 4).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed)


def half_width(theta: FloatArray, t: FloatArray) -> FloatArray:
    """Half the distance of the boundaries, a / 2 at all times t (rows, n), shape (rows, 1)."""
    return 0.5 * theta[:, [1]]


def _formula() -> object:
    from hddm_sbi.likelihoods.exact.ddm import ExactDDM

    return ExactDDM()


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
    ratio_simulator=with_reversal(simulate_ddm, half_width),
    exact=Formula(simulate_ddm, _formula),
    evidence=diffusion_evidence(simulate_ddm, half_width),
    description="Wiener process with drift between two constant boundaries",
)
