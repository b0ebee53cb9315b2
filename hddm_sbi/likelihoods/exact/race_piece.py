"""The compiled piece of a race, for any kind of accumulator.

The trials of a block are of one design row and choice. For each accumulator in turn a loop without branches adds the
closed form of its log density or log survival to all of them, and trials for which that is imprecise are done again one
by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled.arrays import dot, first_after
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.structs import FLOATS2, INT, INTS, CFunction, Record, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import (
    BLOCK,
    DENSITY,
    FILL_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    Piece,
)
from hddm_sbi.likelihoods.exact.lba_density import lba_loser_regular, lba_regular, lba_winner_regular
from hddm_sbi.likelihoods.exact.race_density import RDM, accumulator_trial, possible_race
from hddm_sbi.likelihoods.exact.race_mass import race_mass
from hddm_sbi.likelihoods.exact.rdm_density import rdm_loser_regular, rdm_regular, rdm_winner_regular
from hddm_sbi.likelihoods.mixture import LOG_ZERO

# What is known of each trial of a block: log density and its derivatives by B, A and t; the same of one accumulator;
# the derivatives by each drift.
LOG, BY_B, BY_A, BY_T, OWN_LOG, OWN_B, OWN_A, OWN_T, BY_V = range(9)


class Race(NamedTuple):
    """Kind and number of the accumulators, and working memory of each slot.

    Args:
        kind, n: kind and number of the accumulators.
        known: what is known of each trial of a block, shape (slots * (BY_V + n), BLOCK).
        slopes: derivatives of one trial by theta, (slots, n + 3).
        start: the first trial of the block that is possible, (slots,).
    """

    kind: int
    n: int
    known: FloatArray
    slopes: FloatArray
    start: IntArray


_RACE = record_type(Race, kind=INT, n=INT, known=FLOATS2, slopes=FLOATS2, start=INTS)
_read_race = reader(_RACE)


@summing
def add_regular(
    kind: int, wins: bool, rt: FloatArray, t0: float, v: float, B: float, A: float, known: FloatArray, by_v: FloatArray
) -> int:
    """Fill the terms of one accumulator by closed forms; the number of trials for which these are imprecise."""
    irregular = 0
    log, by_B, by_A, by_t = known[OWN_LOG], known[OWN_B], known[OWN_A], known[OWN_T]
    # one loop for each case: a branch between them inside of a loop would keep it from vectorising
    if kind == RDM:
        for i in range(len(rt)):
            irregular += 0 if rdm_regular(rt[i] - t0, v, B, A) else 1
        if wins:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = rdm_winner_regular(rt[i] - t0, v, B, A)
        else:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = rdm_loser_regular(rt[i] - t0, v, B, A)
    else:
        for i in range(len(rt)):
            irregular += 0 if lba_regular(rt[i] - t0, v, B, A) else 1
        if wins:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = lba_winner_regular(rt[i] - t0, v, B, A)
        else:
            for i in range(len(rt)):
                log[i], by_v[i], by_B[i], by_A[i], by_t[i] = lba_loser_regular(rt[i] - t0, v, B, A)
    return irregular


@internal
def add_irregular(
    kind: int, wins: bool, rt: FloatArray, t0: float, v: float, B: float, A: float, known: FloatArray, by_v: FloatArray
) -> None:
    """Fill the terms of one accumulator again where the closed forms are imprecise."""
    for i in range(len(rt)):
        t = rt[i] - t0
        regular = rdm_regular(t, v, B, A) if kind == RDM else lba_regular(t, v, B, A)
        if not regular:
            log, d_v, d_B, d_A, d_t = accumulator_trial(kind, wins, t, v, B, A)
            usable = -np.inf < log < np.inf
            known[OWN_LOG, i] = log if usable else LOG_ZERO
            by_v[i] = d_v if usable else 0.0
            known[OWN_B, i] = d_B if usable else 0.0
            known[OWN_A, i] = d_A if usable else 0.0
            known[OWN_T, i] = d_t if usable else 0.0


@summing
def add_own(n: int, known: FloatArray) -> None:
    """Add the terms of one accumulator to those of the race, for n trials."""
    for j in range(4):
        race, own = known[j], known[OWN_LOG + j]
        for i in range(n):
            race[i] += own[i]


@once
def _fill_densities(
    race: Race, slot: int, choice: int, rt: FloatArray, theta: FloatArray, known: FloatArray, out: FloatArray
) -> None:
    kind, n = race.kind, race.n
    B, A, t0 = theta[0, n], theta[0, n + 1], theta[0, n + 2]
    start = first_after(rt, 0, len(rt), t0) if possible_race(kind, theta, 0, n) else len(rt)
    race.start[slot] = start
    for i in range(start):
        out[i] = LOG_ZERO
    # what is known of the possible trials stands at the beginning, so that loops start at 0
    rt, out = rt[start:], out[start:]
    for j in range(OWN_LOG):
        for i in range(len(rt)):
            known[j, i] = 0.0
    for k in range(n):
        by_v = known[BY_V + k]
        if add_regular(kind, k == choice, rt, t0, theta[0, k], B, A, known, by_v) > 0:
            add_irregular(kind, k == choice, rt, t0, theta[0, k], B, A, known, by_v)
        add_own(len(rt), known)
    for i in range(len(rt)):
        out[i] = max(LOG_ZERO, known[LOG, i])


@once
def _fill_masses(
    race: Race, slot: int, choice: int, t1: FloatArray, t2: FloatArray, theta: FloatArray, known: FloatArray,
    out: FloatArray,
) -> None:  # fmt: skip
    n, slope = race.n, race.slopes[slot]
    race.start[slot] = 0
    for i in range(len(t1)):
        out[i] = max(LOG_ZERO, race_mass(race.kind, n, choice, t1[i], t2[i], theta, 0, race.slopes, slot))
        for k in range(n):
            known[BY_V + k, i] = slope[k]
        known[BY_B, i], known[BY_A, i], known[BY_T, i] = slope[n], slope[n + 1], -slope[n + 2]


@once
def _known(race: Race, slot: int) -> FloatArray:
    size = BY_V + race.n
    return race.known[slot * size : (slot + 1) * size]


@summing
def _pulled(weight: FloatArray, known: FloatArray) -> tuple[float, float, float]:
    total_B = total_A = total_t = 0.0
    by_B, by_A, by_t = known[BY_B], known[BY_A], known[BY_T]
    for i in range(len(weight)):
        total_B += weight[i] * by_B[i]
        total_A += weight[i] * by_A[i]
        total_t += weight[i] * by_t[i]
    return total_B, total_A, total_t


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    race = _read_race(record)
    known, theta = _known(race, slot), nb.carray(theta, (1, race.n + 3))
    t1, out = nb.carray(t1, n), nb.carray(out, n)
    if kind == DENSITY:
        _fill_densities(race, slot, choice, t1, theta, known, out)
    else:
        _fill_masses(race, slot, choice, t1, nb.carray(t2, n), theta, known, out)


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    race = _read_race(record)
    known, by_theta = _known(race, slot), nb.carray(by_theta, race.n + 3)
    weight = nb.carray(weight, n)[race.start[slot] :]
    for k in range(race.n):
        by_theta[k] += dot(weight, known[BY_V + k])
    by_B, by_A, by_t = _pulled(weight, known)
    by_theta[race.n] += by_B
    by_theta[race.n + 1] += by_A
    by_theta[race.n + 2] -= by_t


_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)


def race_piece(kind: int, n: int, slots: int) -> CompiledPiece:
    """The piece for so many threads."""
    memory = np.zeros((slots * (BY_V + n), BLOCK)), np.zeros((slots, n + 3)), np.zeros(slots, dtype=np.int64)
    record = Record(Race(kind, n, *memory), _RACE)
    return CompiledPiece(Piece(_fill_at.address, _pull_at.address, record.address), record)
