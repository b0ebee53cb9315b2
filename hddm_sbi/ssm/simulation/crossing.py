"""First passage of Brownian motion between two moving boundaries, step by step without the bias of an Euler scheme.

Over a step of length h the boundaries are straight lines. Given both ends of the step, a path that starts at distance d
from a line and ends at distance e has crossed it with probability exp(-2 d e / h), whatever its drift, and the time s
of the first crossing is that of a bridge: s / (1 - s / h) is inverse Gaussian with mean d h / |e| and shape d^2. Steps
are so short that hardly any path meets both lines. A curved boundary is replaced by the parallel of its chord that
touches the curve where a crossing is most likely, the share d / (d + e) of the step, so that the error is of second
order in their distance.

Sources: Siegmund (1985), Sequential Analysis, chapter 3; Gobet (2000), Stochastic Processes and their Applications 87,
167-197 (Euler schemes with the bridge's crossing probability).
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.ssm.simulation.rng import UIntArray, uniform
from hddm_sbi.ssm.simulation.wiener import inverse_gaussian

# Length of a step in units of the squared distance between the boundaries: a path at one of them reaches the other one
# within a step with probability 2 Phi(-4) = 6e-5, and must have been sent back by the first.
LONGEST_STEP = 1.0 / 16.0
# No path's crossing is missed below this probability: exp(-40) = 4e-18.
_NEVER = 40.0


@once
def beyond_chord(d: float, e: float, bow: float) -> float:
    """How far a boundary lies beyond its chord where a path at distances d and e from it would cross it most likely.

    Args:
        d: distance at the start of the step, positive.
        e: distance at its end.
        bow: how far the boundary lies beyond its chord in the middle of the step.
    """
    whole = d + abs(e)
    return 4.0 * bow * d * abs(e) / (whole * whole) if bow != 0.0 else 0.0


@once
def crossed(d: float, e: float, h: float) -> float:
    """Probability that a path at distance d from a line, and e at the end of the step, has crossed it in between."""
    if d <= 0.0 or e <= 0.0:
        return 1.0
    exponent = 2.0 * d * e / h
    return math.exp(-exponent) if exponent < _NEVER else 0.0


@once
def _spares(u: float, d: float, e: float, bow: float, h: float) -> bool:
    """Whether u exceeds the crossing probability for sure, which most often takes no exponential.

    A boundary that bows towards the path is nearer by no more than that; exp(x) is above its Taylor polynomials.
    """
    inward = min(bow, 0.0)
    x = 2.0 * max(d + inward, 0.0) * max(e + inward, 0.0) / h
    return u * (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))) > 1.0


@internal
def crossing_time(d: float, e: float, h: float, state: UIntArray) -> float:
    """Draw the time within the step at which a path that crosses the line does so first."""
    if d <= 0.0:
        return 0.0
    s = d * d * inverse_gaussian(h / (d * max(abs(e), 1e-12 * d)), state)
    return s / (1.0 + s / h)


@once
def side_crossed(
    d_lower: float, e_lower: float, bow_lower: float, d_upper: float, e_upper: float, bow_upper: float, h: float,
    state: UIntArray,
) -> int:  # fmt: skip
    """Draw which boundary a path has crossed in a step: 0 lower, 1 upper, -1 neither.

    Args:
        d_lower, d_upper: distances from the chords of the lower and upper boundary at the start of the step.
        e_lower, e_upper: the distances at its end, negative beyond the boundary.
        bow_lower, bow_upper: how far the boundaries lie beyond their chords in the middle of the step.
        h: length of the step.
        state: the generator.
    """
    u = uniform(state)
    if _spares(u, d_lower, e_lower, bow_lower, h) and _spares(1.0 - u, d_upper, e_upper, bow_upper, h):
        return -1
    return _side_crossed(d_lower, e_lower, bow_lower, d_upper, e_upper, bow_upper, h, u)


@internal
def _side_crossed(
    d_lower: float, e_lower: float, bow_lower: float, d_upper: float, e_upper: float, bow_upper: float, h: float,
    u: float,
) -> int:  # fmt: skip
    by_lower, by_upper = beyond_chord(d_lower, e_lower, bow_lower), beyond_chord(d_upper, e_upper, bow_upper)
    lower, upper = (
        crossed(d_lower + by_lower, e_lower + by_lower, h), crossed(d_upper + by_upper, e_upper + by_upper, h)
    )  # fmt: skip
    if e_lower + by_lower <= 0.0:  # it ends below; on the way it may have crossed the upper boundary first
        return 1 if u < upper and e_upper + by_upper > 0.0 else 0
    if u < lower:
        return 0
    return 1 if 1.0 - u < upper else -1
