"""The drift-diffusion model with boundaries that approach each other along straight lines ("angle")."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import once
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Prior, Summary, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence
from hddm_sbi.ssm.models.ddm import DDM
from hddm_sbi.ssm.rules import diffusion_rules
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.crossing import crossing_time, side_crossed
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.reversal import with_reversal
from hddm_sbi.ssm.simulation.rng import UIntArray, normal

# Boundaries closer than this, relative to their first distance, have met: nobody could tell when.
_MET = 1e-9


@once
def angle_first_passage(v: float, a: float, z: float, slope: float, state: UIntArray) -> tuple[float, int]:
    """Draw time and side of a first passage between the lines +-(a / 2 - slope t), started at (z - 1/2) a."""
    t, lower, upper = 0.0, a * z, a * (1.0 - z)
    while True:
        width = lower + upper
        if width < _MET * a:
            return t, 0 if lower < upper else 1
        # the longest step h for which the distance at its end is at least 4 sqrt(h)
        root = 2.0 * width / (4.0 + math.sqrt(16.0 + 8.0 * slope * width))
        h = root * root
        move = v * h + root * normal(state)
        closer = slope * h
        e_lower, e_upper = lower + move - closer, upper - move - closer
        side = side_crossed(lower, e_lower, 0.0, upper, e_upper, 0.0, h, state)
        if side == 0:
            return t + crossing_time(lower, e_lower, h, state), 0
        if side == 1:
            return t + crossing_time(upper, e_upper, h, state), 1
        t += h
        lower, upper = e_lower, e_upper


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    v, a, z, t0, slope = theta[0], theta[1], theta[2], theta[3], math.tan(theta[4])
    for i in range(first, last):
        t, side = angle_first_passage(v, a, z, slope, state)
        rt[i] = t0 + t
        choice[i] = side


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_angle(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice), exactly but for paths that meet both boundaries within a step (fewer than 1 in 10^5).

    Args:
        theta: v, a, z, t0, theta in the columns, shape (rows, 5).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed)


def half_width(theta: FloatArray, t: FloatArray) -> FloatArray:
    """Half the distance of the boundaries at times t (rows, n), of the same shape; below 0 once they have met."""
    return 0.5 * theta[:, [1]] - np.tan(theta[:, [4]]) * t


def _rules(summary: Summary) -> dict[str, FloatArray]:
    """Take the rules of a diffusion, and boundaries that meet long after the last response, for none can come later."""
    rules = diffusion_rules()(summary)
    meet = max(4.0 * float(np.max(summary.longest)), 5.0)
    return {**rules, "theta": np.arctan(np.full_like(rules["a"], 0.5 * np.min(rules["a"]) / meet))}


ANGLE = SSM(
    name="angle",
    parameters=(
        *DDM.parameters,
        Parameter(
            "theta",
            (0.0, math.pi / 2.0),
            "logit",
            (0.0, 1.2),
            "angle of the boundaries: they approach with slope tan(theta)",
            # logit of theta / (pi / 2): 95 % between 0.05 and 1.05
            prior=Prior(-1.5, 1.0, 0.5, 0.5, 0.25, "weakly informative: no collection of estimates is published"),
            nested=0.0,
        ),
    ),
    simulator=simulate_angle,
    symmetries=Symmetries(
        shift="t0",
        scale="a",
        units=(("v", 1, -1), ("theta", 1, -1)),
        angles=("theta",),
        mirror=(("v", "negate"), ("z", "complement")),
    ),
    diffusion=Diffusion("v", "z", "linear", ("theta",)),
    ratio_simulator=with_reversal(simulate_angle, half_width),
    evidence=diffusion_evidence(simulate_angle, half_width),
    guess=_rules,
    description="Wiener process with drift between boundaries +-(a/2 - tan(theta) t)",
)
