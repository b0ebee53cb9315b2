"""A linear change of coordinates in which the posterior is nearly round, from its curvature at one point.

u = centre + T x, with T T' the inverse of the precision matrix at the centre. That matrix is taken as an arrow: a core
(population terms and group standard deviations) and one block for each group, which touches the core, as far as that
is reliable, but no other group. With

    precision = [[C, B'], [B, D]],  D = L L' block by block,  S = C - B' D^-1 B = K K'

the core is u_c = K^-T x_c and each group u_g = L^-T x_g - D^-1 B u_c (all relative to the centre). A sampler that
moves x needs few, long steps where coefficients of one group go together: an intercept with the slopes of its factors,
say.

A standard deviation that may be next to zero is moved as a signed number y, sd = |y|, where its groups' coefficients
are not centred. On the log scale zero is infinitely far away, and a chain that comes near takes long to return; y
passes through it, the density being smooth and even in y: a negative sd is a positive one with all raw coefficients
turned round.

The width of a range of starting points changes the process by its square: so much later, say, the non-decision times
must be. On the link's scale that is a curved ridge. The width is therefore the last coordinate of the core, and moves
the others, and the groups, not by its own change d but by psi(d), which is linear in the squared proportion p^2 and
has slope 1 at the centre: a shear, whose Jacobian is 1.
"""

from __future__ import annotations

import ctypes
import math
from functools import cached_property
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.contract import NativeLogDensity, available_cores
from hddm_sbi.inference.frame import FRAME, Frame, make_frame
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.kernels import LOG_DENSITY_SIGNATURE
from hddm_sbi.likelihoods.native.compiling import callable_from_python, internal
from hddm_sbi.likelihoods.native.contract import call_log_density
from hddm_sbi.likelihoods.native.records import CFunction, Record, claim, reader, release

FloatArray = npt.NDArray[np.float64]

_read_frame = reader(FRAME)


@internal
def _turn_round(frame: Frame, which: int, values: FloatArray) -> None:
    """Change the sign of the raw coefficients of one standard deviation."""
    for i in range(frame.raw_bounds[which], frame.raw_bounds[which + 1]):
        values[frame.raw_at[i]] = -values[frame.raw_at[i]]


@internal
def _bend(centre: float, d: float) -> tuple[float, float]:
    """psi(d) and its derivative, for a width at ``centre`` + d on the logit scale of its proportion."""
    here, there = 1.0 / (1.0 + math.exp(-centre)), 1.0 / (1.0 + math.exp(-centre - d))
    per_change = 1.0 / (here * here * (1.0 - here))
    return 0.5 * per_change * (there - here) * (there + here), per_change * there * there * (1.0 - there)


@internal
def _to_u(frame: Frame, x: FloatArray, u: FloatArray, slot: int) -> None:
    moved = frame.moved[slot]
    n_core, factor, coupling = len(frame.core_at), 0, 0
    n_straight = n_core - frame.bent
    for i in range(n_straight):
        total = 0.0
        for j in range(i, n_straight):
            total += frame.core[i, j] * x[frame.core_at[j]]
        moved[i] = total
    if frame.bent:
        at, scale = frame.core_at[n_straight], frame.core[n_straight, n_straight]
        d = scale * x[at]
        moved[n_straight], frame.slope[slot] = _bend(frame.centre[at], d)
        for i in range(n_straight):
            moved[i] += frame.core[i, n_straight] / scale * moved[n_straight]
        u[at] = frame.centre[at] + d
    for i in range(n_straight):
        u[frame.core_at[i]] = frame.centre[frame.core_at[i]] + moved[i]
    for block in range(len(frame.bounds) - 1):
        at = frame.block_at[frame.bounds[block] : frame.bounds[block + 1]]
        for i in range(len(at)):
            total = frame.centre[at[i]]
            for j in range(i, len(at)):
                total += frame.factors[factor + i * len(at) + j] * x[at[j]]
            for j in range(n_core):
                total -= frame.couplings[coupling + i * n_core + j] * moved[j]
            u[at[i]] = total
        factor, coupling = factor + len(at) * len(at), coupling + len(at) * n_core
    for which in range(len(frame.signed_at)):
        y = u[frame.signed_at[which]]
        frame.signed[slot, which] = y
        u[frame.signed_at[which]] = math.log(abs(y))
        if y < 0.0:
            _turn_round(frame, which, u)


@internal
def _from_u(frame: Frame, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
    """Fill in by_x; changes by_u."""
    by_moved = frame.moved[slot]
    for which in range(len(frame.signed_at)):
        y, at = frame.signed[slot, which], frame.signed_at[which]
        by_u[at] = (by_u[at] - 1.0) / y  # the Jacobian d log|y| / dy is 1 / y
        if y < 0.0:
            _turn_round(frame, which, by_u)
    n_core, factor, coupling = len(frame.core_at), 0, 0
    n_straight = n_core - frame.bent
    for i in range(n_core):
        by_moved[i] = by_u[frame.core_at[i]] if i < n_straight else 0.0
    for block in range(len(frame.bounds) - 1):
        at = frame.block_at[frame.bounds[block] : frame.bounds[block + 1]]
        for j in range(len(at)):
            total = 0.0
            for i in range(j + 1):
                total += frame.factors[factor + i * len(at) + j] * by_u[at[i]]
            by_x[at[j]] = total
            for i in range(n_core):
                by_moved[i] -= frame.couplings[coupling + j * n_core + i] * by_u[at[j]]
        factor, coupling = factor + len(at) * len(at), coupling + len(at) * n_core
    for j in range(n_core):
        total = 0.0
        for i in range(j + 1):
            total += frame.core[i, j] * by_moved[i]
        if j >= n_straight:
            total = frame.slope[slot] * total + frame.core[j, j] * by_u[frame.core_at[j]]
        by_x[frame.core_at[j]] = total


@internal
def _log_jacobian(frame: Frame, slot: int) -> float:
    """What the log density of x is less than that of u, up to a constant."""
    total = 0.0
    for which in range(len(frame.signed_at)):
        total += math.log(abs(frame.signed[slot, which]))
    return total


@callable_from_python
def log_jacobian_at(record: int, slot: int) -> float:
    """``_log_jacobian`` for Python, by the frame's address."""
    return _log_jacobian(_read_frame(record), slot)


@callable_from_python
def to_u_at(record: int, x: FloatArray, u: FloatArray, slot: int) -> None:
    """Fill in u."""
    frame = _read_frame(record)
    _to_u(frame, x, u, slot)


@callable_from_python
def from_u_at(record: int, by_u: FloatArray, by_x: FloatArray, slot: int) -> None:
    """Fill in the derivatives by x from those by u."""
    frame = _read_frame(record)
    _from_u(frame, by_u, by_x, slot)


def _log_density_at(ndim, x, gradient, value, record):  # type: ignore[no-untyped-def]
    frame = _read_frame(record)
    slot = claim(frame.busy)
    u, by_u = frame.u[slot], frame.by_u[slot]
    _to_u(frame, nb.carray(x, ndim), u, slot)
    status = call_log_density(frame.function, ndim, u, by_u, value, frame.record)
    value[0] -= _log_jacobian(frame, slot)
    _from_u(frame, by_u, nb.carray(gradient, ndim), slot)
    release(frame.busy, slot)
    return status


_log_density = CFunction(LOG_DENSITY_SIGNATURE, _log_density_at)
_CALL: Any = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)


class Preconditioned:
    """A potential in the coordinates x; satisfies ``LogDensity``. The Jacobian is constant and left out.

    Args:
        potential: the log density of u.
        centre: the point where its curvature is taken, x = 0.
        slots: threads that may evaluate it at a time without waiting; default one per core.
    """

    def __init__(self, potential: Potential, centre: FloatArray, slots: int | None = None) -> None:
        self.potential, self.ndim = potential, potential.ndim
        self._frame = make_frame(potential, centre, slots or available_cores())
        self._record = Record(self._frame, FRAME)

    @property
    def native(self) -> NativeLogDensity | None:
        """The C function of x, where the potential has one of u."""
        if self._frame.function == 0:
            return None
        return NativeLogDensity(_log_density.address, self._record.address, (self._record, self.potential))

    @cached_property
    def _call(self) -> Any:
        return _CALL(_log_density.address)

    def log_density(self, x: FloatArray) -> float:
        """Log density at x, shape (ndim,); -inf where it is zero."""
        return self.log_density_grad(x)[0]

    def log_density_grad(self, x: FloatArray) -> tuple[float, FloatArray]:
        """The same with its gradient by x, shape (ndim,)."""
        x, by_x, value = np.ascontiguousarray(x, dtype=np.float64), np.empty(self.ndim), np.empty(1)
        if self._frame.function:
            self._call(self.ndim, x.ctypes.data, by_x.ctypes.data, value.ctypes.data, self._record.address)
            return float(value[0]), by_x
        u, slot = np.empty(self.ndim), claim(self._frame.busy)
        try:
            to_u_at(self._record.address, x, u, slot)
            log_density, by_u = self.potential.log_density_grad(u)
            log_density -= log_jacobian_at(self._record.address, slot)
            from_u_at(self._record.address, by_u, by_x, slot)
        finally:
            release(self._frame.busy, slot)
        return log_density, by_x

    def to_u(self, x: FloatArray) -> FloatArray:
        """u from x, both of shape (..., ndim)."""
        flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1, self.ndim)
        u, slot = np.empty_like(flat), claim(self._frame.busy)
        try:
            for row, out in zip(flat, u, strict=True):
                to_u_at(self._record.address, row, out, slot)
        finally:
            release(self._frame.busy, slot)
        return u.reshape(np.shape(x))
