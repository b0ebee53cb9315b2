"""A posterior in coordinates x in which it is nearly round, from its curvature at one point.

The groups' coefficients are standardised given the population, see ``groups``. What is left, the core, holds population
terms and group standard deviations. Its precision at the centre, less what the groups take of it, is K K', and
u_c = centre + K^-T x_c, as far as that is reliable. A sampler that moves x needs few, long steps where coefficients go
together: an intercept with the slopes of its factors, say.

A standard deviation that may be next to zero is moved as a signed number y, sd = |y|. On the log scale zero is
infinitely far away, and a chain that comes near takes long to return; y passes through it, the density being smooth and
even in y: a negative sd is a positive one with all raw coefficients turned round.

The width of a range of starting points changes the process by its square: so much later, say, the non-decision times
must be. On the link's scale that is a curved ridge. The width is therefore the last coordinate of the core, and moves
the others, and the groups, not by its own change d but by psi(d), which is linear in the squared proportion p^2 and
has slope 1 at the centre: a shear, whose Jacobian is 1.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import Record, claim, release
from hddm_sbi.inference.coordinates.arrays import ARRAYS
from hddm_sbi.inference.coordinates.build import build_arrays
from hddm_sbi.inference.coordinates.kernels import from_u_at, log_density_at, to_u_at
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.kernels import C_LOG_DENSITY
from hddm_sbi.inference.sampler import CompiledLogDensity, available_cores

FloatArray = npt.NDArray[np.float64]


class Rounded:
    """A potential in the coordinates x; satisfies ``LogDensity``. Constants of the Jacobian are left out.

    Args:
        potential: the log density of u.
        centre: the point where its curvature is taken, x = 0.
        slots: threads that may evaluate it at a time without waiting; default one per core.
    """

    def __init__(self, potential: Potential, centre: FloatArray, slots: int | None = None) -> None:
        self.potential, self.ndim = potential, potential.ndim
        self._arrays = build_arrays(potential, centre, slots or available_cores())
        self._record = Record(self._arrays, ARRAYS)

    @property
    def native(self) -> CompiledLogDensity | None:
        """The C function of x, where the potential has one of u."""
        if self._arrays.function == 0:
            return None
        return CompiledLogDensity(log_density_at.address, self._record.address, (self._record, self.potential))

    @cached_property
    def _call(self) -> Any:
        return C_LOG_DENSITY(log_density_at.address)

    def log_density(self, x: FloatArray) -> float:
        """Log density at x, shape (ndim,); -inf where it is zero."""
        return self.log_density_grad(x)[0]

    def log_density_grad(self, x: FloatArray) -> tuple[float, FloatArray]:
        """The same with its gradient by x, shape (ndim,)."""
        x, by_x, value = np.ascontiguousarray(x, dtype=np.float64), np.empty(self.ndim), np.empty(1)
        if self._arrays.function:
            self._call(self.ndim, x.ctypes.data, by_x.ctypes.data, value.ctypes.data, self._record.address)
            return float(value[0]), by_x
        u, slot = np.empty(self.ndim), claim(self._arrays.busy)
        try:
            log_jacobian = to_u_at(self._record.address, x, u, slot)
            log_density, by_u = self.potential.log_density_grad(u)
            from_u_at(self._record.address, by_u, by_x, slot)
        finally:
            release(self._arrays.busy, slot)
        return log_density + log_jacobian, by_x

    def to_u(self, x: FloatArray) -> FloatArray:
        """u from x, both of shape (..., ndim)."""
        flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1, self.ndim)
        u, slot = np.empty_like(flat), claim(self._arrays.busy)
        try:
            for row, out in zip(flat, u, strict=True):
                to_u_at(self._record.address, row, out, slot)
        finally:
            release(self._arrays.busy, slot)
        return u.reshape(np.shape(x))
