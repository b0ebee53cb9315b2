"""The one sum over trials: it asks a model's piece for log densities and masses, mixes in the lapses, adds up.

What was seen of the trials comes as events. An event is the union of disjoint parts, each the density of a choice at a
time or the probability of a choice between two times; its log probability, lapses included, is

    log[(1 - p) sum_parts M + p ((1 - q) L + q Q)]

with the lapse probability p, the share q of lapses that never respond, the probability L of the event for a lapse that
does respond, and Q = 1 where never responding belongs to the event. The sum adds these with weights: how often each
occurred, or, for what truncation divides by, how often it is divided by, negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled import vector_math as vm
from hddm_sbi.compiled.arrays import clear
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.structs import FLOATS2, CFunction, Record, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.compiled_sum import SUM_SIGNATURE, CompiledSum
from hddm_sbi.likelihoods.driver.event_arrays import EVENTS, EventArrays, Shape, demand, event_arrays
from hddm_sbi.likelihoods.driver.piece import (
    BLOCK,
    DENSITY,
    MASS,
    PIECE,
    Compiled,
    Piece,
    call_begin,
    call_fill,
    call_finish,
    call_pull,
)
from hddm_sbi.likelihoods.events import Distinct
from hddm_sbi.likelihoods.mixture import IMPOSSIBLE, LOG_ZERO, mix

# places in a slot's memory, in blocks: of each event log M and then its weight in derivatives, the log density of the
# lapses, the weight of a part, and log M of each part
LOG, LAPSE, PART_WEIGHT, PARTS = 0, 1, 2, 3


class Driver(NamedTuple):
    """A piece, the events, and working memory with one row for each slot."""

    piece: Piece
    events: EventArrays
    memory: FloatArray


DRIVER = record_type(Driver, piece=PIECE, events=EVENTS, memory=FLOATS2)
_read_driver = reader(DRIVER)


class Lapsing(NamedTuple):
    """Lapses of one row: p, q and their logarithms."""

    p: float
    q: float
    log_p: float
    log_not_p: float
    log_not_q: float


@once
def _lapsing(p: float, q: float) -> Lapsing:
    return Lapsing(p, q, max(math.log(p), LOG_ZERO), math.log1p(-p), math.log1p(-q) if q > 0.0 else 0.0)


@summing
def _mixed(
    weight: FloatArray, log_lapse: FloatArray, log_p: float, log_not_p: float, log: FloatArray
) -> tuple[float, float, float]:
    """Sums over a block: log density, shares of the process and of the lapses; the process's weights replace log."""
    total = process = lapses = 0.0
    for i in range(len(weight)):
        log_density, share = mix(log[i], log_lapse[i], log_p, log_not_p)
        of_process = weight[i] * share
        log[i] = of_process
        total += weight[i] * log_density
        process += of_process
        lapses += weight[i] - of_process
    return total, process, lapses


@internal
def _with_never(log_lapse: FloatArray, q: float, out: FloatArray) -> None:
    """Fill in log((1 - q) L + q)."""
    for i in range(len(log_lapse)):
        out[i] = max(math.log((1.0 - q) * math.exp(log_lapse[i]) + q), LOG_ZERO)


@internal
def _by_q(weight: FloatArray, log: FloatArray, log_lapse: FloatArray, out: FloatArray) -> float:
    """The derivative by q of the events that never responding belongs to: the lapses' weights times (1 - L) / (...)."""
    total = 0.0
    for i in range(len(weight)):
        total += (weight[i] - log[i]) * (1.0 - math.exp(log_lapse[i])) / math.exp(out[i])
    return total


@summing
def _united(n: int, n_parts: int, log: FloatArray, parts: FloatArray) -> None:
    """Fill in the logarithm of the sum of the parts."""
    for i in range(n):
        log[i] = parts[i]
    for k in range(1, n_parts):
        for i in range(n):
            one, other = log[i], parts[k * BLOCK + i]
            larger = max(one, other)
            log[i] = larger + vm.log1p(vm.exp(-abs(one - other)))


@summing
def _shared(n: int, log: FloatArray, parts: FloatArray, k: int, united: FloatArray, out: FloatArray) -> None:
    """Fill in the weights of part k: those of the events (log, after mixing) times its share of the union."""
    for i in range(n):
        share = vm.exp(parts[k * BLOCK + i] - united[i])
        out[i] = log[i] * share if united[i] > IMPOSSIBLE else 0.0


@once
def _fill(
    piece: Piece, events: EventArrays, slot: int, part: int, row: int, n: int, theta: FloatArray, offset: int,
    out: FloatArray,
) -> None:  # fmt: skip
    kind, place = events.kind[part], events.place[part] + offset
    call_fill(
        piece.fill if kind == DENSITY else piece.fill_mass, piece.record, slot, kind, events.choice[part], row, n,
        theta, events.t1[place:], events.t2[place:], out,
    )  # fmt: skip


@once
def _pull(
    piece: Piece, events: EventArrays, slot: int, part: int, row: int, n: int, theta: FloatArray, offset: int,
    weight: FloatArray, by_theta: FloatArray,
) -> None:  # fmt: skip
    kind, place = events.kind[part], events.place[part] + offset
    call_pull(
        piece.pull if kind == DENSITY else piece.pull_mass, piece.record, slot, kind, events.choice[part], row, n,
        theta, events.t1[place:], events.t2[place:], weight, by_theta,
    )  # fmt: skip


@once
def _block(
    driver: Driver, slot: int, group: int, begin: int, n: int, theta: FloatArray, by_theta: FloatArray, at: Lapsing
) -> tuple[float, float, float, float]:
    """The sums of ``_mixed`` over a block of events, and the derivative by q; adds to by_theta."""
    events, piece, memory = driver.events, driver.piece, driver.memory[slot]
    first, stop, row = events.parts[group], events.parts[group + 1], events.row[group]
    n_parts, offset = stop - first, begin - events.first[group]
    log = memory[LOG * BLOCK : LOG * BLOCK + n]
    parts = memory[PARTS * BLOCK :]
    for k in range(n_parts):
        out = log if n_parts == 1 else parts[k * BLOCK : k * BLOCK + n]
        _fill(piece, events, slot, first + k, row, n, theta, offset, out)
    united = parts[n_parts * BLOCK : n_parts * BLOCK + n]
    if n_parts > 1:
        _united(n, n_parts, log, parts)
        for i in range(n):
            united[i] = log[i]
    weight, log_lapse = events.weight[begin : begin + n], events.log_lapse[begin : begin + n]
    by_q = 0.0
    if events.never[group] == 1:
        mixed_lapse = memory[LAPSE * BLOCK : LAPSE * BLOCK + n]
        _with_never(log_lapse, at.q, mixed_lapse)
        total, process, lapses = _mixed(weight, mixed_lapse, at.log_p, at.log_not_p, log)
        if at.q > 0.0:
            by_q = _by_q(weight, log, log_lapse, mixed_lapse)
    else:
        total, process, lapses = _mixed(weight, log_lapse, at.log_p + at.log_not_q, at.log_not_p, log)
        by_q = -lapses / (1.0 - at.q)
    for k in range(n_parts - 1, -1, -1):
        weights = log
        if n_parts > 1:
            if k < n_parts - 1:  # the piece knows the derivatives of what it filled last
                _fill(piece, events, slot, first + k, row, n, theta, offset, parts[k * BLOCK : k * BLOCK + n])
            weights = memory[PART_WEIGHT * BLOCK : PART_WEIGHT * BLOCK + n]
            _shared(n, log, parts, k, united, weights)
        _pull(piece, events, slot, first + k, row, n, theta, offset, weights, by_theta)
    return total, process, lapses, by_q


@once
def _group(driver: Driver, slot: int, group: int, theta: FloatArray, by_theta: FloatArray, at: Lapsing) -> float:
    """Log probability of the events of one group; adds to by_theta, the derivatives by the row's own theta."""
    events = driver.events
    begin, last = events.first[group], events.last[group]
    total = process = lapses = by_q = 0.0
    while begin < last:
        n = min(BLOCK, last - begin)
        sums = _block(driver, slot, group, begin, n, theta, by_theta, at)
        total += sums[0]
        process += sums[1]
        lapses += sums[2]
        by_q += sums[3]
        begin += n
    if events.p_at >= 0:
        by_theta[events.p_at] += lapses / at.p - process / (1.0 - at.p)
    if events.q_at >= 0:
        by_theta[events.q_at] += by_q
    return total


@internal
def observed_sum(driver: Driver, slot: int, theta: FloatArray, by_theta: FloatArray) -> float:
    """Sum of the events' log probabilities; fills by_theta, shape of theta, with its derivatives.

    Args:
        driver: the model's piece, and the events of all trials.
        slot: the number of the working memory that this call may use.
        theta: the model's parameters, then those of the lapses, shape (rows, columns).
        by_theta: array that is filled with the derivatives, shape (rows, columns).

    Returns:
        The sum; -inf, with derivatives of no meaning, where an event is impossible. At a lapse probability of exactly 0
        or 1 the derivatives by it are not finite.
    """
    clear(by_theta)
    events, piece = driver.events, driver.piece
    total, possible, at = 0.0, True, _lapsing(0.0, 0.0)
    for chunk in range(len(events.chunk_rows) - 1):
        first_row, end = events.chunk_rows[chunk], events.chunk_rows[chunk + 1]
        own, by_own = theta[first_row:end], by_theta[first_row:end]
        if piece.begin != 0:
            call_begin(piece.begin, piece.record, slot, first_row, end - first_row, events.n_columns, own)
        for group in range(events.chunk_groups[chunk], events.chunk_groups[chunk + 1]):
            row = events.row[group]
            p = theta[row, events.p_at] if events.p_at >= 0 else 0.0
            q = theta[row, events.q_at] if events.q_at >= 0 else 0.0
            if p != at.p or q != at.q:  # mostly they are the same in all rows
                at = _lapsing(p, q)
            found = _group(driver, slot, group, theta[row], by_theta[row], at)
            possible = possible and abs(found) < -IMPOSSIBLE
            total += found
        if piece.finish != 0:
            call_finish(piece.finish, piece.record, slot, first_row, end - first_row, events.n_columns, own, by_own)
    return total if possible else -np.inf


def _observed_sum_at(record, slot, theta, by_theta):  # type: ignore[no-untyped-def]
    driver = _read_driver(record)
    shape = (driver.events.n_rows, driver.events.n_columns)
    return observed_sum(driver, slot, nb.carray(theta, shape), nb.carray(by_theta, shape))


observed_sum_at = CFunction(SUM_SIGNATURE, _observed_sum_at)


def compiled_sum(
    density: Compiled, n_choices: int, kinds: Sequence[Distinct], shape: Shape, slots: int
) -> CompiledSum | None:
    """The sum over events under a density as a C function; None where it is not compiled.

    Args:
        density: the process's density, which supplies the piece.
        n_choices: number of response options.
        kinds: the distinct events, kind by kind.
        shape: the shape of theta, and its columns for the lapses.
        slots: threads that may call it at a time.
    """
    compiled = density.piece(demand(kinds, shape.n_rows, n_choices), slots)
    if compiled is None:
        return None
    events = event_arrays(kinds, shape, n_choices, density.any_by_choice, compiled.chunk)
    piece = compiled.for_kinds(bool((events.kind == MASS).any()))
    most_parts = int(np.diff(events.parts).max(initial=1))
    memory = np.zeros((slots, (PARTS + most_parts + 1) * BLOCK))
    record = Record(Driver(piece, events, memory), DRIVER)
    return CompiledSum(observed_sum_at.address, record.address, (record, compiled.keep))
