"""Log probabilities of a response between two times for trials of one row and choice, and their derivatives summed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.likelihoods.mixture import LOG_ZERO
from hddm_sbi.likelihoods.neural.adjoints import WEIGHT, WINDOW, Sums, add_between, sums_memory, sums_of
from hddm_sbi.likelihoods.neural.intervals import (
    by_window_of,
    log_mass,
    n_parts,
    panels_memory,
    part_of,
    share_of,
    span_of,
)
from hddm_sbi.likelihoods.neural.network_record import Form
from hddm_sbi.likelihoods.neural.passage import between_of, passage_of

FloatArray = npt.NDArray[np.float64]


@internal
def fill_masses(
    form: Form, table: FloatArray, zeta: float, delta: float, log_choice: float, shift: float, window: float,
    log_unit: float, collapse: tuple[float, float], t1: FloatArray, t2: FloatArray, out: FloatArray,
) -> None:  # fmt: skip
    """Fill in the log probability of the choice and a response between two times.

    Args:
        form: what shapes the network, see ``network_record.Form``.
        table, zeta, delta: the flow of the row and choice.
        log_choice: log probability of the choice.
        shift, window: start and width of the uniform delay, in seconds.
        log_unit: logarithm of the unit of decision time.
        collapse: both parameters of the clock, see ``time_change``.
        t1, t2: ends of each trial's interval in seconds, shape (trials,).
        out: filled, (trials,); ``LOG_ZERO`` where the probability is zero.
    """
    passage, panels = passage_of(form, table, zeta, delta, log_unit, collapse[0], collapse[1]), panels_memory()
    for i in range(len(t1)):
        out[i] = LOG_ZERO
        if math.isfinite(log_unit) and window >= 0.0:
            span = span_of(t1[i], t2[i], shift, window, passage.per_unit)
            value = log_choice + log_mass(passage, span, panels)[0]
            if math.isfinite(value):
                out[i] = value


@internal
def pull_masses(
    form: Form, table: FloatArray, zeta: float, delta: float, log_choice: float, shift: float, window: float,
    log_unit: float, collapse: tuple[float, float], t1: FloatArray, t2: FloatArray, weight: FloatArray,
    by_table: FloatArray,
) -> Sums:  # fmt: skip
    """Sums over trials of the weighted derivatives of what ``fill_masses`` fills in; adds to ``by_table``.

    Args:
        form, ..., t2: as there.
        weight: factor of each trial's derivatives, shape (trials,); 0 where the probability is zero.
        by_table: array to which the derivatives by ``table`` are added.

    Returns:
        Weights; derivatives by zeta, delta, decision time, log unit, both parameters of the clock, and window.
    """
    passage, panels = passage_of(form, table, zeta, delta, log_unit, collapse[0], collapse[1]), panels_memory()
    by = sums_memory()
    for i in range(len(t1)):
        if weight[i] == 0.0:
            continue
        span = span_of(t1[i], t2[i], shift, window, passage.per_unit)
        value, n_panels = log_mass(passage, span, panels)
        by[WEIGHT] += weight[i]
        by[WINDOW] += weight[i] * by_window_of(span)
        for k in range(n_parts(n_panels)):
            part = part_of(span, panels, n_panels, k)
            between = between_of(passage, part.early, part.late, part.width)
            share = share_of(part.log_factor + between.log_mass, value, n_panels)
            if share > 0.0:
                add_between(passage, part, between, weight[i] * share, by, by_table)
    return sums_of(by)
