"""The compiled piece of the full drift diffusion model: densities from shared curves where that is worth it."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled.arrays import dot
from hddm_sbi.compiled.compiling import callable_from_python, internal
from hddm_sbi.compiled.structs import FLOATS2, CFunction, Record, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray, IntArray
from hddm_sbi.likelihoods.driver.piece import (
    BLOCK,
    DENSITY,
    FILL_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    Piece,
)
from hddm_sbi.likelihoods.exact.full_ddm_density import N_PARAMETERS, full_ddm_trial, inside
from hddm_sbi.likelihoods.exact.full_ddm_mass import full_ddm_mass
from hddm_sbi.likelihoods.exact.full_ddm_shared import SIZE, TRIAL, pull_shared, share
from hddm_sbi.likelihoods.exact.full_ddm_windows import PER_SUM
from hddm_sbi.likelihoods.mixture import LOG_ZERO

# the number of parts of the block that was filled last
PARTS = SIZE


class Memory(NamedTuple):
    """Working memory of each slot.

    Args:
        work: what ``full_ddm_shared`` takes, and the number of parts, shape (slots, SIZE + 1).
        slopes: derivatives of the trials of a block by theta, zero where they share curves,
            (slots * parameters, BLOCK).
    """

    work: FloatArray
    slopes: FloatArray

    @classmethod
    def of(cls, slots: int) -> Memory:
        """Memory for so many threads."""
        return cls(np.zeros((slots, SIZE + 1)), np.zeros((slots * N_PARAMETERS, BLOCK)))


_MEMORY = record_type(Memory, work=FLOATS2, slopes=FLOATS2)
_read_memory = reader(_MEMORY)


@internal
def _fill_density(
    work: FloatArray, slopes: FloatArray, choice: int, p: FloatArray, t: FloatArray, out: FloatArray
) -> None:
    """Fill in the log densities (n,) at times t (n,), sorted, and the derivatives of those that share no curve."""
    v, a, z, t0, sv, sz, st0 = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    n, parts = len(t), 0
    for i in range(n):
        work[TRIAL + i] = t[i] - t0
        work[TRIAL + PER_SUM * BLOCK + i] = 0.0
    if inside(choice, v, a, z, t0, sv, sz, st0):
        side = -1.0 if choice == 1 else 1.0
        w, c = (1.0 - z, z) if choice == 1 else (z, 1.0 - z)
        parts = share(work, n, side * v, a, w, c, sv * sv, sz, st0, out)
    work[PARTS] = parts
    for i in range(n):
        if work[TRIAL + PER_SUM * BLOCK + i] == 0.0:
            found = full_ddm_trial(t[i], choice, v, a, z, t0, sv, sz, st0, work)
            out[i] = found[0]
            slopes[0, i], slopes[1, i], slopes[2, i], slopes[3, i] = found[1], found[2], found[3], found[4]
            slopes[4, i], slopes[5, i], slopes[6, i] = found[5], found[6], found[7]
        else:
            for k in range(N_PARAMETERS):
                slopes[k, i] = 0.0


@internal
def _pull_density(work: FloatArray, choice: int, p: FloatArray, weight: FloatArray, by_theta: FloatArray) -> None:
    """Add the derivatives of the trials that share curves."""
    parts = int(work[PARTS])
    if parts > 0:
        v, a, sv = p[0], p[1], p[4]
        side = -1.0 if choice == 1 else 1.0
        sums = pull_shared(work, parts, p[6], weight)
        d_v, d_sv = -side * sums[1], sv * sums[2]
        by_theta[0] += d_v
        by_theta[1] += (v * d_v + sv * d_sv - 2.0 * sums[0] - 2.0 * sums[7]) / a
        by_theta[2] += side * sums[3]
        by_theta[3] -= sums[5]
        by_theta[4] += d_sv
        by_theta[5] += sums[4]
        by_theta[6] -= sums[6]


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    memory, p = _read_memory(record), nb.carray(theta, N_PARAMETERS)
    work, slopes = memory.work[slot], memory.slopes[slot * N_PARAMETERS : (slot + 1) * N_PARAMETERS]
    t1, t2, out = nb.carray(t1, n), nb.carray(t2, n), nb.carray(out, n)
    if kind == DENSITY:
        _fill_density(work, slopes, choice, p, t1, out)
    else:
        work[PARTS] = 0.0
        for i in range(n):
            found = full_ddm_mass(choice, t1[i], t2[i], p[0], p[1], p[2], p[3], p[4], p[5], p[6], work)
            out[i] = found[0]
            slopes[0, i], slopes[1, i], slopes[2, i], slopes[3, i] = found[1], found[2], found[3], found[4]
            slopes[4, i], slopes[5, i], slopes[6, i] = found[5], found[6], found[7]
    for i in range(n):
        out[i] = max(out[i], LOG_ZERO)


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    memory, p = _read_memory(record), nb.carray(theta, N_PARAMETERS)
    weight, by_theta = nb.carray(weight, n), nb.carray(by_theta, N_PARAMETERS)
    for k in range(N_PARAMETERS):
        by_theta[k] += dot(weight, memory.slopes[slot * N_PARAMETERS + k])
    _pull_density(memory.work[slot], choice, p, weight, by_theta)


_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)


def full_ddm_piece(slots: int) -> CompiledPiece:
    """The piece for so many threads."""
    record = Record(Memory.of(slots), _MEMORY)
    return CompiledPiece(Piece(_fill_at.address, _pull_at.address, record.address), record)


@callable_from_python
def full_ddm_log_prob_grad(
    rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray, memory: Memory, log_f: FloatArray,
    grad: FloatArray,
) -> None:  # fmt: skip
    """Fill log_f (trials,) and grad (trials, 7), the derivatives by the trial's own row of theta (rows, 7).

    Trials that follow one another, in order of time, in the same row and with the same choice share curves.
    """
    work, slopes, alone = memory.work[0], memory.slopes, np.zeros(BLOCK)
    grad[:] = 0.0
    begin, n = 0, len(rt)
    while begin < n:
        end = begin + 1
        while (
            end < min(n, begin + BLOCK)
            and row[end] == row[begin]
            and choice[end] == choice[begin]
            and rt[end] >= rt[end - 1]
        ):
            end += 1
        p = theta[row[begin]]
        _fill_density(work, slopes, choice[begin], p, rt[begin:end], log_f[begin:end])
        for i in range(end - begin):
            if work[TRIAL + PER_SUM * BLOCK + i] == 0.0:
                for k in range(N_PARAMETERS):
                    grad[begin + i, k] = slopes[k, i]
            else:
                alone[i] = 1.0
                _pull_density(work, choice[begin], p, alone[: end - begin], grad[begin + i])
                alone[i] = 0.0
        begin = end
