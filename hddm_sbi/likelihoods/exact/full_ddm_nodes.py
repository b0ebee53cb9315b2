"""Where to evaluate the integrand of the full drift diffusion model, and how often: Gauss-Legendre nodes.

The density of a trial is the mean of h(t, w) over starts w, of width sz, and over the decision times t = T - st0 tau,
tau from 0 to 1, where T = rt - t0 (h = 0 at t <= 0). Time is integrated over its logarithm: near t = 0, h has an
essential singularity like exp(-X / t), which in log t is smooth at a scale of one whatever X is.

Either integral is cut where h has fallen to exp(-cut) of its largest value, and what is left has a number of nodes that
follows from how much the exponent of h varies over it. Gauss-Legendre quadrature with n nodes integrates an exponential
that changes by a factor e^k to a relative error of 1e-9 with n = 1.7 + 2.25 sqrt(k) (computed for n = 2, ..., 20; the
error goes down tenfold with each further node or two). The terms added to k below, for maxima inside of the interval
and for mixtures of starts, are set such that the same error is kept over the whole space of parameters; tests hold them
to it against quadrature with many times the nodes.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.gauss_legendre import MOST_NODES
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED
from hddm_sbi.likelihoods.exact.full_ddm_integrand import SWITCH

# what a density is cut at: exp(-26) = 5e-12 of the largest value
CUT = 26.0
# a cut needs no precision: the interval is at most longer by this part of the distance cut off in log t, 2^-8
BISECTIONS = 8


@internal
def starts_inside(z: float, sz: float) -> bool:
    """Whether there is a range of starts, and all of them, z - sz / 2 to z + sz / 2, lie between the boundaries."""
    return sz >= 0.0 and 0.5 * sz < min(z, 1.0 - z)


@inlined
def n_nodes(variation: float, depth: float, cut: float) -> int:
    """Nodes for an exponent that varies by so much, where the integrand is less than its largest by exp(-depth)."""
    return min(int(2.7 + 2.25 * math.sqrt(variation) * max(1.0 - depth / cut, 0.0)), MOST_NODES)


@inlined
def exponent(t: float, v: float, a: float, low: float, high: float, variance: float) -> float:
    """The exponent of h(t, w), signs reversed, where it is least among the distances a w from low to high."""
    q = 1.0 + variance * t
    if t < SWITCH * a * a:
        nearest = max(low + v * t, 0.0) + min(high + v * t, 0.0)
        return 0.5 * nearest * nearest / (t * q)
    # E is convex in w: it is largest at an end
    largest = max((variance * low - 2.0 * v) * low, (variance * high - 2.0 * v) * high)
    return HALF_PI_SQUARED * t / (a * a) + 0.5 * (v * v * t - largest) / q


@internal
def start_range(
    t: float, v: float, a: float, w: float, c: float, variance: float, sz: float, least: float, cut: float
) -> tuple[float, float, int]:
    """Places of the start, from -1/2 to 1/2, between which h(t, w) matters, and the number of nodes there.

    ``least`` is the least exponent at any time; h matters within ``cut`` of it.
    """
    if t < SWITCH * a * a:
        return _small_time_range(t, v, a, w, c, variance, sz, least, cut)
    q = 1.0 + variance * t
    slope = (variance * a * w - v) * a * sz / q  # of E, at the mean start
    bend = 0.5 * variance * (a * sz) * (a * sz) / q
    variation = max(abs(slope), bend)
    begin, end = -0.5, 0.5
    if variation > cut:
        # E is convex: it falls at least as fast from its larger end as it does on average
        begin, end = max(begin, end - cut / max(slope, cut)), min(end, begin + cut / max(-slope, cut))
    # the sine has its own shape
    return begin, end, n_nodes(min(variation, cut) + 3.5 * sz, 0.0, cut)


@inlined
def _small_time_range(
    t: float, v: float, a: float, w: float, c: float, variance: float, sz: float, least: float, cut: float
) -> tuple[float, float, int]:
    """As `start_range`: the first image is a normal density in y = (a w + v t) / sqrt(t q), cut at its sides."""
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
    if image < here:
        fall = 0.5 * (low * low - high * high) + 2.0 * (end - begin) * sz * per_u
        part = 1.0 - image / here
        variation = max(variation, fall * part * part)
    return begin, end, n_nodes(variation, depth, cut)


@internal
def time_window(
    T: float, st0: float, v: float, a: float, low: float, high: float, variance: float, cut: float
) -> tuple[float, float, int, float]:
    """The last decision time that matters, log of its ratio to the first, the number of nodes, and the least exponent.

    Distances a w of the start go from low to high.
    """
    first, last = T - st0, T
    # about the mode; for a fixed drift the density starts as an inverse Gaussian one
    reached = low * (-v if v < 0.0 else max(v - 2.0 * variance * low, 0.0))
    mode = min(max(low * low / (1.5 + math.sqrt(2.25 + reached * reached)), first), T)
    at_last = exponent(T, v, a, low, high, variance)
    at_first = exponent(first, v, a, low, high, variance) if first > 0.0 else np.inf
    at_mode = exponent(mode, v, a, low, high, variance)
    least = min(at_mode, at_first, at_last)
    limit = least + cut
    if at_first > limit:
        # solves (low + v t)^2 = 2 limit t (1 + variance t) for the smaller t
        root = math.sqrt(max(limit * (limit - 2.0 * low * (v - variance * low)), 0.0))
        first = min(max(first, low * low / (limit - low * v + root)), T)
        at_first = limit
    if at_last > limit:
        begin = mode if at_mode < at_first else first
        for _ in range(BISECTIONS):
            middle = math.sqrt(begin * last)
            if exponent(middle, v, a, low, high, variance) > limit:
                last = middle
            else:
                begin = middle
        at_last = limit
    # below, less than 1e-9 of the integral is left even where h grows like 1 / sqrt(t) towards t = 0
    first = max(first, 1e-18 * last)
    # T - st0 has lost digits of a short window
    width = st0 if at_first < limit and last == T else last - first
    length = math.log(last / first) if 2.0 * first < last else -math.log1p(-width / last)
    # starts further away contribute later: the mixture has structure all over the window
    spread = max(exponent(first, v, a, high, high, variance) - at_first, 0.0)
    variation = at_first + at_last - 2.0 * least
    variation += (4.0 + 0.5 * length + 1.7 * math.log1p(spread)) * length
    return last, length, n_nodes(variation, 0.0, cut), least
