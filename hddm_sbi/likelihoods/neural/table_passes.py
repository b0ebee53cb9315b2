"""A tabulated network over the rows of a chunk: outputs with their slopes going forward, one product going back."""

from __future__ import annotations

import math

from hddm_sbi.compiled.arrays import copy, dot
from hddm_sbi.compiled.compiling import once
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural import kernels
from hddm_sbi.likelihoods.neural.look_up import log_probability, look_up
from hddm_sbi.likelihoods.neural.network_memory import Tabled, outputs_of


@once
def _found(nets: Tabled, pair: int, slot: int) -> FloatArray:
    """What was looked up for a pair of the chunk."""
    size = 3 * nets.table.width
    return nets.found[slot, pair * size : (pair + 1) * size]


@once
def table_forward(nets: Tabled, first_row: int, rows: int, slot: int) -> None:
    """Look up what the networks say of every pair of a chunk of rows."""
    net, table, n = nets.network, nets.table, len(nets.network.form.inputs)
    form, memory, pairs, first = net.form, net.memory, net.pairs, net.pairs.first[first_row]
    view = memory.scratch[slot].reshape(3, n)[2]
    for r in range(rows):
        row = memory.canonical[slot, r * n : (r + 1) * n]
        for pair in range(pairs.first[first_row + r], pairs.first[first_row + r + 1]):
            choice, found = pairs.choice[pair], _found(nets, pair - first, slot)
            kernels.view_of(row, form.mirror, choice, view)
            slope = nets.slopes[slot, 2 * (pair - first) : 2 * (pair - first) + 2]
            slope[0], slope[1] = look_up(view, form, table, nets.weights[slot], found)
            copy(found, outputs_of(net, memory.flow, pair - first, slot))
            memory.log_choice[slot, r * form.n_choices + choice] = log_probability(found[net.n_outputs])


@once
def table_backward(nets: Tabled, first_row: int, rows: int, slot: int) -> None:
    """Add to ``by_view`` what comes from decision times and choices."""
    net, width, n = nets.network, nets.table.width, len(nets.network.form.inputs)
    form, memory, pairs, first = net.form, net.memory, net.pairs, net.pairs.first[first_row]
    for r in range(rows):
        for pair in range(pairs.first[first_row + r], pairs.first[first_row + r + 1]):
            at, found = r * form.n_choices + pairs.choice[pair], _found(nets, pair - first, slot)
            by_outputs = outputs_of(net, memory.by_flow, pair - first, slot)
            by_odds = -memory.by_log_choice[slot, at] * math.expm1(memory.log_choice[slot, at])
            for j in range(n):
                slopes = found[(1 + j) * width : (2 + j) * width]
                by_coordinate = dot(by_outputs, slopes) + by_odds * slopes[net.n_outputs]
                memory.by_view[slot, at * n + j] += by_coordinate * nets.slopes[slot, 2 * (pair - first) + j]
