"""A first-passage network as a likelihood for sampling: float64, compiled, networks once per row of theta."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.native.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.native.contract import Lapses, NativeSum
from hddm_sbi.likelihoods.native.merged import MergedTrials
from hddm_sbi.likelihoods.native.piece import CompiledPiece
from hddm_sbi.likelihoods.native.records import Record
from hddm_sbi.likelihoods.native.trial_arrays import TrialArrays
from hddm_sbi.likelihoods.neural import clocks, kernels, reduction
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.network import LOGIT_UNIT, NARROW, FirstPassageNetwork
from hddm_sbi.likelihoods.neural.network_memory import network_memory
from hddm_sbi.likelihoods.neural.network_piece import network_piece
from hddm_sbi.likelihoods.neural.network_record import NETWORK, BoolArray, form_of, network_record, packed
from hddm_sbi.likelihoods.neural.network_sum import network_sum_at

# Rows whose networks are evaluated together: their activations fit the second-level cache.
_CHUNK = 256


class FirstPassageLikelihood:
    """The density of a ``FirstPassageNetwork``, satisfying ``Likelihood``.

    Args:
        network: trained; its weights are copied. An estimator is such a network.
    """

    any_by_choice: bool = True

    def __init__(self, network: FirstPassageNetwork) -> None:
        self.canonical: Canonical = network.canonical
        self.parameters = self.canonical.names
        self.n_choices = self.canonical.n_choices
        self._form = form_of(network)
        self._time, self._choice = packed(network.time_net), packed(network.choice_net)

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial; see ``Likelihood.log_prob``."""
        return self._evaluate(rt, choice, theta, row, 0)[0]

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density per trial and its gradient; see ``Likelihood.log_prob_grad``."""
        return self._evaluate(rt, choice, theta, row, 1)

    def _evaluate(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, order: int
    ) -> tuple[FloatArray, FloatArray]:
        theta = np.ascontiguousarray(theta, dtype=np.float64)
        form = self._form
        canonical = _reduce(theta, form)
        n_tangents = canonical.shape[1] if order else 0
        ends, tables, log_choice = _condition(canonical, n_tangents, form, self._time.forward, self._choice.forward)
        gradient = np.zeros((len(rt), theta.shape[1] if order else 0))
        log_prob = _trials(rt, choice, theta, row, canonical, ends, tables, log_choice, form, gradient)
        return log_prob, gradient

    def native_sum(
        self, trials: MergedTrials, n_rows: int, slots: int, lapses: Lapses | None = None
    ) -> NativeSum | None:
        """The sum over trials as a C function; see ``NativeLikelihood``."""
        arrays = TrialArrays.of(trials, n_rows, len(self.parameters), lapses)
        record = Record(network_record(self._form, self._time, self._choice, arrays, slots), NETWORK)
        return NativeSum(network_sum_at.address, record.address, record)

    def piece(self, demand: BoolArray, slots: int) -> CompiledPiece:
        """The compiled piece; see ``native.piece``.

        Args:
            demand: which choices' densities or masses each row of theta is asked for, shape (rows, choices).
            slots: threads that may use it at a time.
        """
        return network_piece(network_memory(self._form, self._time, self._choice, demand, slots))


@callable_from_python
def _reduce(theta, form):  # type: ignore[no-untyped-def]
    canonical = np.empty((theta.shape[0], len(form.inputs)))
    for r in range(theta.shape[0]):
        reduction.reduce_row(theta[r], form, canonical[r])
    return canonical


@callable_from_python
def _condition(canonical, n_tangents, form, time_net, choice_net):  # type: ignore[no-untyped-def]
    """Flow parameters and log choice probabilities of every (row, choice), with tangents by canonical input.

    Args:
        canonical: (rows, inputs).
        n_tangents: inputs, or 0 for none.
        form: of the network.
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
                tangents[j] = raw[(1 + j) * slots + slot, 2:]
            kernels.fill_table(raw[slot, 2:], tangents, form.spacing, form.centre, tables[at + slot])
    return ends, tables, log_choice


@internal
def _inputs(views, n_tangents, form, time_width, choice_width):  # type: ignore[no-untyped-def]
    """Inputs of both networks for every view, values first and then a block for each tangent."""
    slots, n = views.shape
    timing = np.zeros(((1 + n_tangents) * slots, time_width))
    choosing = np.zeros(((1 + n_tangents) * slots, choice_width))
    value, tangent, scratch = np.empty(choice_width), np.empty((n, choice_width)), np.empty((2, n))
    for slot in range(slots):
        for inputs, even in ((timing, form.even), (choosing, form.never)):
            kernels.features(
                views[slot], form.supports, form.edges, even, form.drift, form.start, value, tangent, scratch
            )
            inputs[slot, :choice_width] = value
            for j in range(n_tangents):
                inputs[(1 + j) * slots + slot, :choice_width] = tangent[j]
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
                more, by_drift, by_start, by_factor = reduction.brownian_choice(
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
        top = scores.max()
        total = np.exp(scores - top).sum()
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
    log_zeta, log_delta, by_start, by_room, by_drift = reduction.base(view, form)
    ends[0, 0], ends[0, 1] = math.exp(log_zeta + raw[slot, 0]), math.exp(log_delta + raw[slot, 1])
    for j in range(ends.shape[0] - 1):
        slope_zeta, slope_delta = raw[(1 + j) * slots + slot, 0], raw[(1 + j) * slots + slot, 1]
        if j == form.start:
            slope_zeta += by_start
        if j == form.room:
            slope_zeta += by_room
        if j == form.drift:
            slope_delta += by_drift
        ends[1 + j, 0], ends[1 + j, 1] = ends[0, 0] * slope_zeta, ends[0, 1] * slope_delta


@internal
def _on_clock(decision, log_unit, form, first, second):  # type: ignore[no-untyped-def]
    """The clock at a decision time in seconds, and the canonical time."""
    s = decision * math.exp(-log_unit)
    return clocks.clock(form.collapse, s, first, second), s


@internal
def _density(decision, log_unit, first, second, ends, table, form, by):  # type: ignore[no-untyped-def]
    """log density given the choice, and its derivatives.

    Fills ``by`` with the derivatives by the inputs of the view, by both parameters of the clock, by log unit, shift and
    window.
    """
    n = len(by) - 5
    (u, log_rate, rate_by_s, u_first, rate_first, u_second, rate_second), s = _on_clock(
        decision, log_unit, form, first, second
    )
    log_q, by_u = kernels.decision_time_density(u, ends, table, form.left, form.spacing, by[:n])
    by_s = by_u * math.exp(log_rate) + rate_by_s
    by[n], by[n + 1] = by_u * u_first + rate_first, by_u * u_second + rate_second
    by[n + 2], by[n + 3] = -1.0 - by_s * s, -by_s * math.exp(-log_unit)
    # a delay that is hardly any moves times by half of it
    by[n + 4] = 0.5 * by[n + 3]
    return log_q + log_rate - log_unit


@internal
def _normal(decision, log_unit, first, second, ends, table, form, by):  # type: ignore[no-untyped-def]
    """The normal of a decision time, and its derivatives; -inf before the process starts, inf after its end."""
    n = len(by) - 5
    by[:] = 0.0
    if decision <= 0.0:
        return -math.inf
    if decision * math.exp(-log_unit) >= clocks.end(form.collapse, first, second):
        return math.inf
    (u, log_rate, _, u_first, _, u_second, _), s = _on_clock(decision, log_unit, form, first, second)
    t, by_u = kernels.decision_time_normal(u, ends, table, form.left, form.spacing, by[:n])
    by_s = by_u * math.exp(log_rate)
    by[n], by[n + 1] = by_u * u_first, by_u * u_second
    by[n + 2], by[n + 3] = -by_s * s, -by_s * math.exp(-log_unit)
    return t


@internal
def _smeared(decision, window, log_unit, first, second, ends, table, form, by, work):  # type: ignore[no-untyped-def]
    """The same as ``_density`` for a decision time that a uniform delay of width ``window`` may have made longer."""
    upper = _normal(decision, log_unit, first, second, ends, table, form, by)
    lower = _normal(decision - window, log_unit, first, second, ends, table, form, work)
    if decision > window and (upper == lower or upper - lower < NARROW):
        # the mean over so narrow a window is the value in its middle, to second order
        return _density(decision - 0.5 * window, log_unit, first, second, ends, table, form, by)
    value, by_upper, by_lower = reduction.log_difference(upper, lower)
    at_shift = len(by) - 2
    by_window = by_lower * work[at_shift]  # a later delay is an earlier decision, as with the shift
    for j in range(len(by)):
        by[j] = by_upper * by[j] + by_lower * work[j]
    by[len(by) - 1] = by_window - 1.0 / window
    return value - math.log(window)


@callable_from_python
def _trials(  # type: ignore[no-untyped-def]
    rt, choice, theta, row, canonical, ends, tables, log_choice, form, gradient
):
    """Log density of every trial; ``gradient`` (trials, parameters) is filled unless it has no columns."""
    n, n_tangents = canonical.shape[1], ends.shape[1] - 1
    by, work, by_inputs = np.zeros(n_tangents + 5), np.zeros(n_tangents + 5), np.empty(n)
    log_prob = np.empty(len(rt))
    for i in range(len(rt)):
        r, c = row[i], choice[i]
        decision = rt[i] - (theta[r, form.shift] if form.shift >= 0 else 0.0)
        window = theta[r, form.window] if form.window >= 0 else 0.0
        log_unit = reduction.time_power(theta[r], form) * reduction.log_scale(theta[r], form)
        first, second = reduction.collapse_of(canonical[r], form)
        log_prob[i] = -np.inf
        if not (decision > 0.0 and 0 <= c < form.n_choices and math.isfinite(log_unit) and window >= 0.0):
            continue
        slot = r * form.n_choices + c
        if window > 0.0:
            value = _smeared(decision, window, log_unit, first, second, ends[slot], tables[slot], form, by, work)
        elif decision * math.exp(-log_unit) < clocks.end(form.collapse, first, second):
            value = _density(decision, log_unit, first, second, ends[slot], tables[slot], form, by)
        else:
            continue
        total = log_choice[slot, 0] + value
        if not (math.isfinite(total) and math.isfinite(by[n_tangents + 3])):
            continue
        log_prob[i] = total
        if gradient.shape[1] == 0:
            continue
        for j in range(n):
            by_inputs[j] = log_choice[slot, 1 + j] + kernels.view_sign(form.mirror, c, j) * by[j]
        reduction.add_by_collapse(by[n], by[n + 1], canonical[r], form, by_inputs, 0)
        reduction.add_by_inputs(by_inputs, theta[r], form, gradient[i])
        reduction.add_by_log_unit(by[n + 2], theta[r], form, gradient[i])
        if form.shift >= 0:
            gradient[i, form.shift] += by[n + 3]
        if form.window >= 0:
            gradient[i, form.window] += by[n + 4]
    return log_prob
