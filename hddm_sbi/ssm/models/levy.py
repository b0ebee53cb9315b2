r"""The Levy flight model: evidence that also jumps, with alpha-stable noise (Voss, Lerche, Mertens & Voss 2019).

Jumps of more than a threshold e are simulated one by one: they come at rate (2 C / alpha) e^-alpha with sizes above e
of density proportional to x^(-1 - alpha), where C = sigma^alpha Gamma(1 + alpha) sin(pi alpha / 2) / pi is the weight
of the Levy measure C |x|^(-1 - alpha) dx and sigma^alpha = 2^(-alpha / 2). The jumps below it add up to Brownian
motion of variance 2 C e^(2 - alpha) / (2 - alpha) (Asmussen & Rosinski 2001, Journal of Applied Probability 38,
482-493), whose passage between jumps is followed by the bridge's crossing probability, without steps that miss it.

A sum of small jumps leaps over a boundary where Brownian motion touches it. For the motion to pass when the sum does,
both boundaries lie farther out by the difference of their mean overshoots (Siegmund 1985, Sequential Analysis, chapter
10; the renewal functions of the ladder heights of both processes then agree far from the boundary),

    (1 / pi) int_0^inf k^-2 log|psi_Y(k) / psi(k)| dk,

with the characteristic exponents psi(k) = (sigma k)^alpha - i v k of the process and psi_Y of what is simulated, which
has s^2 k^2 / 2 in place of the small jumps. In units of e it depends on alpha and on v e^(alpha - 1) only.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.special import gamma, gammaln

from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.ssm.base import SSM, Diffusion, FloatArray, IntArray, Parameter, Prior, Symmetries
from hddm_sbi.ssm.evidence import diffusion_evidence
from hddm_sbi.ssm.models.ddm import DDM, half_width
from hddm_sbi.ssm.simulation.blocks import run_blocks
from hddm_sbi.ssm.simulation.crossing import LONGEST_STEP, crossing_time, side_crossed
from hddm_sbi.ssm.simulation.loop import DRAW_SIGNATURE, span_at
from hddm_sbi.ssm.simulation.rng import exponential, normal, uniform

# Smallest jump that is simulated by itself, relative to the distance of the boundaries and to that from the start to
# the nearer one.
_THRESHOLD, _NEAR_START = 0.03, 0.3
# Where the shift of the boundaries is computed; between, interpolated. Drifts as w / (1 + w), w = v e^(alpha - 1).
_ALPHAS, _DRIFTS = np.linspace(1.0, 2.0, 41), np.linspace(0.0, 1.0, 41)


def stable_weight(alpha: FloatArray) -> FloatArray:
    """C / (2 - alpha), which stays finite as alpha tends to 2: C |x|^(-1 - alpha) dx is the measure of the jumps."""
    rest = 2.0 - alpha  # sin(pi alpha / 2) = sin(pi rest / 2)
    return 2.0 ** (-0.5 * alpha) * gamma(1.0 + alpha) * 0.5 * np.sinc(0.5 * rest)


def _small_jumps(k: FloatArray, alpha: FloatArray) -> FloatArray:
    """2 (2 - alpha) / k^2 int_0^1 (1 - cos k x) x^(-1 - alpha) dx, 1 at k = 0 and at alpha = 2."""
    alpha = np.minimum(alpha, 2.0 - 1e-9)  # where both parts would divide zero by zero
    rest = 2.0 - alpha
    # up to k = 20 by its power series, whose terms cancel to seven digits there
    near, far = np.minimum(k, 20.0), np.maximum(k, 20.0)
    n = np.arange(1, 60)[:, None, None]
    with np.errstate(under="ignore"):
        size = np.exp(2.0 * (n - 1.0) * np.log(near) - gammaln(2.0 * n + 1.0)) / (2.0 * n - alpha)
    series = 2.0 * rest * np.sum(-((-1.0) ** n) * size, axis=0)
    # and beyond as the integral to infinity less that from 1, expanded for large k
    whole = far**alpha * np.pi / (2.0 * gamma(1.0 + alpha) * np.sin(0.5 * np.pi * rest))
    tail = 1.0 / alpha + np.sin(far) / far - (1.0 + alpha) * np.cos(far) / far**2
    return np.where(k < 20.0, series, 2.0 * rest * (whole - tail) / far**2)


@cache
def _shifts() -> RectBivariateSpline:
    """How far out the boundaries of the simulation lie, in units of e, by the formula above."""
    x, w = np.polynomial.legendre.leggauss(64)
    # k up to 20, then 40 / (1 + x)
    k = np.concatenate([10.0 * (x + 1.0), 40.0 / (1.0 + x)])
    weights = np.concatenate([10.0 * w / (10.0 * (x + 1.0)) ** 2, w / 40.0])
    alpha = _ALPHAS[:, None]
    stable = (0.5 * k * k) ** (0.5 * alpha)
    simulated = stable + stable_weight(alpha) * k**2 * (1.0 - _small_jumps(k, alpha))
    drifts = (_DRIFTS[:-1] / (1.0 - _DRIFTS[:-1]))[:, None, None] * k
    ratios = np.log((simulated**2 + drifts**2) / (stable**2 + drifts**2))
    table = np.concatenate([(ratios * weights).sum(-1), np.zeros((1, len(_ALPHAS)))]) / (2.0 * np.pi)
    return RectBivariateSpline(_DRIFTS, _ALPHAS, table)


def boundary_shift(v: FloatArray, alpha: FloatArray, e: FloatArray) -> FloatArray:
    """How far out the boundaries lie where jumps below e are replaced by Brownian motion; see the module's head."""
    w = np.abs(v) * e ** (alpha - 1.0)
    return e * _shifts().ev(w / (1.0 + w), alpha)


def _draw(at: int, row: int, first: int, last: int) -> None:
    span = span_at(at)
    theta, state, rt, choice = span.theta[row], span.state, span.rt, span.choice
    v, a, z, t0, inverse_alpha = theta[0], theta[1], theta[2], theta[3], 1.0 / theta[4]
    e, rate, variance, beyond = theta[5], theta[6], theta[7], theta[8]
    longest = LONGEST_STEP * a * a / variance
    for i in range(first, last):
        lower, upper, t = a * z + beyond, a * (1.0 - z) + beyond, t0
        jump = exponential(state) / rate if rate > 0.0 else math.inf
        while True:
            h = min(jump, longest)
            move = v * h + math.sqrt(variance * h) * normal(state)
            e_lower, e_upper = lower + move, upper - move
            side = side_crossed(lower, e_lower, 0.0, upper, e_upper, 0.0, variance * h, state)
            if side >= 0:
                d, end = (lower, e_lower) if side == 0 else (upper, e_upper)
                rt[i] = t + crossing_time(d, end, variance * h, state) / variance
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


_draw_at = CFunction(DRAW_SIGNATURE, _draw)


def simulate_levy(theta: FloatArray, n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Draw (rt, choice) without time steps; the module's head says what is approximated.

    Args:
        theta: v, a, z, t0, alpha in the columns, shape (rows, 5).
        n: trials per row.
        seed: a non-negative integer.

    Returns:
        rt in seconds and choice (0 lower, 1 upper), each of shape (rows, n).
    """
    v, a, z, alpha = theta[:, 0], theta[:, 1], theta[:, 2], theta[:, 4]
    e = a * np.minimum(_THRESHOLD, _NEAR_START * np.minimum(z, 1.0 - z))
    weight = stable_weight(alpha)
    rate = 2.0 * weight * (2.0 - alpha) / alpha * e**-alpha
    variance = 2.0 * weight * e ** (2.0 - alpha)
    jumps = np.column_stack([theta, e, rate, variance, boundary_shift(v, alpha, e)])
    return run_blocks(_draw_at, jumps, n, seed)


def _moves(theta: FloatArray, starts: FloatArray, times: FloatArray, rng: np.random.Generator | None) -> FloatArray:
    """Stable increments (Chambers, Mallows & Stuck 1976, J. Am. Stat. Assoc. 71, 340-344)."""
    v, alpha = theta[0], theta[4]
    straight = starts[..., None] + v * times
    if rng is None:
        return straight
    steps = np.diff(times, prepend=0.0)
    angle = np.pi * (rng.random((*starts.shape, len(times))) - 0.5)
    wait = rng.standard_exponential(angle.shape)
    unit = np.sin(alpha * angle) / np.cos(angle) ** (1.0 / alpha)
    unit = unit * (np.cos((1.0 - alpha) * angle) / wait) ** ((1.0 - alpha) / alpha)
    return straight + np.cumsum(np.sqrt(0.5) * steps ** (1.0 / alpha) * unit, axis=-1)


LEVY = SSM(
    name="levy",
    parameters=(
        *DDM.parameters,
        Parameter(
            "alpha",
            (1.0, 2.0),
            "logit",
            (1.01, 2.0),
            "stability of the noise: 2 is Brownian, less jumps more",
            # logit of alpha - 1: 95 % between 1.12 and 1.98
            prior=Prior(1.0, 1.5, 0.5, 0.5, 0.25, "weakly informative, after Voss et al. 2019: between 1 and 2"),
            nested=2.0,
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
    diffusion=Diffusion("v", "z", "jumps", ("alpha",)),
    evidence=diffusion_evidence(simulate_levy, half_width, moves=_moves),
    description="drift with symmetric alpha-stable noise between two constant boundaries",
)
