"""Numba kernels of the first-passage estimator: the same mathematics as ``canonical`` and ``flow``, with derivatives.

The torch code is what is trained and what sbi sees; these kernels are what a sampler calls. Tangents run forward, with
respect to the canonical parameters: there are few of them, and every trial of a row shares them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal, summing
from hddm_sbi.likelihoods.neural.canonical import MARGIN
from hddm_sbi.likelihoods.neural.flow import PAD

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# Codes of supports, as in ``Canonical.supports``.
REAL, POSITIVE, UNIT = 0, 1, 2


# Places in a row of ``edges_of``; the last two of a real input only, those before of a positive one only.
LOW, HIGH, PER_RANGE, NATURAL_SUM, PER_NATURAL, PER_REACH, PER_MAGNIFIED = range(7)


def edges_of(low: float, high: float, support: int) -> FloatArray:
    """Ends of an input's standardisation, on the scale on which it clips, and what its features divide by."""
    edges = np.zeros(7)
    edges[[LOW, HIGH, PER_RANGE]] = low, high, 1.0 / (high - low)
    if support == POSITIVE:
        first, last = math.exp(low), math.exp(high)
        edges[[NATURAL_SUM, PER_NATURAL]] = first + last, 1.0 / (last - first)
    elif support == REAL:
        reach = max(abs(low), abs(high))
        edges[[PER_REACH, PER_MAGNIFIED]] = 1.0 / reach, 1.0 / math.asinh(reach)
    return edges


@internal
def soft_clip(x: float, low: float, high: float) -> tuple[float, float]:
    """The smoothly saturating identity and its derivative."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    t = (x - middle) / half
    if abs(t) <= 1.0:
        return x, 1.0
    bend = math.tanh((abs(t) - 1.0) / MARGIN)
    return middle + half * math.copysign(1.0 + MARGIN * bend, t), 1.0 - bend * bend


@internal
def view_of(canonical: FloatArray, mirror: IntArray, choice: int, view: FloatArray) -> None:
    """Fill in the canonical parameters as a choice sees them; see ``Canonical.views``."""
    for j in range(len(canonical)):
        view[j] = canonical[j]
        if choice == 1 and mirror[j] == 1:
            view[j] = -canonical[j]
        elif choice == 1 and mirror[j] == 2:
            view[j] = 1.0 - canonical[j]


@internal
def view_sign(mirror: IntArray, choice: int, j: int) -> float:
    """Derivative of the view with respect to the canonical parameter: both mirror rules turn it around."""
    return -1.0 if choice == 1 and mirror[j] > 0 else 1.0


@internal
def clip_input(value: float, support: int, low: float, high: float) -> tuple[float, float]:
    """An input on the scale on which it clips (logit, logarithm or its own), clipped, and the derivative by it."""
    if support == UNIT:
        p = min(max(value, 1e-9), 1.0 - 1e-9)
        clipped, slope = soft_clip(vm.log(p / (1.0 - p)), low, high)
        return clipped, slope / (p * (1.0 - p)) if p == value else 0.0
    if support == POSITIVE:
        p = max(value, 1e-9)
        clipped, slope = soft_clip(vm.log(p) if p < math.inf else math.inf, low, high)
        return clipped, slope / p if p == value else 0.0
    return soft_clip(value, low, high)


@inlined
def asinh(x: float) -> float:
    """The inverse hyperbolic sine, to 1e-16."""
    return math.copysign(vm.log(abs(x) + math.sqrt(1.0 + x * x)), x)


@inlined
def _two_views(x: float, per_reach: float, per_magnified: float, at: int, value: FloatArray) -> tuple[float, float]:
    """Write x / reach and asinh(x) / asinh(reach) to features at, at + 1; return their derivatives by x."""
    value[at], value[at + 1] = x * per_reach, asinh(x) * per_magnified
    return per_reach, per_magnified / math.sqrt(1.0 + x * x)


@internal
def features(
    view: FloatArray,
    supports: IntArray,
    edges: FloatArray,
    even: npt.NDArray[np.bool_],
    drift: int,
    start: int,
    value: FloatArray,
    slopes: FloatArray,
    scratch: FloatArray,
) -> None:
    """Features of one view and their slopes; see ``Canonical.features``.

    Args:
        view: canonical parameters as one choice sees them, shape (inputs,).
        supports: code of each input's support, shape (inputs,).
        edges: see ``edges_of``, (inputs, 7).
        even: which inputs lose their sign, (inputs,).
        drift, start: inputs of a diffusion, or -1.
        value: filled, (features,).
        slopes: filled with the derivatives of both features of each input by it, then, for a diffusion, with those of
            the last four by drift, and by start, (2 * inputs + 8,).
        scratch: working memory, (2, inputs).
    """
    n = len(view)
    bounded, by_view = scratch[0], scratch[1]
    for i in range(n):
        low, high = edges[i, LOW], edges[i, HIGH]
        clipped, slope = clip_input(view[i], supports[i], low, high)
        if supports[i] == UNIT:
            bounded[i] = 1.0 / (1.0 + vm.exp(-clipped))
            by_view[i] = bounded[i] * (1.0 - bounded[i]) * slope
            value[2 * i] = (2.0 * clipped - (low + high)) * edges[i, PER_RANGE]
            value[2 * i + 1] = 2.0 * bounded[i] - 1.0
            slopes[2 * i], slopes[2 * i + 1] = 2.0 * slope * edges[i, PER_RANGE], 2.0 * by_view[i]
        elif supports[i] == POSITIVE:
            bounded[i] = vm.exp(clipped)
            by_view[i] = bounded[i] * slope
            value[2 * i] = (2.0 * clipped - (low + high)) * edges[i, PER_RANGE]
            value[2 * i + 1] = (2.0 * bounded[i] - edges[i, NATURAL_SUM]) * edges[i, PER_NATURAL]
            slopes[2 * i] = 2.0 * slope * edges[i, PER_RANGE]
            slopes[2 * i + 1] = 2.0 * by_view[i] * edges[i, PER_NATURAL]
        else:
            bounded[i], by_view[i] = clipped, slope
            if even[i]:
                root = math.sqrt(1.0 + bounded[i] * bounded[i])
                by_view[i] *= bounded[i] / root
                bounded[i] = root
            linear, magnified = _two_views(bounded[i], edges[i, PER_REACH], edges[i, PER_MAGNIFIED], 2 * i, value)
            slopes[2 * i], slopes[2 * i + 1] = by_view[i] * linear, by_view[i] * magnified
    if drift >= 0:
        per_reach, per_magnified = edges[drift, PER_REACH], edges[drift, PER_MAGNIFIED]
        for at, distance, sign in ((2 * n, bounded[start], 1.0), (2 * n + 2, 1.0 - bounded[start], -1.0)):
            linear, magnified = _two_views(bounded[drift] * distance, per_reach, per_magnified, at, value)
            by_drift, by_start = by_view[drift] * distance, sign * by_view[start] * bounded[drift]
            slopes[at], slopes[at + 1] = by_drift * linear, by_drift * magnified
            slopes[at + 4], slopes[at + 5] = by_start * linear, by_start * magnified


@internal
def fill_tangent(slopes: FloatArray, n: int, drift: int, start: int, j: int, tangent: FloatArray) -> None:
    """Fill in the derivatives of all features by input j, (features,), from ``slopes`` of ``features``."""
    for f in range(len(tangent)):
        tangent[f] = 0.0
    tangent[2 * j], tangent[2 * j + 1] = slopes[2 * j], slopes[2 * j + 1]
    if drift >= 0:
        for f in range(4):
            if j == drift:
                tangent[2 * n + f] = slopes[2 * n + f]
            elif j == start:
                tangent[2 * n + f] = slopes[2 * n + 4 + f]


@summing
def matmul(left: FloatArray, right: FloatArray, product: FloatArray) -> None:
    """Fill in left @ right, in this thread alone.

    A BLAS would start threads of its own inside every chain's thread; for matrices this small that costs far more than
    it brings. The inner loop vectorises; two rows and four columns of ``left`` share its loads and stores.
    """
    rows, inner = left.shape
    quads = inner - inner % 4
    for r in range(rows):
        for j in range(right.shape[1]):
            product[r, j] = 0.0
    for r in range(0, rows - 1, 2):
        p, q = product[r], product[r + 1]
        for k in range(0, quads, 4):
            a0, a1, a2, a3 = left[r, k], left[r, k + 1], left[r, k + 2], left[r, k + 3]
            b0, b1, b2, b3 = left[r + 1, k], left[r + 1, k + 1], left[r + 1, k + 2], left[r + 1, k + 3]
            w0, w1, w2, w3 = right[k], right[k + 1], right[k + 2], right[k + 3]
            for j in range(right.shape[1]):
                x0, x1, x2, x3 = w0[j], w1[j], w2[j], w3[j]
                p[j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
                q[j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
        for k in range(quads, inner):
            for j in range(right.shape[1]):
                p[j] += left[r, k] * right[k, j]
                q[j] += left[r + 1, k] * right[k, j]
    if rows % 2 == 1:
        last = product[rows - 1]
        for k in range(inner):
            for j in range(right.shape[1]):
                last[j] += left[rows - 1, k] * right[k, j]


@internal
def mlp(inputs: FloatArray, rows: int, weights: FloatArray, biases: FloatArray, sizes: IntArray) -> FloatArray:
    """A SiLU network on values and tangents together.

    Args:
        inputs: the first ``rows`` rows are values, each further block of ``rows`` a tangent, (blocks * rows, n_in).
        rows: number of rows in a block.
        weights: all weight matrices, each (n_in, n_out), flattened one after the other.
        biases: all biases, one after the other.
        sizes: widths, input and output included.
    """
    at = begin = 0
    hidden = inputs
    for layer in range(len(sizes) - 1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        product = np.empty((len(hidden), n_out))
        matmul(hidden, weights[at : at + n_in * n_out].reshape(n_in, n_out), product)
        hidden = product
        at += n_in * n_out
        for r in range(rows):
            for k in range(n_out):
                hidden[r, k] += biases[begin + k]
        begin += n_out
        if layer < len(sizes) - 2:
            _silu(hidden, rows)
    return hidden


@internal
def _silu(hidden: FloatArray, rows: int) -> None:
    """Apply x sigmoid(x) to the values and its derivative to the tangents, in place."""
    for r in range(rows):
        for k in range(hidden.shape[1]):
            h = hidden[r, k]
            gate = 1.0 / (1.0 + math.exp(-h))
            hidden[r, k] = h * gate
            slope = gate * (1.0 + h * (1.0 - gate))
            for tangent in range(r + rows, hidden.shape[0], rows):
                hidden[tangent, k] *= slope


@internal
def fill_table(raw: FloatArray, tangents: FloatArray, spacing: float, centre: int, table: FloatArray) -> None:
    """Spline polynomials of one slot, with tangents; see ``flow.build_tables``.

    Args:
        raw: offset and logarithms of the slope's coefficients, (1 + coefficients,).
        tangents: their derivatives, (inputs, 1 + coefficients).
        spacing, centre: distance between knots, and index of the interval that starts at 0.
        table: filled, (1 + inputs, intervals, 5): values, then derivatives.
    """
    last, n_intervals = len(raw) - 2, table.shape[1]
    slopes = np.exp(raw[1:])
    weights = slopes
    for block in range(table.shape[0]):
        if block > 0:
            weights = slopes * tangents[block - 1, 1:]
        height = 0.0
        for interval in range(n_intervals):
            first = interval - PAD
            p0, p1 = weights[min(max(first, 0), last)], weights[min(max(first + 1, 0), last)]
            p2, p3 = weights[min(max(first + 2, 0), last)], weights[min(max(first + 3, 0), last)]
            c0, c1 = (p0 + 4.0 * p1 + p2) / 6.0, 0.5 * (p2 - p0)
            c2, c3 = 0.5 * (p0 - 2.0 * p1 + p2), (p3 - p0 + 3.0 * (p1 - p2)) / 6.0
            table[block, interval, 0] = height
            table[block, interval, 1], table[block, interval, 2] = c0, c1
            table[block, interval, 3], table[block, interval, 4] = c2, c3
            height += spacing * (c0 + c1 / 2.0 + c2 / 3.0 + c3 / 4.0)
        shift = (raw[0] if block == 0 else tangents[block - 1, 0]) - table[block, centre, 0]
        for interval in range(n_intervals):
            table[block, interval, 0] += shift


@internal
def interval_of(position: float, n_intervals: int) -> int:
    """The interval of the spline that a position, in intervals, falls into; the outer ones have no end; any for NaN."""
    return int(min(position, n_intervals - 1.0)) if position > 0.0 else 0


@internal
def _integral(table: FloatArray, interval: int, u: float, spacing: float) -> float:
    p = table[interval]
    return p[0] + spacing * u * (p[1] + u * (p[2] / 2.0 + u * (p[3] / 3.0 + u * p[4] / 4.0)))


@internal
def _slope(table: FloatArray, interval: int, u: float) -> float:
    p = table[interval]
    return p[1] + u * (p[2] + u * (p[3] + u * p[4]))


@internal
def decision_time_density(
    s: float,
    ends: FloatArray,
    table: FloatArray,
    left: float,
    spacing: float,
    gradient: FloatArray,
) -> tuple[float, float]:
    """log q(s) of one trial and its derivative with respect to s.

    Args:
        s: canonical decision time, positive.
        ends: zeta and delta, then their derivatives by input, (1 + inputs, 2).
        table: of the slot, (1 + inputs, intervals, 5).
        left, spacing: place of the first knot, and distance between knots.
        gradient: filled with the derivatives by canonical input (of the slot's view); may be empty.

    Returns:
        log q and d log q / d s.
    """
    zeta, delta = ends[0, 0], ends[0, 1]
    root = math.sqrt(s)
    x = delta * root - zeta / root
    position = (x - left) / spacing
    interval = interval_of(position, table.shape[1])
    u = position - interval
    t, slope = _integral(table[0], interval, u, spacing), _slope(table[0], interval, u)
    stretch = 0.5 * (delta + zeta / s) / root
    log_q = -0.5 * t * t - _HALF_LOG_TWO_PI + math.log(slope) + math.log(stretch)
    p = table[0, interval]
    bend = (p[2] + u * (2.0 * p[3] + u * 3.0 * p[4])) / spacing
    # d log q / d x at fixed stretch, then what each input moves: x, the spline itself, and the stretch
    by_x = bend / slope - t * slope
    stretch_by_s = -0.25 * (delta + 3.0 * zeta / s) / (s * root)
    for j in range(len(gradient)):
        zeta_j, delta_j = ends[1 + j, 0], ends[1 + j, 1]
        gradient[j] = (
            by_x * (delta_j * root - zeta_j / root)
            - t * _integral(table[1 + j], interval, u, spacing)
            + _slope(table[1 + j], interval, u) / slope
            + 0.5 * (delta_j + zeta_j / s) / (root * stretch)
        )
    return log_q, by_x * stretch + stretch_by_s / stretch


@internal
def decision_time_normal(
    s: float,
    ends: FloatArray,
    table: FloatArray,
    left: float,
    spacing: float,
    gradient: FloatArray,
) -> tuple[float, float]:
    """The standard normal T(x(s)) of one trial and its derivative by s; arguments as ``decision_time_density``."""
    zeta, delta = ends[0, 0], ends[0, 1]
    root = math.sqrt(s)
    position = (delta * root - zeta / root - left) / spacing
    interval = interval_of(position, table.shape[1])
    u = position - interval
    slope = _slope(table[0], interval, u)
    for j in range(len(gradient)):
        by_x = slope * (ends[1 + j, 1] * root - ends[1 + j, 0] / root)
        gradient[j] = by_x + _integral(table[1 + j], interval, u, spacing)
    return _integral(table[0], interval, u, spacing), slope * 0.5 * (delta + zeta / s) / root
