"""Log probabilities of a response between two times, per trial, with their gradients, for compiled code."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.likelihoods.base import ANY
from hddm_sbi.likelihoods.native.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.neural.intervals import (
    by_window_of,
    log_mass,
    log_sum,
    n_parts,
    panels_memory,
    part_of,
    share_of,
    span_of,
)
from hddm_sbi.likelihoods.neural.passage import log_between
from hddm_sbi.likelihoods.neural.trial_densities import add_between, add_by_theta, keep_finite, passage_at


@internal
def _add_by(passage, span, panels, value, n_panels, ends, table, by, work):  # type: ignore[no-untyped-def]
    """Fill ``by`` with the derivatives of a log mass; see ``trial_densities``."""
    by[:] = 0.0
    for k in range(n_parts(n_panels)):
        part = part_of(span, panels, n_panels, k)
        log_part = part.log_factor + log_between(passage, part.early, part.late, part.width)
        share = share_of(log_part, value, n_panels)
        if share > 0.0:
            add_between(passage, part, ends, table, share, by, work)
    by[len(by) - 1] += by_window_of(span)


@callable_from_python
def masses(choice, t1, t2, theta, row, canonical, ends, tables, log_choice, form, gradient):  # type: ignore[no-untyped-def]
    """Log mass of every trial; ``gradient`` (trials, parameters) is filled unless it has no columns."""
    n, n_tangents = canonical.shape[1], ends.shape[1] - 1
    by, work, by_inputs = np.zeros(n_tangents + 5), np.zeros(n_tangents + 5), np.empty(n)
    panels, by_theta = panels_memory(), np.empty(theta.shape[1])
    log_prob = np.full(len(t1), -np.inf)
    for i in range(len(t1)):
        r = row[i]
        shift = theta[r, form.shift] if form.shift >= 0 else 0.0
        window = theta[r, form.window] if form.window >= 0 else 0.0
        first, stop = (0, form.n_choices) if choice[i] == ANY else (choice[i], choice[i] + 1)
        if not (0 <= first < form.n_choices and window >= 0.0):
            continue
        for c in range(first, stop):
            slot = r * form.n_choices + c
            passage = passage_at(theta[r], canonical[r], ends[slot], tables[slot], form)
            if not math.isfinite(passage.log_unit):
                continue
            span = span_of(t1[i], t2[i], shift, window, passage.per_unit)
            value, n_panels = log_mass(passage, span, panels)
            log_part = log_choice[slot, 0] + value
            if not math.isfinite(log_part):
                continue
            total = log_sum(log_prob[i], log_part)
            if gradient.shape[1] > 0:
                _add_by(passage, span, panels, value, n_panels, ends[slot], tables[slot], by, work)
                by_theta[:] = 0.0
                add_by_theta(1.0, by, log_choice[slot], canonical[r], theta[r], c, form, by_inputs, by_theta)
                keep_finite(by_theta)
                before, share = math.exp(log_prob[i] - total), math.exp(log_part - total)
                for j in range(len(by_theta)):
                    gradient[i, j] = before * gradient[i, j] + share * by_theta[j]
            log_prob[i] = total
    return log_prob
