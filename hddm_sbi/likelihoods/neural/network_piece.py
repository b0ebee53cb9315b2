"""The compiled piece of a first-passage network.

Networks, in layers or as a table, are evaluated for each row of theta before its trials, splines once for each distinct
trial; derivatives by the splines are added up while a row lasts, and one pass back takes those of a chunk of rows
through the networks.
"""

from __future__ import annotations

import math

import numba as nb

from hddm_sbi.compiled.arrays import first_after
from hddm_sbi.compiled.compiling import once
from hddm_sbi.compiled.structs import CFunction, Record
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.piece import (
    BEGIN_SIGNATURE,
    DENSITY,
    FILL_SIGNATURE,
    FINISH_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    Piece,
)
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.neural import canonical_numba, time_change
from hddm_sbi.likelihoods.neural.adjoints import Sums
from hddm_sbi.likelihoods.neural.block import BY_FIRST, BY_SECOND
from hddm_sbi.likelihoods.neural.density_block import fill_density, pulled, scatter, scatter_few, weighted
from hddm_sbi.likelihoods.neural.layer_passes import (
    choices_backward,
    choices_forward,
    times_backward,
    times_forward,
)
from hddm_sbi.likelihoods.neural.mass_sum import fill_masses, pull_masses
from hddm_sbi.likelihoods.neural.network_memory import (
    BEGIN,
    CLOSED,
    DELTA,
    END,
    FEW,
    FIRST,
    FIRST_ROW,
    LAST,
    LAYERED,
    LOG_UNIT,
    OF_DELTA,
    OF_FIRST,
    OF_SECOND,
    OF_ZETA,
    OPEN,
    PER_UNIT,
    ROW,
    SECOND,
    SHIFT,
    TABLED,
    WHOLE,
    WINDOW,
    ZETA,
    Layered,
    Network,
    Spline,
    Tabled,
    flow_of,
    kept_of,
    read_layered,
    read_network,
    read_tabled,
    spline_of,
)
from hddm_sbi.likelihoods.neural.network_record import CHUNK
from hddm_sbi.likelihoods.neural.network_rows import (
    close_row,
    end_chunk,
    open_flows,
    open_row,
    open_spline,
    open_table,
    start_chunk,
    to_theta,
)
from hddm_sbi.likelihoods.neural.table_passes import table_backward, table_forward
from hddm_sbi.likelihoods.neural.window_block import fill_window, pull_window

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# So many trials of a row and choice cost less without the spline's table.
_FEW = 8


@once
def _possible(row: FloatArray, ends: FloatArray, log_choice: float) -> bool:
    """Whether theta is in its support: elsewhere there is no unit of time, or the network gives no number."""
    return math.isfinite(row[LOG_UNIT]) and row[WINDOW] >= 0.0 and math.isfinite(ends[ZETA] + ends[DELTA] + log_choice)


@once
def _fill_densities(
    net: Network, spline: Spline, weights: FloatArray, log_choice: float, rt: FloatArray, slot: int, out: FloatArray
) -> None:
    form, state, row = net.form, net.memory.state[slot], net.memory.row[slot]
    begin = end = len(rt)
    if _possible(row, spline.ends, log_choice):
        begin = first_after(rt, 0, len(rt), row[SHIFT])
        if form.collapse > 0 and row[WINDOW] == 0.0:
            end = first_after(rt, begin, len(rt), row[LAST])
    state[BEGIN], state[END] = begin, end
    for i in range(begin):
        out[i] = LOG_ZERO
    for i in range(end, len(rt)):
        out[i] = LOG_ZERO
    rt, out = rt[begin:end], out[begin:end]
    zeta, delta = spline.ends[ZETA], spline.ends[DELTA]
    if row[WINDOW] > 0.0:
        collapse, kept = (row[FIRST], row[SECOND]), kept_of(net, slot)
        fill_window(
            form, spline.table, zeta, delta, log_choice, row[SHIFT], row[WINDOW], row[LOG_UNIT], collapse, rt, out, kept
        )
    else:
        fill_density(
            rt, form, row[SHIFT], row[PER_UNIT], row[FIRST], row[SECOND], zeta, delta,
            log_choice - row[LOG_UNIT] - _HALF_LOG_TWO_PI, state[FEW] == 1, spline.table, weights,
            net.memory.tile[slot], out,
        )  # fmt: skip


@once
def _fill_masses(
    net: Network, spline: Spline, log_choice: float, t1: FloatArray, t2: FloatArray, slot: int, out: FloatArray
) -> None:
    state, row = net.memory.state[slot], net.memory.row[slot]
    state[BEGIN], state[END] = 0, len(t1) if _possible(row, spline.ends, log_choice) else 0
    fill_masses(
        net.form, spline.table, spline.ends[ZETA], spline.ends[DELTA], log_choice, row[SHIFT], row[WINDOW],
        row[LOG_UNIT], (row[FIRST], row[SECOND]), t1, t2, out,
    )  # fmt: skip


@once
def _density_sums(
    net: Network, spline: Spline, by_weights: FloatArray, rt: FloatArray, weight: FloatArray, slot: int
) -> Sums:
    """The weighted derivatives of the densities filled last; adds those by the spline's table."""
    form, row, tile = net.form, net.memory.row[slot], net.memory.tile[slot]
    if row[WINDOW] > 0.0:
        return pull_window(form, row[SHIFT], row[WINDOW], rt, kept_of(net, slot), weight, spline.by_table)
    if net.memory.state[slot, FEW] == 1:
        scatter_few(weight, form.areas, tile, by_weights)
    else:
        scatter(weight, tile, spline.by_table)
    total, by_zeta, by_delta, by_time, by_unit = pulled(weight, tile)
    by_time *= row[PER_UNIT]
    by_first = weighted(weight, BY_FIRST, tile) if form.collapse != time_change.NONE else 0.0
    by_second = weighted(weight, BY_SECOND, tile) if form.collapse == time_change.WEIBULL else 0.0
    # a delay that is hardly any moves times by half of it
    return total, by_zeta, by_delta, by_time, by_unit, by_first, by_second, -0.5 * by_time


@once
def _mass_sums(net: Network, spline: Spline, t1: FloatArray, t2: FloatArray, weight: FloatArray, slot: int) -> Sums:
    """The weighted derivatives of the masses filled last; adds those by the spline's table."""
    row = net.memory.row[slot]
    return pull_masses(
        net.form, spline.table, spline.ends[ZETA], spline.ends[DELTA], 0.0, row[SHIFT], row[WINDOW], row[LOG_UNIT],
        (row[FIRST], row[SECOND]), t1, t2, weight, spline.by_table,
    )  # fmt: skip


@once
def _add(net: Network, spline: Spline, at: int, sums: Sums, theta: FloatArray, by_theta: FloatArray, slot: int) -> None:
    """Add the derivatives of a block to those of the chunk, the row and theta; ``at`` is the row and choice."""
    form, ends = net.form, spline.ends
    total, by_zeta, by_delta, by_time, by_unit, by_first, by_second, by_window = sums
    net.memory.by_log_choice[slot, at] += total
    ends[OF_ZETA] += by_zeta
    ends[OF_DELTA] += by_delta
    ends[OF_FIRST] += by_first
    ends[OF_SECOND] += by_second
    canonical_numba.add_by_log_unit(by_unit, theta, form, by_theta)
    if form.shift >= 0:
        by_theta[form.shift] -= by_time
    if form.window >= 0:
        by_theta[form.window] += by_window


@once
def _open(net: Network, kind: int, choice: int, row: int, n: int, theta: FloatArray, slot: int) -> None:
    """Make sure that a row and the spline of a choice are open, as far as so many trials need it."""
    state = net.memory.state[slot]
    if state[ROW] != row:
        if state[ROW] >= 0:
            close_row(net, slot)
        open_row(net, row, theta, slot)
    if state[OPEN + choice] == CLOSED:
        open_spline(net, choice, slot)
    state[FEW] = 1 if kind == DENSITY and n <= _FEW and not net.memory.row[slot, WINDOW] > 0.0 else 0
    if state[FEW] == 0 and state[OPEN + choice] != WHOLE:
        open_table(net, choice, slot)


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    net = read_network(record)
    _open(net, kind, choice, row, n, nb.carray(theta, len(net.form.length)), slot)
    state = net.memory.state[slot]
    spline, at = spline_of(net, choice, slot), (row - state[FIRST_ROW]) * net.form.n_choices + choice
    log_choice, t1, out = net.memory.log_choice[slot, at], nb.carray(t1, n), nb.carray(out, n)
    if kind == DENSITY:
        _fill_densities(net, spline, flow_of(net, net.memory.flow, choice, slot)[2:], log_choice, t1, slot, out)
    else:
        _fill_masses(net, spline, log_choice, t1, nb.carray(t2, n), slot, out)


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    net = read_network(record)
    state, k, spline = net.memory.state[slot], len(net.form.length), spline_of(net, choice, slot)
    at, own = (row - state[FIRST_ROW]) * net.form.n_choices + choice, slice(state[BEGIN], state[END])
    t1, weight = nb.carray(t1, n), nb.carray(weight, n)
    if state[BEGIN] == state[END]:
        return
    if kind == DENSITY:
        by_weights = flow_of(net, net.memory.by_flow, choice, slot)[2:]
        sums = _density_sums(net, spline, by_weights, t1[own], weight[own], slot)
    else:
        sums = _mass_sums(net, spline, t1, nb.carray(t2, n), weight, slot)
    _add(net, spline, at, sums, nb.carray(theta, k), nb.carray(by_theta, k), slot)


def _begin_layers(record, slot, first_row, n_rows, n_columns, theta):  # type: ignore[no-untyped-def]
    nets = read_layered(record)
    start_chunk(nets.network, first_row, n_rows, nb.carray(theta, (n_rows, n_columns)), slot)
    choices_forward(nets, n_rows, slot)
    times_forward(nets, first_row, n_rows, slot)
    open_flows(nets.network, slot)


def _finish_layers(record, slot, first_row, n_rows, n_columns, theta, by_theta):  # type: ignore[no-untyped-def]
    nets, shape = read_layered(record), (n_rows, n_columns)
    end_chunk(nets.network, slot)
    choices_backward(nets, n_rows, slot)
    times_backward(nets, first_row, n_rows, slot)
    to_theta(nets.network, n_rows, nb.carray(theta, shape), nb.carray(by_theta, shape), slot)


def _begin_table(record, slot, first_row, n_rows, n_columns, theta):  # type: ignore[no-untyped-def]
    nets = read_tabled(record)
    start_chunk(nets.network, first_row, n_rows, nb.carray(theta, (n_rows, n_columns)), slot)
    table_forward(nets, first_row, n_rows, slot)
    open_flows(nets.network, slot)


def _finish_table(record, slot, first_row, n_rows, n_columns, theta, by_theta):  # type: ignore[no-untyped-def]
    nets, shape = read_tabled(record), (n_rows, n_columns)
    end_chunk(nets.network, slot)
    table_backward(nets, first_row, n_rows, slot)
    to_theta(nets.network, n_rows, nb.carray(theta, shape), nb.carray(by_theta, shape), slot)


_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)
_begin_layers_at = CFunction(BEGIN_SIGNATURE, _begin_layers)
_finish_layers_at = CFunction(FINISH_SIGNATURE, _finish_layers)
_begin_table_at, _finish_table_at = CFunction(BEGIN_SIGNATURE, _begin_table), CFunction(FINISH_SIGNATURE, _finish_table)


def network_piece(network: Layered | Tabled) -> CompiledPiece:
    """The piece of a network with its working memory."""
    if isinstance(network, Tabled):
        record, begin, finish = Record(network, TABLED), _begin_table_at, _finish_table_at
    else:
        record, begin, finish = Record(network, LAYERED), _begin_layers_at, _finish_layers_at
    piece = Piece(_fill_at.address, _pull_at.address, record.address, begin.address, finish.address)
    return CompiledPiece(piece, record, CHUNK)
