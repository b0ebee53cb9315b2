"""The compiled piece of a mixed estimator.

Networks are evaluated for each row of theta and choice before the trials of a chunk of rows; the rest is arithmetic for
each trial. A choice c comes at t with density p(c) phi(x(t)) x'(t), and between two times with probability
p(c) [Phi(x2) - Phi(x1)], with the increasing splines x(t).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from hddm_sbi.compiled.arrays import clear
from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.compiled.normal_interval import normal_interval
from hddm_sbi.compiled.structs import CFunction, Record
from hddm_sbi.likelihoods.base import BoolArray, FloatArray
from hddm_sbi.likelihoods.driver.pairs import pair_of
from hddm_sbi.likelihoods.driver.piece import (
    BEGIN_SIGNATURE,
    BLOCK,
    DENSITY,
    FILL_SIGNATURE,
    FINISH_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    Piece,
)
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, LOG_ZERO
from hddm_sbi.likelihoods.neural.mixed import spline
from hddm_sbi.likelihoods.neural.mixed.memory import (
    BY_LOG_SLOPE,
    BY_X,
    FIRST_PAIR,
    FIRST_ROW,
    MIXED_NETWORK,
    N_PAIRS,
    OPEN,
    ROW,
    MixedNetwork,
    X,
    activations_of,
    mixed_network,
    read_mixed_network,
    rows_at_once,
)
from hddm_sbi.likelihoods.neural.mixed.passes import mass_back, mass_forward, time_back, time_forward
from hddm_sbi.likelihoods.neural.mixed.record import Networks, Time

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
# Ends of an interval closer than this in x, relative to its size, cancel: rounding of x would leave 1e-8 of the
# difference. The density in the middle times the width of the interval is then good to 1e-9.
_CLOSEST = 1e-7


@internal
def _transform(time: Time, t: float, splines: FloatArray, end: FloatArray) -> tuple[float, float]:
    """x at a time, which may be 0 or infinite, and the logarithm of its slope; fills in what is kept of the way."""
    n = len(splines)
    value = t
    if time.is_log == 1:
        value = math.log(t) if t > 0.0 else -math.inf
    x, log_slope = time.offset + time.slope * value, math.log(abs(time.slope)) - (value if time.is_log == 1 else 0.0)
    end[X] = x
    for j in range(n):
        place, x, more = spline.forward(x, splines[j])
        end[X + n + 1 + j], end[X + 1 + j] = place, x
        log_slope += more
    return x, log_slope


@internal
def _log_density(time: Time, t: float, splines: FloatArray, end: FloatArray) -> float:
    """Log density at a time; fills in what is kept of it."""
    x, log_slope = _transform(time, t, splines, end)
    end[BY_X], end[BY_LOG_SLOPE] = -x, 1.0
    return log_slope - 0.5 * x * x - _HALF_LOG_TWO_PI


@internal
def _log_interval(time: Time, t1: float, t2: float, splines: FloatArray, one: FloatArray, other: FloatArray) -> float:
    """Log probability of an interval; fills in what is kept of both ends."""
    x1, x2 = _transform(time, t1, splines, one)[0], _transform(time, t2, splines, other)[0]
    one[BY_LOG_SLOPE] = other[BY_LOG_SLOPE] = one[BY_X] = other[BY_X] = 0.0
    size = min(abs(x1), abs(x2))
    if t1 < t2 and abs(x2 - x1) <= _CLOSEST * (1.0 + size):
        return _log_density(time, 0.5 * (t1 + t2), splines, one) + math.log(t2 - t1)
    value, by_low, by_high = normal_interval(min(x1, x2), max(x1, x2))
    one[BY_X], other[BY_X] = (by_low, by_high) if x1 < x2 else (by_high, by_low)
    return value


@once
def _begin_rows(net: MixedNetwork, first_row: int, n_rows: int, theta: FloatArray, slot: int) -> None:
    pairs, memory, state = net.pairs, net.memory, net.memory.state[slot]
    first = pairs.first[first_row]
    state[FIRST_ROW], state[FIRST_PAIR], state[ROW] = first_row, first, -1
    state[N_PAIRS] = pairs.first[first_row + n_rows] - first
    at = activations_of(net, slot)
    for r in range(n_rows):
        for pair in range(pairs.first[first_row + r], pairs.first[first_row + r + 1]):
            s = pair - first
            at.x_time[s, 0] = pairs.choice[pair]
            for i in range(len(net.mass.mean)):
                at.x_mass[s, i] = (theta[r, i] - net.mass.mean[i]) / net.mass.sd[i]
                at.x_time[s, 1 + i] = (theta[r, i] - net.time.mean[i]) / net.time.sd[i]
    mass_forward(net.mass, at.x_mass, at.residual, at.inner, at.logits)
    time_forward(net.time, at.x_time, at.embedded, at.hidden, at.raw)
    for s in range(state[N_PAIRS]):
        category, logits = net.category[pairs.choice[first + s]], at.logits[s]
        largest = np.max(logits)
        log_sum = largest + math.log(np.sum(np.exp(logits - largest)))
        memory.log_mass[slot, s] = logits[category] - log_sum if category >= 0 else LOG_ZERO
        memory.by_log_mass[slot, s] = 0.0
        for c in range(len(logits)):
            logits[c] -= log_sum
    for i in range(at.by_raw.size):
        memory.by_raw[slot, i] = 0.0


@internal
def _open(net: MixedNetwork, choice: int, s: int, slot: int) -> None:
    """Fill in the splines of pair s of the chunk."""
    time, memory, at = net.time, net.memory, activations_of(net, slot)
    memory.state[slot, OPEN + choice] = 1
    first = (slot * len(net.category) + choice) * time.n_splines
    for j in range(time.n_splines):
        raw, shares = at.raw[j, s], memory.shares[first + j]
        spline.fill_spline(raw, time.scale, time.bound, time.least, shares, memory.splines[first + j])
    clear(memory.by_splines[first : first + time.n_splines])


@internal
def _close_row(net: MixedNetwork, slot: int) -> None:
    """Take the derivatives by the splines of the current row to those by the network's outputs."""
    time, memory, state, at = net.time, net.memory, net.memory.state[slot], activations_of(net, slot)
    for choice in range(len(net.category)):
        if state[OPEN + choice] == 1:
            s = pair_of(net.pairs, state[ROW], choice) - state[FIRST_PAIR]
            first = (slot * len(net.category) + choice) * time.n_splines
            for j in range(time.n_splines):
                by_spline, shares = memory.by_splines[first + j], memory.shares[first + j]
                spline.spline_back(by_spline, at.raw[j, s], time.scale, time.bound, time.least, shares, at.by_raw[j, s])
        state[OPEN + choice] = 0


@once
def _finish_rows(
    net: MixedNetwork, first_row: int, n_rows: int, theta: FloatArray, by_theta: FloatArray, slot: int
) -> None:
    pairs, memory, at = net.pairs, net.memory, activations_of(net, slot)
    first, k = pairs.first[first_row], len(net.mass.mean)
    for s in range(len(at.logits)):
        by, category = memory.by_log_mass[slot, s], net.category[pairs.choice[first + s]]
        for c in range(at.logits.shape[1]):
            at.logits[s, c] = by * ((1.0 if c == category else 0.0) - math.exp(at.logits[s, c]))
    by_mass, by_time = np.zeros(at.x_mass.shape), np.empty(at.x_time.shape)
    mass_back(net.mass, at.logits, at.inner, by_mass)
    time_back(net.time, at.by_raw, at.embedded, at.hidden, by_time)
    for r in range(n_rows):
        for s in range(pairs.first[first_row + r] - first, pairs.first[first_row + r + 1] - first):
            for i in range(k):
                by_theta[r, i] += by_mass[s, i] / net.mass.sd[i] + by_time[s, 1 + i] / net.time.sd[i]


@once
def _splines(net: MixedNetwork, memory: FloatArray, choice: int, slot: int) -> FloatArray:
    n = net.time.n_splines
    first = (slot * len(net.category) + choice) * n
    return memory[first : first + n]


def _begin(record, slot, first_row, n_rows, n_columns, theta):  # type: ignore[no-untyped-def]
    _begin_rows(read_mixed_network(record), first_row, n_rows, nb.carray(theta, (n_rows, n_columns)), slot)


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    net = read_mixed_network(record)
    time, memory, state = net.time, net.memory, net.memory.state[slot]
    t1, t2, out = nb.carray(t1, n), nb.carray(t2, n), nb.carray(out, n)
    s = pair_of(net.pairs, row, choice) - state[FIRST_PAIR]
    if state[ROW] != row:
        if state[ROW] >= 0:
            _close_row(net, slot)
        state[ROW] = row
    if state[OPEN + choice] == 0:
        _open(net, choice, s, slot)
    log_mass, splines = memory.log_mass[slot, s], _splines(net, memory.splines, choice, slot)
    size = memory.kept.shape[1] // 2
    for i in range(n):
        kept = memory.kept[slot * BLOCK + i]
        one, other, value = kept[:size], kept[size:], LOG_ZERO
        other[BY_X] = other[BY_LOG_SLOPE] = 0.0
        if kind != DENSITY:
            value = _log_interval(time, max(t1[i], 0.0), t2[i], splines, one, other)
        elif time.is_log == 0 or t1[i] > 0.0:
            value = _log_density(time, t1[i], splines, one)
        out[i] = log_mass + value
        if not (IMPOSSIBLE < out[i] < math.inf):
            out[i] = LOG_ZERO
            one[BY_X] = one[BY_LOG_SLOPE] = other[BY_X] = other[BY_LOG_SLOPE] = 0.0


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    net = read_mixed_network(record)
    memory, weight, m = net.memory, nb.carray(weight, n), net.time.n_splines
    splines, by_splines = _splines(net, memory.splines, choice, slot), _splines(net, memory.by_splines, choice, slot)
    s, size = pair_of(net.pairs, row, choice) - memory.state[slot, FIRST_PAIR], memory.kept.shape[1] // 2
    total = 0.0
    for i in range(n):
        total += weight[i]
        for at in (0, size):
            end = memory.kept[slot * BLOCK + i, at : at + size]
            by, by_log_slope = weight[i] * end[BY_X], weight[i] * end[BY_LOG_SLOPE]
            if by == 0.0 and by_log_slope == 0.0:
                continue
            for j in range(m - 1, -1, -1):
                by = spline.backward(end[X + j], int(end[X + m + 1 + j]), splines[j], by, by_log_slope, by_splines[j])
    memory.by_log_mass[slot, s] += total


def _finish(record, slot, first_row, n_rows, n_columns, theta, by_theta):  # type: ignore[no-untyped-def]
    net, shape = read_mixed_network(record), (n_rows, n_columns)
    if net.memory.state[slot, ROW] >= 0:
        _close_row(net, slot)
    _finish_rows(net, first_row, n_rows, nb.carray(theta, shape), nb.carray(by_theta, shape), slot)


_begin_at, _finish_at = CFunction(BEGIN_SIGNATURE, _begin), CFunction(FINISH_SIGNATURE, _finish)
_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)


def mixed_piece(networks: Networks, demand: BoolArray, slots: int) -> CompiledPiece:
    """The piece for so many threads, to be asked for what is demanded, (rows, choices)."""
    record = Record(mixed_network(networks, demand, slots), MIXED_NETWORK)
    piece = Piece(_fill_at.address, _pull_at.address, record.address, _begin_at.address, _finish_at.address)
    return CompiledPiece(piece, record, rows_at_once(demand.shape[1]))
