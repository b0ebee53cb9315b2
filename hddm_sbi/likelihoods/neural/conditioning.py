"""What the networks say about rows of theta, for compiled code, with tangents by the canonical parameters.

Arrays are filled in loops: an assignment of one array to another would have the message of an error compiled with it,
which takes longer than all the rest.
"""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.neural import canonical_numba, kernels
from hddm_sbi.likelihoods.neural.look_up import log_probability, look_up
from hddm_sbi.likelihoods.neural.network import LOGIT_UNIT
from hddm_sbi.likelihoods.neural.table import REACH

# Rows whose networks are evaluated together: their activations fit the second-level cache.
_CHUNK = 256


@callable_from_python
def reduce_rows(theta, form):  # type: ignore[no-untyped-def]
    """The canonical parameters of rows of theta, (rows, inputs)."""
    canonical = np.empty((theta.shape[0], len(form.inputs)))
    for r in range(theta.shape[0]):
        canonical_numba.reduce_row(theta[r], form, canonical[r])
    return canonical


@callable_from_python
def condition(canonical, n_tangents, form, time_net, choice_net):  # type: ignore[no-untyped-def]
    """Flow parameters and log choice probabilities of every (row, choice), with tangents by canonical input.

    Args:
        canonical: canonical parameters, shape (rows, inputs).
        n_tangents: number of inputs where derivatives are wanted, else 0.
        form: what shapes the network, see ``network_record.Form``.
        time_net, choice_net: weights, biases and sizes.

    Returns:
        ends (slots, 1 + tangents, 2), tables (slots, 1 + tangents, intervals, 5), log_choice (slots, 1 + tangents);
        flow tangents are with respect to the slot's view, those of log_choice to the canonical parameters.
    """
    rows, n = canonical.shape
    blocks, n_choices = 1 + n_tangents, form.n_choices
    ends = np.empty((rows * n_choices, blocks, 2))
    tables = np.empty((rows * n_choices, blocks, form.n_intervals, 5))
    log_choice = np.zeros((rows * n_choices, blocks))
    for first in range(0, rows, _CHUNK):
        part = canonical[first : min(first + _CHUNK, rows)]
        slots = len(part) * n_choices
        views = np.empty((slots, n))
        for slot in range(slots):
            kernels.view_of(part[slot // n_choices], form.mirror, slot % n_choices, views[slot])
        timing, choosing = _inputs(views, n_tangents, form, time_net[2][0], choice_net[2][0])
        raw = kernels.mlp(timing, slots, time_net[0], time_net[1], time_net[2])
        score = kernels.mlp(choosing, slots, choice_net[0], choice_net[1], choice_net[2])
        at = first * n_choices
        _fill_log_choice(score, views, form, log_choice[at : at + slots])
        tangents = np.empty((n_tangents, raw.shape[1] - 2))
        for slot in range(slots):
            _fill_ends(raw, slot, slots, views[slot], form, ends[at + slot])
            for j in range(n_tangents):
                for k in range(tangents.shape[1]):
                    tangents[j, k] = raw[(1 + j) * slots + slot, 2 + k]
            kernels.fill_table(raw[slot, 2:], tangents, form.spacing, form.centre, tables[at + slot])
    return ends, tables, log_choice


@callable_from_python
def condition_by_table(canonical, n_tangents, form, table):  # type: ignore[no-untyped-def]
    """The same of networks that are a ``table.Table``."""
    rows, n = canonical.shape
    blocks, n_choices, width, n_outputs = 1 + n_tangents, form.n_choices, table.width, table.n_outputs
    ends = np.empty((rows * n_choices, blocks, 2))
    tables = np.empty((rows * n_choices, blocks, form.n_intervals, 5))
    log_choice = np.zeros((rows * n_choices, blocks))
    view, weights, found = np.empty(n), np.empty(4 * REACH), np.empty((1 + n, width))
    for slot in range(rows * n_choices):
        choice = slot % n_choices
        kernels.view_of(canonical[slot // n_choices], form.mirror, choice, view)
        slopes = look_up(view, form, table, weights, found.ravel())
        for j in range(n_tangents):
            for k in range(width):
                found[1 + j, k] *= slopes[j]
        _fill_ends(found, 0, 1, view, form, ends[slot])
        raw = found[:, 2:n_outputs]
        kernels.fill_table(raw[0], raw[1:], form.spacing, form.centre, tables[slot])
        log_choice[slot, 0] = log_probability(found[0, n_outputs])
        for j in range(n_tangents):
            by_odds = -math.expm1(log_choice[slot, 0]) * kernels.view_sign(form.mirror, choice, j)
            log_choice[slot, 1 + j] = by_odds * found[1 + j, n_outputs]
    return ends, tables, log_choice


@internal
def _inputs(views, n_tangents, form, time_width, choice_width):  # type: ignore[no-untyped-def]
    """Inputs of both networks for every view, values first and then a block for each tangent."""
    slots, n = views.shape
    timing = np.zeros(((1 + n_tangents) * slots, time_width))
    choosing = np.zeros(((1 + n_tangents) * slots, choice_width))
    value, slopes, scratch = np.empty(choice_width), np.empty(2 * n + 8), np.empty((2, n))
    for slot in range(slots):
        for inputs, even in ((timing, form.even), (choosing, form.never)):
            kernels.features(
                views[slot], form.supports, form.edges, even, form.drift, form.start, value, slopes, scratch
            )
            for k in range(choice_width):
                inputs[slot, k] = value[k]
            for j in range(n_tangents):
                tangent = inputs[(1 + j) * slots + slot, :choice_width]
                kernels.fill_tangent(slopes, n, form.drift, form.start, j, tangent)
        if form.mirrored == 0:
            timing[slot, choice_width + slot % form.n_choices] = 1.0
    return timing, choosing


@internal
def _fill_log_choice(score, views, form, log_choice):  # type: ignore[no-untyped-def]
    """Log softmax over choices: of the views' scores under a mirror symmetry, else of the first view's outputs."""
    slots, n_choices, n_tangents = len(views), form.n_choices, log_choice.shape[1] - 1
    scores, tangents = np.empty(n_choices), np.empty((n_tangents, n_choices))
    for slot in range(0, slots, n_choices):
        for c in range(n_choices):
            source, column = (slot + c, 0) if form.mirrored else (slot, c)
            scores[c] = LOGIT_UNIT * score[source, column]
            for j in range(n_tangents):
                tangents[j, c] = LOGIT_UNIT * score[(1 + j) * slots + source, column]
            if form.tilted:
                view = views[source]
                more, by_drift, by_start, by_factor = canonical_numba.brownian_choice(
                    view[form.drift], view[form.start], score[source, 1]
                )
                scores[c] += more
                for j in range(n_tangents):
                    tangents[j, c] += by_factor * score[(1 + j) * slots + source, 1]
                if n_tangents > 0:
                    tangents[form.drift, c] += by_drift
                    tangents[form.start, c] += by_start
            for j in range(n_tangents):
                tangents[j, c] *= kernels.view_sign(form.mirror, c, j)
        top, total = scores[0], 0.0
        for c in range(1, n_choices):
            top = max(top, scores[c])
        for c in range(n_choices):
            total += math.exp(scores[c] - top)
        for c in range(n_choices):
            log_choice[slot + c, 0] = scores[c] - top - math.log(total)
        for j in range(n_tangents):
            mean = 0.0
            for c in range(n_choices):
                mean += math.exp(log_choice[slot + c, 0]) * tangents[j, c]
            for c in range(n_choices):
                log_choice[slot + c, 1 + j] = tangents[j, c] - mean


@internal
def _fill_ends(raw, slot, slots, view, form, ends):  # type: ignore[no-untyped-def]
    """zeta and delta with tangents; see ``FirstPassageNetwork._base``."""
    zeta, delta, by_start, by_proportion, by_drift = canonical_numba.base(view, form)
    ends[0, 0], ends[0, 1] = zeta * math.exp(raw[slot, 0]), delta * math.exp(raw[slot, 1])
    for j in range(ends.shape[0] - 1):
        slope_zeta, slope_delta = raw[(1 + j) * slots + slot, 0], raw[(1 + j) * slots + slot, 1]
        if j == form.start:
            slope_zeta += by_start
        if j == form.proportion:
            slope_zeta += by_proportion
        if j == form.drift:
            slope_delta += by_drift
        ends[1 + j, 0], ends[1 + j, 1] = ends[0, 0] * slope_zeta, ends[0, 1] * slope_delta
