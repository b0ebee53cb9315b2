"""Lapses mixed into events one by one, for Python callers; the compiled driver does the same in blocks."""

from __future__ import annotations

import math

import numpy as np

from hddm_sbi.compiled.compiling import callable_from_python
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.mixture import LARGEST_EXPONENT, lapse_trial


@callable_from_python
def mix_events(
    log_m: FloatArray, log_lapse: FloatArray, never: bool, p: FloatArray, q: FloatArray, row: IntArray,
    out: FloatArray, share: FloatArray, by_p: FloatArray, by_q: FloatArray,
) -> None:  # fmt: skip
    """Fill in log[(1 - p) M + p ((1 - q) L + q Q)], the process's share of it, and its derivatives by p and q.

    Args:
        log_m: log M, the log probability of each event under the process, shape (events,).
        log_lapse: log L, that for a lapse that responds, shape (events,).
        never: whether the events include that there never is a response; Q is then 1, else 0.
        p, q: lapse probability and share of lapses that never respond, by row of theta, shape (rows,).
        row: index of each event's row of theta, shape (events,).
        out, share, by_p, by_q: arrays that are filled, shape (events,); out may be log_m.
    """
    Q = 1.0 if never else 0.0
    r, log_p, log_not_p = -1, 0.0, 0.0
    for i in range(len(row)):
        if row[i] != r:  # events of one row stand together
            r = row[i]
            log_p, log_not_p = math.log(p[r]), math.log1p(-p[r])
        L = math.exp(log_lapse[i])
        by_lapse = math.log((1.0 - q[r]) * L + q[r] * Q) if never else math.log1p(-q[r]) + log_lapse[i]
        out[i], share[i], by_p[i] = lapse_trial(log_m[i], p[r], log_p, log_not_p, by_lapse)
        by_q[i] = 0.0 if out[i] == -np.inf else (Q - L) * math.exp(min(log_p - out[i], LARGEST_EXPONENT))
