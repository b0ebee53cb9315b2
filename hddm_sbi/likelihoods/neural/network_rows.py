"""The chunk and the current row of a first-passage network's piece: its clock, and the splines of its choices."""

from __future__ import annotations

import math

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.arrays import clear, fill, multiply
from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural import canonical_numba, kernels, reverse, time_change
from hddm_sbi.likelihoods.neural.intervals import NARROW
from hddm_sbi.likelihoods.neural.network_memory import (
    BASE_DELTA,
    BASE_ZETA,
    BY_DRIFT,
    BY_PROPORTION,
    BY_START,
    CLOSED,
    DELTA,
    FIRST,
    FIRST_PAIR,
    FIRST_ROW,
    LAST,
    LOG_UNIT,
    N_PAIRS,
    OF_DELTA,
    OF_FIRST,
    OF_SECOND,
    OF_ZETA,
    OPEN,
    PER_UNIT,
    ROW,
    SECOND,
    SHIFT,
    SOME,
    WHOLE,
    WINDOW,
    ZETA,
    Network,
    flow_of,
    spline_of,
)


@once
def start_chunk(net: Network, first_row: int, n_rows: int, theta: FloatArray, slot: int) -> None:
    """Make these the rows of the chunk, none of which has a derivative yet."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    first = net.pairs.first[first_row]
    state[FIRST_ROW], state[FIRST_PAIR], state[N_PAIRS] = first_row, first, net.pairs.first[first_row + n_rows] - first
    state[ROW] = -1
    for r in range(n_rows):
        canonical_numba.reduce_row(theta[r], form, memory.canonical[slot, r * n : (r + 1) * n])
    fill(memory.by_view[slot, : n_rows * form.n_choices * n], 0.0)
    fill(memory.by_log_choice[slot, : n_rows * form.n_choices], 0.0)
    fill(memory.by_flow[slot, : state[N_PAIRS] * net.n_outputs], 0.0)


@internal
def _exponentiate(values: FloatArray) -> None:
    for i in range(len(values)):
        values[i] = vm.exp(values[i])


@once
def open_flows(net: Network, slot: int) -> None:
    """Take the exponential of what the time network says, where ``flow`` has that, but for the splines' offsets."""
    n_pairs, n = net.memory.state[slot, N_PAIRS], net.n_outputs
    flow, kept = net.memory.flow[slot, : n_pairs * n], net.memory.offset[slot]
    for pair in range(n_pairs):
        kept[pair] = flow[pair * n + 2]
    _exponentiate(flow)
    for pair in range(n_pairs):
        flow[pair * n + 2] = kept[pair]


@once
def _close_flows(net: Network, slot: int) -> None:
    """Turn the derivatives by the flows into those by what the time network says."""
    n_pairs, n = net.memory.state[slot, N_PAIRS], net.n_outputs
    flow = net.memory.flow[slot, : n_pairs * n]
    for pair in range(n_pairs):
        flow[pair * n + 2] = 1.0
    multiply(net.memory.by_flow[slot, : n_pairs * n], flow)


@once
def end_chunk(net: Network, slot: int) -> None:
    """Add up the derivatives by what the time network says of the chunk."""
    if net.memory.state[slot, ROW] >= 0:
        close_row(net, slot)
    _close_flows(net, slot)


@internal
def _finite(values: FloatArray) -> bool:
    total = 0.0
    for i in range(len(values)):
        total += values[i]
    return math.isfinite(total)


@once
def to_theta(net: Network, rows: int, theta: FloatArray, by_theta: FloatArray, slot: int) -> None:
    """Add to the derivatives by theta, (rows, parameters), what comes by way of the canonical parameters."""
    form, n = net.form, len(net.form.inputs)
    by_inputs = net.memory.scratch[slot].reshape(3, n)[0]
    for r in range(rows):
        if not _finite(net.memory.canonical[slot, r * n : (r + 1) * n]):
            continue  # theta is outside of its support: there are only lapses
        for j in range(n):
            by_inputs[j] = 0.0
            for c in range(form.n_choices):
                by_view = net.memory.by_view[slot, (r * form.n_choices + c) * n + j]
                by_inputs[j] += kernels.view_sign(form.mirror, c, j) * by_view
        canonical_numba.add_by_inputs(by_inputs, theta[r], form, by_theta[r])


@once
def open_row(net: Network, row: int, theta: FloatArray, slot: int) -> None:
    """Make this the current row, none of whose splines is open."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    for i in range(form.n_choices):
        state[OPEN + i] = CLOSED
    state[ROW] = row
    shift = theta[form.shift] if form.shift >= 0 else 0.0
    window = theta[form.window] if form.window >= 0 else 0.0
    log_unit = canonical_numba.time_power(theta, form) * canonical_numba.log_scale(theta, form)
    per_unit = canonical_numba.raised(-1.0, log_unit)
    if not window * per_unit > NARROW:  # the mean over a narrow window is the value in its middle
        shift, window = shift + 0.5 * window, 0.0 if window >= 0.0 else math.nan
    r = row - state[FIRST_ROW]
    first, second = canonical_numba.collapse_of(memory.canonical[slot, r * n : (r + 1) * n], form)
    at = memory.row[slot]
    at[SHIFT], at[WINDOW], at[LOG_UNIT], at[PER_UNIT], at[FIRST], at[SECOND] = (
        shift,
        window,
        log_unit,
        per_unit,
        first,
        second,
    )
    at[LAST] = shift + time_change.end(form.collapse, first, second) / per_unit


@once
def open_spline(net: Network, choice: int, slot: int) -> None:
    """Fill in the ends and coefficients of the spline of a choice of the current row, with no derivatives yet."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    state[OPEN + choice] = SOME
    ends, flow = spline_of(net, choice, slot).ends, flow_of(net, memory.flow, choice, slot)
    r, view = state[ROW] - state[FIRST_ROW], memory.scratch[slot, 2 * n :]
    kernels.view_of(memory.canonical[slot, r * n : (r + 1) * n], form.mirror, choice, view)
    zeta, delta, by_start, by_proportion, by_drift = canonical_numba.base(view, form)
    ends[ZETA], ends[DELTA] = zeta * flow[0], delta * flow[1]
    ends[BASE_ZETA], ends[BASE_DELTA] = zeta, delta
    ends[BY_START], ends[BY_PROPORTION], ends[BY_DRIFT] = by_start, by_proportion, by_drift
    ends[OF_ZETA], ends[OF_DELTA], ends[OF_FIRST], ends[OF_SECOND] = 0.0, 0.0, 0.0, 0.0


@once
def open_table(net: Network, choice: int, slot: int) -> None:
    """Fill in the table of an open spline too."""
    form, spline = net.form, spline_of(net, choice, slot)
    net.memory.state[slot, OPEN + choice] = WHOLE
    weights = flow_of(net, net.memory.flow, choice, slot)[2:]
    reverse.fill_spline(weights[0], weights[1:], form.spacing, form.centre, spline.table)
    clear(spline.by_table)


@once
def close_row(net: Network, slot: int) -> None:
    """Add the derivatives by the splines of the current row to those by the networks' outputs and inputs."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    r, by_view = state[ROW] - state[FIRST_ROW], memory.by_view[slot]
    for choice in range(form.n_choices):
        if state[OPEN + choice] == CLOSED:
            continue
        spline, by_flow = spline_of(net, choice, slot), flow_of(net, memory.by_flow, choice, slot)
        ends = spline.ends
        if state[OPEN + choice] == WHOLE:
            reverse.add_by_table(spline.by_table, form.spacing, form.centre, by_flow[2:])
        by_flow[0], by_flow[1] = ends[OF_ZETA] * ends[BASE_ZETA], ends[OF_DELTA] * ends[BASE_DELTA]
        at = (r * form.n_choices + choice) * n
        if form.drift >= 0:
            by_view[at + form.start] += ends[OF_ZETA] * ends[ZETA] * ends[BY_START]
            by_view[at + form.drift] += ends[OF_DELTA] * ends[DELTA] * ends[BY_DRIFT]
            if form.proportion >= 0:
                by_view[at + form.proportion] += ends[OF_ZETA] * ends[ZETA] * ends[BY_PROPORTION]
        canonical = memory.canonical[slot, r * n : (r + 1) * n]
        canonical_numba.add_by_collapse(ends[OF_FIRST], ends[OF_SECOND], canonical, form, by_view, at)
