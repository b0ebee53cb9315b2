"""The Ornstein-Uhlenbeck model: evidence that leaks or excites itself (Busemeyer & Townsend 1993)."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Paired, Parameter, Prior, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence
from hddm_sbi.ssm.models.ddm import DDM, half_width
from hddm_sbi.ssm.simulation.blocks import run_blocks, run_blocks_ratio
from hddm_sbi.ssm.simulation.crossing import LONGEST_STEP, beyond_chord, crossing_time, side_crossed
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import normal

# Largest deviation of a boundary from a straight line within a step, relative to the distance that paths have come by
# then; its mean is corrected.
_CURVATURE = 2e-3
# The same of the part due to drift, where drifts are compared: it is not corrected then, so that the chance of crossing
# a boundary between two points does not depend on the drift.
_DRIFTING = 1.5e-4
# In the first step a path does not move farther than this many standard deviations.
_FARTHEST = 6.0
# A leak below it, per second, changes nothing but that products underflow.
_NO_LEAK = 1e-100
# Steps until paths have come as far as the other boundary.
_GROWING = 16


@internal
def _step_length(v: float, a: float, g: float, reach: float, compare: bool) -> float:
    """Length of a step on the clock of the Brownian motion, where paths have come as far as ``reach``."""
    h = LONGEST_STEP * a * a
    if g == 0.0:
        return h
    # second derivatives of the boundaries at the start of a step, |(+-a g / 2 - v) g|; the deviation is h^2 / 8 of them
    bend = (0.5 * a * abs(g) + abs(v)) * abs(g)
    if h * h * bend > 8.0 * _CURVATURE * reach:
        h = math.sqrt(8.0 * _CURVATURE * reach / bend)
    if compare and h * h * abs(g * v) > 8.0 * _DRIFTING * reach:
        h = math.sqrt(8.0 * _DRIFTING * reach / abs(g * v))
    # self-excitation ends the clock at 1 / (2 |g|), leakage dilates it: within a step by 1 +- 1/4
    return min(h, 0.125 / abs(g))


@internal
def _fill_steps(v: float, a: float, z: float, g: float, compare: bool, steps: FloatArray) -> None:
    """Fill in what the steps of a row have in common.

    The first is so short that no path arrives. The last is repeated.

    Args:
        v, a, z, g: the row's parameters.
        compare: whether the ratio to the drift -v is wanted.
        steps: to be filled in, (steps, 9), with the length h, its root, the stretch exp(g t), phi, the duration t, how
            far the upper and the lower boundary move away, and how far they bow beyond their chords in the middle.
    """
    room, t = a * min(z, 1.0 - z), 0.0
    for k in range(len(steps)):
        reach = min(room + math.sqrt(t), a) if k < len(steps) - 1 else a
        h = _step_length(v, a, g, reach, compare)
        if k == 0:
            h = min(h, (room / _FARTHEST) ** 2)
        stretch = math.sqrt(1.0 + 2.0 * g * h)
        phi = 2.0 * h / (stretch + 1.0)
        row = steps[k]
        row[0], row[1], row[2], row[3] = h, math.sqrt(h), stretch, phi
        row[4] = 0.5 * math.log1p(2.0 * g * h) / g if g != 0.0 else h
        row[5], row[6] = (0.5 * a * g - v) * phi, (0.5 * a * g + v) * phi
        bow, drift = h / (math.sqrt(1.0 + g * h) + 1.0) - 0.5 * phi, 0.0 if compare else v
        row[7], row[8] = (0.5 * a * g - drift) * bow, (0.5 * a * g + drift) * bow
        t += row[4]


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, steps = span.theta[row], span.state, span.work
    rt, choice, log_ratio = span.rt, span.choice, span.log_ratio
    v, a, z, t0, g = theta[0], theta[1], theta[2], theta[3], theta[4]
    g = g if abs(g) > _NO_LEAK else 0.0
    compare = len(log_ratio) > 0
    _fill_steps(v, a, z, g, compare, steps)
    for i in range(first, last):
        x, t, ratio, k = (z - 0.5) * a, t0, 0.0, 0
        while True:
            h, root, stretch, phi, duration = steps[k, 0], steps[k, 1], steps[k, 2], steps[k, 3], steps[k, 4]
            move = root * normal(state)
            d_lower, d_upper = 0.5 * a + x, 0.5 * a - x
            e_lower, e_upper = d_lower + move + steps[k, 6], d_upper - move + steps[k, 5]
            side = side_crossed(d_lower, e_lower, steps[k, 8], d_upper, e_upper, steps[k, 7], h, state)
            if side >= 0:
                d, e, bow = (d_lower, e_lower, steps[k, 8]) if side == 0 else (d_upper, e_upper, steps[k, 7])
                beyond = beyond_chord(d, e, bow)
                d, e = d + beyond, e + beyond
                s = crossing_time(d, e, h, state)
                rt[i] = t + (0.5 * math.log1p(2.0 * g * s) / g if g != 0.0 else s)
                choice[i] = side
                # the density of reaching the chord at time s, relative to that with drift -v
                if compare:
                    way = 2.0 * v * phi / h * (d + 0.5 * a * g * phi * s / h)
                    log_ratio[i] = ratio + (way if side == 1 else -way)
                break
            following = (x + v * phi + move) / stretch
            if compare:
                ratio += 2.0 * v * phi * (stretch * following - x) / h
            x, t, k = following, t + duration, min(k + 1, _GROWING - 1)


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_ornstein(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    r"""Draw (rt, choice) without steps in the state: Ornstein-Uhlenbeck paths are Brownian paths on another clock.

    From x at the start of a step, with the clock s = (exp(2 g t) - 1) / (2 g) and E = exp(g t) = sqrt(1 + 2 g s),

        x(t) = (x + v phi(s) + B(s)) / E,    phi(s) = (E - 1) / g,

    with a Brownian motion B, so that x(t) = +-b where B(s) = +-b - x + (+-b g - v) phi(s): two smooth curves.

    Args:
        theta: v, a, z, t0, g in the columns, shape (rows, 5).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return run_blocks(_draw_at, theta, n, seed, work=(_GROWING, 9))


def simulate_ornstein_ratio(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
    """Draw trials of the same distribution, and for each the log density of its path relative to that with drift -v.

    Steps are so short that between the points of a path the chance of a crossing hardly depends on the drift, and is
    taken not to: the ratio is that of the moves.
    """
    return run_blocks_ratio(_draw_at, theta, n, seed, work=(_GROWING, 9))


def effort(theta: FloatArray) -> FloatArray:
    """How much longer than others trials take that must climb out of a well.

    With a leak the drift is that of a potential with its minimum at v / g; leaving it over the nearer boundary takes a
    time proportional to exp(g d^2) for their distance d (Kramers 1940).
    """
    v, a, g = theta[:, 0], theta[:, 1], np.maximum(theta[:, 4], 1e-9)
    distance = np.maximum(0.5 * a - np.abs(v) / g, 0.0)
    return np.exp(np.maximum(g * distance**2 - 3.0, 0.0))


def _moves(theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Evidence that leaks, by the exact law of each step."""
    v, g = theta[0], theta[4] if abs(theta[4]) > _NO_LEAK else _NO_LEAK
    x, found = starts, np.empty((*starts.shape, len(times)))
    for k, h in enumerate(np.diff(times, prepend=0.0)):
        noise = 0.0 if rng is None else rng.standard_normal(starts.shape)
        decayed = -math.expm1(-g * h)
        x = x * (1.0 - decayed) + v * decayed / g + math.sqrt(-math.expm1(-2.0 * g * h) / (2.0 * g)) * noise
        found[..., k] = x
    return found


ORNSTEIN = SSM(
    name="ornstein",
    parameters=(
        *DDM.parameters,
        Parameter(
            "g",
            (-math.inf, math.inf),
            "identity",
            (-1.5, 1.5),
            "leak (above 0) or self-excitation (below), per second",
            prior=Prior(0.0, 0.7, 0.5, 0.3, 0.2, "weakly informative: no collection of estimates is published"),
        ),
    ),
    simulator=simulate_ornstein,
    symmetries=Symmetries(
        shift="t0",
        scale="a",
        units=(("v", 1, -1), ("g", 0, -1)),
        mirror=(("v", "negate"), ("z", "complement")),
    ),
    diffusion=Diffusion("v", "z"),
    ratio_simulator=Paired(simulate_ornstein, simulate_ornstein_ratio),
    effort=effort,
    evidence=diffusion_evidence(simulate_ornstein, half_width, moves=_moves),
    description="Wiener process with drift v - g x between two constant boundaries",
)
