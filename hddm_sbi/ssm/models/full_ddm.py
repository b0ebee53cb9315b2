"""The drift-diffusion model whose drift, start and non-decision time vary between trials (Ratcliff & Rouder 1998)."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, Formula, IntArray, Paired, Parameter, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence, relative_start, wiener
from hddm_sbi.ssm.models import diffusion_priors as priors
from hddm_sbi.ssm.models.ddm import half_width
from hddm_sbi.ssm.simulation.blocks import run_blocks, run_blocks_ratio
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import normal, uniform
from hddm_sbi.ssm.simulation.wiener import first_passage, shared_early_probability


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice, log_ratio = span.theta[row], span.state, span.rt, span.choice, span.log_ratio
    v, a, z, t0, sv, sz, st0 = theta[0], theta[1], theta[2], theta[3], theta[4], theta[5], theta[6]
    for i in range(first, last):
        drift = v + sv * normal(state)
        shift = sz * (uniform(state) - 0.5)
        below, above = a * (z + shift), a * (1.0 - z - shift)
        early = shared_early_probability(drift, min(below, above))
        t, side = first_passage(drift, below, above, early, state)
        rt[i] = t0 + st0 * uniform(state) + t
        choice[i] = side
        if len(log_ratio) > 0:
            log_ratio[i] = 2.0 * v * (above if side == 1 else -below) / (1.0 + sv * sv * t)


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_full_ddm(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) exactly: without time steps, without bias.

    Args:
        theta: v, a, z, t0, sv, sz, st0 in the columns, shape (rows, 7).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed)


def simulate_full_ddm_ratio(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
    """Draw the same trials, and for each the log density of its path relative to that with drift -v; see ``reversal``.

    Of a drift that is normal across trials, the density of a path that moves by d in time t depends on v through
    exp((2 v d - v^2 t) / (2 (1 + sv^2 t))).
    """
    return run_blocks_ratio(_draw_at, theta, n, seed)


def _formula() -> object:
    from hddm_sbi.likelihoods.exact.full_ddm import ExactFullDDM

    return ExactFullDDM()


def _starts(theta: FloatArray, n: int, rng: np.random.Generator | None) -> FloatArray:
    """Uniform over a range of sz a around the mean start."""
    middle = relative_start(theta, n, rng)
    return middle if rng is None else middle + theta[1] * theta[5] * (rng.random(middle.shape) - 0.5)


def _moves(theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Brownian motion with a drift of each trial's own."""
    drift = theta[0] if rng is None else theta[0] + theta[4] * rng.standard_normal((*starts.shape, 1))
    return starts[..., None] + drift * times + wiener(starts.shape, times, rng)


FULL_DDM = SSM(
    name="full_ddm",
    parameters=(
        Parameter("v", (-math.inf, math.inf), "identity", (-6.0, 6.0), "mean drift rate", prior=priors.V),
        Parameter("a", (0.0, math.inf), "log", (0.3, 5.0), "boundary separation", prior=priors.A),
        Parameter("z", (0.0, 1.0), "logit", (0.05, 0.95), "mean relative starting point", prior=priors.Z),
        Parameter("t0", (0.0, math.inf), "log", (0.0, 2.0), "least non-decision time, s", prior=priors.T0),
        Parameter(
            "sv", (0.0, math.inf), "log", (0.0, 3.0), "sd of the drift across trials", prior=priors.SV, population=True,
            nested=0.0,
        ),
        Parameter(
            "sz", (0.0, 1.0), "logit", (0.0, 0.95), "range of the relative starting point across trials",
            prior=priors.SZ, within="z", population=True, nested=0.0,
        ),
        Parameter(
            "st0", (0.0, math.inf), "log", (0.0, 1.0), "range of the non-decision time across trials, s",
            prior=priors.ST0, population=True,
        ),
    ),
    simulator=simulate_full_ddm,
    symmetries=Symmetries(
        shift="t0",
        window="st0",
        scale="a",
        units=(("v", 1, -1), ("sv", 1, -1), ("st0", 0, 1)),
        mirror=(("v", "negate"), ("z", "complement")),
    ),
    diffusion=Diffusion("v", "z"),
    ratio_simulator=Paired(simulate_full_ddm, simulate_full_ddm_ratio),
    exact=Formula(simulate_full_ddm, _formula),
    evidence=diffusion_evidence(simulate_full_ddm, half_width, _starts, _moves),
    description="Wiener process between two constant boundaries; drift, start and non-decision time vary across trials",
)  # fmt: skip
