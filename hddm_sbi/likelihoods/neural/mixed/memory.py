"""The networks of a mixed estimator with working memory, as its compiled piece reads them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import once
from hddm_sbi.compiled.structs import FLOATS2, INTS, INTS2, reader, record_type
from hddm_sbi.likelihoods.base import BoolArray, FloatArray, IntArray
from hddm_sbi.likelihoods.driver.pairs import PAIRS, Pairs
from hddm_sbi.likelihoods.driver.piece import BLOCK
from hddm_sbi.likelihoods.neural.mixed.record import MASS, TIME, Mass, Networks, Time

# Pairs of a row and a choice whose networks are evaluated together: their activations fit the second-level cache.
PAIRS_AT_ONCE = 64
# Places in ``Memory.state``: first row, first pair and number of pairs of the chunk; the row whose trials are
# evaluated; then, for each choice, whether its splines are open.
FIRST_ROW, FIRST_PAIR, N_PAIRS, ROW, OPEN = range(5)
# What is kept of each end of a trial: the derivatives of the trial's logarithm by x at the end of the splines, and by
# the logarithm of their slope; then x before each spline and after the last; then the bin of each.
BY_X, BY_LOG_SLOPE, X = range(3)


class Memory(NamedTuple):
    """Working memory for the pairs of one chunk, one row for each slot, or rows for each slot below each other.

    Args:
        x_mass, x_time: inputs of the network of the choice and of those of the time.
        residual, inner, embedded, hidden: activations that the passes back need, see ``passes``.
        logits, raw, by_raw: outputs of both networks, and the derivatives by those of the time.
        log_mass, by_log_mass: log probability of each pair's choice, and the derivatives by it.
        splines, by_splines, shares: of each choice of the current row and each spline,
            (slots * choices * splines, ...).
        kept: of both ends of each trial of a block, (slots * BLOCK, ...).
        state: which rows, pairs and trials are being evaluated; the places are named above.
    """

    x_mass: FloatArray
    x_time: FloatArray
    residual: FloatArray
    inner: FloatArray
    embedded: FloatArray
    hidden: FloatArray
    logits: FloatArray
    raw: FloatArray
    by_raw: FloatArray
    log_mass: FloatArray
    by_log_mass: FloatArray
    splines: FloatArray
    by_splines: FloatArray
    shares: FloatArray
    kept: FloatArray
    state: IntArray


class MixedNetwork(NamedTuple):
    """The networks, the pairs they are asked for, and working memory; ``category`` is as in ``record``."""

    pairs: Pairs
    category: IntArray
    mass: Mass
    time: Time
    memory: Memory


_MEMORY = record_type(
    Memory, x_mass=FLOATS2, x_time=FLOATS2, residual=FLOATS2, inner=FLOATS2, embedded=FLOATS2, hidden=FLOATS2,
    logits=FLOATS2, raw=FLOATS2, by_raw=FLOATS2, log_mass=FLOATS2, by_log_mass=FLOATS2, splines=FLOATS2,
    by_splines=FLOATS2, shares=FLOATS2, kept=FLOATS2, state=INTS2,
)  # fmt: skip
MIXED_NETWORK = record_type(MixedNetwork, pairs=PAIRS, category=INTS, mass=MASS, time=TIME, memory=_MEMORY)
read_mixed_network = reader(MIXED_NETWORK)


class Activations(NamedTuple):
    """The memory of both networks for the pairs of a chunk, in the shapes that ``passes`` takes."""

    x_mass: FloatArray
    x_time: FloatArray
    residual: FloatArray
    inner: FloatArray
    embedded: FloatArray
    hidden: FloatArray
    logits: FloatArray
    raw: FloatArray
    by_raw: FloatArray


@once
def activations_of(net: MixedNetwork, slot: int) -> Activations:
    """The activations of the chunk that a slot is at."""
    memory, mass, time = net.memory, net.mass, net.time
    n, k, width, h = memory.state[slot, N_PAIRS], len(mass.mean), mass.last.shape[1], time.first.shape[0]
    outputs = time.outputs.shape[0] // time.n_splines
    return Activations(
        memory.x_mass[slot, : n * k].reshape(n, k),
        memory.x_time[slot, : n * (1 + k)].reshape(n, 1 + k),
        memory.residual[slot, : (1 + mass.n_blocks) * n * width].reshape(1 + mass.n_blocks, n, width),
        memory.inner[slot, : 2 * mass.n_blocks * n * width].reshape(2, mass.n_blocks, n, width),
        memory.embedded[slot, : (1 + time.n_embedding) * n * h].reshape(1 + time.n_embedding, n, h),
        memory.hidden[slot, : time.n_splines * time.n_heads * n * h].reshape(time.n_splines, time.n_heads, n, h),
        memory.logits[slot, : n * mass.last.shape[0]].reshape(n, mass.last.shape[0]),
        memory.raw[slot, : time.n_splines * n * outputs].reshape(time.n_splines, n, outputs),
        memory.by_raw[slot, : time.n_splines * n * outputs].reshape(time.n_splines, n, outputs),
    )


def rows_at_once(n_choices: int) -> int:
    """Rows of a chunk."""
    return max(1, PAIRS_AT_ONCE // n_choices)


def mixed_network(networks: Networks, demand: BoolArray, slots: int) -> MixedNetwork:
    """The networks with working memory for so many threads, to be asked for what is demanded, (rows, choices)."""
    category, mass, time = networks
    rows, choices = demand.shape
    n, k = min(rows, rows_at_once(choices)) * choices, len(mass.mean)
    width, h, splines = mass.last.shape[1], time.first.shape[0], time.n_splines
    outputs = time.outputs.shape[0] // splines
    bins = (outputs + 1) // 3

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    return MixedNetwork(
        Pairs.of(demand),
        category,
        mass,
        time,
        Memory(
            x_mass=memory(n * k),
            x_time=memory(n * (1 + k)),
            residual=memory((1 + mass.n_blocks) * n * width),
            inner=memory(2 * mass.n_blocks * n * width),
            embedded=memory((1 + time.n_embedding) * n * h),
            hidden=memory(splines * time.n_heads * n * h),
            logits=memory(n * mass.last.shape[0]),
            raw=memory(splines * n * outputs),
            by_raw=memory(splines * n * outputs),
            log_mass=memory(n),
            by_log_mass=memory(n),
            splines=np.zeros((slots * choices * splines, 3 * bins + 3)),
            by_splines=np.zeros((slots * choices * splines, 3 * bins + 3)),
            shares=np.zeros((slots * choices * splines, 2 * bins)),
            kept=np.zeros((slots * BLOCK, 2 * (X + 2 * splines + 1))),
            state=np.zeros((slots, OPEN + choices), dtype=np.int64),
        ),
    )
