"""Events by hand: their compiled sum under the driver, and the same in Python, trial by trial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.structs import Record
from hddm_sbi.likelihoods.driver.compiled_sum import CompiledSum
from hddm_sbi.likelihoods.driver.driver import DRIVER, Driver, observed_sum_at
from hddm_sbi.likelihoods.driver.event_arrays import EventArrays
from hddm_sbi.likelihoods.driver.piece import BLOCK, DENSITY, MASS
from hddm_sbi.likelihoods.mixture import LOG_ZERO


class Part(NamedTuple):
    """A choice at each of some times, or between each two times."""

    choice: int
    t1: np.ndarray
    t2: np.ndarray | None = None


class Group(NamedTuple):
    """Events of one row, each the union of one element of every part; the lapses' log probability of each."""

    row: int
    parts: list[Part]
    weight: np.ndarray
    log_lapse: np.ndarray


def group(row, parts, rng, log_lapse=None):
    n = len(parts[0].t1)
    lapse = np.full(n, LOG_ZERO) if log_lapse is None else np.full(n, log_lapse)
    return Group(row, parts, rng.integers(1, 4, n).astype(float), lapse)


def arrays(groups, n_rows, n_columns, chunk, p_at):
    parts = [part for each in groups for part in each.parts]
    row = np.array([each.row for each in groups])
    ends = np.cumsum([0, *(len(each.weight) for each in groups)])
    chunk_rows = np.append(np.arange(0, n_rows, chunk or n_rows), n_rows)
    return EventArrays(
        weight=np.concatenate([each.weight for each in groups]),
        log_lapse=np.concatenate([each.log_lapse for each in groups]),
        first=ends[:-1],
        last=ends[1:],
        row=row,
        never=np.zeros(len(groups), dtype=np.int64),
        parts=np.cumsum([0, *(len(each.parts) for each in groups)]),
        kind=np.array([DENSITY if part.t2 is None else MASS for part in parts]),
        choice=np.array([part.choice for part in parts]),
        place=np.cumsum([0, *(len(part.t1) for part in parts)])[:-1],
        t1=np.concatenate([part.t1 for part in parts]),
        t2=np.concatenate([part.t1 if part.t2 is None else part.t2 for part in parts]),
        chunk_rows=chunk_rows,
        chunk_groups=np.searchsorted(row, chunk_rows),
        n_rows=n_rows,
        n_columns=n_columns,
        p_at=p_at,
        q_at=-1,
    )


def compiled_sum(likelihood, groups, theta, lapses):
    """The sum and its derivatives, (rows, columns), with twice the same result: memory must not carry over."""
    demand = np.zeros((len(theta), likelihood.n_choices), dtype=bool)
    for each in groups:
        for part in each.parts:
            demand[each.row, part.choice if part.choice >= 0 else slice(None)] = True
    piece = likelihood.piece(demand, 2)
    k = len(likelihood.parameters)
    events = arrays(groups, len(theta), theta.shape[1], piece.chunk, k if lapses else -1)
    n_parts = max(len(each.parts) for each in groups)
    record = Record(Driver(piece.for_kinds(masses=True), events, np.zeros((2, (4 + n_parts) * BLOCK))), DRIVER)
    theta, by_theta = np.ascontiguousarray(theta), np.empty(theta.shape)
    total = CompiledSum(observed_sum_at.address, record.address, record)
    values = [total(slot, theta, by_theta) for slot in (1, 0, 0)]
    assert values[0] == values[1] == values[2]
    return values[0], by_theta


def python_sum(likelihood, groups, theta, lapses):
    """The same from ``log_prob_grad`` and ``log_mass_grad``."""
    k, total, by_theta = len(likelihood.parameters), 0.0, np.zeros(theta.shape)
    own = np.ascontiguousarray(theta[:, :k])
    for row, parts, weight, log_lapse in groups:
        at, found = np.full(len(weight), row), []
        for choice, t1, t2 in parts:
            choices = np.full(len(t1), choice)
            if t2 is None:
                found.append(likelihood.log_prob_grad(t1, choices, own, at))
            else:
                found.append(likelihood.log_mass_grad(choices, t1, t2, own, at))
        log, slope = np.array([each[0] for each in found]), np.array([each[1] for each in found])
        union = np.logaddexp.reduce(log)
        some = np.where(union > -np.inf, union, 0.0)
        slope = (np.exp(log - some)[..., None] * slope).sum(0)
        p = theta[row, k] if lapses else 0.0
        with np.errstate(divide="ignore"):
            whole = np.logaddexp(np.log1p(-p) + union, np.log(p) + np.where(log_lapse > LOG_ZERO, log_lapse, -np.inf))
        sure = np.where(whole > -np.inf, whole, 0.0)
        process = weight * np.exp(np.log1p(-p) + union - sure)
        total += weight @ whole
        by_theta[row, :k] += process @ slope
        if lapses:
            by_theta[row, k] += (weight - process).sum() / p - process.sum() / (1.0 - p)
    return total, by_theta
