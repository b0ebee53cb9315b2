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

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.gauss_legendre import MOST_NODES
from hddm_sbi.likelihoods.exact.ddm_density import HALF_PI_SQUARED
from hddm_sbi.likelihoods.exact.full_ddm_starts import SWITCH, node_count

# what a density is cut at: exp(-26) = 5e-12 of the largest value
CUT = 26.0
# a cut needs no precision: the interval is at most longer by this part of the distance cut off in log t, 2^-8
BISECTIONS = 8


@inlined
def exponent(t: float, v: float, a: float, low: float, high: float, variance: float) -> float:
    """The exponent of h(t, w), signs reversed, where it is least among the distances a w from low to high."""
    q = 1.0 + variance * t
    nearest = max(low + v * t, 0.0) + min(high + v * t, 0.0)
    small = 0.5 * nearest * nearest / (t * q)
    # E is convex in w: it is largest at an end
    largest = max((variance * low - 2.0 * v) * low, (variance * high - 2.0 * v) * high)
    large = HALF_PI_SQUARED * t / (a * a) + 0.5 * (v * v * t - largest) / q
    return small if t < SWITCH * a * a else large


@inlined
def mode(v: float, low: float, variance: float) -> float:
    """About the time at which h is largest; for a fixed drift the density starts as an inverse Gaussian one."""
    reached = low * (-v if v < 0.0 else max(v - 2.0 * variance * low, 0.0))
    return low * low / (1.5 + math.sqrt(2.25 + reached * reached))


@inlined
def time_count(at_first: float, at_last: float, least: float, at_first_high: float, length: float, cut: float) -> float:
    """The number of nodes in a window of a length in log t, from the exponents at its ends and the least.

    ``at_first_high`` is the exponent at its beginning of the start that is the furthest away.
    """
    # starts further away contribute later: the mixture has structure all over the window
    spread = max(at_first_high - at_first, 0.0)
    variation = at_first + at_last - 2.0 * least
    return node_count(variation + (4.0 + 0.5 * length + 1.7 * vm.log(1.0 + spread)) * length, 0.0, cut)


@internal
def time_window(
    T: float, st0: float, v: float, a: float, low: float, high: float, variance: float, cut: float
) -> tuple[float, float, int, float]:
    """The last decision time that matters, log of its ratio to the first, the number of nodes, and the least exponent.

    Distances a w of the start go from low to high.
    """
    first, last = T - st0, T
    middle = min(max(mode(v, low, variance), first), T)
    at_last = exponent(T, v, a, low, high, variance)
    at_first = exponent(first, v, a, low, high, variance) if first > 0.0 else np.inf
    at_middle = exponent(middle, v, a, low, high, variance)
    least = min(at_middle, at_first, at_last)
    limit = least + cut
    if at_first > limit:
        # solves (low + v t)^2 = 2 limit t (1 + variance t) for the smaller t
        root = math.sqrt(max(limit * (limit - 2.0 * low * (v - variance * low)), 0.0))
        first = min(max(first, low * low / (limit - low * v + root)), T)
        at_first = limit
    if at_last > limit:
        begin = middle if at_middle < at_first else first
        for _ in range(BISECTIONS):
            between = math.sqrt(begin * last)
            if exponent(between, v, a, low, high, variance) > limit:
                last = between
            else:
                begin = between
        at_last = limit
    # below, less than 1e-9 of the integral is left even where h grows like 1 / sqrt(t) towards t = 0
    first = max(first, 1e-18 * last)
    # T - st0 has lost digits of a short window
    width = st0 if at_first < limit and last == T else last - first
    length = math.log(last / first) if 2.0 * first < last else -math.log1p(-width / last)
    count = time_count(at_first, at_last, least, exponent(first, v, a, high, high, variance), length, cut)
    return last, length, min(int(count), MOST_NODES), least
