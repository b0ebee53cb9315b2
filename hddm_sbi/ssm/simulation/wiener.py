"""Exact draws of the exit time and exit side of a Wiener process from an interval.

From any point the process is followed to the edge of the largest interval centred on it that fits between the
boundaries (a walk on spheres). The exit from a centred interval has independent side and time; the time is a
J*(1, |drift|) variable, drawn by the alternating-series rejection of Devroye (2009) with the proposals of Polson,
Scott & Windle (2013). No discretisation is involved. The same draws underlie Drugowitsch (2016).
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.ssm.simulation.rng import UIntArray, exponential, normal, uniform

# Where the proposal switches from inverse Gaussian to exponential; 0.64 nearly minimises rejection (Devroye 2009).
_SWITCH = 0.64
# The first correction of the alternating series is below 3 exp(-4 / 0.64) = 0.0058 on both sides of the switch.
_SURE_ACCEPT = 0.994
# Above this drift the far edge is reached with probability exp(-80): the exit time is inverse Gaussian.
_ONE_SIDED = 40.0


@once
def inverse_gaussian(mu: float, state: UIntArray) -> float:
    """Draw from the inverse Gaussian distribution with mean mu and shape 1 (Michael, Schucany & Haas 1976)."""
    y = normal(state)
    y *= y
    # the smaller root, written without the cancellation that strikes at large mu y
    x = mu / (1.0 + 0.5 * mu * y + math.sqrt(mu * y + 0.25 * mu * mu * y * y))
    if uniform(state) * (mu + x) > mu:
        return mu * mu / x
    return x


@internal
def early_probability(drift: float) -> float:
    """Probability that the proposal for the exit time from [-1, 1] falls below the switch."""
    rate = 0.125 * math.pi**2 + 0.5 * drift * drift
    late = 0.5 * math.pi / rate * math.exp(-rate * _SWITCH)
    root = math.sqrt(0.5 / _SWITCH)
    early = math.exp(-drift) * math.erfc(root * (1.0 - drift * _SWITCH))
    early += math.exp(drift) * math.erfc(root * (1.0 + drift * _SWITCH))
    return early / (early + late)


@internal
def _early_proposal(drift: float, state: UIntArray) -> float:
    """Draw from the inverse Gaussian distribution with mean 1 / drift and shape 1, cut off at the switch."""
    if drift * _SWITCH < 1.0:
        while True:
            e = exponential(state)
            if e * e > 2.0 * exponential(state) / _SWITCH:
                continue
            root = 1.0 + _SWITCH * e
            x = _SWITCH / (root * root)
            if drift == 0.0 or uniform(state) <= math.exp(-0.5 * drift * drift * x):
                return x
    while True:
        x = inverse_gaussian(1.0 / drift, state)
        if x < _SWITCH:
            return x


@internal
def _accept(x: float, state: UIntArray) -> bool:
    """Compare a uniform draw with the alternating series, relative to its first term (Devroye's squeeze)."""
    u = uniform(state)
    if u < _SURE_ACCEPT:
        return True
    scale = -2.0 / x if x < _SWITCH else -0.5 * math.pi**2 * x
    total = 1.0
    n = 1
    while True:
        term = (2 * n + 1) * math.exp(n * (n + 1) * scale)
        if n % 2 == 1:
            total -= term
            if u <= total:
                return True
        else:
            total += term
            if u >= total:
                return False
        n += 1


@internal
def exit_time(drift: float, early: float, state: UIntArray) -> float:
    """Draw the exit time of a Wiener process from [-1, 1], started at 0.

    Args:
        drift: absolute value of the drift.
        early: ``early_probability(drift)``.
        state: the generator.
    """
    if drift > _ONE_SIDED:
        return inverse_gaussian(1.0 / drift, state)
    rate = 0.125 * math.pi**2 + 0.5 * drift * drift
    while True:
        if uniform(state) < early:
            x = _early_proposal(drift, state)
        else:
            x = _SWITCH + exponential(state) / rate
        if _accept(x, state):
            return x


@internal
def first_passage(v: float, below: float, above: float, early: float, state: UIntArray) -> tuple[float, int]:
    """Draw time and side (0 lower, 1 upper) of a Wiener process's first passage to a boundary.

    Args:
        v: drift rate; the noise is s = 1.
        below: distance from the start to the lower boundary.
        above: distance to the upper boundary.
        early: ``shared_early_probability(v, min(below, above))``, which trials of the same start share.
        state: the generator.
    """
    t = 0.0
    while True:
        radius = min(below, above)
        drift = abs(v) * radius
        t += radius * radius * exit_time(drift, early, state)
        up = uniform(state) * (1.0 + math.exp(-2.0 * v * radius)) < 1.0
        if up:
            if above == radius:
                return t, 1
            above -= radius
            below += radius
        else:
            if below == radius:
                return t, 0
            below -= radius
            above += radius
        next_drift = abs(v) * min(below, above)
        early = early_probability(next_drift) if next_drift <= _ONE_SIDED else 1.0


@internal
def shared_early_probability(v: float, radius: float) -> float:
    """``early_probability`` where it is finite, 1 where the exit is one-sided."""
    drift = abs(v) * radius
    return early_probability(drift) if drift <= _ONE_SIDED else 1.0
