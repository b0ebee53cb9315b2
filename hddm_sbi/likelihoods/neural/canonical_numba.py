"""``Canonical`` for compiled code: theta in canonical form, and derivatives by theta from those by the canonical form.

``form`` is a ``network_record.Form``; theta is one row.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import inlined, internal
from hddm_sbi.compiled.normal_tail import mills
from hddm_sbi.likelihoods.neural.kernels import UNIT
from hddm_sbi.likelihoods.neural.time_change import JUMPS, LEAST_JUMPS, LINEAR
from hddm_sbi.ssm.widths import room_at

FloatArray = npt.NDArray[np.float64]

# Scales below are taken as 0: they are not normal numbers.
LEAST = 2.3e-308
# Drifts smaller than this count as this large in the choice probability, which is smooth there.
_SMALLEST_DRIFT = 1e-6
_ROOT_HALF, _HALF_LOG_TWO_PI = math.sqrt(0.5), 0.5 * math.log(2.0 * math.pi)


@internal
def time_power(theta, form):  # type: ignore[no-untyped-def]
    """The power of the length scale that is the unit of time."""
    return theta[form.time_parameter] if form.time_parameter >= 0 else form.time_power


@internal
def log_scale(theta, form):  # type: ignore[no-untyped-def]
    """Logarithm of the length scale; NaN where it is not positive."""
    if form.scale < 0:
        return 0.0
    return vm.log(theta[form.scale]) if LEAST < theta[form.scale] < math.inf else np.nan


@inlined
def raised(exponent: float, log_base: float) -> float:
    """exp(exponent * log_base)."""
    return vm.exp(exponent * log_base) if abs(exponent * log_base) < 700.0 else math.exp(exponent * log_base)


@internal
def reduce_row(theta, form, inputs):  # type: ignore[no-untyped-def]
    """Fill in the canonical parameters; see ``Canonical.reduce``."""
    length, power = log_scale(theta, form), time_power(theta, form)
    for j in range(len(form.inputs)):
        i = form.inputs[j]
        value = theta[i]
        if form.within[i] >= 0:
            room, _ = room_at(theta[form.within[i]])
            value /= room
        if form.angle[i]:
            value = math.tan(value)
        if form.length[i] != 0.0 or form.time[i] != 0.0:
            value *= raised(-(form.length[i] + form.time[i] * power), length)
        if form.angle[i]:
            value = math.atan(value)
        if form.supports[j] == UNIT:
            value = (value - form.low[i]) / form.span[i]
        inputs[j] = value


@internal
def add_by_inputs(by_inputs, theta, form, by_theta):  # type: ignore[no-untyped-def]
    """Add to the derivatives by theta what comes by way of the canonical parameters."""
    length, power = log_scale(theta, form), time_power(theta, form)
    for j in range(len(form.inputs)):
        i = form.inputs[j]
        by_value, value, room, room_slope = by_inputs[j], theta[i], 1.0, 0.0
        if form.supports[j] == UNIT:
            by_value /= form.span[i]
        if form.within[i] >= 0:
            room, room_slope = room_at(theta[form.within[i]])
            value /= room
        slope = 1.0
        if form.angle[i]:
            value = math.tan(value)
            slope = 1.0 + value * value
        exponent = -(form.length[i] + form.time[i] * power)
        if form.length[i] != 0.0 or form.time[i] != 0.0:
            factor = raised(exponent, length)
            scaled = value * factor
            if form.angle[i]:
                by_value /= 1.0 + scaled * scaled
            by_theta[form.scale] += by_value * scaled * exponent / theta[form.scale]
            if form.time_parameter >= 0:
                by_theta[form.time_parameter] -= by_value * scaled * form.time[i] * length
            by_value *= factor
        elif form.angle[i]:
            by_value /= slope
        by_value *= slope / room
        by_theta[i] += by_value
        if form.within[i] >= 0:
            by_theta[form.within[i]] -= room_slope * by_value * value


@internal
def add_by_log_unit(by_log_unit, theta, form, by_theta):  # type: ignore[no-untyped-def]
    """Add to the derivatives by theta what comes by way of the logarithm of the unit of decision time."""
    if form.scale < 0:
        return
    by_theta[form.scale] += by_log_unit * time_power(theta, form) / theta[form.scale]
    if form.time_parameter >= 0:
        by_theta[form.time_parameter] += by_log_unit * log_scale(theta, form)


@internal
def collapse_of(inputs, form):  # type: ignore[no-untyped-def]
    """The two parameters of the boundaries' clock; see ``Canonical.collapse_parameters``."""
    if form.collapse == 0:
        return 0.0, 0.0
    first = inputs[form.first]
    if form.collapse == LINEAR:
        return math.tan(form.span[form.inputs[form.first]] * first), 0.0
    if form.collapse == JUMPS:
        return max(form.span[form.inputs[form.first]] * (1.0 - first), LEAST_JUMPS), 0.0
    return first, inputs[form.second]


@internal
def add_by_collapse(by_first, by_second, inputs, form, by_inputs, at):  # type: ignore[no-untyped-def]
    """Add to the derivatives by the canonical parameters, by_inputs[at + j], what comes by way of the clock."""
    if form.collapse == 0:
        return
    if form.collapse == LINEAR:
        span = form.span[form.inputs[form.first]]
        slope = math.tan(span * inputs[form.first])
        by_inputs[at + form.first] += by_first * span * (1.0 + slope * slope)
    elif form.collapse == JUMPS:
        span = form.span[form.inputs[form.first]]
        if span * (1.0 - inputs[form.first]) > LEAST_JUMPS:
            by_inputs[at + form.first] -= by_first * span
    else:
        by_inputs[at + form.first] += by_first
        by_inputs[at + form.second] += by_second


@internal
def base(view, form):  # type: ignore[no-untyped-def]
    """zeta and delta before the network's correction; see ``FirstPassageNetwork._base``.

    Returns:
        zeta, delta, the derivatives of log zeta by start and proportion, that of log delta by drift.
    """
    if form.drift < 0:
        root = math.exp(0.5 * form.log_time_scale)
        return root, 1.0 / root, 0.0, 0.0, 0.0
    start, drift = view[form.start], view[form.drift]
    near, by_start, by_proportion = start, 1.0, 0.0
    if form.proportion >= 0:
        room, room_slope = room_at(start)
        half = 0.5 * view[form.proportion]
        near -= half * room
        by_start -= half * room_slope
        by_proportion = -0.5 * room
    if near <= 1e-9:
        near, by_start, by_proportion = 1e-9, 0.0, 0.0
    rate = math.pi**2 + drift * drift
    return near, math.sqrt(rate), by_start / near, by_proportion / near, drift / rate


@internal
def brownian_choice(drift: float, start: float, log_factor: float) -> tuple[float, float, float, float]:
    """Log probability of the lower boundary, and its derivatives; see ``FirstPassageNetwork._brownian_choice``.

    Returns:
        The logarithm, and its derivatives by drift, start and log factor.
    """
    factor = math.exp(log_factor)
    v = drift * factor
    size, rest = 2.0 * max(abs(v), _SMALLEST_DRIFT), 1.0 - start
    log_ratio = math.log(math.expm1(-size * rest) / math.expm1(-size))
    far = _per_expm1(size * rest)
    by_size = rest * far - _per_expm1(size)
    upward = 1.0 if v >= 0.0 else 0.0
    by_v = 2.0 * by_size * (1.0 if v >= 0.0 else -1.0) - 2.0 * upward * start
    return log_ratio - 2.0 * upward * v * start, by_v * factor, -size * far - 2.0 * upward * v, by_v * v


@internal
def _per_expm1(x: float) -> float:
    return 1.0 / math.expm1(x) if x < 700.0 else 0.0


@internal
def log_difference(upper: float, lower: float) -> tuple[float, float, float]:
    """log(Phi(upper) - Phi(lower)) for upper > lower, either infinite, and its derivatives by both.

    Across 0 it is a sum of two positive terms; on one side of it, with Mills' ratio R,
    Phi(h) - Phi(l) = phi(h) [R(-h) - exp((h^2 - l^2) / 2) R(-l)], which has no deepest tail.
    """
    if lower <= 0.0 < upper:
        value = math.log(0.5 * (math.erf(upper * _ROOT_HALF) + math.erf(-lower * _ROOT_HALF)))
        by_upper = math.exp(-0.5 * upper * upper - _HALF_LOG_TWO_PI - value)
        return value, by_upper, -math.exp(-0.5 * lower * lower - _HALF_LOG_TWO_PI - value)
    high, low = (upper, lower) if upper <= 0.0 else (-lower, -upper)
    ratio = math.exp(0.5 * (high - low) * (high + low)) if low > -1e150 else 0.0
    part = mills(-high) - (ratio * mills(-low) if ratio > 0.0 else 0.0)
    part = max(part, 1e-300)
    value = -0.5 * high * high - _HALF_LOG_TWO_PI + math.log(part)
    by_high, by_low = 1.0 / part, -ratio / part
    return (value, by_high, by_low) if upper <= 0.0 else (value, -by_low, -by_high)
