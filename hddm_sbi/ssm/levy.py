r"""The Levy flight model: evidence that also jumps, with alpha-stable noise (Voss, Lerche, Mertens & Voss 2019).

Jumps of more than a threshold e are simulated one by one: they come at rate (2 C / alpha) e^-alpha with sizes above e
of density proportional to x^(-1 - alpha), where C = sigma^alpha Gamma(1 + alpha) sin(pi alpha / 2) / pi is the weight
of the Levy measure C |x|^(-1 - alpha) dx and sigma^alpha = 2^(-alpha / 2). The jumps below it add up to Brownian
motion of variance 2 C e^(2 - alpha) / (2 - alpha) (Asmussen & Rosinski 2001, Journal of Applied Probability 38,
482-493), whose passage between jumps is followed by the bridge's crossing probability, without steps that miss it.

A sum of small jumps leaps over a boundary where Brownian motion touches it. For the motion to pass when the sum does,
its boundary lies farther out by the sum's mean overshoot (Siegmund 1985, Sequential Analysis, chapter 10),

    -(1 / pi) int_0^inf k^-2 log(2 psi(k) / (s^2 k^2)) dk,

with the characteristic exponent psi and the variance s^2 of the jumps below e; it is proportional to e.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit
from scipy.special import gamma, gammaln

from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Prior, Symmetries
from hddm_sbi.ssm.blocks import BLOCK, run_blocks
from hddm_sbi.ssm.crossing import LONGEST_STEP, crossing_time, side_crossed
from hddm_sbi.ssm.ddm import DDM
from hddm_sbi.ssm.rng import exponential, normal, seed_state, uniform

# Smallest jump that is simulated by itself, relative to the distance of the boundaries.
_THRESHOLD = 0.02
# Where the overshoot is computed; between, it is interpolated.
_NODES = np.linspace(1.0, 2.0, 41)


@cache
def overshoots() -> FloatArray:
    """Mean overshoot of a sum of stable jumps below 1, by the formula above, for each of ``_NODES``."""
    alpha = _NODES[:-1, None]
    rest = 2.0 - alpha
    x, w = np.polynomial.legendre.leggauss(64)
    # 2 psi / (s^2 k^2) = (2 (2 - alpha) / k^2) int_0^1 (1 - cos k x) x^(-1 - alpha) dx. Up to k = 20 by its power
    # series, whose terms cancel to seven digits there:
    k = 10.0 * (x + 1.0)
    n = np.arange(1, 60)[:, None, None]
    with np.errstate(under="ignore"):
        size = np.exp(2.0 * (n - 1.0) * np.log(k) - gammaln(2.0 * n + 1.0)) / (2.0 * n - alpha)
    near = (10.0 * w * np.log(2.0 * rest * np.sum(-((-1.0) ** n) * size, axis=0)) / k**2).sum(-1)
    # and beyond as the integral to infinity less that from 1, expanded for large k; k = 40 / (1 + x)
    k = 40.0 / (1.0 + x)
    whole = k**alpha * np.pi / (2.0 * gamma(1.0 + alpha) * np.sin(0.5 * np.pi * alpha))
    tail = 1.0 / alpha + np.sin(k) / k - (1.0 + alpha) * np.cos(k) / k**2
    far = (w * np.log(2.0 * rest * (whole - tail) / k**2)).sum(-1) / 40.0
    return np.append(-(near + far) / np.pi, 0.0)


@njit(nogil=True, cache=True)
def _simulate_span(
    theta: FloatArray, n: int, seed: int, start: int, stop: int, rt: FloatArray, choice: IntArray
) -> None:
    state = np.empty(4, dtype=np.uint64)
    row = -1
    v = a = z = t0 = inverse_alpha = e = rate = variance = beyond = 0.0
    for i in range(start, stop):
        if i % BLOCK == 0:
            seed_state(state, seed, i // BLOCK)
        if i // n != row:
            row = i // n
            v, a, z, t0, alpha = theta[row, 0], theta[row, 1], theta[row, 2], theta[row, 3], theta[row, 4]
            inverse_alpha, e = 1.0 / alpha, _THRESHOLD * a
            # C / (2 - alpha), which stays finite as alpha -> 2: sin(pi alpha / 2) = sin(pi (2 - alpha) / 2)
            rest = 2.0 - alpha
            sine = math.sin(0.5 * math.pi * rest) / rest if rest > 1e-9 else 0.5 * math.pi
            c = math.pow(2.0, -0.5 * alpha) * math.gamma(1.0 + alpha) * sine / math.pi
            rate = 2.0 * c * rest / alpha * math.pow(e, -alpha)
            variance = 2.0 * c * math.pow(e, rest)
            beyond = e * theta[row, 5]
        lower, upper, t = a * z, a * (1.0 - z), t0
        longest = LONGEST_STEP * a * a / variance
        jump = exponential(state) / rate if rate > 0.0 else math.inf
        while True:
            h = min(jump, longest)
            move = v * h + math.sqrt(variance * h) * normal(state)
            e_lower, e_upper = lower + move, upper - move
            side = side_crossed(lower + beyond, e_lower + beyond, upper + beyond, e_upper + beyond, variance * h, state)
            if side >= 0:
                d, end = (lower, e_lower) if side == 0 else (upper, e_upper)
                rt[i] = t + crossing_time(d + beyond, end + beyond, variance * h, state) / variance
                choice[i] = side
                break
            t += h
            jump -= h
            lower, upper = e_lower, e_upper
            if jump <= 0.0:
                size = e * math.pow(uniform(state), -inverse_alpha)
                if uniform(state) < 0.5:
                    size = -size
                lower += size
                upper -= size
                if lower <= 0.0 or upper <= 0.0:
                    rt[i] = t
                    choice[i] = 0 if lower <= 0.0 else 1
                    break
                jump = exponential(state) / rate


def simulate_levy(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draws of (rt, choice) without time steps; see above for what is approximated.

    Args:
        theta: v, a, z, t0, alpha in the columns, shape (rows, 5).
        n: trials per row.
        seed: any integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    overshoot = np.interp(theta[:, 4], _NODES, overshoots())
    return run_blocks(_simulate_span, np.column_stack([theta, overshoot]), n, seed)


LEVY = SSM(
    name="levy",
    parameters=(
        *DDM.parameters,
        Parameter(
            "alpha",
            (1.0, 2.0),
            "logit",
            (1.0, 2.0),
            "stability of the noise: 2 is Brownian, less jumps more",
            # logit of alpha - 1: 95 % between 1.12 and 1.98
            prior=Prior(1.0, 1.5, 0.5, 0.5, 0.25, "weakly informative, after Voss et al. 2019: between 1 and 2"),
        ),
    ),
    simulator=simulate_levy,
    symmetries=Symmetries(
        shift="t0",
        scale="a",
        units=(("v", 1, -1),),
        time_power="alpha",
        mirror=(("v", "negate"), ("z", "complement")),
    ),
    diffusion=Diffusion("v", "z"),
    description="drift with symmetric alpha-stable noise between two constant boundaries",
)
