"""The Ornstein-Uhlenbeck model: evidence that leaks or excites itself (Busemeyer & Townsend 1993)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Prior, Symmetries
from hddm_sbi.ssm.blocks import BLOCK, run_blocks_ratio
from hddm_sbi.ssm.crossing import LONGEST_STEP, beyond_chord, crossing_time, side_crossed
from hddm_sbi.ssm.ddm import DDM
from hddm_sbi.ssm.rng import normal, seed_state

# Largest deviations of a boundary from a straight line within a step, relative to the boundaries' distance: of the part
# that moves both boundaries away, whose mean is corrected, and of the part due to drift, which is not: so the chance of
# crossing a boundary between two points does not depend on the drift, and drifts are compared without error.
_WIDENING, _DRIFTING = 2e-3, 1.5e-4
# The first step is short of the nearer boundary by this share of its distance, as a standard deviation; the next ones
# double, this many of them.
_SHORTEST, _GROWING = 0.2, 16


@njit(nogil=True, cache=True)
def step_length(v: float, a: float, g: float) -> float:
    """Length of a step on the clock of the Brownian motion; see ``simulate_ornstein``."""
    h = LONGEST_STEP * a * a
    # second derivatives of the boundaries at the start of a step, a g^2 / 2 and |g v|; the deviation is h^2 / 8 of them
    if g != 0.0:
        h = min(h, math.sqrt(16.0 * _WIDENING) / abs(g))
        if v != 0.0:
            h = min(h, math.sqrt(8.0 * _DRIFTING * a / abs(g * v)))
    # self-excitation ends the clock at 1 / (2 |g|), leakage dilates it: within a step by 1 +- 1/4
    return min(h, 0.125 / abs(g)) if g != 0.0 else h


@njit(nogil=True, cache=True)
def _fill_steps(v: float, a: float, z: float, g: float, steps: FloatArray) -> None:
    """Fill in what the steps of a row have in common.

    The first ones grow from one in which hardly a path arrives: whoever arrives soon does so at a boundary that has
    hardly moved. The last is repeated.

    Args:
        v, a, z, g: parameters.
        steps: length h, its root, the stretch exp(g t), phi, the duration t, how far the upper and the lower boundary
            move away, and how far they bow beyond their chords in the middle, (steps, 8).
    """
    longest = step_length(v, a, g)
    h = (_SHORTEST * a * min(z, 1.0 - z)) ** 2
    for k in range(len(steps)):
        h = min(h, longest) if k < len(steps) - 1 else longest
        stretch = math.sqrt(1.0 + 2.0 * g * h)
        phi = 2.0 * h / (stretch + 1.0)
        row = steps[k]
        row[0], row[1], row[2], row[3] = h, math.sqrt(h), stretch, phi
        row[4] = 0.5 * math.log1p(2.0 * g * h) / g if g != 0.0 else h
        row[5], row[6] = (0.5 * a * g - v) * phi, (0.5 * a * g + v) * phi
        row[7] = 0.5 * a * g * (h / (math.sqrt(1.0 + g * h) + 1.0) - 0.5 * phi)
        h *= 2.0


@njit(nogil=True, cache=True)
def _simulate_span(
    theta: FloatArray, n: int, seed: int, start: int, stop: int, rt: FloatArray, choice: IntArray,
    log_ratio: FloatArray,
) -> None:  # fmt: skip
    state, steps = np.empty(4, dtype=np.uint64), np.empty((_GROWING, 8))
    last = -1
    v = a = z = t0 = g = 0.0
    for i in range(start, stop):
        if i % BLOCK == 0:
            seed_state(state, seed, i // BLOCK)
        if i // n != last:
            last = i // n
            v, a, z, t0, g = theta[last, 0], theta[last, 1], theta[last, 2], theta[last, 3], theta[last, 4]
            _fill_steps(v, a, z, g, steps)
        x, t, ratio, k = (z - 0.5) * a, t0, 0.0, 0
        while True:
            h, root, stretch, phi, duration = steps[k, 0], steps[k, 1], steps[k, 2], steps[k, 3], steps[k, 4]
            move, bow = root * normal(state), steps[k, 7]
            d_lower, d_upper = 0.5 * a + x, 0.5 * a - x
            e_lower, e_upper = d_lower + move + steps[k, 6], d_upper - move + steps[k, 5]
            by_lower, by_upper = beyond_chord(d_lower, e_lower, bow), beyond_chord(d_upper, e_upper, bow)
            d_lower, e_lower, d_upper, e_upper = (
                d_lower + by_lower, e_lower + by_lower, d_upper + by_upper, e_upper + by_upper
            )  # fmt: skip
            side = side_crossed(d_lower, e_lower, d_upper, e_upper, h, state)
            if side >= 0:
                d, e = (d_lower, e_lower) if side == 0 else (d_upper, e_upper)
                s = crossing_time(d, e, h, state)
                rt[i] = t + (0.5 * math.log1p(2.0 * g * s) / g if g != 0.0 else s)
                choice[i] = side
                # the density of reaching the chord at time s, relative to that with drift -v
                way = 2.0 * v * phi / h * (d + 0.5 * a * g * phi * s / h)
                log_ratio[i] = ratio + (way if side == 1 else -way)
                break
            following = (x + v * phi + move) / stretch
            ratio += 2.0 * v * phi * (stretch * following - x) / h
            x, t, k = following, t + duration, min(k + 1, _GROWING - 1)


def simulate_ornstein(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    r"""Draws of (rt, choice) without steps in the state: Ornstein-Uhlenbeck paths are Brownian paths on another clock.

    From x at the start of a step, with the clock s = (exp(2 g t) - 1) / (2 g) and E = exp(g t) = sqrt(1 + 2 g s),

        x(t) = (x + v phi(s) + B(s)) / E,    phi(s) = (E - 1) / g,

    with a Brownian motion B, so that x(t) = +-b where B(s) = +-b - x + (+-b g - v) phi(s): two smooth curves.

    Args:
        theta: v, a, z, t0, g in the columns, shape (rows, 5).
        n: trials per row.
        seed: any integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    return simulate_ornstein_ratio(theta, n, seed)[:2]


def simulate_ornstein_ratio(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray]:
    """The same, and the log density of each path, relative to that with drift -v.

    Between the points of a path the chance of a crossing does not depend on the drift: the ratio is that of the moves.
    """
    return run_blocks_ratio(_simulate_span, theta, n, seed)


def effort(theta: FloatArray) -> FloatArray:
    """How much longer than others trials take that must climb out of a well.

    With a leak the drift is that of a potential with its minimum at v / g; leaving it over the nearer boundary takes a
    time proportional to exp(g d^2) for their distance d (Kramers 1940).
    """
    v, a, g = theta[:, 0], theta[:, 1], np.maximum(theta[:, 4], 1e-9)
    distance = np.maximum(0.5 * a - np.abs(v) / g, 0.0)
    return np.exp(np.maximum(g * distance**2 - 3.0, 0.0))


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
    ratio_simulator=simulate_ornstein_ratio,
    effort=effort,
    description="Wiener process with drift v - g x between two constant boundaries",
)
