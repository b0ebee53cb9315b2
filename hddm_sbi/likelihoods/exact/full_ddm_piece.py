"""The compiled piece of the full drift diffusion model: trial by trial, each a sum over nodes."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled.structs import FLOATS2, CFunction, Record, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.piece import (
    BLOCK,
    DENSITY,
    FILL_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    Piece,
    weighted,
)
from hddm_sbi.likelihoods.exact.full_ddm_density import CAPACITY, N_PARAMETERS, full_ddm_trial
from hddm_sbi.likelihoods.exact.full_ddm_integrand import N_ROWS
from hddm_sbi.likelihoods.exact.full_ddm_mass import full_ddm_mass
from hddm_sbi.likelihoods.mixture import LOG_ZERO


class Memory(NamedTuple):
    """Working memory of each slot.

    Args:
        nodes: quadrature nodes of one trial, shape (slots * rows of nodes, capacity).
        slopes: derivatives of the trials of a block by theta, (slots * parameters, BLOCK).
    """

    nodes: FloatArray
    slopes: FloatArray


_MEMORY = record_type(Memory, nodes=FLOATS2, slopes=FLOATS2)
_read_memory = reader(_MEMORY)


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    memory, p = _read_memory(record), nb.carray(theta, N_PARAMETERS)
    nodes = memory.nodes[slot * N_ROWS : (slot + 1) * N_ROWS]
    slopes = memory.slopes[slot * N_PARAMETERS : (slot + 1) * N_PARAMETERS]
    t1, t2, out = nb.carray(t1, n), nb.carray(t2, n), nb.carray(out, n)
    for i in range(n):
        if kind == DENSITY:
            found = full_ddm_trial(t1[i], choice, p[0], p[1], p[2], p[3], p[4], p[5], p[6], nodes)
        else:
            found = full_ddm_mass(choice, t1[i], t2[i], p[0], p[1], p[2], p[3], p[4], p[5], p[6], nodes)
        out[i] = max(found[0], LOG_ZERO)
        slopes[0, i], slopes[1, i], slopes[2, i], slopes[3, i] = found[1], found[2], found[3], found[4]
        slopes[4, i], slopes[5, i], slopes[6, i] = found[5], found[6], found[7]


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    slopes, weight = _read_memory(record).slopes, nb.carray(weight, n)
    by_theta = nb.carray(by_theta, N_PARAMETERS)
    for k in range(N_PARAMETERS):
        by_theta[k] += weighted(weight, slopes[slot * N_PARAMETERS + k])


_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)


def full_ddm_piece(slots: int) -> CompiledPiece:
    """The piece for so many threads."""
    memory = Memory(np.zeros((slots * N_ROWS, CAPACITY)), np.zeros((slots * N_PARAMETERS, BLOCK)))
    record = Record(memory, _MEMORY)
    return CompiledPiece(Piece(_fill_at.address, _pull_at.address, record.address), record)
