"""The quantiles of a tilted normal distribution, with which a group's non-decision time follows the population.

By its prior a group's t0 has the deviation c = s r from the population's, r ~ N(0, 1). Its likelihood tilts that: l is
given at knots, where c is that from the population's t0 at the centre, and straight between and beyond them. Of

    g(r) = exp(-r^2 / 2 + l(shift + s r)),    with the total Z and the distribution function G(r) / Z,

r is the quantile that x has among standard normal numbers: G(r) = Z Phi(x). A piece of g is part of a normal density
around gamma s, gamma being the slope of l, so that masses and their derivatives have closed forms: on one side of its
top a piece has the mass g R between its ends, R being Mills' ratio of the distance from the top. As s goes to zero r
goes to x; a negative s turns both round.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.normal_tail import mills
from hddm_sbi.inference.coordinates.arrays import TILT_NUMBERS, Arrays

FloatArray = npt.NDArray[np.float64]

ROOT_2PI = math.sqrt(2.0 * math.pi)
# Smaller standard deviations are taken as this one; of larger |x| the mass beyond is next to the least double.
LEAST_SD, LARGEST_X = 1e-9, 30.0
# What is infinitely far away, and how far an open end is followed.
FAR, OPEN = 1e100, 40.0
MOST_STEPS, CLOSE, LEAST_MASS = 100, 1e-14, 1e-300


@inlined
def _mass(low: float, high: float, at_low: float, at_high: float, top: float) -> float:
    """Of a piece between two distances from its top, from g at both and at the top, if that is between."""
    if low >= 0.0:
        return at_low * mills(low) - at_high * mills(high)
    if high <= 0.0:
        return at_high * mills(-high) - at_low * mills(-low)
    return ROOT_2PI * top - at_low * mills(-low) - at_high * mills(high)


@inlined
def _at(r: float, middle: float, top: float, near: float, at_near: float) -> float:
    """g at r in a piece, from its top if that is inside, else from an end."""
    if top > 0.0:
        return top * math.exp(-0.5 * (r - middle) ** 2)
    return at_near * math.exp(0.5 * ((near - middle) ** 2 - (r - middle) ** 2))


@internal
def _fill_pieces(arrays: Arrays, group: int, s: float, shift: float, slot: int) -> float:
    """Fill in knots and pieces of g, up to a constant factor; return Z."""
    first, n, knots = arrays.tilt_bounds[group], _n_knots(arrays, group), arrays.tilt_knots
    place, density, slope = arrays.tilt_place[slot], arrays.tilt_density[slot], arrays.tilt_slope[slot]
    mass, moment, tops = arrays.tilt_mass[slot], arrays.tilt_moment[slot], arrays.tilt_top[slot]
    largest = -math.inf
    for k in range(n):
        place[k] = (knots[first + k, 0] - shift) / s
        density[k] = knots[first + k, 1] - 0.5 * place[k] * place[k]
        largest = max(largest, density[k])
    for k in range(n + 1):  # the logarithms of the tops that are inside their pieces
        slope[k] = knots[first + k, 2] if k < n else arrays.tilt_last[group]
        middle, near = slope[k] * s, max(k - 1, 0)
        inside = (k == 0 or place[k - 1] < middle) and (k == n or place[k] > middle)
        tops[k] = density[near] + 0.5 * (middle - place[near]) ** 2 if inside else -math.inf
        largest = max(largest, tops[k])
    for k in range(n):
        density[k] = math.exp(density[k] - largest)
    total = 0.0
    for k in range(n + 1):
        tops[k] = math.exp(tops[k] - largest)
        middle = slope[k] * s
        low, at_low = (place[k - 1] - middle, density[k - 1]) if k > 0 else (-FAR, 0.0)
        high, at_high = (place[k] - middle, density[k]) if k < n else (FAR, 0.0)
        mass[k] = _mass(low, high, at_low, at_high, tops[k])
        moment[k] = middle * mass[k] - (at_high - at_low)
        total += mass[k]
    return total


@inlined
def _n_knots(arrays: Arrays, group: int) -> int:
    return arrays.tilt_bounds[group + 1] - arrays.tilt_bounds[group]


@internal
def _solve(arrays: Arrays, n: int, k: int, s: float, wanted: float, upward: bool, slot: int) -> tuple[float, float]:
    """The r up to which (``upward``), or beyond which, piece k has the wanted mass, and g there: Newton's method."""
    place, density = arrays.tilt_place[slot], arrays.tilt_density[slot]
    middle, top = arrays.tilt_slope[slot, k] * s, arrays.tilt_top[slot, k]
    low, at_low = (place[k - 1], density[k - 1]) if k > 0 else (min(middle, place[0]) - OPEN, 0.0)
    high, at_high = (place[k], density[k]) if k < n else (max(middle, place[n - 1]) + OPEN, 0.0)
    near, at_near = (low, at_low) if at_low > at_high else (high, at_high)
    start, end = (low - middle if k > 0 else -FAR), (high - middle if k < n else FAR)
    # towards an open end the logarithm of the mass is nearly straight
    is_open = k == (0 if upward else n)
    r = min(max(middle, low), high) if k == 0 or k == n else 0.5 * (low + high)
    for _ in range(MOST_STEPS):
        here = _at(r, middle, top, near, at_near)
        found = _mass(start, r - middle, at_low, here, top) if upward else _mass(r - middle, end, here, at_high, top)
        if (found > wanted) == upward:
            high = r
        else:
            low = r
        step = (math.log(found / wanted) * found if is_open and found > 0.0 else found - wanted) / here
        new = r - step if upward else r + step
        if not (low <= new <= high):
            new = 0.5 * (low + high)
        if abs(new - r) <= CLOSE * (1.0 + abs(r)):
            break
        r = new
    return r, _at(r, middle, top, near, at_near)


@internal
def to_tilted(arrays: Arrays, group: int, at: int, x: float, slot: int) -> tuple[float, float]:
    """r at x, and the log of its derivative, up to a constant; fills in ``tilt_by``: how both change.

    Args:
        arrays: the change of coordinates.
        group, at: the group, and the place of its first coefficient.
        x: its first coordinate.
        slot: of working memory.
    """
    n, y = _n_knots(arrays, group), arrays.s[slot, at]
    sign, s = (1.0 if y >= 0.0 else -1.0), max(abs(y), LEAST_SD)
    shift = arrays.moved[slot, arrays.tilt_common[group]] if arrays.tilt_common[group] >= 0 else 0.0
    x *= sign
    if not abs(x) < LARGEST_X:
        return sign * x, -math.inf
    slope, mass, moment = arrays.tilt_slope[slot], arrays.tilt_mass[slot], arrays.tilt_moment[slot]
    density, total = arrays.tilt_density[slot], _fill_pieces(arrays, group, s, shift, slot)
    # from the nearer end, beyond which x has the lesser mass: rounding is relative to that
    upward, tail = x < 0.0, 0.5 * math.erfc(abs(x) / math.sqrt(2.0))
    wanted, k = tail * total, 0 if upward else n
    by_shift, by_s = 0.0, 0.0  # derivatives of the mass up to r, or beyond it
    while mass[k] < wanted and k != (n if upward else 0):
        wanted -= mass[k]
        by_shift, by_s = by_shift + slope[k] * mass[k], by_s + slope[k] * moment[k]
        k += 1 if upward else -1
    r, here = _solve(arrays, n, k, s, max(wanted, LEAST_MASS), upward, slot)
    if upward:
        part = slope[k] * s * wanted - (here - (density[k - 1] if k > 0 else 0.0))
    else:
        part = slope[k] * s * wanted - ((density[k] if k < n else 0.0) - here)
    by_shift, by_s = by_shift + slope[k] * wanted, by_s + slope[k] * part
    total_by_shift, total_by_s = 0.0, 0.0
    for i in range(n + 1):
        total_by_shift, total_by_s = total_by_shift + slope[i] * mass[i], total_by_s + slope[i] * moment[i]
    outward = 1.0 if upward else -1.0
    r_by_shift = outward * (tail * total_by_shift - by_shift) / here
    r_by_s = outward * (tail * total_by_s - by_s) / here
    r_by_x, log_g_by_r = total * math.exp(-0.5 * x * x) / (ROOT_2PI * here), slope[k] * s - r
    # a sign turns x, r and s round, and leaves the density alone
    by, first = arrays.tilt_by[slot], TILT_NUMBERS * group
    by[first], by[first + 1], by[first + 2] = r_by_x, sign * r_by_shift, r_by_s
    by[first + 3] = sign * (-x - log_g_by_r * r_by_x)
    by[first + 4] = total_by_shift / total - log_g_by_r * r_by_shift - slope[k]
    by[first + 5] = sign * (total_by_s / total - log_g_by_r * r_by_s - slope[k] * r)
    return sign * r, -0.5 * x * x + math.log(total / here)


@internal
def from_tilted(arrays: Arrays, group: int, at: int, by_r: float, by_x: FloatArray, slot: int) -> None:
    """From the derivative by r to that by x; add to those by the population's t0 and by the standard deviation."""
    by, first = arrays.tilt_by[slot], TILT_NUMBERS * group
    common, scale = arrays.tilt_common[group], arrays.group_scale[at]
    by_x[arrays.group_at[at]] = by_r * by[first] + by[first + 3]
    if common >= 0:
        arrays.moved[slot, common] += by_r * by[first + 1] + by[first + 4]  # by now derivatives by the core
    if scale >= 0:
        arrays.by_scale[slot, scale] += by_r * by[first + 2] + by[first + 5]
