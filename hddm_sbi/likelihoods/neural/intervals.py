r"""The probability of a response between two times, as a sum of probabilities of a decision time between two.

Without a delay it is one of these, D(a, b). A delay that is uniform on (0, w) moves both ends of an interval of width
l: the mean over it, and equally the integral over the interval of the density that it has smeared, is

    (1 / w) int D(a, a + max(l, w)) da,

a from w before the interval's beginning to min(l, w) later. It has no closed form: the integral is taken by
Gauss-Legendre quadrature of the positive D in panels, which end where an end of D passes the start or the end of the
process, and which are halved until that changes nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.neural.passage import Passage, log_between

FloatArray = npt.NDArray[np.float64]

# A uniform delay narrower than this, in units of time, leaves densities as they are in its middle, to 1e-11.
NARROW = 1e-5
_X, _W = np.polynomial.legendre.leggauss(10)
_NODES, _WEIGHTS = 0.5 * (1.0 + _X), 0.5 * _W
# Halving a panel changes it by less than this, relative to the whole; logarithms in the tens of thousands have fewer
# digits to show for it.
_TOLERANCE, _FEWER = 1e-12, 1e-3
# Shortest panel, relative to all of them: a process that starts at once makes a step.
_SHORTEST = 1e-12
# Most panels: more are needed only where rounding is in the way.
_MOST = 128


class Span(NamedTuple):
    """An interval of response times, as decision times without a delay.

    Args:
        early, late: its ends in seconds; negative before the process starts.
        width: distance between the two times, in seconds.
        window: width of the uniform delay; 0 where one that is hardly any is taken for its mean.
        by_window: derivative of the ends by the width of the delay.
    """

    early: float
    late: float
    width: float
    window: float
    by_window: float


class Part(NamedTuple):
    """One term of the sum.

    Args:
        early, late: two decision times in seconds.
        width: distance between the two times, in seconds.
        log_factor: logarithm of what D is multiplied by.
        early_by, late_by: derivatives of the times by the width of the delay.
    """

    early: float
    late: float
    width: float
    log_factor: float
    early_by: float
    late_by: float


@internal
def panels_memory() -> FloatArray:
    """Working memory of ``log_mass``."""
    return np.empty((_MOST, 3))


@internal
def span_of(t1: float, t2: float, shift: float, window: float, per_unit: float) -> Span:
    """The interval between two response times in seconds."""
    if window * per_unit > NARROW:
        return Span(t1 - shift, t2 - shift, t2 - t1, window, 0.0)
    middle = shift + 0.5 * window
    return Span(t1 - middle, t2 - middle, t2 - t1, 0.0, -0.5)


@internal
def log_mass(passage: Passage, span: Span, panels: FloatArray) -> tuple[float, int]:
    """Log probability of a response in an interval; -inf where there is none.

    Args:
        passage: the flow of decision times given the choice, and its clock.
        span: the interval of response times.
        panels: filled with the panels of a quadrature, from ``panels_memory``.

    Returns:
        The logarithm, and the number of panels; 0 without quadrature.
    """
    if not (span.width > 0.0 and span.late > 0.0):
        return -math.inf, 0
    if span.window > 0.0:
        return _integrate(passage, span, panels)
    return log_between(passage, span.early, span.late, span.width), 0


@internal
def n_parts(n_panels: int) -> int:
    """How many terms the sum has."""
    return max(1, n_panels * len(_NODES))


@internal
def part_of(span: Span, panels: FloatArray, n_panels: int, k: int) -> Part:
    """Term k of the sum, with the panels that ``log_mass`` has found."""
    if n_panels == 0:
        return Part(span.early, span.late, span.width, 0.0, span.by_window, span.by_window)
    outer, inner = min(span.window, span.width), max(span.window, span.width)
    node, left, right = k % len(_NODES), panels[k // len(_NODES), 0], panels[k // len(_NODES), 1]
    at = left + _NODES[node] * (right - left)
    early = span.early - span.window + outer * at
    log_factor = math.log(_WEIGHTS[node] * (right - left) * outer / span.window)
    # a window wider than the interval is the width of the part
    early_by, late_by = (-1.0, 0.0) if span.width < span.window else (at - 1.0, at - 1.0)
    return Part(early, early + inner, inner, log_factor, early_by, late_by)


@internal
def share_of(log_part: float, total: float, n_panels: int) -> float:
    """Share of a part, with its factor, in the sum; all logarithms."""
    # rounding of logarithms that run to 1e16 must not make more than the whole of it
    return 1.0 if n_panels == 0 else math.exp(min(log_part - total, 0.0))


@internal
def by_window_of(span: Span) -> float:
    """Derivative of the sum's logarithm by the width of the delay, with the ends of all parts fixed."""
    return -1.0 / span.window if span.width < span.window else 0.0


@internal
def log_sum(x: float, y: float) -> float:
    """log(exp(x) + exp(y))."""
    top = max(x, y)
    return top + math.log1p(math.exp(min(x, y) - top)) if top > -math.inf else top


@internal
def _log_panel(passage: Passage, span: Span, left: float, right: float) -> float:
    """Logarithm of the integral of D over a part of the unit interval that ``a`` runs through."""
    outer, inner = min(span.window, span.width), max(span.window, span.width)
    total, top = 0.0, -math.inf  # total times exp(top) is the sum
    for k in range(len(_NODES)):
        early = span.early - span.window + outer * (left + _NODES[k] * (right - left))
        value = log_between(passage, early, early + inner, inner)
        if value > top:
            total, top = total * math.exp(top - value) + _WEIGHTS[k], value
        elif value > -math.inf:
            total += _WEIGHTS[k] * math.exp(value - top)
    return top + math.log(total * (right - left)) if total > 0.0 else top


@internal
def _put(panels: FloatArray, at: int, left: float, right: float, log_integral: float) -> None:
    panels[at, 0], panels[at, 1], panels[at, 2] = left, right, log_integral


@internal
def _begin(passage: Passage, span: Span, panels: FloatArray) -> int:
    """Put the first panels at the end of ``panels``; return the place of the first of them."""
    outer, inner = min(span.window, span.width), max(span.window, span.width)
    start, end = span.early - span.window, passage.end / passage.per_unit
    left, stop = max(0.0, (-inner - start) / outer), min(1.0, (end - start) / outer)
    starts, ends = -start / outer, (end - inner - start) / outer
    top = len(panels)
    for right in (min(starts, ends), max(starts, ends), stop):
        if left < right <= stop:
            top -= 1
            _put(panels, top, left, right, _log_panel(passage, span, left, right))
            left = right
    return top


@internal
def _integrate(passage: Passage, span: Span, panels: FloatArray) -> tuple[float, int]:
    """The same with a delay; accepted panels fill up ``panels`` from its beginning, those to do from its end."""
    n, top, total = 0, _begin(passage, span, panels), -math.inf
    shortest = _SHORTEST * (panels[top, 1] - panels[len(panels) - 1, 0]) if top < len(panels) else 0.0
    while top < len(panels):
        left, right, whole = panels[top, 0], panels[top, 1], panels[top, 2]
        top += 1
        middle = 0.5 * (left + right)
        one, other = _log_panel(passage, span, left, middle), _log_panel(passage, span, middle, right)
        both = log_sum(one, other)
        scale = max(total, both)
        if scale == -math.inf and whole == -math.inf:
            continue
        last = n + 2 >= top or right - left < shortest
        change = abs(math.exp(whole - scale) - math.exp(both - scale))
        if last or change <= _TOLERANCE * (1.0 + _FEWER * abs(scale)):
            _put(panels, n, left, right, both)
            n += 1
            total = log_sum(total, both)
            continue
        top -= 2
        # the larger half first: beside it the other may be nothing
        _put(panels, top + (one < other), left, middle, one)
        _put(panels, top + (one >= other), middle, right, other)
    return total + math.log(min(span.window, span.width) / span.window), n
