"""The joint log density on the unconstrained space, and its gradient, without tracing Pyro."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import Record, claim, release
from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.potential.kernels import C_LOG_DENSITY, backward_at, forward_at, log_density_at
from hddm_sbi.inference.potential.plan import PLAN, Plan, make_plan
from hddm_sbi.inference.sampler import CompiledLogDensity, available_cores
from hddm_sbi.likelihoods.observation.bound import BoundTrials
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.spec.model_spec import ModelSpec

FloatArray = npt.NDArray[np.float64]


class Potential:
    """Joint log density of a model and its data on the unconstrained space.

    The constants of all densities are kept: the value is minus Pyro's own potential energy. Chains share one instance
    across threads, and its data with it. Where likelihood and priors are compiled, so is the whole; otherwise Python
    evaluates what is not.

    Args:
        spec: the model's structure.
        likelihood: the likelihood of the trials; its parameters are those of ``spec``, in the same order.
        slots: threads that may evaluate it at a time without waiting; default one per core.
    """

    def __init__(self, spec: ModelSpec, likelihood: BoundTrials, slots: int | None = None) -> None:
        self.spec, self.likelihood = spec, likelihood
        self.layout = Layout.of(spec)
        slots = slots or available_cores()
        self._sum = likelihood.compiled(slots)
        self._plan, self._external = make_plan(spec, self.layout, self._sum, slots)
        self._record = Record(self._plan, PLAN)

    @property
    def ndim(self) -> int:
        """Length of u."""
        return self.layout.ndim

    @property
    def native(self) -> CompiledLogDensity | None:
        """The C function that samplers may call without Python; None where a part of the model is not compiled."""
        if self._sum is None or self._external.priors:
            return None
        return CompiledLogDensity(log_density_at.address, self._record.address, (self._record, self._sum))

    @cached_property
    def not_compiled(self) -> tuple[str, ...]:
        """The parts of the model that Python has to evaluate, in words: such a model is sampled more slowly."""
        parts = [f"the prior {in_words(prior)}" for prior in self._external.priors]
        return (*(["the likelihood"] if self._sum is None else []), *dict.fromkeys(parts))

    def log_density(self, u: FloatArray) -> float:
        """Log density at u, shape (ndim,); -inf where it overflows or a trial is impossible."""
        return self.log_density_grad(u)[0]

    def log_density_grad(self, u: FloatArray) -> tuple[float, FloatArray]:
        """Log density at u and its gradient, shape (ndim,); -inf and zeros where either is not finite."""
        u, gradient, value = np.ascontiguousarray(u, dtype=np.float64), np.empty(self.ndim), np.empty(1)
        if u.shape != (self.ndim,):
            raise ValueError(f"u has shape {u.shape}, not ({self.ndim},).")
        if self.native is None:
            return self._in_python(u, gradient), gradient
        self._call(self.ndim, u.ctypes.data, gradient.ctypes.data, value.ctypes.data, self._record.address)
        return float(value[0]), gradient

    def theta(self, u: FloatArray) -> FloatArray:
        """Parameters on their natural scales at u, shape (rows, parameters)."""
        with self._slot() as slot:
            self._forward(u, slot)
            return self._theta(slot).copy()

    @property
    def plan(self) -> Plan:
        """The model as arrays."""
        return self._plan

    def values(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The sites' values at u, of correlations the partial ones, and their derivatives by u, each (ndim,)."""
        with self._slot() as slot, np.errstate(all="ignore"):
            self._forward(u, slot)
            return self._plan.x[slot, : self.ndim].copy(), self._plan.slope[slot].copy()

    def prior_slope(self, u: FloatArray) -> FloatArray:
        """Derivative of the log prior density by the coordinates that have a prior of their own, shape (ndim,)."""
        with self._slot() as slot, np.errstate(all="ignore"):
            self._forward(u, slot)
            return self._plan.by_own[slot].copy()

    def log_likelihood_grad(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Log likelihood of theta, (rows, parameters), and its derivatives; -inf where a trial is impossible."""
        with self._slot() as slot, np.errstate(all="ignore"):
            self._theta(slot)[:] = theta
            value = self._log_likelihood(slot)
            return value, self._plan.by_theta[slot].reshape(theta.shape).copy()

    @cached_property
    def _call(self) -> Callable[..., int]:
        return C_LOG_DENSITY(log_density_at.address)

    @contextmanager
    def _slot(self) -> Iterator[int]:
        slot = claim(self._plan.busy)
        try:
            yield slot
        finally:
            release(self._plan.busy, slot)

    def _theta(self, slot: int) -> FloatArray:
        return self._plan.theta[slot].reshape(self._plan.source.shape)

    def _forward(self, u: FloatArray, slot: int) -> float:
        if self._external.priors:
            self._external.fill(u, self._plan.external[slot].reshape(4, -1))
        return forward_at(self._record.address, u, slot)

    def _in_python(self, u: FloatArray, gradient: FloatArray) -> float:
        """What the C function does: fill in the gradient, return the value."""
        with self._slot() as slot, np.errstate(all="ignore"):
            value = self._forward(u, slot)
            if value > -np.inf:
                value += self._log_likelihood(slot)
            if np.isfinite(value) and backward_at(self._record.address, slot, gradient):
                return value
        gradient[:] = 0.0
        return -np.inf

    def _log_likelihood(self, slot: int) -> float:
        """Its value at the theta of the slot; fills in by_theta."""
        theta, by_theta = self._theta(slot), self._plan.by_theta[slot]
        if self._sum is not None:
            return self._sum(slot, theta, by_theta)
        value, by_row = self.likelihood.sum_grad(theta)
        by_theta[:] = by_row.ravel()
        return value
