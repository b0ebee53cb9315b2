"""Log densities of trials with their gradients, for compiled code, by tangents.

``ends`` and ``table`` are those of one row and choice, with tangents; ``by`` holds derivatives by the inputs of the
view, by both parameters of the clock, by log unit, shift and window, (inputs + 5,).
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.neural import canonical_numba, kernels, time_change
from hddm_sbi.likelihoods.neural.intervals import Part
from hddm_sbi.likelihoods.neural.passage import (
    NODES,
    WEIGHTS,
    log_between,
    log_mean_density,
    narrow,
    passage_of,
    point_of,
)


@internal
def passage_at(theta, canonical, ends, table, form):  # type: ignore[no-untyped-def]
    """The passage of one row and choice."""
    log_unit = canonical_numba.time_power(theta, form) * canonical_numba.log_scale(theta, form)
    first, second = canonical_numba.collapse_of(canonical, form)
    return passage_of(form, table[0], ends[0, 0], ends[0, 1], log_unit, first, second)


@internal
def density(passage, decision, ends, table, by):  # type: ignore[no-untyped-def]
    """Log density given the choice; fills ``by``."""
    n, s = len(by) - 5, decision * passage.per_unit
    u, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second = time_change.clock(
        passage.collapse, s, passage.first, passage.second
    )
    log_q, by_u = kernels.decision_time_density(u, ends, table, passage.left, passage.spacing, by[:n])
    by_s = by_u * math.exp(log_rate) + rate_by_s
    by[n], by[n + 1] = by_u * u_first + rate_first, by_u * u_second + rate_second
    by[n + 2], by[n + 3] = -1.0 - by_s * s, -by_s * passage.per_unit
    # a delay that is hardly any moves times by half of it
    by[n + 4] = 0.5 * by[n + 3]
    return log_q + log_rate - passage.log_unit


@internal
def _normal(passage, decision, ends, table, by):  # type: ignore[no-untyped-def]
    """The normal of a decision time, see ``passage.Point``; fills ``by`` but for the window."""
    n, s = len(by) - 5, decision * passage.per_unit
    by[:] = 0.0
    if not s > 0.0:
        return -math.inf
    if s >= passage.end:
        return math.inf
    u, log_rate, _, u_first, _, u_second, _ = time_change.clock(passage.collapse, s, passage.first, passage.second)
    t, by_u = kernels.decision_time_normal(u, ends, table, passage.left, passage.spacing, by[:n])
    by_s = by_u * math.exp(log_rate)
    by[n], by[n + 1] = by_u * u_first, by_u * u_second
    by[n + 2], by[n + 3] = -by_s * s, -by_s * passage.per_unit
    return t


@internal
def _add(weight, work, time_by, by):  # type: ignore[no-untyped-def]
    """Add the weighted derivatives at a decision time that the window moves by ``time_by``."""
    if weight == 0.0:
        return
    for j in range(len(by) - 1):
        by[j] += weight * work[j]
    by[len(by) - 1] -= weight * work[len(by) - 2] * time_by


@internal
def add_between(passage, part, ends, table, weight, by, work):  # type: ignore[no-untyped-def]
    """Add to ``by`` the weighted derivatives of the logarithm of a part; see ``intervals``."""
    lower, upper = point_of(passage, part.early).normal, _normal(passage, part.late, ends, table, work)
    if narrow(part.early, upper, lower):
        log_mean = log_mean_density(passage, part.early, part.late)
        for k in range(len(NODES)):
            log_q = density(passage, part.early + NODES[k] * (part.late - part.early), ends, table, work)
            time_by = part.early_by + NODES[k] * (part.late_by - part.early_by)
            _add(weight * WEIGHTS[k] * math.exp(log_q - log_mean), work, time_by, by)
        by[len(by) - 1] += weight * (part.late_by - part.early_by) / part.width
        return
    _, by_upper, by_lower = canonical_numba.log_difference(upper, lower)
    _add(weight * by_upper, work, part.late_by, by)
    _normal(passage, part.early, ends, table, work)
    _add(weight * by_lower, work, part.early_by, by)


@internal
def _smeared(passage, decision, window, ends, table, by, work):  # type: ignore[no-untyped-def]
    """The same as ``density`` for a decision time that a uniform delay of width ``window`` may have made longer."""
    by[:] = 0.0
    part = Part(decision - window, decision, window, -math.log(window), -1.0, 0.0)
    value = log_between(passage, part.early, part.late, window)
    if value > -math.inf:
        add_between(passage, part, ends, table, 1.0, by, work)
        by[len(by) - 1] -= 1.0 / window
    return value + part.log_factor


@internal
def add_by_theta(weight, by, log_choice, canonical, theta, choice, form, by_inputs, by_theta):  # type: ignore[no-untyped-def]
    """Add to the derivatives by theta the weighted ones of log choice probability and of what ``by`` is of.

    Args:
        weight: of both.
        by: derivatives.
        log_choice: of the row and choice, with tangents.
        canonical, theta: canonical and natural parameters of the row.
        choice: option index.
        form: what shapes the network, see ``network_record.Form``.
        by_inputs: working memory, (inputs,).
        by_theta: array to which the derivatives are added, shape (parameters,).
    """
    n = len(canonical)
    for j in range(n):
        by_inputs[j] = weight * (log_choice[1 + j] + kernels.view_sign(form.mirror, choice, j) * by[j])
    canonical_numba.add_by_collapse(weight * by[n], weight * by[n + 1], canonical, form, by_inputs, 0)
    canonical_numba.add_by_inputs(by_inputs, theta, form, by_theta)
    canonical_numba.add_by_log_unit(weight * by[n + 2], theta, form, by_theta)
    if form.shift >= 0:
        by_theta[form.shift] += weight * by[n + 3]
    if form.window >= 0:
        by_theta[form.window] += weight * by[n + 4]


@internal
def keep_finite(by_theta):  # type: ignore[no-untyped-def]
    """Set to 0 the derivatives that no number is large enough for, or that do not exist at the edge of a support."""
    for j in range(len(by_theta)):
        if not math.isfinite(by_theta[j]):
            by_theta[j] = 0.0


@callable_from_python
def densities(rt, choice, theta, row, canonical, ends, tables, log_choice, form, gradient):  # type: ignore[no-untyped-def]
    """Log density of every trial; ``gradient`` (trials, parameters) is filled unless it has no columns."""
    n, n_tangents = canonical.shape[1], ends.shape[1] - 1
    by, work, by_inputs = np.zeros(n_tangents + 5), np.zeros(n_tangents + 5), np.empty(n)
    log_prob = np.full(len(rt), -np.inf)
    for i in range(len(rt)):
        r, c = row[i], choice[i]
        decision = rt[i] - (theta[r, form.shift] if form.shift >= 0 else 0.0)
        window = theta[r, form.window] if form.window >= 0 else 0.0
        if not (decision > 0.0 and 0 <= c < form.n_choices and window >= 0.0):
            continue
        slot = r * form.n_choices + c
        passage = passage_at(theta[r], canonical[r], ends[slot], tables[slot], form)
        if not math.isfinite(passage.log_unit):
            continue
        if window > 0.0:
            value = _smeared(passage, decision, window, ends[slot], tables[slot], by, work)
        elif decision * passage.per_unit < passage.end:
            value = density(passage, decision, ends[slot], tables[slot], by)
        else:
            continue
        total = log_choice[slot, 0] + value
        if not (math.isfinite(total) and math.isfinite(by[n_tangents + 3])):
            continue
        log_prob[i] = total
        if gradient.shape[1] > 0:
            add_by_theta(1.0, by, log_choice[slot], canonical[r], theta[r], c, form, by_inputs, gradient[i])
            keep_finite(gradient[i])
    return log_prob
