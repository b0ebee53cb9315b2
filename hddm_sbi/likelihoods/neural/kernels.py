"""Numba kernels of the first-passage estimator: the same mathematics as ``canonical`` and ``flow``, with derivatives.

The torch code is what is trained and what sbi sees; these kernels are what a sampler calls. Tangents run forward, with
respect to the canonical parameters: there are few of them, and every trial of a row shares them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from hddm_sbi.likelihoods.neural.canonical import MARGIN
from hddm_sbi.likelihoods.neural.flow import PAD

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# Codes of supports, as in ``Canonical.supports``.
REAL, POSITIVE, UNIT = 0, 1, 2


@njit(nogil=True, cache=True)
def _soft_clip(x: float, low: float, high: float) -> tuple[float, float]:
    """The smoothly saturating identity and its derivative."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    t = (x - middle) / half
    if abs(t) <= 1.0:
        return x, 1.0
    bend = math.tanh((abs(t) - 1.0) / MARGIN)
    return middle + half * math.copysign(1.0 + MARGIN * bend, t), 1.0 - bend * bend


@njit(nogil=True, cache=True)
def _two_views(x: float, slope: FloatArray, reach: float, at: int, value: FloatArray, tangent: FloatArray) -> None:
    """Write x / reach and asinh(x) / asinh(reach) to features at, at + 1; ``slope`` is dx by input."""
    magnified = math.asinh(reach)
    value[at], value[at + 1] = x / reach, math.asinh(x) / magnified
    root = math.sqrt(1.0 + x * x) * magnified
    for j in range(len(slope)):
        tangent[j, at], tangent[j, at + 1] = slope[j] / reach, slope[j] / root


@njit(nogil=True, cache=True)
def features(
    view: FloatArray,
    supports: IntArray,
    edges: FloatArray,
    even: npt.NDArray[np.bool_],
    drift: int,
    start: int,
    value: FloatArray,
    tangent: FloatArray,
) -> None:
    """Features of one view and their Jacobian; see ``Canonical.features``.

    Args:
        view: canonical parameters, (inputs,).
        supports: codes, (inputs,).
        edges: ends of the standardisation, on the scale on which it clips, (inputs, 2).
        even: which inputs lose their sign, (inputs,).
        drift, start: inputs of a diffusion, or -1.
        value: filled, (features,).
        tangent: filled, (inputs, features).
    """
    n = len(view)
    bounded, slopes = np.empty(n), np.zeros((n, n))
    tangent[:] = 0.0
    for i in range(n):
        low, high = edges[i, 0], edges[i, 1]
        if supports[i] == UNIT:
            p = min(max(view[i], 1e-9), 1.0 - 1e-9)
            clipped, slope = _soft_clip(math.log(p / (1.0 - p)), low, high)
            slope *= 1.0 / (p * (1.0 - p)) if p == view[i] else 0.0
            bounded[i] = 1.0 / (1.0 + math.exp(-clipped))
            slopes[i, i] = bounded[i] * (1.0 - bounded[i]) * slope
            value[2 * i], value[2 * i + 1] = (2.0 * clipped - (low + high)) / (high - low), 2.0 * bounded[i] - 1.0
            tangent[i, 2 * i], tangent[i, 2 * i + 1] = 2.0 * slope / (high - low), 2.0 * slopes[i, i]
        elif supports[i] == POSITIVE:
            p = max(view[i], 1e-9)
            clipped, slope = _soft_clip(math.log(p), low, high)
            slope *= 1.0 / p if p == view[i] else 0.0
            bounded[i] = math.exp(clipped)
            slopes[i, i] = bounded[i] * slope
            first, last = math.exp(low), math.exp(high)
            value[2 * i] = (2.0 * clipped - (low + high)) / (high - low)
            value[2 * i + 1] = (2.0 * bounded[i] - (first + last)) / (last - first)
            tangent[i, 2 * i], tangent[i, 2 * i + 1] = 2.0 * slope / (high - low), 2.0 * slopes[i, i] / (last - first)
        else:
            bounded[i], slopes[i, i] = _soft_clip(view[i], low, high)
            if even[i]:
                root = math.sqrt(1.0 + bounded[i] * bounded[i])
                slopes[i, i] *= bounded[i] / root
                bounded[i] = root
            _two_views(bounded[i], slopes[i], max(abs(low), abs(high)), 2 * i, value, tangent)
    if drift >= 0:
        reach = max(abs(edges[drift, 0]), abs(edges[drift, 1]))
        near, far = bounded[start], 1.0 - bounded[start]
        slope_near = slopes[drift] * near + slopes[start] * bounded[drift]
        slope_far = slopes[drift] * far - slopes[start] * bounded[drift]
        _two_views(bounded[drift] * near, slope_near, reach, 2 * n, value, tangent)
        _two_views(bounded[drift] * far, slope_far, reach, 2 * n + 2, value, tangent)


@njit(nogil=True, cache=True, fastmath={"contract"})
def _matmul(left: FloatArray, right: FloatArray) -> FloatArray:
    """Matrix product in this thread alone.

    A BLAS would start threads of its own inside every chain's thread; for matrices this small that costs far more than
    it brings. The inner loop vectorises; four rows share each load of ``right``.
    """
    rows, inner = left.shape
    columns = right.shape[1]
    product = np.zeros((rows, columns))
    quads = rows - rows % 4
    for r in range(0, quads, 4):
        p0, p1, p2, p3 = product[r], product[r + 1], product[r + 2], product[r + 3]
        for k in range(inner):
            l0, l1, l2, l3 = left[r, k], left[r + 1, k], left[r + 2, k], left[r + 3, k]
            weights = right[k]
            for j in range(columns):
                p0[j] += l0 * weights[j]
                p1[j] += l1 * weights[j]
                p2[j] += l2 * weights[j]
                p3[j] += l3 * weights[j]
    for r in range(quads, rows):
        for k in range(inner):
            for j in range(columns):
                product[r, j] += left[r, k] * right[k, j]
    return product


@njit(nogil=True, cache=True)
def mlp(inputs: FloatArray, rows: int, weights: FloatArray, biases: FloatArray, sizes: IntArray) -> FloatArray:
    """A SiLU network on values and tangents together.

    Args:
        inputs: the first ``rows`` rows are values, each further block of ``rows`` a tangent, (blocks * rows, n_in).
        rows: rows per block.
        weights: all weight matrices, each (n_in, n_out), flattened one after the other.
        biases: all biases, one after the other.
        sizes: widths, input and output included.
    """
    at = begin = 0
    hidden = inputs
    for layer in range(len(sizes) - 1):
        n_in, n_out = sizes[layer], sizes[layer + 1]
        hidden = _matmul(hidden, weights[at : at + n_in * n_out].reshape(n_in, n_out))
        at += n_in * n_out
        hidden[:rows] += biases[begin : begin + n_out]
        begin += n_out
        if layer < len(sizes) - 2:
            _silu(hidden, rows)
    return hidden


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def fill_table(raw: FloatArray, tangents: FloatArray, spacing: float, centre: int, table: FloatArray) -> None:
    """Spline polynomials of one slot, with tangents; see ``flow.build_tables``.

    Args:
        raw: offset and logarithms of the slope's coefficients, (1 + coefficients,).
        tangents: their derivatives, (inputs, 1 + coefficients).
        spacing, centre: of the knots.
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


@njit(nogil=True, cache=True, inline="always")
def _integral(table: FloatArray, interval: int, u: float, spacing: float) -> float:
    p = table[interval]
    return p[0] + spacing * u * (p[1] + u * (p[2] / 2.0 + u * (p[3] / 3.0 + u * p[4] / 4.0)))


@njit(nogil=True, cache=True, inline="always")
def _slope(table: FloatArray, interval: int, u: float) -> float:
    p = table[interval]
    return p[1] + u * (p[2] + u * (p[3] + u * p[4]))


@njit(nogil=True, cache=True, error_model="numpy")
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
        left, spacing: of the knots.
        gradient: filled with the derivatives by canonical input (of the slot's view); may be empty.

    Returns:
        log q and d log q / d s.
    """
    zeta, delta = ends[0, 0], ends[0, 1]
    root = math.sqrt(s)
    x = delta * root - zeta / root
    position = (x - left) / spacing
    interval = int(min(max(math.floor(position), 0.0), table.shape[1] - 1.0))
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
