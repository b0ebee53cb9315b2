"""Monotone rational-quadratic splines (Durkan, Bekasov, Murray & Papamakarios 2019, NeurIPS) as nflows has them.

A spline of K bins on [-B, B], the identity outside, is a row of 3 K + 3 numbers: K + 1 knots x_j, K + 1 knots y_j and
slopes d_j at the knots. In bin j, with t = (x - x_j) / w, w = x_{j+1} - x_j, h = y_{j+1} - y_j and delta = h / w,

    y = y_j + h (delta t^2 + d_j t (1 - t)) / D,          D = delta + (d_j + d_{j+1} - 2 delta) t (1 - t),
    dy/dx = delta^2 (d_{j+1} t^2 + 2 delta t (1 - t) + d_j (1 - t)^2) / D^2.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.base import FloatArray


@internal
def _softmax(raw: FloatArray, scale: float, p: FloatArray) -> None:
    largest = total = -math.inf
    for j in range(len(raw)):
        largest = max(largest, scale * raw[j])
    total = 0.0
    for j in range(len(raw)):
        p[j] = math.exp(scale * raw[j] - largest)
        total += p[j]
    for j in range(len(raw)):
        p[j] /= total


@internal
def _fill_positions(
    raw: FloatArray, scale: float, bound: float, least: float, p: FloatArray, knots: FloatArray
) -> None:
    n = len(raw)
    _softmax(raw, scale, p)
    knots[0], knots[n], total = -bound, bound, 0.0
    for j in range(1, n):
        total += least + (1.0 - least * n) * p[j - 1]
        knots[j] = 2.0 * bound * total - bound


@internal
def fill_spline(
    raw: FloatArray, scale: float, bound: float, least: FloatArray, shares: FloatArray, spline: FloatArray
) -> None:
    """Fill in a spline, (3 K + 3,), from a network's outputs.

    Args:
        raw: the network's outputs for widths, heights and inner slopes, shape (3 K - 1,).
        scale: factor of the raw widths and heights.
        bound: B, the splines' reach in either direction.
        least: width and height of a bin, as a share of 2 B, and slope, (3,).
        shares: filled with the softmax of widths and of heights, (2 K,).
        spline: array that is filled with knots and slopes, shape (3 K + 3,).
    """
    n = (len(raw) + 1) // 3
    _fill_positions(raw[:n], scale, bound, least[0], shares[:n], spline[: n + 1])
    _fill_positions(raw[n : 2 * n], scale, bound, least[1], shares[n:], spline[n + 1 : 2 * n + 2])
    slopes = spline[2 * n + 2 :]
    slopes[0] = slopes[n] = 1.0
    for j in range(1, n):
        x = raw[2 * n + j - 1]
        slopes[j] = least[2] + max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@internal
def _positions_back(
    by_knots: FloatArray, p: FloatArray, scale: float, bound: float, least: float, by_raw: FloatArray
) -> None:
    n, later, mean = len(p), 0.0, 0.0
    for j in range(n - 1, -1, -1):
        by_raw[j] = later  # the derivative by a share, to a factor
        mean += p[j] * later
        later += by_knots[j]
    factor = 2.0 * bound * (1.0 - least * n) * scale
    for j in range(n):
        by_raw[j] = factor * p[j] * (by_raw[j] - mean)


@internal
def spline_back(
    by_spline: FloatArray, raw: FloatArray, scale: float, bound: float, least: FloatArray, shares: FloatArray,
    by_raw: FloatArray,
) -> None:  # fmt: skip
    """Fill in the derivatives by a network's outputs from those by the spline."""
    n = (len(raw) + 1) // 3
    _positions_back(by_spline[: n + 1], shares[:n], scale, bound, least[0], by_raw[:n])
    _positions_back(by_spline[n + 1 : 2 * n + 2], shares[n:], scale, bound, least[1], by_raw[n : 2 * n])
    for j in range(1, n):
        by_raw[2 * n + j - 1] = by_spline[2 * n + 2 + j] / (1.0 + math.exp(-raw[2 * n + j - 1]))


@internal
def forward(x: float, spline: FloatArray) -> tuple[int, float, float]:
    """The bin of x, -1 outside of all; y; and log dy/dx."""
    n = len(spline) // 3 - 1
    if not (spline[0] <= x <= spline[n]):
        return -1, x, 0.0
    j = 0
    while j < n - 1 and x >= spline[j + 1]:
        j += 1
    w, h = spline[j + 1] - spline[j], spline[n + 2 + j] - spline[n + 1 + j]
    d0, d1, delta, t = spline[2 * n + 2 + j], spline[2 * n + 3 + j], h / w, (x - spline[j]) / w
    q, u = t * (1.0 - t), 1.0 - t
    denominator = delta + (d0 + d1 - 2.0 * delta) * q
    y = spline[n + 1 + j] + h * (delta * t * t + d0 * q) / denominator
    slope = d1 * t * t + 2.0 * delta * q + d0 * u * u
    return j, y, 2.0 * math.log(delta / denominator) + math.log(slope)


@internal
def backward(x: float, j: int, spline: FloatArray, by_y: float, by_log_slope: float, by_spline: FloatArray) -> float:
    """Add to the derivatives by the spline; return that by x, in bin j."""
    if j < 0:
        return by_y
    n = len(spline) // 3 - 1
    w, h = spline[j + 1] - spline[j], spline[n + 2 + j] - spline[n + 1 + j]
    d0, d1, delta, t = spline[2 * n + 2 + j], spline[2 * n + 3 + j], h / w, (x - spline[j]) / w
    q, u = t * (1.0 - t), 1.0 - t
    bend = d0 + d1 - 2.0 * delta
    per = 1.0 / (delta + bend * q)
    numerator = delta * t * t + d0 * q
    per_slope = 1.0 / (d1 * t * t + 2.0 * delta * q + d0 * u * u)
    y_per = by_y * h * per * per
    # derivatives by t, delta and both slopes: of y by its quotient, of the logarithm by each factor
    turn = bend * (1.0 - 2.0 * t)
    by_t = y_per * ((2.0 * delta * t + d0 * (1.0 - 2.0 * t)) / per - numerator * turn) + by_log_slope * (
        2.0 * (d1 * t + delta * (1.0 - 2.0 * t) - d0 * u) * per_slope - 2.0 * turn * per
    )
    by_delta = y_per * (t * t / per - numerator * (1.0 - 2.0 * q)) + by_log_slope * (
        2.0 / delta + 2.0 * q * per_slope - 2.0 * (1.0 - 2.0 * q) * per
    )
    by_spline[2 * n + 2 + j] += y_per * (q / per - numerator * q) + by_log_slope * (u * u * per_slope - 2.0 * q * per)
    by_spline[2 * n + 3 + j] += by_log_slope * (t * t * per_slope - 2.0 * q * per) - y_per * numerator * q
    by_h = by_y * numerator * per + by_delta / w
    by_w = -(by_t * t + by_delta * delta) / w
    by_spline[j] -= by_t / w + by_w
    by_spline[j + 1] += by_w
    by_spline[n + 1 + j] += by_y - by_h
    by_spline[n + 2 + j] += by_h
    return by_t / w
