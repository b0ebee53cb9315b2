"""From x to u and back, and the density of x as one C function."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.compiled.structs import CFunction, claim, release
from hddm_sbi.inference.coordinates.arrays import Arrays, read_arrays
from hddm_sbi.inference.coordinates.group_kernels import from_groups, to_groups
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
    log_jacobian = to_groups(arrays, x, u, slot)
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
    from_groups(arrays, by_u, by_x, slot)
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
