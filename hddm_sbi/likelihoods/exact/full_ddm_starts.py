"""Between which starts the integrand of the full drift diffusion model matters, and how many nodes they need.

See `full_ddm_nodes` for the rule.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.compiling import inlined, internal

# Below this u the small-time series is used, above it the large-time series. The latter costs less here; at u = 1/5 it
# leaves out less than 36 exp(-35 pi^2 u / 2) = 4e-14 of the sum (see `ddm_density`).
SWITCH = 0.2


@internal
def starts_inside(z: float, sz: float) -> bool:
    """Whether there is a range of starts, and all of them, z - sz / 2 to z + sz / 2, lie between the boundaries."""
    return sz >= 0.0 and 0.5 * sz < min(z, 1.0 - z)


@inlined
def node_count(variation: float, depth: float, cut: float) -> float:
    """Nodes for an exponent that varies by so much, where the integrand is less than its largest by exp(-depth)."""
    return 2.7 + 2.25 * math.sqrt(variation) * max(1.0 - depth / cut, 0.0)


@inlined
def large_time_range(
    t: float, v: float, a: float, w: float, variance: float, sz: float, cut: float
) -> tuple[float, float, float]:
    """Places of the start, from -1/2 to 1/2, between which h(t, w) matters, and the number of nodes there.

    h matters within ``cut`` of the least exponent.
    """
    q = 1.0 + variance * t
    slope = (variance * a * w - v) * a * sz / q  # of E, at the mean start
    bend = 0.5 * variance * (a * sz) * (a * sz) / q
    variation = max(abs(slope), bend)
    # E is convex: it falls at least as fast from its larger end as it does on average
    begin, end = max(-0.5, 0.5 - cut / max(slope, cut)), min(0.5, -0.5 + cut / max(-slope, cut))
    # the sine has its own shape
    return begin, end, node_count(min(variation, cut) + 3.5 * sz, 0.0, cut)


@inlined
def small_time_range(
    t: float, v: float, a: float, w: float, c: float, variance: float, sz: float, least: float, cut: float
) -> tuple[float, float, float]:
    """As ``large_time_range``: the first image is a normal density in y = (a w + v t) / sqrt(t q), cut at its sides.

    ``least`` is the least exponent at any time that matters.
    """
    per_sd = 1.0 / math.sqrt(t * (1.0 + variance * t))
    middle, width = (a * w + v * t) * per_sd, a * sz * per_sd
    low, high = middle - 0.5 * width, middle + 0.5 * width
    best = max(low, 0.0) + min(high, 0.0)
    depth = max(0.5 * best * best - least, 0.0)
    here = max(cut - depth, 1.0)
    reach = math.sqrt(best * best + 2.0 * here)
    begin = -0.5 if low >= -reach else 0.5 - (high + reach) / width
    end = 0.5 if high <= reach else -0.5 + (reach - low) / width
    low, high = max(low, -reach), min(high, reach)
    length = high - low
    # an exponential decay, or a maximum inside
    variation = max(0.5 * (low * low + high * high) - best * best, (2.4 + 0.45 * length) * length)
    # The far boundary takes away h times exp(-2 c / u): a layer next to it, of its own width, where h reaches so far.
    per_u = a * a / t
    image = 0.5 * (high * high - best * best) + 2.0 * (c - sz * end) * per_u
    fall = 0.5 * (low * low - high * high) + 2.0 * (end - begin) * sz * per_u
    part = max(1.0 - image / here, 0.0)
    return begin, end, node_count(max(variation, fall * part * part), depth, cut)
