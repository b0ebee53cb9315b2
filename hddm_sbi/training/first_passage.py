r"""First-passage densities of diffusions between moving boundaries, to many digits: what networks are measured by.

Each process is a Brownian motion B from 0, without drift, between two curves on a clock s(t), lower(s) < B < upper(s).
Its first-passage densities solve two Volterra equations (Buonocore, Giorno, Nobile & Ricciardi 1990, Journal of Applied
Probability 27, 102-114), whose kernels vanish where their arguments meet,

    g_k(s) = -+ 2 psi_k(s | 0, 0) +- 2 int_0^s sum_j g_j(r) psi_k(s | S_j(r), r) dr,
    psi_k(s | y, r) = f(S_k(s), s | y, r) (S_k'(s) - (S_k(s) - y) / (s - r)) / 2,

with f the density of B; upper signs for the upper curve. They are too slow for fitting.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.ssm.base import SSM, FloatArray

# Simulations that say when the process is where; points by their quantiles, and by the cube of an even grid, which is
# fine where the first paths arrive.
_PILOT = 20_000
_POINTS = 1_000


class Passage(NamedTuple):
    """First-passage densities on a grid.

    Args:
        time: since the start of the process, (n,), seconds.
        weight: weight of each time in the trapezoidal rule, shape (n,).
        density: density of passing the lower and the upper boundary at each time, shape (n, 2).
    """

    time: FloatArray
    weight: FloatArray
    density: FloatArray


class _Curves(NamedTuple):
    """The clock and its rate, and both curves with slopes on the clock, at each time."""

    clock: FloatArray
    rate: FloatArray
    lower: FloatArray
    lower_slope: FloatArray
    upper: FloatArray
    upper_slope: FloatArray


def is_known(ssm: SSM) -> bool:
    """Whether the densities of a model of the registry can be had in this way."""
    return ssm.name in _CURVES


def passage(ssm: SSM, theta: FloatArray, seed: int = 1, points: int = _POINTS) -> Passage:
    """First-passage densities at times that cover nearly all responses.

    Args:
        ssm: the model, one that ``is_known``.
        theta: a parameter vector, (parameters,).
        seed: the seed of the simulations that place the times, a non-negative integer.
        points: number of times of each of the two kinds.
    """
    rt, _ = ssm.simulator(theta[None], _PILOT, seed)
    decision = rt[0] - theta[ssm.parameter_names.index("t0")]
    levels = np.linspace(0.0, 1.0, points // 5 + 1)
    by_quantile = np.interp(np.linspace(0.0, 1.0, points + 1), levels, np.quantile(decision, levels))
    even = np.arange(1, points + 1) / points
    time = np.unique(np.concatenate([by_quantile, decision.max() * even**3]))
    # two times that are nearly one would be lost in each other's rounding
    time = time[np.diff(time, prepend=0.0) > 1e-9 * time]
    return _solve(ssm, theta, time)


def density_at(ssm: SSM, theta: FloatArray, time: float, points: int = _POINTS) -> FloatArray:
    """Densities of passing the lower and the upper boundary at one time, (2,)."""
    even = np.arange(1, points + 1) / points
    # half of the times by the cube from the start, half towards the end: (u^3 + u) / 2
    return _solve(ssm, theta, 0.5 * time * (even**3 + even)).density[-1]


def _solve(ssm: SSM, theta: FloatArray, time: FloatArray) -> Passage:
    weight = 0.5 * (np.append(time[1:], time[-1]) - np.append(0.0, time[:-1]))
    parameters = dict(zip(ssm.parameter_names, theta, strict=True))
    return Passage(time, weight, _volterra(*_CURVES[ssm.name](time, **parameters), weight))


@internal
def _psi(at: float, slope: float, start: float, duration: float) -> float:
    gap = at - start
    return 0.5 * math.exp(-0.5 * gap * gap / duration) / math.sqrt(2.0 * math.pi * duration) * (slope - gap / duration)


@callable_from_python
def _volterra(
    clock: FloatArray, rate: FloatArray, lower: FloatArray, lower_slope: FloatArray, upper: FloatArray,
    upper_slope: FloatArray, weight: FloatArray,
) -> FloatArray:  # fmt: skip
    density = np.zeros((len(clock), 2))
    for i in range(len(clock)):
        down = _psi(lower[i], lower_slope[i], 0.0, clock[i])
        up = _psi(upper[i], upper_slope[i], 0.0, clock[i])
        for j in range(i):
            elapsed = clock[i] - clock[j]
            from_lower, from_upper = weight[j] * density[j, 0], weight[j] * density[j, 1]
            down -= from_lower * _psi(lower[i], lower_slope[i], lower[j], elapsed)
            down -= from_upper * _psi(lower[i], lower_slope[i], upper[j], elapsed)
            up -= from_lower * _psi(upper[i], upper_slope[i], lower[j], elapsed)
            up -= from_upper * _psi(upper[i], upper_slope[i], upper[j], elapsed)
        density[i, 0] = max(0.0, 2.0 * rate[i] * down)
        density[i, 1] = max(0.0, -2.0 * rate[i] * up)
    return density


def _between(t: FloatArray, v: float, a: float, z: float, half: FloatArray, slope: FloatArray) -> _Curves:
    """A Wiener process with drift v between boundaries +-half(t): seen from the moving mean of B."""
    moved = (z - 0.5) * a + v * t
    return _Curves(t, np.ones_like(t), -half - moved, -slope - v, half - moved, slope - v)


def _ddm(t: FloatArray, v: float, a: float, z: float, t0: float) -> _Curves:
    return _between(t, v, a, z, np.full_like(t, 0.5 * a), np.zeros_like(t))


def _angle(t: FloatArray, v: float, a: float, z: float, t0: float, theta: float) -> _Curves:
    return _between(t, v, a, z, 0.5 * a - math.tan(theta) * t, np.full_like(t, -math.tan(theta)))


def _weibull(t: FloatArray, v: float, a: float, z: float, t0: float, alpha: float, beta: float) -> _Curves:
    power = (t / beta) ** alpha
    half = 0.5 * a * np.exp(-power)
    return _between(t, v, a, z, half, -half * alpha * power / t)


def _ornstein(t: FloatArray, v: float, a: float, z: float, t0: float, g: float) -> _Curves:
    """x e^(g t) - x_0 - v (e^(g t) - 1) / g is a Brownian motion on the clock (e^(2 g t) - 1) / (2 g)."""
    if g == 0.0:
        return _ddm(t, v, a, z, t0)
    stretch = np.exp(g * t)
    moved = (z - 0.5) * a + v * np.expm1(g * t) / g
    half = 0.5 * a * stretch
    ends = -half - moved, (-0.5 * a * g - v) / stretch, half - moved, (0.5 * a * g - v) / stretch
    return _Curves(np.expm1(2.0 * g * t) / (2.0 * g), stretch**2, *ends)


_CURVES: dict[str, Callable[..., _Curves]] = {"ddm": _ddm, "angle": _angle, "weibull": _weibull, "ornstein": _ornstein}
