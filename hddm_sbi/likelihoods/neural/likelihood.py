"""A first-passage network as a likelihood for sampling: float64, compiled, networks once per row of theta."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.native.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.native.contract import Lapses, NativeSum
from hddm_sbi.likelihoods.native.merged import MergedTrials
from hddm_sbi.likelihoods.native.records import Record
from hddm_sbi.likelihoods.native.trial_arrays import TrialArrays
from hddm_sbi.likelihoods.neural import kernels
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.network import LOGIT_UNIT, FirstPassageNetwork
from hddm_sbi.likelihoods.neural.network_record import NETWORK, form_of, network_record, packed
from hddm_sbi.likelihoods.neural.network_sum import network_sum_at

# Rows whose networks are evaluated together: their activations fit the second-level cache.
_CHUNK = 256


class FirstPassageLikelihood:
    """The density of a ``FirstPassageNetwork``, satisfying ``Likelihood``.

    Args:
        network: trained; its weights are copied. An estimator is such a network.
    """

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
        canonical = _reduce(theta, form.inputs, form.powers, form.scale)
        n_tangents = canonical.shape[1] if order else 0
        ends, tables, log_choice = _condition(
            canonical, n_tangents, self.n_choices, form.mirror, form.supports, form.edges, form.even,
            form.drift, form.start, form.log_time_scale, *self._time.forward, *self._choice.forward, form.spacing,
            form.centre, form.n_intervals,
        )  # fmt: skip
        gradient = np.zeros((len(rt), theta.shape[1] if order else 0))
        log_prob = _trials(
            rt, choice, theta, row, ends, tables, log_choice, form.mirror, form.inputs, form.powers,
            form.shift, form.scale, form.left, form.spacing, gradient,
        )  # fmt: skip
        return log_prob, gradient

    def native_sum(
        self, trials: MergedTrials, n_rows: int, slots: int, lapses: Lapses | None = None
    ) -> NativeSum | None:
        """The sum over trials as a C function; see ``NativeLikelihood``."""
        arrays = TrialArrays.of(trials, n_rows, len(self.parameters), lapses)
        record = Record(network_record(self._form, self._time, self._choice, arrays, slots), NETWORK)
        return NativeSum(network_sum_at.address, record.address, record)


@callable_from_python
def _reduce(theta: FloatArray, inputs: IntArray, powers: FloatArray, scale: int) -> FloatArray:
    canonical = np.empty((theta.shape[0], len(inputs)))
    for r in range(theta.shape[0]):
        for j in range(len(inputs)):
            canonical[r, j] = theta[r, inputs[j]]
            if scale >= 0 and powers[inputs[j]] != 0.0:
                canonical[r, j] *= theta[r, scale] ** powers[inputs[j]]
    return canonical


@callable_from_python
def _condition(
    canonical: FloatArray, n_tangents: int, n_choices: int, mirror: IntArray, supports: IntArray, edges: FloatArray,
    even: np.ndarray, drift: int, start: int, log_time_scale: float,
    time_weights: FloatArray, time_biases: FloatArray, time_sizes: IntArray,
    choice_weights: FloatArray, choice_biases: FloatArray, choice_sizes: IntArray,
    spacing: float, centre: int, n_intervals: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Flow parameters and log choice probabilities of every (row, choice), with tangents by canonical input.

    Returns:
        ends (slots, 1 + tangents, 2), tables (slots, 1 + tangents, intervals, 5), log_choice (slots, 1 + tangents);
        flow tangents are with respect to the slot's view, those of log_choice to the canonical parameters.
    """
    rows, n = canonical.shape
    blocks = 1 + n_tangents
    ends = np.empty((rows * n_choices, blocks, 2))
    tables = np.empty((rows * n_choices, blocks, n_intervals, 5))
    log_choice = np.zeros((rows * n_choices, blocks))
    mirrored = mirror.max() > 0
    never = np.zeros_like(even)
    for first in range(0, rows, _CHUNK):
        part = canonical[first : min(first + _CHUNK, rows)]
        slots = len(part) * n_choices
        timing = np.zeros((blocks * slots, time_sizes[0]))
        choosing = np.zeros((blocks * slots, choice_sizes[0]))
        view = np.empty(n)
        value, tangent = np.empty(choice_sizes[0]), np.empty((n, choice_sizes[0]))
        scratch = np.empty((2, n))
        for slot in range(slots):
            choice = slot % n_choices
            kernels.view_of(part[slot // n_choices], mirror, choice, view)
            width = choice_sizes[0]
            kernels.features(view, supports, edges, even, drift, start, value, tangent, scratch)
            timing[slot, :width] = value
            if not mirrored:
                timing[slot, width + choice] = 1.0
            for j in range(n_tangents):
                timing[(1 + j) * slots + slot, :width] = tangent[j]
            kernels.features(view, supports, edges, never, drift, start, value, tangent, scratch)
            choosing[slot] = value
            for j in range(n_tangents):
                choosing[(1 + j) * slots + slot] = tangent[j]
        raw = kernels.mlp(timing, slots, time_weights, time_biases, time_sizes)
        score = kernels.mlp(choosing, slots, choice_weights, choice_biases, choice_sizes)
        base = first * n_choices
        _fill_log_choice(score, slots, n_choices, mirrored, mirror, log_choice[base : base + slots])
        tangents = np.empty((n_tangents, raw.shape[1] - 2))
        for slot in range(slots):
            kernels.view_of(part[slot // n_choices], mirror, slot % n_choices, view)
            _fill_ends(raw, slot, slots, view, drift, start, log_time_scale, ends[base + slot])
            for j in range(n_tangents):
                tangents[j] = raw[(1 + j) * slots + slot, 2:]
            kernels.fill_table(raw[slot, 2:], tangents, spacing, centre, tables[base + slot])
    return ends, tables, log_choice


@internal
def _fill_log_choice(
    score: FloatArray, slots: int, n_choices: int, mirrored: bool, mirror: IntArray, log_choice: FloatArray
) -> None:
    """Log softmax over choices: of the views' scores under a mirror symmetry, else of the first view's outputs."""
    scores = np.empty(n_choices)
    for slot in range(0, slots, n_choices):
        for c in range(n_choices):
            scores[c] = LOGIT_UNIT * (score[slot + c, 0] if mirrored else score[slot, c])
        top = scores.max()
        total = np.exp(scores - top).sum()
        for c in range(n_choices):
            log_choice[slot + c, 0] = scores[c] - top - math.log(total)
        for j in range(log_choice.shape[1] - 1):
            mean = 0.0
            for c in range(n_choices):
                source, column = (slot + c, 0) if mirrored else (slot, c)
                slope = LOGIT_UNIT * kernels.view_sign(mirror, c, j) * score[(1 + j) * slots + source, column]
                log_choice[slot + c, 1 + j] = slope
                mean += math.exp(log_choice[slot + c, 0]) * slope
            for c in range(n_choices):
                log_choice[slot + c, 1 + j] -= mean


@internal
def _fill_ends(
    raw: FloatArray, slot: int, slots: int, view: FloatArray, drift: int, start: int, log_time_scale: float,
    ends: FloatArray,
) -> None:  # fmt: skip
    """zeta and delta with tangents; see ``FirstPassageNetwork._base``."""
    log_zeta, log_delta = 0.5 * log_time_scale, -0.5 * log_time_scale
    near, rate = 1.0, 1.0
    if drift >= 0:
        near = max(view[start], 1e-9)
        rate = math.pi**2 + view[drift] ** 2
        log_zeta, log_delta = math.log(near), 0.5 * math.log(rate)
    ends[0, 0], ends[0, 1] = math.exp(log_zeta + raw[slot, 0]), math.exp(log_delta + raw[slot, 1])
    for j in range(ends.shape[0] - 1):
        slope_zeta, slope_delta = raw[(1 + j) * slots + slot, 0], raw[(1 + j) * slots + slot, 1]
        if j == start and near == view[start]:
            slope_zeta += 1.0 / near
        if j == drift:
            slope_delta += view[drift] / rate
        ends[1 + j, 0], ends[1 + j, 1] = ends[0, 0] * slope_zeta, ends[0, 1] * slope_delta


@callable_from_python
def _trials(
    rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, ends: FloatArray, tables: FloatArray,
    log_choice: FloatArray, mirror: IntArray, inputs: IntArray, powers: FloatArray, shift: int, scale: int,
    left: float, spacing: float, gradient: FloatArray,
) -> FloatArray:  # fmt: skip
    """Log density of every trial; ``gradient`` (trials, parameters) is filled unless it has no columns."""
    n_choices = len(log_choice) // theta.shape[0]
    by_input = np.empty(ends.shape[1] - 1)
    log_prob = np.empty(len(rt))
    for i in range(len(rt)):
        r, c = row[i], choice[i]
        decision = rt[i] - (theta[r, shift] if shift >= 0 else 0.0)
        unit = theta[r, scale] if scale >= 0 else 1.0
        log_prob[i] = -np.inf
        if not (decision > 0.0 and 0 <= c < n_choices and unit > 0.0):
            continue
        slot = r * n_choices + c
        s = decision / (unit * unit)
        log_q, by_s = kernels.decision_time_density(s, ends[slot], tables[slot], left, spacing, by_input)
        total = log_choice[slot, 0] + log_q - 2.0 * math.log(unit)
        if not (math.isfinite(total) and math.isfinite(by_s)):
            continue
        log_prob[i] = total
        if gradient.shape[1] == 0:
            continue
        for j in range(len(by_input)):
            by_canonical = log_choice[slot, 1 + j] + kernels.view_sign(mirror, c, j) * by_input[j]
            power = powers[inputs[j]]
            if scale < 0 or power == 0.0:
                gradient[i, inputs[j]] += by_canonical
            else:
                gradient[i, inputs[j]] += by_canonical * unit**power
                gradient[i, scale] += by_canonical * power * theta[r, inputs[j]] * unit ** (power - 1.0)
        if shift >= 0:
            gradient[i, shift] -= by_s / (unit * unit)
        if scale >= 0:
            gradient[i, scale] -= 2.0 * (1.0 + s * by_s) / unit
    return log_prob
