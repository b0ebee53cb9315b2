"""From x to the groups' raw coefficients, and back: what ``groups`` describes, with the bends of ``ridges``."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.inference.coordinates.arrays import RIDGE_CELLS, RIDGE_END, RIDGE_NODES_PER_SD, Arrays
from hddm_sbi.inference.coordinates.groups import (
    by_precision,
    by_scales,
    factorise,
    fill_precision,
    fill_scaled,
    lambda_times,
    solve_lower,
    solve_upper,
    times_lambda,
    transposed_times,
)
from hddm_sbi.inference.coordinates.tilt_kernels import from_tilted, to_tilted

FloatArray = npt.NDArray[np.float64]


@internal
def to_groups(arrays: Arrays, x: FloatArray, u: FloatArray, slot: int) -> float:
    """Fill in the groups' part of u, where negative standard deviations count as such; return the log Jacobian."""
    shifting, shifts, pull, rest, still = arrays.shifting, arrays.shifts, arrays.pull, arrays.rest, arrays.still
    information, prior, factor, bounds = arrays.information, arrays.prior, arrays.factor[slot], arrays.bounds
    group_at, group_scale, n = arrays.group_at, arrays.group_scale, len(shifting)
    row, before, cholesky = arrays.group_row, arrays.group_before, arrays.cholesky[slot]
    moved, scale, s, pulled = arrays.moved[slot], arrays.scale[slot], arrays.s[slot], arrays.pulled[slot]
    mean, raw = arrays.mean[slot], arrays.raw[slot]
    matrix, product = arrays.square[slot], arrays.product[slot]
    square, log_jacobian = 0, 0.0
    for i in range(len(group_at)):
        s[i] = still[i] if group_scale[i] < 0 else scale[group_scale[i]]
        total = pull[i]
        for j in range(n):
            total -= shifts[i * n + j] * moved[shifting[j]]
        pulled[i] = total
        mean[i] = rest[i]
    for i in range(len(group_at)):
        if row[i] < 0:
            mean[i] += s[i] * pulled[i]
        else:
            for j in range(before[i] + 1):
                mean[i - before[i] + j] += cholesky[row[i] + j] * s[i] * pulled[i]
    for group in range(len(bounds) - 1):
        at, k = bounds[group], bounds[group + 1] - bounds[group]
        if arrays.joint[group]:
            fill_scaled(information, s, at, square, matrix, k)
            times_lambda(matrix, cholesky, row, before, at, product, k)
            transposed_times(product, cholesky, row, before, at, factor, square, k)
            for i in range(k):
                factor[square + i * k + i] += prior[at + i]
        else:
            fill_precision(prior, information, s, factor, at, square, k)
        log_jacobian -= factorise(prior, factor, at, square, k)
        solve_upper(factor, square, mean, at, k)
        for i in range(at, at + k):
            raw[i] = x[group_at[i]]
        if arrays.ridge_at[group] >= 0:
            log_jacobian += _along_ridge(arrays, group, at, k, slot)
        for i in range(at, at + k):
            raw[i] += mean[i]
        if arrays.tilt_bounds[group + 1] > arrays.tilt_bounds[group]:  # t0 is the first, whatever L and the mean are
            r, log_slope = to_tilted(arrays, group, at, x[group_at[at]], slot)
            raw[at] = r / factor[square]
            log_jacobian += log_slope - math.log(factor[square])
        solve_lower(factor, square, raw, at, k)
        square += k * k
    for i in range(len(group_at)):
        u[group_at[i]] = raw[i]
    return log_jacobian


@internal
def _along_ridge(arrays: Arrays, group: int, at: int, k: int, slot: int) -> float:
    """Move one group's point, in ``raw``, by q(s); return the log Jacobian. Beyond the last nodes q is straight."""
    nodes, start = arrays.ridge_nodes, arrays.ridge_at[group]
    raw, slope = arrays.raw[slot], arrays.ridge_slope[slot]
    place = (raw[at] + RIDGE_END) * RIDGE_NODES_PER_SD
    cell = min(max(math.floor(place), 0), RIDGE_CELLS - 1)
    d = min(max(place - cell, 0.0), 1.0)
    e, beyond = 1.0 - d, (place - cell - d) / RIDGE_NODES_PER_SD
    for i in range(k):
        left, right = start + 2 * (cell * k + i), start + 2 * ((cell + 1) * k + i)
        change, before, after = nodes[right] - nodes[left], nodes[left + 1], nodes[right + 1]
        # Hermite's cubic in units of a cell
        value = nodes[left] + d * (e * (e * before - d * after) + d * (3.0 - 2.0 * d) * change)
        first = 6.0 * d * e * change + e * (1.0 - 3.0 * d) * before + d * (3.0 * d - 2.0) * after
        slope[at + i] = first * RIDGE_NODES_PER_SD
        value += beyond * slope[at + i]
        signed = arrays.ridge_signed[at + i]
        if signed > 0.0:
            y = arrays.s[slot, at + i]
            size = math.sqrt(0.5 * (y * y + signed * signed))
            arrays.ridge_by_s[slot, at + i] = value * 0.5 * signed * signed / (size * size * size)
            value *= y / size
            slope[at + i] *= y / size
        raw[at + i] += value
        if i == 0:
            second = 6.0 * (1.0 - 2.0 * d) * change + (6.0 * d - 4.0) * before + (6.0 * d - 2.0) * after
            bend = second * RIDGE_NODES_PER_SD * RIDGE_NODES_PER_SD if beyond == 0.0 else 0.0
            arrays.ridge_bend[slot, group] = bend / (1.0 + slope[at])
    return math.log(1.0 + slope[at])


@internal
def _back_from_ridge(arrays: Arrays, group: int, at: int, k: int, by_x: FloatArray, slot: int) -> None:
    """From derivatives by the moved point to those by x, in the place of the former, and by signed scales."""
    along = arrays.ridge_bend[slot, group]
    for i in range(at, at + k):
        by = by_x[arrays.group_at[i]]
        along += arrays.ridge_slope[slot, i] * by
        if arrays.ridge_signed[i] > 0.0:
            arrays.by_scale[slot, arrays.group_scale[i]] += arrays.ridge_by_s[slot, i] * by
    by_x[arrays.group_at[at]] += along


@internal
def from_groups(arrays: Arrays, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
    """Fill in the groups' part of by_x, and add to the derivatives by the core, the scales and the sets' Lambda."""
    shifting, shifts, group_at, group_scale = arrays.shifting, arrays.shifts, arrays.group_at, arrays.group_scale
    bounds, n, square = arrays.bounds, len(shifting), 0
    information, factor, s, pulled = arrays.information, arrays.factor[slot], arrays.s[slot], arrays.pulled[slot]
    by_moved, by_scale, mean, raw = arrays.moved[slot], arrays.by_scale[slot], arrays.mean[slot], arrays.raw[slot]
    by_factor, by_mean, by_s = arrays.by_factor[slot], arrays.by_mean[slot], arrays.by_s[slot]
    by_pulled = arrays.by_pulled[slot]
    for group in range(len(bounds) - 1):
        at, k = bounds[group], bounds[group + 1] - bounds[group]
        for i in range(k):
            by_mean[i] = by_u[group_at[at + i]]
        solve_upper(factor, square, by_mean, 0, k)
        for i in range(k):
            by_x[group_at[at + i]] = by_mean[i]
            by_s[i] = by_mean[i]
        if arrays.ridge_at[group] >= 0:
            _back_from_ridge(arrays, group, at, k, by_x, slot)
        tilted = arrays.tilt_bounds[group + 1] > arrays.tilt_bounds[group]
        if tilted:
            from_tilted(arrays, group, at, by_mean[0] / factor[square], by_x, slot)
            by_s[0] = by_mean[0] = 0.0  # L and c do not move it
        solve_lower(factor, square, by_mean, 0, k)  # now by c, while by_s still holds the derivatives by L'^-1 c
        for i in range(k):
            for j in range(i + 1):
                by_factor[i * k + j] = -by_s[i] * raw[at + j] - mean[at + i] * by_mean[j]
            if i > 0 or not tilted:
                by_factor[i * k + i] -= factor[square + i * k + i]  # of -log det L: 1 / L_ii
        by_precision(factor, square, by_factor, k)
        if arrays.joint[group]:
            _from_lambda(arrays, at, square, k, slot)
        else:
            for i in range(k):
                by_pulled[i] = by_mean[i]
        for i in range(k):
            by_s[i] = by_pulled[i] * pulled[at + i]
        by_scales(information, square, s, at, by_factor, by_s, k)
        for i in range(k):
            if group_scale[at + i] >= 0:
                by_scale[group_scale[at + i]] += by_s[i]
            for j in range(n):
                by_moved[shifting[j]] -= by_pulled[i] * s[at + i] * shifts[(at + i) * n + j]
        square += k * k


@internal
def _from_lambda(arrays: Arrays, at: int, square: int, k: int, slot: int) -> None:
    """Of one group, from derivatives by M and c: add to those by Lambda, and make those by S G S and by S (...)."""
    row, before = arrays.group_row, arrays.group_before
    cholesky, by_cholesky = arrays.cholesky[slot], arrays.by_cholesky[slot]
    s, pulled, by_mean, by_pulled = arrays.s[slot], arrays.pulled[slot], arrays.by_mean[slot], arrays.by_pulled[slot]
    by_m, matrix, product = arrays.by_factor[slot], arrays.square[slot], arrays.product[slot]
    for i in range(k):  # each element of the symmetric M has half of what both have
        for j in range(i):
            by_m[i * k + j] *= 0.5
            by_m[j * k + i] = by_m[i * k + j]
    lambda_times(by_m, cholesky, row, before, at, product, k)
    fill_scaled(arrays.information, s, at, square, matrix, k)
    for m in range(k):
        by_pulled[m] = by_mean[m] if row[at + m] < 0 else 0.0
        if row[at + m] >= 0:
            first = m - before[at + m]
            for j in range(before[at + m] + 1):
                place = row[at + m] + j
                by_pulled[m] += cholesky[place] * by_mean[first + j]
                total = s[at + m] * pulled[at + m] * by_mean[first + j]
                for i in range(k):
                    total += 2.0 * matrix[m * k + i] * product[i * k + first + j]
                by_cholesky[place] += total
    for i in range(k):  # product Lambda', lower triangle, the elements that are the same number together
        for j in range(i + 1):
            total = product[i * k + j] if row[at + j] < 0 else 0.0
            if row[at + j] >= 0:
                first = j - before[at + j]
                for m in range(before[at + j] + 1):
                    total += product[i * k + first + m] * cholesky[row[at + j] + m]
            by_m[i * k + j] = total if i == j else 2.0 * total
