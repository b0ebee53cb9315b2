"""The drift-diffusion model with boundaries that collapse along a Weibull survival function (Hawkins et al. 2015)."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Prior, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence
from hddm_sbi.ssm.models.ddm import DDM
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.crossing import LONGEST_STEP, beyond_chord, crossing_time, side_crossed
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.reversal import with_reversal
from hddm_sbi.ssm.simulation.rng import normal

# Largest deviation of a boundary from a straight line within a step, relative to the distance that paths have come by
# then: whoever arrives soon after a start next to a boundary sees it where it was.
_CURVATURE = 3e-3
# Boundaries closer than this, relative to their first distance, have met.
_MET = 1e-9
# Steps of a row that are kept for its other trials.
_KEPT = 512
# A path does not move farther than this many standard deviations.
_FARTHEST = 6.5


@internal
def _bound(half: float, alpha: float, beta: float, t: float) -> float:
    return half * math.exp(-math.pow(t / beta, alpha))


@internal
def _first_step(v: float, half: float, alpha: float, beta: float, start: float) -> float:
    """Find a time before which no path that starts at |x| = start reaches a boundary."""
    room = half - start
    h = (room / _FARTHEST) ** 2
    while h > 0.0 and _FARTHEST * math.sqrt(h) + abs(v) * h > _bound(half, alpha, beta, h) - start:
        h *= 0.5
    return h


@internal
def _next_step(half: float, alpha: float, beta: float, room: float, t: float, b: float) -> tuple[float, float, float]:
    """Find the step from time t on: its length, the boundary at its end, how far that bows beyond its chord.

    Args:
        half, alpha, beta: half the distance of the boundaries at first, shape and scale of their collapse.
        room: distance of the start from the nearer boundary.
        t: time at which the step begins.
        b: half the distance of the boundaries at that time.
    """
    h = LONGEST_STEP * 4.0 * b * b
    straight = _CURVATURE * min(2.0 * b, room + math.sqrt(t))
    while True:
        end = _bound(half, alpha, beta, t + h)
        bow = _bound(half, alpha, beta, t + 0.5 * h) - 0.5 * (b + end)
        # a curve that bends both ways may meet its chord in the middle
        early = _bound(half, alpha, beta, t + 0.25 * h) - 0.75 * b - 0.25 * end
        # the distance at the end must be out of reach as well
        if max(abs(bow), abs(early)) <= straight and h <= LONGEST_STEP * 4.0 * end * b:
            return h, end, bow
        h *= 0.6


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    v, half, z, t0, alpha, beta = theta[0], 0.5 * theta[1], theta[2], theta[3], theta[4], theta[5]
    # of each step length, boundary at the end, and how far that bows beyond its chord, as far as they are known
    steps, known = span.work, 0
    for i in range(first, last):
        x, t, b, k = (2.0 * z - 1.0) * half, 0.0, half, 0
        while True:
            if k < known:
                h, end, bow = steps[k, 0], steps[k, 1], steps[k, 2]
            elif k == 0:
                h, bow = _first_step(v, half, alpha, beta, abs(x)), 0.0
                end = _bound(half, alpha, beta, h)
            else:
                h, end, bow = _next_step(half, alpha, beta, half - abs(2.0 * z - 1.0) * half, t, b)
            if k == known and k < _KEPT:
                steps[k, 0], steps[k, 1], steps[k, 2] = h, end, bow
                known += 1
            following = x + v * h + math.sqrt(h) * normal(state)
            d_lower, e_lower, d_upper, e_upper = b + x, end + following, b - x, end - following
            if k > 0:
                side = side_crossed(d_lower, e_lower, bow, d_upper, e_upper, bow, h, state)
                if side < 0 and end < _MET * half:
                    side = 0 if following < 0.0 else 1
                if side >= 0:
                    d, e = (d_lower, e_lower) if side == 0 else (d_upper, e_upper)
                    beyond = beyond_chord(d, e, bow)
                    rt[i] = t0 + t + crossing_time(d + beyond, e + beyond, h, state)
                    choice[i] = side
                    break
            x, t, b, k = following, t + h, end, k + 1


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_weibull(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) in steps over which the boundaries are nearly straight; see ``crossing``.

    Args:
        theta: v, a, z, t0, alpha, beta in the columns, shape (rows, 6).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed, work=(_KEPT, 3))


def half_width(theta: FloatArray, t: FloatArray) -> FloatArray:
    """Half the distance of the boundaries at times t (rows, n), of the same shape."""
    return 0.5 * theta[:, [1]] * np.exp(-((t / theta[:, [5]]) ** theta[:, [4]]))


_SOURCE = "weakly informative: no collection of estimates is published"
WEIBULL = SSM(
    name="weibull",
    parameters=(
        *DDM.parameters,
        Parameter(
            "alpha",
            (0.0, math.inf),
            "log",
            (0.3, 5.0),
            "shape of the collapse",
            prior=Prior(math.log(2.0), 0.5, 0.5, 0.3, 0.15, _SOURCE),
        ),
        Parameter(
            "beta",
            (0.0, math.inf),
            "log",
            (0.3, 7.0),
            "time at which the boundaries have collapsed to 1/e, s",
            prior=Prior(math.log(2.0), 0.6, 0.5, 0.3, 0.15, _SOURCE),
        ),
    ),
    simulator=simulate_weibull,
    symmetries=Symmetries(
        shift="t0",
        scale="a",
        units=(("v", 1, -1), ("beta", 0, 1)),
        mirror=(("v", "negate"), ("z", "complement")),
    ),
    diffusion=Diffusion("v", "z", "weibull", ("alpha", "beta")),
    ratio_simulator=with_reversal(simulate_weibull, half_width),
    evidence=diffusion_evidence(simulate_weibull, half_width),
    description="Wiener process with drift between boundaries +-(a/2) exp(-(t/beta)^alpha)",
)
