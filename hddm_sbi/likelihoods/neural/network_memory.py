"""A first-passage network with working memory, as its compiled piece reads them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import once
from hddm_sbi.compiled.structs import FLOATS2, INTS2, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.driver.pairs import PAIRS, Pairs
from hddm_sbi.likelihoods.driver.piece import BLOCK
from hddm_sbi.likelihoods.neural.block import SIZE as TILE_SIZE
from hddm_sbi.likelihoods.neural.network_record import CHUNK, FORM, MLP, BoolArray, Form, Mlp, Packed
from hddm_sbi.likelihoods.neural.window_block import KEPT

# Places in ``Memory.state``: first row, first pair and number of pairs of the chunk; the row whose trials are
# evaluated; first trial of a block that is possible, and the end of these; then, for each choice, whether its spline is
# open.
FIRST_ROW, FIRST_PAIR, N_PAIRS, ROW, BEGIN, END, OPEN = range(7)
# Places in ``Memory.row``: shift and width of the delay; logarithm of the unit of time, and its inverse; both
# parameters of the clock; when the boundaries meet, in seconds.
SHIFT, WINDOW, LOG_UNIT, PER_UNIT, FIRST, SECOND, LAST = range(7)
# Places among the ends of an open spline: zeta and delta; the derivatives of their logarithms by start, proportion and
# drift; those of the sum by zeta, delta and both parameters of the clock.
ZETA, DELTA, BY_START, BY_PROPORTION, BY_DRIFT, OF_ZETA, OF_DELTA, OF_FIRST, OF_SECOND, N_ENDS = range(10)


class Memory(NamedTuple):
    """Working memory for the rows of one chunk, one row for each slot.

    Args:
        log_choice, by_log_choice: log probability of each choice by row, and the sum's derivatives by it.
        canonical: canonical parameters of each row.
        by_view: derivatives by the canonical parameters as one choice sees them, of each row and choice.
        scratch: for ``kernels.features``, and one view.
        state, row: which rows and trials are being evaluated, and numbers of the row; see above.
        tables, by_tables, weights, ends: of the splines of the current row, for each slot and choice below each other:
            tables and derivatives by them (intervals, 5), coefficients, and ends; see above.
        tile: intermediate results of a block of trials; see ``block``.
        kept: what the pass back needs of each trial's density under a window.
    """

    log_choice: FloatArray
    by_log_choice: FloatArray
    canonical: FloatArray
    by_view: FloatArray
    scratch: FloatArray
    state: IntArray
    row: FloatArray
    tables: FloatArray
    by_tables: FloatArray
    weights: FloatArray
    ends: FloatArray
    tile: FloatArray
    kept: FloatArray


class Network(NamedTuple):
    """A first-passage network, the pairs it is asked for, and working memory."""

    pairs: Pairs
    time: Mlp
    choice: Mlp
    form: Form
    memory: Memory


class Spline(NamedTuple):
    """The spline of one choice: its table (intervals, 5), the derivatives by it, its coefficients, and its ends."""

    table: FloatArray
    by_table: FloatArray
    weights: FloatArray
    ends: FloatArray


_MEMORY = record_type(
    Memory, log_choice=FLOATS2, by_log_choice=FLOATS2, canonical=FLOATS2, by_view=FLOATS2, scratch=FLOATS2,
    state=INTS2, row=FLOATS2, tables=FLOATS2, by_tables=FLOATS2, weights=FLOATS2, ends=FLOATS2, tile=FLOATS2,
    kept=FLOATS2,
)  # fmt: skip
NETWORK = record_type(Network, pairs=PAIRS, time=MLP, choice=MLP, form=FORM, memory=_MEMORY)
read_network = reader(NETWORK)


@once
def spline_of(net: Network, choice: int, slot: int) -> Spline:
    """The memory of the spline of one choice."""
    memory, at, n = net.memory, slot * net.form.n_choices + choice, net.form.n_intervals
    rows = slice(at * n, (at + 1) * n)
    return Spline(memory.tables[rows], memory.by_tables[rows], memory.weights[at], memory.ends[at])


@once
def kept_of(net: Network, slot: int) -> FloatArray:
    """What is kept of the densities of a block, (trials, numbers)."""
    return net.memory.kept[slot * BLOCK : (slot + 1) * BLOCK]


def network_memory(form: Form, time: Packed, choice: Packed, demand: BoolArray, slots: int) -> Network:
    """A network with working memory for so many threads, to be asked for what is demanded, (rows, choices)."""
    rows, n, n_features = min(CHUNK, len(demand)), len(form.inputs), int(choice.sizes[0])
    segments, views = rows * form.n_choices, rows * (form.n_choices if form.mirrored else 1)

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    def mlp(net: Packed, inputs: int) -> Mlp:
        units = int(net.sizes.sum())
        hidden, slopes, adjoints = (memory(inputs * units) for _ in range(3))
        return Mlp(*net, units, hidden, slopes, adjoints, memory(inputs * n * n_features))

    splines, coefficients = (
        slots * form.n_choices,
        int(time.sizes[-1]) - 3,
    )  # the outputs but zeta, delta and the spline's offset
    return Network(
        Pairs.of(demand),
        mlp(time, segments),
        mlp(choice, views),
        form,
        Memory(
            log_choice=memory(segments),
            by_log_choice=memory(segments),
            canonical=memory(rows * n),
            by_view=memory(segments * n),
            scratch=memory(3 * n),
            state=np.zeros((slots, OPEN + form.n_choices), dtype=np.int64),
            row=memory(LAST + 1),
            tables=np.zeros((splines * form.n_intervals, 5)),
            by_tables=np.zeros((splines * form.n_intervals, 5)),
            weights=np.zeros((splines, coefficients)),
            ends=np.zeros((splines, N_ENDS)),
            tile=memory(TILE_SIZE),
            kept=np.zeros((slots * BLOCK if form.window >= 0 else 0, KEPT)),
        ),
    )
