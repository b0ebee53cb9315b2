"""The current row of a first-passage network's piece: its clock, and the splines of its choices while they are open."""

from __future__ import annotations

import math

from hddm_sbi.compiled.arrays import clear
from hddm_sbi.compiled.compiling import once
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.pairs import pair_of
from hddm_sbi.likelihoods.neural import canonical_numba, kernels, reverse, time_change
from hddm_sbi.likelihoods.neural.intervals import NARROW
from hddm_sbi.likelihoods.neural.network_memory import (
    BY_DRIFT,
    BY_PROPORTION,
    BY_START,
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
    WINDOW,
    ZETA,
    Network,
    spline_of,
)


@once
def _outputs(net: Network, memory: FloatArray, row: int, choice: int, slot: int) -> FloatArray:
    """What the time network says of a row and choice, or, in the memory of adjoints, the derivatives by it."""
    state, mlp = net.memory.state[slot], net.time
    n = mlp.sizes[-1]
    at = state[N_PAIRS] * (mlp.n_units - n) + (pair_of(net.pairs, row, choice) - state[FIRST_PAIR]) * n
    return memory[slot, at : at + n]


@once
def open_row(net: Network, row: int, theta: FloatArray, slot: int) -> None:
    """Make this the current row, none of whose splines is open."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    for i in range(form.n_choices):
        state[OPEN + i] = 0
    state[ROW] = row
    shift = theta[form.shift] if form.shift >= 0 else 0.0
    window = theta[form.window] if form.window >= 0 else 0.0
    log_unit = canonical_numba.time_power(theta, form) * canonical_numba.log_scale(theta, form)
    per_unit = math.exp(-log_unit)
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
    """Fill in the spline of a choice of the current row."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    state[OPEN + choice] = 1
    spline, raw = spline_of(net, choice, slot), _outputs(net, net.time.hidden, state[ROW], choice, slot)
    reverse.fill_spline(raw[2:], form.spacing, form.centre, spline.weights, spline.table)
    clear(spline.by_table)
    r, view = state[ROW] - state[FIRST_ROW], memory.scratch[slot, 2 * n :]
    kernels.view_of(memory.canonical[slot, r * n : (r + 1) * n], form.mirror, choice, view)
    log_zeta, log_delta, by_start, by_proportion, by_drift = canonical_numba.base(view, form)
    ends = spline.ends
    ends[ZETA], ends[DELTA] = math.exp(log_zeta + raw[0]), math.exp(log_delta + raw[1])
    ends[BY_START], ends[BY_PROPORTION], ends[BY_DRIFT] = by_start, by_proportion, by_drift
    ends[OF_ZETA], ends[OF_DELTA], ends[OF_FIRST], ends[OF_SECOND] = 0.0, 0.0, 0.0, 0.0


@once
def close_row(net: Network, slot: int) -> None:
    """Add the derivatives by the splines of the current row to those by the networks' outputs and inputs."""
    form, memory, state, n = net.form, net.memory, net.memory.state[slot], len(net.form.inputs)
    r, by_view = state[ROW] - state[FIRST_ROW], memory.by_view[slot]
    for choice in range(form.n_choices):
        if state[OPEN + choice] == 0:
            continue
        spline, by_raw = spline_of(net, choice, slot), _outputs(net, net.time.adjoints, state[ROW], choice, slot)
        ends, at = spline.ends, (r * form.n_choices + choice) * n
        reverse.spline_backward(spline.by_table, spline.weights, form.spacing, form.centre, by_raw[2:])
        by_raw[0], by_raw[1] = ends[OF_ZETA] * ends[ZETA], ends[OF_DELTA] * ends[DELTA]
        if form.drift >= 0:
            by_view[at + form.start] += by_raw[0] * ends[BY_START]
            by_view[at + form.drift] += by_raw[1] * ends[BY_DRIFT]
            if form.proportion >= 0:
                by_view[at + form.proportion] += by_raw[0] * ends[BY_PROPORTION]
        canonical = memory.canonical[slot, r * n : (r + 1) * n]
        canonical_numba.add_by_collapse(ends[OF_FIRST], ends[OF_SECOND], canonical, form, by_view, at)
