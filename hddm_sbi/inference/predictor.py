"""From the sites' values to theta on the design rows and back: the hierarchy, the linear predictors, the links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.densities import LOG_SQRT_2PI, densities
from hddm_sbi.inference.layout import Block, Layout
from hddm_sbi.spec.links import LINKS
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class State(NamedTuple):
    """What the way back needs from the way to the coefficients.

    Args:
        log_prior: log density of u under all priors, Jacobians included.
        log_prior_grad: its gradient by way of the sites' own coordinates only, shape (ndim,).
        slope: dx/du.
        log_sd: log standard deviation of each raw coefficient that has one.
        z: those raw coefficients, standardised.
        deviation: b - beta of each raw coefficient that has an sd.
    """

    log_prior: float
    log_prior_grad: FloatArray
    slope: FloatArray
    log_sd: FloatArray
    z: FloatArray
    deviation: FloatArray


class Hierarchy:
    """u -> population coefficients and group deviations, with their prior density; immutable, safe across threads."""

    def __init__(self, layout: Layout) -> None:
        self._ndim, self._n_common, self._n_raw = layout.ndim, layout.n_common, layout.n_raw
        own = [block for block in layout.blocks if block.prior is not None]
        at = _join(block.coordinates for block in own)
        priors = [block.prior for block in own for _ in range(block.size) if block.prior is not None]
        self._priors = [(at[index], density) for index, density in densities(priors)]
        around = [b for b in layout.blocks if b.kind == "raw" and b.prior is None]  # raw ~ N(w beta, sd^w)
        apart = [b for b in layout.blocks if b.kind == "raw" and b.prior is not None]  # raw = b ~ prior
        self._around, self._apart = (_join(b.coordinates for b in blocks) for blocks in (around, apart))
        self._around_beta, self._apart_beta = (_join(_beta_of(b, layout) for b in bs) for bs in (around, apart))
        self._sd = _join(_sd_of(block, layout) for block in around)
        self._w = np.concatenate([_group(b).centring.ravel() for b in around] or [np.zeros(0)]).astype(np.float64)

    def forward(self, u: FloatArray) -> tuple[FloatArray, State]:
        """Coefficients (population, then each raw coefficient's deviation b - beta) and the state for ``backward``."""
        x, slope = np.zeros(self._ndim + 1), np.ones(self._ndim)
        x[:-1] = u  # the last x is the 0 that terms without a population value vary around
        gradient, log_prior = np.zeros(self._ndim), 0.0
        for index, density in self._priors:
            mapped = density(u[index])
            x[index], slope[index] = mapped.value, mapped.slope
            gradient[index] = mapped.log_density_slope
            log_prior += float(mapped.log_density.sum())
        log_sd = np.log(x[self._sd])
        residual = x[self._around] - self._w * x[self._around_beta]
        z = residual * np.exp(-self._w * log_sd)
        log_prior -= float(0.5 * (z @ z) + self._w @ log_sd + LOG_SQRT_2PI * z.size)
        deviation = np.empty(self._ndim)  # at the raw coefficients' coordinates
        deviation[self._around] = residual * np.exp((1.0 - self._w) * log_sd)
        deviation[self._apart] = x[self._apart] - x[self._apart_beta]
        coefficients = np.concatenate([x[: self._n_common], deviation[self._ndim - self._n_raw :]])
        return coefficients, State(log_prior, gradient, slope, log_sd, z, deviation[self._around])

    def backward(self, gradient: FloatArray, state: State) -> FloatArray:
        """Gradient of log prior + log likelihood with respect to u, from d log likelihood / d coefficients."""
        w, log_sd, z, length = self._w, state.log_sd, state.z, self._ndim + 1
        by_x, by_deviation = np.zeros(length), np.zeros(self._ndim)
        by_x[: self._n_common] = gradient[: self._n_common]
        by_deviation[self._ndim - self._n_raw :] = gradient[self._n_common :]
        around, apart = by_deviation[self._around], by_deviation[self._apart]
        by_raw = around * np.exp((1.0 - w) * log_sd) - z * np.exp(-w * log_sd)
        by_log_sd = (z * z - 1.0) * w + around * state.deviation * (1.0 - w)
        by_x[self._around] = by_raw
        by_x[self._apart] = apart
        by_x += np.bincount(self._around_beta, -w * by_raw, length)
        by_x += np.bincount(self._apart_beta, -apart, length)
        by_x += np.bincount(self._sd, by_log_sd * np.exp(-log_sd), length)
        return by_x[:-1] * state.slope + state.log_prior_grad


class Predictor:
    """Coefficients -> theta on the design rows, and the gradient back; immutable, safe across threads."""

    def __init__(self, spec: ModelSpec, layout: Layout) -> None:
        free = [k for k, parameter in enumerate(spec.parameters) if parameter.fixed is None]
        self._shape = (len(free), spec.n_rows)
        self._constant = np.array([np.nan if p.fixed is None else p.fixed for p in spec.parameters])
        self._free = np.array(free, dtype=np.int64)
        self._links = [(row, LINKS[spec.parameters[k].link]) for row, k in enumerate(free)]
        self._matrix = design_matrix(spec, layout)
        self._transposed = self._matrix.T.tocsr()

    def theta(self, coefficients: FloatArray) -> FloatArray:
        """Parameters on their natural scales, shape (rows, parameters)."""
        eta = (self._matrix @ coefficients).reshape(self._shape)
        theta = np.empty((self._shape[1], self._constant.size))
        theta[:] = self._constant
        for row, link in self._links:
            theta[:, self._free[row]] = link.inverse(eta[row])
        return theta

    def backward(self, gradient: FloatArray, theta: FloatArray) -> FloatArray:
        """d/d coefficients from d/d theta, shape (rows, parameters)."""
        by_eta = np.empty(self._shape)
        for row, link in self._links:
            k = self._free[row]
            by_eta[row] = gradient[:, k] * link.slope(theta[:, k])
        return self._transposed @ by_eta.ravel()


def design_matrix(spec: ModelSpec, layout: Layout) -> sparse.csr_array:
    """The matrix from coefficients (population, then deviations) to linear predictors, parameter by parameter.

    Shape (free parameters x rows, population and raw coefficients).
    """
    at, shift = np.arange(spec.n_rows), layout.n_common + layout.n_raw - layout.ndim
    values, rows, columns = [np.zeros(0)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for k, parameter in enumerate(spec.free):
        terms: tuple[CommonTerm | GroupTerm, ...] = (*parameter.common, *parameter.group)
        for term in terms:
            width = term.matrix.shape[1]
            if isinstance(term, GroupTerm):
                start = layout.block(f"{term.site}_raw").start + shift + term.index * width
            else:
                start = np.full_like(at, layout.block(term.site).start)
            values.append(term.matrix.ravel())
            rows.append(np.repeat(k * spec.n_rows + at, width))
            columns.append((start[:, None] + np.arange(width)).ravel())
    shape = (len(spec.free) * spec.n_rows, layout.n_common + layout.n_raw)
    data, i, j = (np.concatenate(parts) for parts in (values, rows, columns))
    nonzero = data != 0.0
    return sparse.csr_array((data[nonzero], (i[nonzero], j[nonzero])), shape=shape)


def _join(parts: Iterable[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _group(block: Block) -> GroupTerm:
    assert isinstance(block.term, GroupTerm)
    return block.term


def _beta_of(block: Block, layout: Layout) -> IntArray:
    """Coordinate of the population value of each raw coefficient; ndim, where a zero stands, without one."""
    term = _group(block)
    at = np.full(term.matrix.shape[1], layout.ndim)
    if term.common is not None:
        at = layout.block(term.common).coordinates
    return np.tile(at, len(term.groups))


def _sd_of(block: Block, layout: Layout) -> IntArray:
    term = _group(block)
    return np.tile(layout.block(f"{term.site}_sd").coordinates, len(term.groups))
