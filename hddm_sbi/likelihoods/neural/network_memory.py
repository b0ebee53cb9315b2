"""A first-passage network with working memory, as its compiled piece reads them.

Whatever is evaluated, layers or a table, stands in a record that begins with a ``Network``, which is all that trials
need to know.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import once
from hddm_sbi.compiled.structs import FLOATS2, INT, INTS2, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.driver.pairs import PAIRS, Pairs, pair_of
from hddm_sbi.likelihoods.driver.piece import BLOCK
from hddm_sbi.likelihoods.neural.block import SIZE as TILE_SIZE
from hddm_sbi.likelihoods.neural.network_record import CHUNK, FORM, MLP, BoolArray, Form, Layers, Mlp, mlp_of
from hddm_sbi.likelihoods.neural.table import REACH, TABLE, Table
from hddm_sbi.likelihoods.neural.window_block import KEPT

# Places in ``Memory.state``: first row, first pair and number of pairs of the chunk; the row whose trials are
# evaluated; first trial of a block that is possible, and the end of these; whether these trials did without a table;
# then, for each choice, how far its spline is open.
FIRST_ROW, FIRST_PAIR, N_PAIRS, ROW, BEGIN, END, FEW, OPEN = range(8)
# How far: not at all, its ends and coefficients, its table too.
CLOSED, SOME, WHOLE = range(3)
# Places in ``Memory.row``: shift and width of the delay; logarithm of the unit of time, and its inverse; both
# parameters of the clock; when the boundaries meet, in seconds.
SHIFT, WINDOW, LOG_UNIT, PER_UNIT, FIRST, SECOND, LAST = range(7)
# Places among the ends of an open spline: zeta and delta, and both before the network's factors; the derivatives of
# their logarithms by start, proportion and drift; those of the sum by zeta, delta and both parameters of the clock.
ZETA, DELTA, BASE_ZETA, BASE_DELTA, BY_START, BY_PROPORTION, BY_DRIFT = range(7)
OF_ZETA, OF_DELTA, OF_FIRST, OF_SECOND, N_ENDS = range(7, 12)


class Memory(NamedTuple):
    """Working memory for the rows of one chunk, one row for each slot.

    Args:
        log_choice, by_log_choice: log probability of each choice by row, and the sum's derivatives by it.
        tilt: derivatives of each choice's score by drift, start and factor, where it corrects Brownian motion.
        flow, by_flow: of each pair what its flow is made of, and the sum's derivatives by it: factors of zeta and
            delta, then offset and coefficients of the spline.
        offset: for the offsets while the rest is changed.
        canonical: canonical parameters of each row.
        by_view: derivatives by the canonical parameters as one choice sees them, of each row and choice.
        scratch: for ``kernels.features``, and one view.
        state, row: which rows and trials are being evaluated, and numbers of the row; see above.
        tables, by_tables, ends: of the splines of the current row, for each slot and choice below each other: tables
            and derivatives by them (intervals, 5), and ends; see above.
        tile: intermediate results of a block of trials; see ``block``.
        kept: what the pass back needs of each trial's density under a window.
    """

    log_choice: FloatArray
    by_log_choice: FloatArray
    tilt: FloatArray
    flow: FloatArray
    by_flow: FloatArray
    offset: FloatArray
    canonical: FloatArray
    by_view: FloatArray
    scratch: FloatArray
    state: IntArray
    row: FloatArray
    tables: FloatArray
    by_tables: FloatArray
    ends: FloatArray
    tile: FloatArray
    kept: FloatArray


class Network(NamedTuple):
    """A first-passage network but for its layers, the pairs it is asked for, and working memory."""

    pairs: Pairs
    n_outputs: int
    form: Form
    memory: Memory


class Layered(NamedTuple):
    """A network with the layers of both its parts."""

    network: Network
    time: Mlp
    choice: Mlp


class Tabled(NamedTuple):
    """A network as a table, and working memory for the pairs of a chunk, with one row for each slot.

    Args:
        network: see there.
        table: of the network.
        found, slopes: what was looked up for each pair, and the slopes of its coordinates.
        weights: for ``table_passes.look_up``.
    """

    network: Network
    table: Table
    found: FloatArray
    slopes: FloatArray
    weights: FloatArray


class Spline(NamedTuple):
    """The spline of one choice: its table (intervals, 5), the derivatives by it, and its ends."""

    table: FloatArray
    by_table: FloatArray
    ends: FloatArray


_MEMORY = record_type(
    Memory, log_choice=FLOATS2, by_log_choice=FLOATS2, tilt=FLOATS2, flow=FLOATS2, by_flow=FLOATS2, offset=FLOATS2,
    canonical=FLOATS2, by_view=FLOATS2, scratch=FLOATS2, state=INTS2, row=FLOATS2, tables=FLOATS2, by_tables=FLOATS2,
    ends=FLOATS2, tile=FLOATS2, kept=FLOATS2,
)  # fmt: skip
NETWORK = record_type(Network, pairs=PAIRS, n_outputs=INT, form=FORM, memory=_MEMORY)
LAYERED = record_type(Layered, network=NETWORK, time=MLP, choice=MLP)
TABLED = record_type(Tabled, network=NETWORK, table=TABLE, found=FLOATS2, slopes=FLOATS2, weights=FLOATS2)
read_network, read_layered, read_tabled = reader(NETWORK), reader(LAYERED), reader(TABLED)


@once
def spline_of(net: Network, choice: int, slot: int) -> Spline:
    """The memory of the spline of one choice."""
    memory, at, n = net.memory, slot * net.form.n_choices + choice, net.form.n_intervals
    rows = slice(at * n, (at + 1) * n)
    return Spline(memory.tables[rows], memory.by_tables[rows], memory.ends[at])


@once
def outputs_of(net: Network, memory: FloatArray, pair: int, slot: int) -> FloatArray:
    """Of a pair of the chunk, what its flow is made of, or, in ``by_flow``, the derivatives by it."""
    return memory[slot, pair * net.n_outputs : (pair + 1) * net.n_outputs]


@once
def flow_of(net: Network, memory: FloatArray, choice: int, slot: int) -> FloatArray:
    """The same of a choice of the current row: factors of zeta and delta, then the spline's offset and coefficients."""
    state = net.memory.state[slot]
    return outputs_of(net, memory, pair_of(net.pairs, state[ROW], choice) - state[FIRST_PAIR], slot)


@once
def kept_of(net: Network, slot: int) -> FloatArray:
    """What is kept of the densities of a block, (trials, numbers)."""
    return net.memory.kept[slot * BLOCK : (slot + 1) * BLOCK]


def layered(form: Form, time: Layers, choice: Layers, demand: BoolArray, slots: int) -> Layered:
    """A network with working memory for so many threads, to be asked for what is demanded, (rows, choices)."""
    rows, n_slopes = min(CHUNK, len(demand)), 2 * len(form.inputs) + 8
    network = _network(form, int(time.sizes[-1]), demand, slots)
    views = rows * (form.n_choices if form.mirrored else 1)
    times, choices = (mlp_of(net, n, n_slopes, slots) for net, n in ((time, rows * form.n_choices), (choice, views)))
    return Layered(network, times, choices)


def tabled(form: Form, table: Table, demand: BoolArray, slots: int) -> Tabled:
    """The same of a network that is a table."""
    network, pairs = _network(form, table.n_outputs, demand, slots), min(CHUNK, len(demand)) * form.n_choices
    found, slopes = np.zeros((slots, pairs * 3 * table.width)), np.zeros((slots, pairs * 2))
    return Tabled(network, table, found, slopes, np.zeros((slots, 4 * REACH)))


def _network(form: Form, n_outputs: int, demand: BoolArray, slots: int) -> Network:
    rows, n = min(CHUNK, len(demand)), len(form.inputs)
    pairs, splines, intervals = rows * form.n_choices, slots * form.n_choices, form.n_intervals

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    return Network(
        Pairs.of(demand),
        n_outputs,
        form,
        Memory(
            log_choice=memory(pairs),
            by_log_choice=memory(pairs),
            tilt=memory(3 * pairs if form.tilted else 0),
            flow=memory(pairs * n_outputs),
            by_flow=memory(pairs * n_outputs),
            offset=memory(pairs),
            canonical=memory(rows * n),
            by_view=memory(pairs * n),
            scratch=memory(3 * n),
            state=np.zeros((slots, OPEN + form.n_choices), dtype=np.int64),
            row=memory(LAST + 1),
            tables=np.zeros((splines * intervals, 5)),
            by_tables=np.zeros((splines * intervals, 5)),
            ends=np.zeros((splines, N_ENDS)),
            tile=memory(TILE_SIZE),
            kept=np.zeros((slots * BLOCK if form.window >= 0 else 0, KEPT)),
        ),
    )
