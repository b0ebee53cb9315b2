"""From x to u and back, and the density of x as one C function."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.compiled.structs import CFunction, claim, release
from hddm_sbi.inference.coordinates.arrays import Arrays, read_arrays
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
from hddm_sbi.inference.potential.correlations import from_cholesky, to_cholesky
from hddm_sbi.inference.potential.kernels import LOG_DENSITY_SIGNATURE
from hddm_sbi.likelihoods.driver.compiled_sum import call_log_density

FloatArray = npt.NDArray[np.float64]


@internal
def _bend(centre: float, d: float) -> tuple[float, float]:
    """psi(d) and its derivative, for a width at ``centre`` + d on the logit scale of its proportion."""
    here, there = 1.0 / (1.0 + math.exp(-centre)), 1.0 / (1.0 + math.exp(-centre - d))
    per_change = 1.0 / (here * here * (1.0 - here))
    return 0.5 * per_change * (there - here) * (there + here), per_change * there * there * (1.0 - there)


@internal
def _to_core(arrays: Arrays, x: FloatArray, u: FloatArray, slot: int) -> None:
    """Fill in the core of u, where signed standard deviations are themselves so far, and the scales."""
    moved, n_core = arrays.moved[slot], len(arrays.core_at)
    n_straight = n_core - arrays.bent
    for i in range(n_straight):
        total = 0.0
        for j in range(i, n_straight):
            total += arrays.core[i, j] * x[arrays.core_at[j]]
        moved[i] = total
    if arrays.bent:
        at, scale = arrays.core_at[n_straight], arrays.core[n_straight, n_straight]
        d = scale * x[at]
        moved[n_straight], arrays.slope[slot] = _bend(arrays.centre[at], d)
        for i in range(n_straight):
            moved[i] += arrays.core[i, n_straight] / scale * moved[n_straight]
        u[at] = arrays.centre[at] + d
    for i in range(n_straight):
        u[arrays.core_at[i]] = arrays.centre[arrays.core_at[i]] + moved[i]
    for i in range(len(arrays.scale_at)):
        y = u[arrays.scale_at[i]]
        arrays.scale[slot, i] = y if arrays.scale_signed[i] else math.exp(y)


@internal
def _to_cholesky(arrays: Arrays, u: FloatArray, slot: int) -> None:
    """Fill in the correlated sets' Lambda from the core."""
    partial, first = arrays.partial[slot], 0
    for i in range(len(arrays.partial_at)):
        partial[i] = math.tanh(u[arrays.partial_at[i]])
    for i in range(len(arrays.set_size)):
        size = arrays.set_size[i]
        to_cholesky(partial, first, size, arrays.cholesky[slot], arrays.rest_of[slot], arrays.set_factor[i])
        first += size * (size - 1) // 2


@internal
def _from_cholesky(arrays: Arrays, by_u: FloatArray, slot: int) -> None:
    """Add to the derivatives by the core those that come by the sets' Lambda."""
    partial, by_partial, first = arrays.partial[slot], arrays.by_partial[slot], 0
    for i in range(len(partial)):
        by_partial[i] = 0.0
    for i in range(len(arrays.set_size)):
        size, start = arrays.set_size[i], arrays.set_factor[i]
        from_cholesky(arrays.by_cholesky[slot], partial, first, size, arrays.rest_of[slot], start, by_partial)
        first += size * (size - 1) // 2
    for i in range(len(partial)):
        by_u[arrays.partial_at[i]] += by_partial[i] * (1.0 - partial[i] * partial[i])


@internal
def _to_groups(arrays: Arrays, x: FloatArray, u: FloatArray, slot: int) -> float:
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
            raw[i] = mean[i] + x[group_at[i]]
        solve_lower(factor, square, raw, at, k)
        square += k * k
    for i in range(len(group_at)):
        u[group_at[i]] = raw[i]
    return log_jacobian


@internal
def _from_groups(arrays: Arrays, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
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
        solve_lower(factor, square, by_mean, 0, k)  # now by c, while by_s still holds the derivatives by L'^-1 c
        for i in range(k):
            for j in range(i + 1):
                by_factor[i * k + j] = -by_s[i] * raw[at + j] - mean[at + i] * by_mean[j]
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


@internal
def _turn_round(arrays: Arrays, values: FloatArray, slot: int) -> None:
    """Change the sign of raw coefficients, and of partial correlations, whose standard deviation is negative."""
    scale = arrays.scale[slot]
    for i in range(len(arrays.group_at)):
        if arrays.group_scale[i] >= 0 and scale[arrays.group_scale[i]] < 0.0:
            values[arrays.group_at[i]] = -values[arrays.group_at[i]]
    for i in range(len(arrays.partial_at)):
        for j in range(2):
            if arrays.partial_scales[i, j] >= 0 and scale[arrays.partial_scales[i, j]] < 0.0:
                values[arrays.partial_at[i]] = -values[arrays.partial_at[i]]


@internal
def _to_u(arrays: Arrays, x: FloatArray, u: FloatArray, slot: int) -> float:
    """Fill in u; return the log Jacobian, up to a constant."""
    _to_core(arrays, x, u, slot)
    _to_cholesky(arrays, u, slot)
    log_jacobian = _to_groups(arrays, x, u, slot)
    _turn_round(arrays, u, slot)
    for i in range(len(arrays.scale_at)):
        if arrays.scale_signed[i]:
            log_sd = math.log(abs(arrays.scale[slot, i]))
            u[arrays.scale_at[i]] = log_sd
            log_jacobian -= log_sd
    return log_jacobian


@internal
def _from_u(arrays: Arrays, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
    """Fill in the derivatives of the log density of x from those of u's, which it changes."""
    by_moved, by_scale, n_core = arrays.moved[slot], arrays.by_scale[slot], len(arrays.core_at)
    n_straight = n_core - arrays.bent
    _turn_round(arrays, by_u, slot)
    for i in range(n_core):
        by_moved[i] = 0.0
    for i in range(len(by_scale)):
        by_scale[i] = 0.0
    arrays.by_cholesky[slot][:] = 0.0
    _from_groups(arrays, by_u, by_x, slot)
    _from_cholesky(arrays, by_u, slot)
    for i in range(len(arrays.scale_at)):
        y, at = arrays.scale[slot, i], arrays.scale_at[i]
        if arrays.scale_signed[i]:
            by_u[at] = (by_u[at] - 1.0) / y + by_scale[i]  # of log |y|, and of its Jacobian
        else:
            by_u[at] += y * by_scale[i]
    for i in range(n_straight):
        by_moved[i] += by_u[arrays.core_at[i]]
    for j in range(n_core):
        total = 0.0
        for i in range(j + 1):
            total += arrays.core[i, j] * by_moved[i]
        if j >= n_straight:
            total = arrays.slope[slot] * total + arrays.core[j, j] * by_u[arrays.core_at[j]]
        by_x[arrays.core_at[j]] = total


@callable_from_python
def to_u_at(record: int, x: FloatArray, u: FloatArray, slot: int) -> float:
    """Fill in u; return the log Jacobian, up to a constant."""
    return _to_u(read_arrays(record), x, u, slot)


@callable_from_python
def from_u_at(record: int, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
    """Fill in the derivatives by x from those by u, after ``to_u_at`` with the same slot."""
    _from_u(read_arrays(record), by_u, by_x, slot)


def _log_density_at(ndim, x, gradient, value, record):  # type: ignore[no-untyped-def]
    arrays = read_arrays(record)
    slot = claim(arrays.busy)
    u, by_u = arrays.u[slot], arrays.by_u[slot]
    log_jacobian = _to_u(arrays, nb.carray(x, ndim), u, slot)
    status = call_log_density(arrays.function, ndim, u, by_u, value, arrays.record)
    value[0] += log_jacobian
    _from_u(arrays, by_u, nb.carray(gradient, ndim), slot)
    release(arrays.busy, slot)
    return status


log_density_at = CFunction(LOG_DENSITY_SIGNATURE, _log_density_at)
