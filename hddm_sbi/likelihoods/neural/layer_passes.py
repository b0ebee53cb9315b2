"""The layers of a first-passage network over the rows of a chunk: passes forward, and one pass back.

``nets`` is a ``network_memory.Layered``; its working memory holds one chunk of rows.
"""

from __future__ import annotations

import math

from hddm_sbi.compiled.arrays import copy
from hddm_sbi.compiled.compiling import internal, once
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.neural import canonical_numba, kernels, reverse
from hddm_sbi.likelihoods.neural.network import LOGIT_UNIT
from hddm_sbi.likelihoods.neural.network_memory import Layered, Network, outputs_of
from hddm_sbi.likelihoods.neural.network_record import Mlp
from hddm_sbi.likelihoods.neural.panels import PANEL, layers_backward, layers_forward, padded_at


@internal
def _place(mlp: Mlp, at: int, n: int) -> int:
    """Where the numbers of a row begin among the panels of inputs or outputs, n of them to a row."""
    return at // PANEL * (padded_at(n) * PANEL) + at % PANEL


@internal
def _forward(mlp: Mlp, rows: int, slot: int) -> None:
    """Fill in the outputs of so many rows."""
    n_in, n_out, work = mlp.sizes[0], mlp.sizes[-1], mlp.work[slot]
    for panel in range((rows + PANEL - 1) // PANEL):
        inputs, outputs = _place(mlp, panel * PANEL, n_in), _place(mlp, panel * PANEL, n_out)
        copy(mlp.inputs[slot, inputs:], work[: n_in * PANEL])
        slopes = mlp.slopes[slot, panel * mlp.n_slopes : (panel + 1) * mlp.n_slopes]
        layers_forward(mlp.weights, mlp.biases, mlp.sizes, work, slopes, mlp.outputs[slot, outputs:])


@internal
def _backward(mlp: Mlp, rows: int, slot: int) -> None:
    """Turn derivatives by the outputs, which stand in their place, into those by the inputs, likewise."""
    n_in, n_out, work = mlp.sizes[0], mlp.sizes[-1], mlp.work[slot]
    for panel in range((rows + PANEL - 1) // PANEL):
        inputs, outputs = _place(mlp, panel * PANEL, n_in), _place(mlp, panel * PANEL, n_out)
        copy(mlp.outputs[slot, outputs:], work[: n_out * PANEL])
        slopes = mlp.slopes[slot, panel * mlp.n_slopes : (panel + 1) * mlp.n_slopes]
        layers_backward(mlp.transposed, mlp.nothing, mlp.sizes, slopes, work, mlp.inputs[slot, inputs:])


@internal
def write_features(nets: Layered, mlp: Mlp, at: int, row: FloatArray, choice: int, given: bool, slot: int) -> None:
    """Write the features of one row, as a choice sees it, to the network's input ``at``, and their slopes."""
    net = nets.network
    form, n, width, n_features = net.form, len(net.form.inputs), mlp.sizes[0], nets.choice.sizes[0]
    inputs = mlp.features[slot]
    scratch = net.memory.scratch[slot].reshape(3, n)
    kernels.view_of(row, form.mirror, choice, scratch[2])
    slopes = mlp.by_view[slot, at * (2 * n + 8) : (at + 1) * (2 * n + 8)]
    even = form.even if given else form.never
    kernels.features(scratch[2], form.supports, form.edges, even, form.drift, form.start, inputs, slopes, scratch[:2])
    for c in range(n_features, width):  # without a mirror symmetry the network is told the choice
        inputs[c] = 1.0 if c == n_features + choice else 0.0
    place = _place(mlp, at, width)
    for c in range(width):
        mlp.inputs[slot, place + c * PANEL] = inputs[c]


@once
def add_by_view(nets: Layered, mlp: Mlp, at: int, view: int, slot: int) -> None:
    """Add the derivatives by one view's canonical parameters, from those by its features."""
    form, n = nets.network.form, len(nets.network.form.inputs)
    slopes = mlp.by_view[slot, at * (2 * n + 8) : (at + 1) * (2 * n + 8)]
    by_view = nets.network.memory.by_view[slot, view * n : (view + 1) * n]
    by_feature = mlp.inputs[slot, _place(mlp, at, mlp.sizes[0]) :]
    for j in range(n):
        by_view[j] += slopes[2 * j] * by_feature[2 * j * PANEL] + slopes[2 * j + 1] * by_feature[(2 * j + 1) * PANEL]
    if form.drift >= 0:
        for f in range(2 * n, 2 * n + 4):
            by_view[form.drift] += slopes[f] * by_feature[f * PANEL]
            by_view[form.start] += slopes[f + 4] * by_feature[f * PANEL]


@once
def choices_forward(nets: Layered, rows: int, slot: int) -> None:
    """Fill in the log choice probabilities of a chunk of rows."""
    net = nets.network
    form, memory, n = net.form, net.memory, len(net.form.inputs)
    views = form.n_choices if form.mirrored else 1
    for r in range(rows):
        for view in range(views):
            row = memory.canonical[slot, r * n : (r + 1) * n]
            write_features(nets, nets.choice, r * views + view, row, view, False, slot)
    mlp = nets.choice
    _forward(mlp, rows * views, slot)
    for r in range(rows):
        start, stop = r * form.n_choices, (r + 1) * form.n_choices
        log_choice = memory.log_choice[slot, start:stop]
        for c in range(form.n_choices):
            source, column = (r * views + c, 0) if form.mirrored else (r, c)
            place = _place(mlp, source, mlp.sizes[-1])
            log_choice[c] = LOGIT_UNIT * mlp.outputs[slot, place + column * PANEL]
            if form.tilted:
                own = memory.tilt[slot, 3 * (start + c) : 3 * (start + c) + 3]
                more, own[0], own[1], own[2] = _brownian_choice(net, r, c, mlp.outputs[slot, place + PANEL], slot)
                log_choice[c] += more
        reverse.log_softmax(log_choice)


@once
def _brownian_choice(
    net: Network, r: int, choice: int, log_factor: float, slot: int
) -> tuple[float, float, float, float]:
    """Log probability of a choice for Brownian motion, and its derivatives; see ``canonical_numba.brownian_choice``."""
    form, memory, n = net.form, net.memory, len(net.form.inputs)
    view = memory.scratch[slot].reshape(3, n)[2]
    kernels.view_of(memory.canonical[slot, r * n : (r + 1) * n], form.mirror, choice, view)
    return canonical_numba.brownian_choice(view[form.drift], view[form.start], log_factor)


@once
def choices_backward(nets: Layered, rows: int, slot: int) -> None:
    """Add to ``by_view`` what comes from the choice probabilities."""
    net, mlp = nets.network, nets.choice
    form, memory, n = net.form, net.memory, len(net.form.inputs)
    views = form.n_choices if form.mirrored else 1
    for r in range(rows):
        start = r * form.n_choices
        everything = 0.0
        for i in range(start, start + form.n_choices):
            everything += memory.by_log_choice[slot, i]
        for c in range(form.n_choices):
            i = start + c
            by_score = memory.by_log_choice[slot, i] - math.exp(memory.log_choice[slot, i]) * everything
            source, column = (r * views + c, 0) if form.mirrored else (r, c)
            place = _place(mlp, source, mlp.sizes[-1])
            mlp.outputs[slot, place + column * PANEL] = LOGIT_UNIT * by_score
            if form.tilted:
                tilt = memory.tilt[slot, 3 * i : 3 * i + 3]
                mlp.outputs[slot, place + PANEL] = by_score * tilt[2]
                memory.by_view[slot, i * n + form.drift] += by_score * tilt[0]
                memory.by_view[slot, i * n + form.start] += by_score * tilt[1]
    _backward(mlp, rows * views, slot)
    for r in range(rows):
        for view in range(views):
            add_by_view(nets, mlp, r * views + view, r * form.n_choices + view, slot)


@once
def times_forward(nets: Layered, first_row: int, rows: int, slot: int) -> None:
    """Evaluate the time network for every pair of a chunk of rows."""
    net, mlp = nets.network, nets.time
    pairs, n = net.pairs, len(net.form.inputs)
    first, stop = pairs.first[first_row], pairs.first[first_row + rows]
    for r in range(rows):
        row = net.memory.canonical[slot, r * n : (r + 1) * n]
        for pair in range(pairs.first[first_row + r], pairs.first[first_row + r + 1]):
            write_features(nets, mlp, pair - first, row, pairs.choice[pair], True, slot)
    _forward(mlp, stop - first, slot)
    for pair in range(stop - first):
        flow, place = outputs_of(net, net.memory.flow, pair, slot), _place(mlp, pair, net.n_outputs)
        for k in range(net.n_outputs):
            flow[k] = mlp.outputs[slot, place + k * PANEL]


@once
def times_backward(nets: Layered, first_row: int, rows: int, slot: int) -> None:
    """Add to ``by_view`` what comes from the decision times."""
    net, mlp = nets.network, nets.time
    pairs, n_out = net.pairs, net.n_outputs
    first, stop = pairs.first[first_row], pairs.first[first_row + rows]
    for pair in range(stop - first):
        by_outputs, place = outputs_of(net, net.memory.by_flow, pair, slot), _place(mlp, pair, n_out)
        for k in range(n_out):
            mlp.outputs[slot, place + k * PANEL] = by_outputs[k]
    _backward(mlp, stop - first, slot)
    for r in range(rows):
        for pair in range(pairs.first[first_row + r], pairs.first[first_row + r + 1]):
            view = r * net.form.n_choices + pairs.choice[pair]
            add_by_view(nets, mlp, pair - first, view, slot)
