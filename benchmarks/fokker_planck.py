r"""First-passage times of diffusions between two moving boundaries, by solving for the density: no Monte Carlo error.

For dx = (v - g x) dt + dW between +-b(t), the density of y = x / b(t) on (-1, 1) satisfies

    p_t = -(m p)_y + p_yy / (2 b^2),    m(y, t) = (v - g b y) / b - y b' / b,

and is zero at both ends. It is solved with central differences that conserve probability and the midpoint rule (Crank
& Nicolson 1947), both of second order; two grids are extrapolated to none (Richardson 1911). It starts from the
Gaussian density of the process without boundaries, at a time at which no path can have reached one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.linalg import eigvalsh_tridiagonal

FloatArray = npt.NDArray[np.float64]
Bound = Callable[[float], float]

# Cells of the coarser grid; the finer one has twice as many, and half the step of time.
CELLS = 800
# Time steps: relative to the time passed, and to the time in which a path crosses from one boundary to the other.
_RELATIVE, _STEP = 0.01, 1e-3
# The density starts when the nearer boundary is so many standard deviations away: 6e-16 of the paths have met it.
_AWAY = 8.0
# It is followed until so many paths are left.
_LEFT = 1e-10


@dataclass(frozen=True)
class Passage:
    """Defective distribution functions of the time of the first passage.

    Args:
        t: decision times, increasing.
        lower, upper: probability that the boundary has been reached by then.
    """

    t: FloatArray
    lower: FloatArray
    upper: FloatArray

    def cdf(self, t: npt.ArrayLike, choice: int) -> FloatArray:
        """Probability of that choice by decision time t."""
        return np.interp(t, self.t, self.upper if choice == 1 else self.lower)

    def total(self, t: npt.ArrayLike) -> FloatArray:
        """Probability of a response by decision time t."""
        return np.interp(t, self.t, self.lower + self.upper)

    @property
    def mean(self) -> float:
        """Mean decision time: the integral of the survival function, by the trapezoid rule."""
        survival = 1.0 - self.lower - self.upper
        return float(self.t[0] + np.sum(0.5 * (survival[1:] + survival[:-1]) * np.diff(self.t)))

    def quantile(self, q: float) -> float:
        """Decision time by which the share q has responded."""
        total = self.lower + self.upper
        k = int(np.searchsorted(total, q))
        share = (q - total[k - 1]) / (total[k] - total[k - 1])
        return float(self.t[k - 1] + share * (self.t[k] - self.t[k - 1]))


def first_passage(
    v: float, z: float, bound: Bound, g: float = 0.0, cells: int = CELLS, meet: float = math.inf
) -> Passage:
    """Distribution of the first passage to +-bound(t) from (2 z - 1) bound(0).

    Args:
        v: drift.
        z: relative starting point.
        bound: half the distance of the boundaries at time t.
        g: leak, or self-excitation below zero.
        cells: of the coarser grid.
        meet: time at which the boundaries meet.
    """
    times, halves, starts = _times(v, z, bound, g, meet)
    coarse = _solve(v, z, g, bound(0.0), halves[::2], times[::2], starts, cells)
    fine = _solve(v, z, g, bound(0.0), halves, times, starts, 2 * cells)[::2]
    lower, upper = ((4.0 * fine - coarse) / 3.0).T
    return Passage(times[::4], lower, upper)


def _times(v: float, z: float, bound: Bound, g: float, meet: float) -> tuple[FloatArray, FloatArray, float]:
    """Times, of which every second is the middle of a step, the boundary there, and the decay of the density."""
    x0 = (2.0 * z - 1.0) * bound(0.0)
    start = (min(bound(0.0) - abs(x0), bound(0.0)) / _AWAY) ** 2
    while _AWAY * math.sqrt(start) + abs(v - g * x0) * start > bound(start) - abs(x0):
        start *= 0.9
    times = [start]
    survival = 0.0  # its logarithm, at least: the slowest decay is that of the lowest mode
    slowest = _slowest(v, g, bound(0.0))
    while survival > math.log(_LEFT) - 3.0:
        t, b = times[-1], bound(times[-1])
        if b < 1e-4 * bound(0.0) or len(times) > 400_000:
            break
        step = min(_RELATIVE * t, _STEP * (2.0 * b) ** 2)
        if t + 4.0 * step >= meet:
            break
        if bound(t + 4.0 * step) < 0.9 * b:  # it collapses within the step
            step *= 0.2
        times += [t + step * k for k in (1, 2, 3, 4)]
        rate = slowest if g != 0.0 else math.pi**2 / (8.0 * b * b) + 0.5 * v * v
        survival -= rate * 4.0 * step
    array = np.array(times)
    return array, np.array([bound(t) for t in times]), start


def _slowest(v: float, g: float, b: float, cells: int = 400) -> float:
    """Rate at which paths leave in the end, between +-b: that of the lowest level.

    In psi = p exp(-int m), m = v - g x, the equation is psi_t = psi'' / 2 - (m^2 + m') psi / 2.
    """
    x = np.linspace(-b, b, cells + 1)[1:-1]
    width = 2.0 * b / cells
    middle = 1.0 / width**2 + 0.5 * ((v - g * x) ** 2 - g)
    beside = np.full(len(x) - 1, -0.5 / width**2)
    return float(eigvalsh_tridiagonal(middle, beside, select="i", select_range=(0, 0))[0])


@njit(cache=True)
def _solve(
    v: float, z: float, g: float, b0: float, halves: FloatArray, times: FloatArray, start: float, cells: int
) -> FloatArray:
    """Probabilities of having left below and above at every second of the times, shape (steps + 1, 2)."""
    n, width = cells - 1, 2.0 / cells
    b = halves[0]
    # the Gaussian density of the process without boundaries at the start
    e = math.exp(-g * start)
    mean = (2.0 * z - 1.0) * b0 * e + (v * (1.0 - e) / g if g != 0.0 else v * start)
    variance = (1.0 - e * e) / (2.0 * g) if g != 0.0 else start
    p, left = np.empty(n), np.zeros((len(times) // 2 + 1, 2))
    for i in range(n):
        x = b * (-1.0 + width * (i + 1)) - mean
        p[i] = b * math.exp(-0.5 * x * x / variance) / math.sqrt(2.0 * math.pi * variance)
    low, diagonal, high, right = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for k in range(1, len(left)):
        step = times[2 * k] - times[2 * k - 2]
        b, slope = halves[2 * k - 1], (halves[2 * k] - halves[2 * k - 2]) / step
        # flux between nodes i and i + 1: into[i] p_i - back[i] p_{i+1}
        spread = 0.5 / (b * b * width)
        for i in range(n):
            below, above = -1.0 + width * (i + 0.5), -1.0 + width * (i + 1.5)
            m_below, m_above = v / b - (g + slope / b) * below, v / b - (g + slope / b) * above
            low[i] = 0.5 * step / width * (0.5 * m_below + spread)
            high[i] = 0.5 * step / width * (spread - 0.5 * m_above)
            diagonal[i] = 0.5 * step / width * (0.5 * m_below - spread - 0.5 * m_above - spread)
        first, last = p[0], p[n - 1]
        for i in range(n):
            before = p[i - 1] if i > 0 else 0.0
            after = p[i + 1] if i < n - 1 else 0.0
            right[i] = p[i] + low[i] * before + diagonal[i] * p[i] + high[i] * after
        # Thomas' algorithm for (1 - L) p = right
        pivot = 1.0 - diagonal[0]
        p[0] = right[0] / pivot
        for i in range(1, n):
            right_of = -high[i - 1] / pivot
            high[i - 1] = right_of
            pivot = 1.0 - diagonal[i] + low[i] * right_of
            p[i] = (right[i] + low[i] * p[i - 1]) / pivot
        for i in range(n - 2, -1, -1):
            p[i] -= high[i] * p[i + 1]
        m = -(g + slope / b)
        down = spread - 0.5 * (v / b + m * (-1.0 + 0.5 * width))
        up = spread + 0.5 * (v / b + m * (1.0 - 0.5 * width))
        left[k, 0] = left[k - 1, 0] + 0.5 * step * down * (first + p[0])
        left[k, 1] = left[k - 1, 1] + 0.5 * step * up * (last + p[n - 1])
    return left
