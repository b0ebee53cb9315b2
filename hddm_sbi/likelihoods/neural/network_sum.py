"""Sum of a first-passage network's log densities over trials, lapses included, with one pass back for the gradient.

Networks are evaluated once for each design row and choice that have trials, splines once for each distinct trial.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
import numpy.typing as npt

from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, lapse_sum, mix
from hddm_sbi.likelihoods.native import vector_math as vm
from hddm_sbi.likelihoods.native.compiling import internal, once, summing
from hddm_sbi.likelihoods.native.contract import SUM_SIGNATURE
from hddm_sbi.likelihoods.native.records import CFunction
from hddm_sbi.likelihoods.native.trial_arrays import clear, first_after
from hddm_sbi.likelihoods.neural import kernels, reverse
from hddm_sbi.likelihoods.neural.network import LOGIT_UNIT
from hddm_sbi.likelihoods.neural.network_record import CHUNK, TILE, Form, Mlp, Network, read_network

FloatArray = npt.NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


# Intermediate results of a tile of trials. They share one array: two arrays might overlap, for all the compiler knows,
# and then no loop would vectorise.
_U, _INTERVAL, _P0, _P1, _P2, _P3, _P4, _BY_HEIGHT, _BY_SLOPE = (k * TILE for k in range(9))

# of trials: log density, shares of the process and of the lapses, derivatives by zeta, delta, s, s times that by s
Sums = tuple[float, float, float, float, float, float, float]


@summing
def _locate(
    rt: FloatArray, form: Form, shift: float, per_square: float, zeta: float, delta: float, tile: FloatArray
) -> None:
    """Fill in the interval of the spline of each trial, and the place in it."""
    per_spacing, last, left = 1.0 / form.spacing, form.n_intervals - 1.0, form.left
    for i in range(len(rt)):
        s = (rt[i] - shift) * per_square
        position = ((delta * s - zeta) / math.sqrt(s) - left) * per_spacing
        interval = min(max(math.floor(position), 0.0), last)
        tile[_INTERVAL + i] = interval
        tile[_U + i] = position - interval


@internal
def _gather(n: int, table: FloatArray, tile: FloatArray) -> None:
    """Fill in the spline's polynomial of each trial."""
    for i in range(n):
        row = table[int(tile[_INTERVAL + i])]
        tile[_P0 + i], tile[_P1 + i], tile[_P2 + i], tile[_P3 + i], tile[_P4 + i] = (
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
        )


@summing
def _evaluate(
    rt: FloatArray, count: FloatArray, log_lapse: FloatArray, spacing: float, shift: float, per_square: float,
    zeta: float, delta: float, log_base: float, log_p: float, log_not_p: float, tile: FloatArray,
) -> Sums:  # fmt: skip
    """The sums over the trials of a tile; fill in the derivatives by the spline's height and slope at each trial."""
    total = process = lapses = by_zeta = by_delta = by_s = by_log_s = 0.0
    for i in range(len(rt)):
        s = (rt[i] - shift) * per_square
        per_root = 1.0 / math.sqrt(s)
        per_s = per_root * per_root
        u, p1, p2, p3, p4 = tile[_U + i], tile[_P1 + i], tile[_P2 + i], tile[_P3 + i], tile[_P4 + i]
        height = tile[_P0 + i] + spacing * u * (p1 + u * (p2 / 2.0 + u * (p3 / 3.0 + u * p4 / 4.0)))
        slope = p1 + u * (p2 + u * (p3 + u * p4))
        bend = (p2 + u * (2.0 * p3 + u * 3.0 * p4)) / spacing
        stretch = 0.5 * per_root * (delta + zeta * per_s)
        log_f = log_base - 0.5 * height * height + vm.log(slope * stretch)
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
        of_s = by_x * stretch - 0.5 * by_stretch * (delta + 3.0 * zeta * per_s) * per_s
        by_s += of_s
        by_log_s += of_s * s
        tile[_BY_HEIGHT + i], tile[_BY_SLOPE + i] = by_height, by_slope
    return total, process, lapses, by_zeta, by_delta, by_s, by_log_s


@internal
def _scatter(n: int, spacing: float, tile: FloatArray, by_table: FloatArray) -> None:
    """Add to the derivatives by the spline's table: of its height, then of each power of u in its slope."""
    for i in range(n):
        row, u = by_table[int(tile[_INTERVAL + i])], tile[_U + i]
        by_height, by_slope = tile[_BY_HEIGHT + i], tile[_BY_SLOPE + i]
        raised = by_height * spacing * u
        row[0] += by_height
        row[1] += raised + by_slope
        row[2] += u * (raised / 2.0 + by_slope)
        row[3] += u * u * (raised / 3.0 + by_slope)
        row[4] += u * u * u * (raised / 4.0 + by_slope)


@once
def _trial_sums(
    net: Network, first: int, stop: int, table: FloatArray, by_table: FloatArray, zeta: float, delta: float,
    log_base: float, shift: float, unit: float, p: float, slot: int,
) -> Sums:  # fmt: skip
    """The sums over trials after the shift; adds to ``by_table``."""
    trials, form, tile = net.trials, net.form, net.memory.tile[slot]
    log_p, log_not_p, per_square = math.log(p), math.log1p(-p), 1.0 / (unit * unit)
    total = process = lapses = by_zeta = by_delta = by_s = by_log_s = 0.0
    for begin in range(first, stop, TILE):
        at = slice(begin, min(begin + TILE, stop))
        rt = trials.rt[at]
        _locate(rt, form, shift, per_square, zeta, delta, tile)
        _gather(len(rt), table, tile)
        sums = _evaluate(
            rt, trials.counts[at], trials.log_lapse[at], form.spacing, shift, per_square, zeta, delta, log_base,
            log_p, log_not_p, tile,
        )  # fmt: skip
        _scatter(len(rt), form.spacing, tile, by_table)
        total += sums[0]
        process += sums[1]
        lapses += sums[2]
        by_zeta += sums[3]
        by_delta += sums[4]
        by_s += sums[5]
        by_log_s += sums[6]
    return total, process, lapses, by_zeta, by_delta, by_s * per_square, by_log_s


@internal
def _features(net: Network, mlp: Mlp, at: int, row: FloatArray, choice: int, given: bool, slot: int) -> None:
    """Write the features of one row, as a choice sees it, to the network's input ``at``, and their Jacobian."""
    form, n, width = net.form, len(net.form.inputs), mlp.sizes[0]
    n_features = net.choice.sizes[0]
    inputs = mlp.hidden[slot, at * width : (at + 1) * width]
    scratch = net.memory.scratch[slot].reshape(3, n)
    kernels.view_of(row, form.mirror, choice, scratch[2])
    jacobian = mlp.jacobian[slot, at * n * n_features : (at + 1) * n * n_features].reshape(n, n_features)
    even = form.even if given else form.never
    kernels.features(scratch[2], form.supports, form.edges, even, form.drift, form.start, inputs, jacobian, scratch[:2])
    for c in range(n_features, width):  # without a mirror symmetry the network is told the choice
        inputs[c] = 1.0 if c == n_features + choice else 0.0


@once
def _add_by_view(net: Network, mlp: Mlp, at: int, by_features: FloatArray, view: int, slot: int) -> None:
    """Add the derivatives by one view's canonical parameters, from those by its features."""
    n, n_features = len(net.form.inputs), net.choice.sizes[0]
    jacobian = mlp.jacobian[slot, at * n * n_features : (at + 1) * n * n_features].reshape(n, n_features)
    for j in range(n):
        for f in range(n_features):
            net.memory.by_view[slot, view * n + j] += jacobian[j, f] * by_features[f]


@once
def _choices_forward(net: Network, rows: int, slot: int) -> int:
    """Fill in the log choice probabilities of a chunk of rows; return the views for each row."""
    form, memory, n = net.form, net.memory, len(net.form.inputs)
    views = form.n_choices if form.mirrored else 1
    for r in range(rows):
        for view in range(views):
            row = memory.canonical[slot, r * n : (r + 1) * n]
            _features(net, net.choice, r * views + view, row, view, False, slot)
    mlp = net.choice
    scores = reverse.mlp_forward(rows * views, mlp.weights, mlp.biases, mlp.sizes, mlp.hidden[slot], mlp.slopes[slot])
    flat = scores.reshape(-1)
    for i in range(len(flat)):
        flat[i] *= LOGIT_UNIT
    for r in range(rows):
        start, stop = r * form.n_choices, (r + 1) * form.n_choices
        reverse.log_softmax(flat[start:stop], memory.log_choice[slot, start:stop])
        for i in range(start, stop):
            memory.by_log_choice[slot, i] = 0.0
    return views


@once
def _choices_backward(net: Network, rows: int, views: int, slot: int) -> None:
    """Add to ``by_view`` what comes from the choice probabilities."""
    form, memory, mlp = net.form, net.memory, net.choice
    end = rows * views * mlp.n_units
    by_scores = mlp.adjoints[slot, end - rows * form.n_choices : end]
    for r in range(rows):
        start = r * form.n_choices
        everything = 0.0
        for i in range(start, start + form.n_choices):
            everything += memory.by_log_choice[slot, i]
        for i in range(start, start + form.n_choices):
            probability = math.exp(memory.log_choice[slot, i])
            by_scores[i] = LOGIT_UNIT * (memory.by_log_choice[slot, i] - probability * everything)
    by_features = reverse.mlp_backward(rows * views, mlp.transposed, mlp.sizes, mlp.slopes[slot], mlp.adjoints[slot])
    for r in range(rows):
        for view in range(views):
            at = r * views + view
            _add_by_view(net, mlp, at, by_features[at], r * form.n_choices + view, slot)


@once
def _times_forward(net: Network, first_row: int, first: int, stop: int, slot: int) -> FloatArray:
    """The time network's outputs for segments first, ..., stop - 1."""
    trials, mlp, n = net.trials, net.time, len(net.form.inputs)
    for segment in range(first, stop):
        r = trials.row[segment] - first_row
        row = net.memory.canonical[slot, r * n : (r + 1) * n]
        _features(net, mlp, segment - first, row, trials.choice[segment], True, slot)
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
    lapses = trials.n_columns > len(form.powers)
    p = theta[-1] if lapses else 0.0
    shift = theta[form.shift] if form.shift >= 0 else 0.0
    unit = theta[form.scale] if form.scale >= 0 else 1.0
    spline = memory.spline[slot]
    table = spline[: 5 * n_intervals].reshape(n_intervals, 5)
    by_table = spline[5 * n_intervals : 10 * n_intervals].reshape(n_intervals, 5)
    weights = spline[10 * n_intervals :]
    reverse.fill_spline(raw[2:], form.spacing, form.centre, weights, table)
    clear(by_table)
    view = memory.scratch[slot].reshape(3, n)[2]
    kernels.view_of(memory.canonical[slot, r * n : (r + 1) * n], form.mirror, choice, view)
    near, rate = 1.0, 1.0
    log_zeta, log_delta = 0.5 * form.log_time_scale, -0.5 * form.log_time_scale
    if form.drift >= 0:
        near = max(view[form.start], 1e-9)
        rate = math.pi**2 + view[form.drift] ** 2
        log_zeta, log_delta = math.log(near), 0.5 * math.log(rate)
    zeta, delta = math.exp(log_zeta + raw[0]), math.exp(log_delta + raw[1])
    first, stop = trials.bounds[segment], trials.bounds[segment + 1]
    possible = stop  # without a unit of length every trial is a lapse
    if unit > 0.0:
        possible = first_after(trials.rt, first, stop, shift)
    log_base = memory.log_choice[slot, view_index] - 2.0 * math.log(unit) - _HALF_LOG_TWO_PI
    early, n_early = lapse_sum(trials.counts[first:possible], trials.log_lapse[first:possible], math.log(p))
    total, process, lapsed, by_zeta, by_delta, by_time, by_log_time = _trial_sums(
        net, possible, stop, table, by_table, zeta, delta, log_base, shift, unit, p, slot
    )
    reverse.spline_backward(by_table, weights, form.spacing, form.centre, by_raw[2:])
    by_raw[0], by_raw[1] = by_zeta * zeta, by_delta * delta
    memory.by_log_choice[slot, view_index] += process
    if form.drift >= 0:
        if near == view[form.start]:
            memory.by_view[slot, view_index * n + form.start] += by_raw[0] / near
        memory.by_view[slot, view_index * n + form.drift] += by_raw[1] * view[form.drift] / rate
    if form.shift >= 0:
        by_theta[form.shift] -= by_time
    if form.scale >= 0:
        by_theta[form.scale] -= 2.0 * (process + by_log_time) / unit
    if lapses:
        by_theta[-1] += (n_early + lapsed) / p - process / (1.0 - p)
    return total + early


@once
def _to_theta(net: Network, rows: int, theta: FloatArray, by_theta: FloatArray, slot: int) -> None:
    """Add to the derivatives by theta, (rows, parameters), what comes by way of the canonical parameters."""
    form, n = net.form, len(net.form.inputs)
    for r in range(rows):
        unit = theta[r, form.scale] if form.scale >= 0 else 1.0
        for j in range(n):
            by_canonical = 0.0
            for c in range(form.n_choices):
                by_view = net.memory.by_view[slot, (r * form.n_choices + c) * n + j]
                by_canonical += kernels.view_sign(form.mirror, c, j) * by_view
            power = form.powers[form.inputs[j]]
            if form.scale < 0 or power == 0.0:
                by_theta[r, form.inputs[j]] += by_canonical
            else:
                by_theta[r, form.inputs[j]] += by_canonical * unit**power
                by_theta[r, form.scale] += by_canonical * power * theta[r, form.inputs[j]] * unit ** (power - 1.0)


@once
def _chunk(
    net: Network, first_row: int, rows: int, first: int, stop: int, theta: FloatArray, by_theta: FloatArray, slot: int
) -> float:
    """Log density of the segments first, ..., stop - 1, which belong to a chunk of rows; adds to ``by_theta``."""
    form, n = net.form, len(net.form.inputs)
    for r in range(rows):
        for j in range(n):
            at, power = form.inputs[j], form.powers[form.inputs[j]]
            value = theta[r, at]
            if form.scale >= 0 and power != 0.0:
                value *= theta[r, form.scale] ** power
            net.memory.canonical[slot, r * n + j] = value
    for i in range(rows * form.n_choices * n):
        net.memory.by_view[slot, i] = 0.0
    views = _choices_forward(net, rows, slot)
    raw = _times_forward(net, first_row, first, stop, slot)
    mlp, size = net.time, (stop - first) * net.time.n_units
    by_raw = mlp.adjoints[slot, size - raw.size : size].reshape(raw.shape)
    total = 0.0
    for segment in range(first, stop):
        at, r = segment - first, net.trials.row[segment] - first_row
        total += _segment(net, segment, at, r, raw[at], by_raw[at], theta[r], by_theta[r], slot)
    _choices_backward(net, rows, views, slot)
    by_features = reverse.mlp_backward(stop - first, mlp.transposed, mlp.sizes, mlp.slopes[slot], mlp.adjoints[slot])
    for segment in range(first, stop):
        at, r = segment - first, net.trials.row[segment] - first_row
        view = r * form.n_choices + net.trials.choice[segment]
        _add_by_view(net, mlp, at, by_features[at], view, slot)
    _to_theta(net, rows, theta, by_theta, slot)
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
