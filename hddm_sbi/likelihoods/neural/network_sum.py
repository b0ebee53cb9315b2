"""Sum of a first-passage network's log densities over trials, lapses included, with one pass back for the gradient.

Networks are evaluated once for each design row and choice that have trials, splines once for each distinct trial.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.structs import CFunction
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, lapse_sum, mix
from hddm_sbi.likelihoods.native.native_sum import SUM_SIGNATURE
from hddm_sbi.likelihoods.native.trial_arrays import clear, first_after
from hddm_sbi.likelihoods.neural import clocks, kernels, reduction, reverse
from hddm_sbi.likelihoods.neural.clock_sums import clock_sums, read_clock
from hddm_sbi.likelihoods.neural.intervals import NARROW
from hddm_sbi.likelihoods.neural.network_passes import (
    add_by_view,
    choices_backward,
    choices_forward,
    to_theta,
    write_features,
)
from hddm_sbi.likelihoods.neural.network_record import CHUNK, Form, Network, read_network
from hddm_sbi.likelihoods.neural.tile import (
    BY_HEIGHT,
    BY_SLOPE,
    BY_TIME,
    INTERVAL,
    LOG_RATE,
    P0,
    P1,
    P2,
    P3,
    P4,
    TILE,
    TIME,
    WEIGHT,
    U,
)
from hddm_sbi.likelihoods.neural.window_sum import window_sums

FloatArray = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)

# of trials: log density, shares of the process and of the lapses, derivatives by zeta and delta
Sums = tuple[float, float, float, float, float]


@summing
def _locate(n: int, form: Form, zeta: float, delta: float, tile: FloatArray) -> None:
    """Fill in the interval of the spline of each trial, and the place in it."""
    per_spacing, last, left = 1.0 / form.spacing, form.n_intervals - 1.0, form.left
    for i in range(n):
        s = tile[TIME + i]
        position = ((delta * s - zeta) / math.sqrt(s) - left) * per_spacing
        interval = min(max(math.floor(position), 0.0), last)
        tile[INTERVAL + i] = interval
        tile[U + i] = position - interval


@internal
def _gather(n: int, table: FloatArray, tile: FloatArray) -> None:
    """Fill in the spline's polynomial of each trial."""
    for i in range(n):
        row = table[int(tile[INTERVAL + i])]
        tile[P0 + i], tile[P1 + i], tile[P2 + i], tile[P3 + i], tile[P4 + i] = (
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
        )


@summing
def _evaluate(
    count: FloatArray, log_lapse: FloatArray, spacing: float, zeta: float, delta: float, log_base: float,
    log_p: float, log_not_p: float, tile: FloatArray,
) -> Sums:  # fmt: skip
    """The sums over a tile; fill in each trial's derivatives by the spline's height, its slope, and the clock."""
    total = process = lapses = by_zeta = by_delta = 0.0
    for i in range(len(count)):
        s = tile[TIME + i]
        per_root = 1.0 / math.sqrt(s)
        per_s = per_root * per_root
        u, p1, p2, p3, p4 = tile[U + i], tile[P1 + i], tile[P2 + i], tile[P3 + i], tile[P4 + i]
        height = tile[P0 + i] + spacing * u * (p1 + u * (p2 / 2.0 + u * (p3 / 3.0 + u * p4 / 4.0)))
        slope = p1 + u * (p2 + u * (p3 + u * p4))
        bend = (p2 + u * (2.0 * p3 + u * 3.0 * p4)) / spacing
        stretch = 0.5 * per_root * (delta + zeta * per_s)
        log_f = log_base - 0.5 * height * height + vm.log(slope * stretch) + tile[LOG_RATE + i]
        log_density, share = mix(log_f, log_lapse[i], log_p, log_not_p)
        weight = count[i] * share
        total += count[i] * log_density
        process += weight
        lapses += count[i] - weight
        by_height, by_slope = -weight * height, weight / slope
        by_x = by_height * slope + by_slope * bend
        by_stretch = 0.5 * weight / stretch * per_root
        by_delta += by_x * s * per_root + by_stretch
        by_zeta += by_stretch * per_s - by_x * per_root
        tile[BY_HEIGHT + i], tile[BY_SLOPE + i], tile[WEIGHT + i] = by_height, by_slope, weight
        tile[BY_TIME + i] = by_x * stretch - 0.5 * by_stretch * (delta + 3.0 * zeta * per_s) * per_s
    return total, process, lapses, by_zeta, by_delta


@internal
def _scatter(n: int, spacing: float, tile: FloatArray, by_table: FloatArray) -> None:
    """Add to the derivatives by the spline's table: of its height, then of each power of u in its slope."""
    for i in range(n):
        row, u = by_table[int(tile[INTERVAL + i])], tile[U + i]
        by_height, by_slope = tile[BY_HEIGHT + i], tile[BY_SLOPE + i]
        raised = by_height * spacing * u
        row[0] += by_height
        row[1] += raised + by_slope
        row[2] += u * (raised / 2.0 + by_slope)
        row[3] += u * u * (raised / 3.0 + by_slope)
        row[4] += u * u * u * (raised / 4.0 + by_slope)


@once
def _trial_sums(
    net: Network, begin: int, stop: int, table: FloatArray, by_table: FloatArray, zeta: float, delta: float,
    log_base: float, shift: float, per_unit: float, collapse: tuple[float, float], p: float, slot: int,
) -> tuple[float, float, float, float, float, float, float, float, float]:  # fmt: skip
    """The sums of ``Sums`` and ``ClockSums`` over trials while the process runs; adds to ``by_table``."""
    trials, form, tile = net.trials, net.form, net.memory.tile[slot]
    log_p, log_not_p = math.log(p), math.log1p(-p)
    total = process = lapses = by_zeta = by_delta = by_s = by_log_s = by_first = by_second = 0.0
    for first in range(begin, stop, TILE):
        at = slice(first, min(first + TILE, stop))
        rt = trials.rt[at]
        read_clock(rt, form.collapse, shift, per_unit, collapse[0], collapse[1], tile)
        _locate(len(rt), form, zeta, delta, tile)
        _gather(len(rt), table, tile)
        sums = _evaluate(
            trials.counts[at], trials.log_lapse[at], form.spacing, zeta, delta, log_base, log_p, log_not_p, tile
        )
        _scatter(len(rt), form.spacing, tile, by_table)
        clock = clock_sums(rt, form.collapse, shift, per_unit, collapse[0], collapse[1], tile)
        total += sums[0]
        process += sums[1]
        lapses += sums[2]
        by_zeta += sums[3]
        by_delta += sums[4]
        by_s += clock[0]
        by_log_s += clock[1]
        by_first += clock[2]
        by_second += clock[3]
    return total, process, lapses, by_zeta, by_delta, by_s * per_unit, by_log_s, by_first, by_second


@once
def _times_forward(net: Network, first_row: int, first: int, stop: int, slot: int) -> FloatArray:
    """The time network's outputs for segments first, ..., stop - 1."""
    trials, mlp, n = net.trials, net.time, len(net.form.inputs)
    for segment in range(first, stop):
        r = trials.row[segment] - first_row
        row = net.memory.canonical[slot, r * n : (r + 1) * n]
        write_features(net, mlp, segment - first, row, trials.choice[segment], True, slot)
    return reverse.mlp_forward(stop - first, mlp.weights, mlp.biases, mlp.sizes, mlp.hidden[slot], mlp.slopes[slot])


@once
def _segment(
    net: Network, segment: int, at: int, r: int, raw: FloatArray, by_raw: FloatArray, theta: FloatArray,
    by_theta: FloatArray, slot: int,
) -> float:  # fmt: skip
    """Log density of one segment; fills in ``by_raw`` and adds to ``by_theta``, ``by_log_choice`` and ``by_view``."""
    trials, form, memory = net.trials, net.form, net.memory
    n, n_intervals, choice = len(form.inputs), form.n_intervals, trials.choice[segment]
    view_index = r * form.n_choices + choice
    canonical = memory.canonical[slot, r * n : (r + 1) * n]
    lapses = trials.n_columns > len(form.length)
    p = theta[-1] if lapses else 0.0
    shift = theta[form.shift] if form.shift >= 0 else 0.0
    window = theta[form.window] if form.window >= 0 else 0.0
    log_unit = reduction.time_power(theta, form) * reduction.log_scale(theta, form)
    per_unit = math.exp(-log_unit)
    wide = window * per_unit > NARROW
    middle = shift if wide else shift + 0.5 * window  # the mean over a narrow window is the value in its middle
    spline = memory.spline[slot]
    table = spline[: 5 * n_intervals].reshape(n_intervals, 5)
    by_table = spline[5 * n_intervals : 10 * n_intervals].reshape(n_intervals, 5)
    weights = spline[10 * n_intervals :]
    reverse.fill_spline(raw[2:], form.spacing, form.centre, weights, table)
    clear(by_table)
    view = memory.scratch[slot].reshape(3, n)[2]
    kernels.view_of(canonical, form.mirror, choice, view)
    log_zeta, log_delta, by_start, by_room, by_drift = reduction.base(view, form)
    zeta, delta = math.exp(log_zeta + raw[0]), math.exp(log_delta + raw[1])
    collapse = reduction.collapse_of(canonical, form)
    first, stop = trials.bounds[segment], trials.bounds[segment + 1]
    begin = end = stop  # without a unit of time every trial is a lapse
    if math.isfinite(log_unit) and window >= 0.0:
        begin = first_after(trials.rt, first, stop, middle)
        end = stop
        if form.collapse > 0 and not wide:
            end = first_after(trials.rt, begin, stop, middle + clocks.end(form.collapse, *collapse) / per_unit)
    early, n_early = lapse_sum(trials.counts[first:begin], trials.log_lapse[first:begin], math.log(p))
    late, n_late = lapse_sum(trials.counts[end:stop], trials.log_lapse[end:stop], math.log(p))
    log_choice = memory.log_choice[slot, view_index]
    by_window = 0.0
    if wide:
        sums = window_sums(
            net, begin, end, table, by_table, zeta, delta, log_choice, shift, window, log_unit, collapse, p
        )
        total, process, lapsed, by_zeta, by_delta, by_time, by_log_unit, by_first, by_second, by_window = sums
    else:
        log_base = log_choice - log_unit - _HALF_LOG_TWO_PI
        total, process, lapsed, by_zeta, by_delta, by_time, by_log_time, by_first, by_second = _trial_sums(
            net, begin, end, table, by_table, zeta, delta, log_base, middle, per_unit, collapse, p, slot
        )
        by_log_unit = -(process + by_log_time)
        by_window = -0.5 * by_time
    reverse.spline_backward(by_table, weights, form.spacing, form.centre, by_raw[2:])
    by_raw[0], by_raw[1] = by_zeta * zeta, by_delta * delta
    memory.by_log_choice[slot, view_index] += process
    by_view = memory.by_view[slot]
    if form.drift >= 0:
        by_view[view_index * n + form.start] += by_raw[0] * by_start
        by_view[view_index * n + form.drift] += by_raw[1] * by_drift
        if form.room >= 0:
            by_view[view_index * n + form.room] += by_raw[0] * by_room
    reduction.add_by_collapse(by_first, by_second, canonical, form, by_view, view_index * n)
    reduction.add_by_log_unit(by_log_unit, theta, form, by_theta)
    if form.shift >= 0:
        by_theta[form.shift] -= by_time
    if form.window >= 0:
        by_theta[form.window] += by_window
    if lapses:
        by_theta[-1] += (n_early + n_late + lapsed) / p - process / (1.0 - p)
    return total + early + late


@once
def _chunk(
    net: Network, first_row: int, rows: int, first: int, stop: int, theta: FloatArray, by_theta: FloatArray, slot: int
) -> float:
    """Log density of the segments first, ..., stop - 1, which belong to a chunk of rows; adds to ``by_theta``."""
    form, n = net.form, len(net.form.inputs)
    for r in range(rows):
        reduction.reduce_row(theta[r], form, net.memory.canonical[slot, r * n : (r + 1) * n])
    for i in range(rows * form.n_choices * n):
        net.memory.by_view[slot, i] = 0.0
    choices_forward(net, rows, slot)
    raw = _times_forward(net, first_row, first, stop, slot)
    mlp, size = net.time, (stop - first) * net.time.n_units
    by_raw = mlp.adjoints[slot, size - raw.size : size].reshape(raw.shape)
    total = 0.0
    for segment in range(first, stop):
        at, r = segment - first, net.trials.row[segment] - first_row
        total += _segment(net, segment, at, r, raw[at], by_raw[at], theta[r], by_theta[r], slot)
    choices_backward(net, rows, slot)
    by_features = reverse.mlp_backward(stop - first, mlp.transposed, mlp.sizes, mlp.slopes[slot], mlp.adjoints[slot])
    for segment in range(first, stop):
        at, r = segment - first, net.trials.row[segment] - first_row
        view = r * form.n_choices + net.trials.choice[segment]
        add_by_view(net, mlp, at, by_features[at], view, slot)
    to_theta(net, rows, theta, by_theta, slot)
    return total


@once
def network_sum(net: Network, theta: FloatArray, by_theta: FloatArray, slot: int) -> float:
    """Sum over all trials of the log density; fills by_theta, shape of theta, with its derivatives.

    Args:
        net: with its trials.
        theta: the model's parameters and, with lapses, p_outlier, shape (rows, parameters).
        by_theta: to be filled.
        slot: whose working memory to use.

    Returns:
        The sum; -inf, with derivatives of no meaning, where a trial is impossible.
    """
    clear(by_theta)
    total, first, n_segments = 0.0, 0, len(net.trials.row)
    while first < n_segments:
        row = net.trials.row[first]
        end = min(row + CHUNK, net.trials.n_rows)
        stop = first
        while stop < n_segments and net.trials.row[stop] < end:
            stop += 1
        total += _chunk(net, row, end - row, first, stop, theta[row:end], by_theta[row:end], slot)
        first = stop
    return total if total > IMPOSSIBLE else -np.inf


def _network_sum_at(record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    net = read_network(record)
    shape = (net.trials.n_rows, net.trials.n_columns)
    return network_sum(net, nb.carray(theta, shape), nb.carray(by_theta, shape), slot)


network_sum_at = CFunction(SUM_SIGNATURE, _network_sum_at)
