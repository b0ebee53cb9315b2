"""From u to theta on the design rows and back, and the whole potential as one C function.

u -> sites' values and prior density -> coefficients -> linear predictors -> links -> theta -> log likelihood, and the
gradient by the chain rule the other way. Nothing is allocated: the working memory is in the plan, one row a slot.
"""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from numba.core import types

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.compiled.structs import POINTER, CFunction, claim, release
from hddm_sbi.inference.potential.correlations import from_cholesky, to_cholesky
from hddm_sbi.inference.potential.plan import Plan, read_plan
from hddm_sbi.inference.potential.priors import EXTERNAL, LOG_SQRT_2PI, Mapped, density
from hddm_sbi.likelihoods.driver.compiled_sum import call_sum
from hddm_sbi.ssm.widths import fits_at, room_at

FloatArray = npt.NDArray[np.float64]

# places in ``links.LINK_NAMES``
LOG, LOGIT = 1, 2


@internal
def _own_prior(plan: Plan, i: int, u: float, slot: int) -> Mapped:
    if plan.own_family[i] != EXTERNAL:
        return density(plan.own_family[i], u, plan.own_numbers[i])
    external = plan.external[slot]
    at, n = plan.own_external[i], len(external) // 4
    return external[at], external[n + at], external[2 * n + at], external[3 * n + at]


@internal
def _to_coefficients(plan: Plan, u: FloatArray, slot: int) -> float:
    """Fill in the sites' values and the coefficients; return the log density of u under all priors."""
    x, slope, by_own = plan.x[slot], plan.slope[slot], plan.by_own[slot]
    coefficients = plan.coefficients[slot]
    for i in range(plan.ndim):
        x[i], slope[i], by_own[i] = u[i], 1.0, 0.0
    x[plan.ndim] = 0.0  # what terms without a population value vary around
    log_prior = 0.0
    for i in range(len(plan.own_at)):
        at = plan.own_at[i]
        x[at], slope[at], log_density, by_own[at] = _own_prior(plan, i, u[at], slot)
        log_prior += log_density
    for i in range(plan.n_common):
        coefficients[i] = x[i]
    shift = plan.ndim - plan.n_group - plan.n_common  # standard deviations and correlations, which are no coefficients
    log_prior += _to_deviations(plan, x, shift, slot)
    for i in range(len(plan.apart_at)):
        at = plan.apart_at[i]
        coefficients[at - shift] = x[at] - x[plan.apart_beta[i]]
    return log_prior


@internal
def _to_deviations(plan: Plan, x: FloatArray, shift: int, slot: int) -> float:
    """Fill in the deviations of pooled groups; return the log density of their raw coefficients."""
    factor, rest, standard, coefficients = (
        plan.factor[slot],
        plan.rest[slot],
        plan.standard[slot],
        plan.coefficients[slot],
    )
    for i in range(len(plan.set_at)):
        to_cholesky(x, plan.set_at[i], plan.set_size[i], factor, rest, plan.set_factor[i])
    total = 0.0
    for i in range(len(plan.raw_at)):
        at, row = plan.raw_at[i], plan.raw_row[i]
        total += x[at] * x[at]
        if row < 0:
            standard[i] = x[at]
        else:
            first, standard[i] = at - plan.raw_before[i], 0.0
            for j in range(plan.raw_before[i] + 1):
                standard[i] += factor[row + j] * x[first + j]
        coefficients[at - shift] = x[plan.raw_sd[i]] * standard[i]
    return -0.5 * total - len(plan.raw_at) * LOG_SQRT_2PI


@internal
def _from_deviations(plan: Plan, shift: int, slot: int) -> None:
    """Add to the derivatives by the sites' values those that come by the deviations and by the raw density."""
    x, by_x, by_coefficients = plan.x[slot], plan.by_x[slot], plan.by_coefficients[slot]
    factor, by_factor, standard = plan.factor[slot], plan.by_factor[slot], plan.standard[slot]
    for i in range(len(by_factor)):
        by_factor[i] = 0.0
    for i in range(len(plan.raw_at)):
        at, sd, row = plan.raw_at[i], plan.raw_sd[i], plan.raw_row[i]
        by_deviation = by_coefficients[at - shift]
        by_standard = by_deviation * x[sd]
        by_x[sd] += by_deviation * standard[i]
        by_x[at] -= x[at]
        if row < 0:
            by_x[at] += by_standard
        else:
            first = at - plan.raw_before[i]
            for j in range(plan.raw_before[i] + 1):
                by_x[first + j] += by_standard * factor[row + j]
                by_factor[row + j] += by_standard * x[first + j]
    for i in range(len(plan.set_at)):
        size, start = plan.set_size[i], plan.set_factor[i]
        from_cholesky(by_factor, x, plan.set_at[i], size, plan.rest[slot], start, by_x)


@internal
def _fit_widths(plan: Plan, theta: FloatArray) -> bool:
    """Make widths of proportions in theta, (rows, parameters); whether all fit around their starting points."""
    fit = True
    for i in range(len(plan.width_at)):
        at, start = plan.width_at[i], plan.width_start[i]
        for row in range(theta.shape[0]):
            room, _ = room_at(theta[row, start])
            if plan.width_relative[i]:
                theta[row, at] *= room
            fit &= fits_at(theta[row, at], room)
    return fit


@internal
def _to_theta(plan: Plan, slot: int) -> bool:
    """Fill in theta from the coefficients; whether all of it is finite and possible."""
    coefficients, values, theta = plan.coefficients[slot], plan.values[slot], plan.theta[slot]
    finite = True
    for i in range(len(plan.link)):
        value = plan.offset[i]
        for j in range(plan.indptr[i], plan.indptr[i + 1]):
            value += plan.weight[j] * coefficients[plan.column[j]]
        if plan.link[i] == LOG:
            value = math.exp(value)
        elif plan.link[i] == LOGIT:
            value = plan.low[i] + plan.span[i] / (1.0 + math.exp(-value))
        values[i] = value
        finite &= math.isfinite(value)
    source = plan.source.reshape(-1)
    for i in range(len(source)):
        theta[i] = values[source[i]]
    return _fit_widths(plan, theta.reshape(plan.source.shape)) and finite


@internal
def forward(plan: Plan, u: FloatArray, slot: int) -> float:
    """Fill in theta; return the log prior density of u, or -inf where it or theta is not finite."""
    log_prior = _to_coefficients(plan, u, slot)
    if _to_theta(plan, slot) and math.isfinite(log_prior):
        return log_prior
    return -np.inf


@internal
def _from_widths(plan: Plan, values: FloatArray, theta: FloatArray, by_theta: FloatArray) -> None:
    """Make derivatives by proportions of those by widths, and add what the starting points change of the widths."""
    for i in range(len(plan.width_at)):
        if plan.width_relative[i]:
            at, start = plan.width_at[i], plan.width_start[i]
            for row in range(theta.shape[0]):
                room, slope = room_at(theta[row, start])
                by_theta[row, start] += by_theta[row, at] * values[plan.source[row, at]] * slope
                by_theta[row, at] *= room


@internal
def _from_theta(plan: Plan, slot: int) -> None:
    """Fill in the derivatives of the log likelihood by the coefficients, from those by theta, which it changes."""
    values, by_values = plan.values[slot], plan.by_values[slot]
    by_theta, by_coefficients = plan.by_theta[slot], plan.by_coefficients[slot]
    _from_widths(plan, values, plan.theta[slot].reshape(plan.source.shape), by_theta.reshape(plan.source.shape))
    source = plan.source.reshape(-1)
    for i in range(len(by_values)):
        by_values[i] = 0.0
    for i in range(len(source)):
        by_values[source[i]] += by_theta[i]
    for i in range(len(by_coefficients)):
        by_coefficients[i] = 0.0
    for i in range(len(plan.link)):
        by_eta = by_values[i]
        if plan.link[i] == LOG:
            by_eta *= values[i]
        elif plan.link[i] == LOGIT:
            place = (values[i] - plan.low[i]) / plan.span[i]
            by_eta *= plan.span[i] * place * (1.0 - place)
        for j in range(plan.indptr[i], plan.indptr[i + 1]):
            by_coefficients[plan.column[j]] += plan.weight[j] * by_eta


@internal
def backward(plan: Plan, slot: int, gradient: FloatArray) -> bool:
    """Fill in the gradient of log prior + log likelihood by u, after by_theta; whether it is finite."""
    _from_theta(plan, slot)
    slope, by_own, by_x = plan.slope[slot], plan.by_own[slot], plan.by_x[slot]
    by_coefficients = plan.by_coefficients[slot]
    for i in range(len(by_x)):
        by_x[i] = 0.0
    for i in range(plan.n_common):
        by_x[i] = by_coefficients[i]
    shift = plan.ndim - plan.n_group - plan.n_common
    _from_deviations(plan, shift, slot)
    for i in range(len(plan.apart_at)):
        by_deviation = by_coefficients[plan.apart_at[i] - shift]
        by_x[plan.apart_at[i]] += by_deviation
        by_x[plan.apart_beta[i]] -= by_deviation
    finite = True
    for i in range(plan.ndim):
        gradient[i] = by_x[i] * slope[i] + by_own[i]
        finite &= math.isfinite(gradient[i])
    return finite


@internal
def log_density_grad(plan: Plan, u: FloatArray, gradient: FloatArray, slot: int) -> float:
    """The joint log density with a compiled likelihood; -inf and zeros where it or its gradient is not finite."""
    value = forward(plan, u, slot)
    if value > -np.inf:
        shape = plan.source.shape
        theta, by_theta = plan.theta[slot].reshape(shape), plan.by_theta[slot].reshape(shape)
        value += call_sum(plan.sum_function, plan.sum_record, slot, theta, by_theta)
        if math.isfinite(value) and backward(plan, slot, gradient):
            return value
    gradient[:] = 0.0
    return -np.inf


# int log_density(ndim, u, gradient, value, record): what nutpie calls; 0, or 4 where the density is zero
LOG_DENSITY_SIGNATURE = types.int64(types.uint64, POINTER, POINTER, POINTER, types.int64)
# the same for Python, whose lock is released while it runs
C_LOG_DENSITY: Any = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)


def _log_density_at(ndim, u, gradient, value, record):  # type: ignore[no-untyped-def]
    plan = read_plan(record)
    slot = claim(plan.busy)
    n = plan.ndim
    result = log_density_grad(plan, nb.carray(u, n), nb.carray(gradient, n), slot)
    release(plan.busy, slot)
    value[0] = result
    return 0 if result > -np.inf else 4


log_density_at = CFunction(LOG_DENSITY_SIGNATURE, _log_density_at)


@callable_from_python
def forward_at(record: int, u: FloatArray, slot: int) -> float:
    """``forward`` for Python, by the plan's address."""
    return forward(read_plan(record), u, slot)


@callable_from_python
def backward_at(record: int, slot: int, gradient: FloatArray) -> bool:
    """``backward`` for Python, by the plan's address."""
    return backward(read_plan(record), slot, gradient)
