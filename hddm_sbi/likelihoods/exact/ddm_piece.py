"""The compiled piece of the constant-bound drift diffusion model: no branch is left inside a loop.

The trials of a block are of one design row and choice, sorted by response time. Two binary searches then tell which are
impossible, which belong to the small-time and which to the large-time series, and the loops over them vectorise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from hddm_sbi.compiled.arrays import first_after
from hddm_sbi.compiled.compiling import internal, once, summing
from hddm_sbi.compiled.structs import FLOATS2, CFunction, Record, reader, record_type
from hddm_sbi.likelihoods.base import FloatArray
from hddm_sbi.likelihoods.driver.piece import (
    BLOCK,
    DENSITY,
    FILL_SIGNATURE,
    PULL_SIGNATURE,
    CompiledPiece,
    MassFunctions,
    Piece,
)
from hddm_sbi.likelihoods.exact.ddm_density import SWITCH, large_time, sine_cosine, small_time
from hddm_sbi.likelihoods.exact.ddm_mass import ddm_mass
from hddm_sbi.likelihoods.mixture import LOG_ZERO

# places of the derivatives by v, a, w (or z) and t in a slot's memory
BY_V, BY_A, BY_W, BY_T = (k * BLOCK for k in range(4))
SIZE = 4 * BLOCK


class Memory(NamedTuple):
    """Derivatives of the trials of a block, one row for each slot."""

    tile: FloatArray


_MEMORY = record_type(Memory, tile=FLOATS2)
_read_memory = reader(_MEMORY)


# One loop for each series: a branch between them inside of a loop would keep it from vectorising.
@summing
def _fill_small(
    rt: FloatArray, t0: float, v: float, a: float, w: float, c: float, near: bool, out: FloatArray, tile: FloatArray
) -> None:  # fmt: skip
    for i in range(len(rt)):
        log_f, d_v, d_a, d_w, d_t = small_time(rt[i] - t0, v, a, w, c, near)
        out[i] = log_f
        tile[BY_V + i], tile[BY_A + i], tile[BY_W + i], tile[BY_T + i] = d_v, d_a, d_w, d_t


@summing
def _fill_large(
    rt: FloatArray, t0: float, v: float, a: float, w: float, sine: float, cosine: float, out: FloatArray,
    tile: FloatArray,
) -> None:  # fmt: skip
    for i in range(len(rt)):
        log_f, d_v, d_a, d_w, d_t = large_time(rt[i] - t0, v, a, w, sine, cosine)
        out[i] = log_f
        tile[BY_V + i], tile[BY_A + i], tile[BY_W + i], tile[BY_T + i] = d_v, d_a, d_w, d_t


@internal
def _impossible(begin: int, end: int, out: FloatArray, tile: FloatArray) -> None:
    for i in range(begin, end):
        out[i] = LOG_ZERO
        tile[BY_V + i], tile[BY_A + i], tile[BY_W + i], tile[BY_T + i] = 0.0, 0.0, 0.0, 0.0


@once
def _fill_densities(
    choice: int, rt: FloatArray, v: float, a: float, z: float, t0: float, out: FloatArray, tile: FloatArray
) -> None:
    w, c, drift = (1.0 - z, z, -v) if choice == 1 else (z, 1.0 - z, v)
    possible, switch = len(rt), len(rt)
    if a > 0.0 and 0.0 < z < 1.0 and t0 >= 0.0 and math.isfinite(v):
        possible = first_after(rt, 0, len(rt), t0)
        switch = first_after(rt, possible, len(rt), t0 + SWITCH * a * a)
    _impossible(0, possible, out, tile)
    _fill_small(rt[possible:switch], t0, drift, a, w, c, w <= 0.5, out[possible:], tile[possible:])
    sine, cosine = sine_cosine(w, c)
    _fill_large(rt[switch:], t0, drift, a, w, sine, cosine, out[switch:], tile[switch:])


@once
def _fill_masses(
    choice: int, t1: FloatArray, t2: FloatArray, v: float, a: float, z: float, t0: float, out: FloatArray,
    tile: FloatArray,
) -> None:  # fmt: skip
    for i in range(len(t1)):
        log, d_v, d_a, d_z, d_t0 = ddm_mass(choice, t1[i], t2[i], v, a, z, t0)
        out[i] = max(log, LOG_ZERO)
        tile[BY_V + i], tile[BY_A + i], tile[BY_W + i], tile[BY_T + i] = d_v, d_a, d_z, d_t0


@summing
def _weighted(weight: FloatArray, tile: FloatArray) -> tuple[float, float, float, float]:
    by_v = by_a = by_w = by_t = 0.0
    for i in range(len(weight)):
        by_v += weight[i] * tile[BY_V + i]
        by_a += weight[i] * tile[BY_A + i]
        by_w += weight[i] * tile[BY_W + i]
        by_t += weight[i] * tile[BY_T + i]
    return by_v, by_a, by_w, by_t


def _fill(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    tile, t1, out = _read_memory(record).tile[slot], nb.carray(t1, n), nb.carray(out, n)
    _fill_densities(choice, t1, theta[0], theta[1], theta[2], theta[3], out, tile)


def _fill_mass(record, slot, kind, choice, row, n, theta, t1, t2, out):  # type: ignore[no-untyped-def]
    tile, t1, t2, out = _read_memory(record).tile[slot], nb.carray(t1, n), nb.carray(t2, n), nb.carray(out, n)
    _fill_masses(choice, t1, t2, theta[0], theta[1], theta[2], theta[3], out, tile)


def _pull(record, slot, kind, choice, row, n, theta, t1, t2, weight, by_theta):  # type: ignore[no-untyped-def]
    tile, weight, by_theta = _read_memory(record).tile[slot], nb.carray(weight, n), nb.carray(by_theta, 4)
    by_v, by_a, by_w, by_t = _weighted(weight, tile)
    mirrored = kind == DENSITY and choice == 1
    by_theta[0] += -by_v if mirrored else by_v
    by_theta[1] += by_a
    by_theta[2] += -by_w if mirrored else by_w
    by_theta[3] += -by_t if kind == DENSITY else by_t


_fill_at, _pull_at = CFunction(FILL_SIGNATURE, _fill), CFunction(PULL_SIGNATURE, _pull)
_of_masses = MassFunctions(CFunction(FILL_SIGNATURE, _fill_mass), _pull_at)


def ddm_piece(slots: int) -> CompiledPiece:
    """The piece of the constant-bound drift diffusion model for so many threads."""
    record = Record(Memory(np.zeros((slots, SIZE))), _MEMORY)
    return CompiledPiece(Piece(_fill_at.address, _pull_at.address, record.address), record, of_masses=_of_masses)
