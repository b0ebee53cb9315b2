"""The flat unconstrained vector u that the samplers move: which coordinate is which site.

Order: the population terms, the group standard deviations, the correlations, then the groups' raw coefficients, block
by block (see ``spec.group_block``), then those that are not pooled. Every site is mapped by
``torch.distributions.biject_to(support)``, which is what Pyro's NUTS does, so that the density on u is the same number
here and there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td

from hddm_sbi.spec.group_block import CorrelatedSet, GroupBlock, apart_terms, blocks_of
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Kind = Literal["common", "sd", "correlation", "raw", "apart"]


@dataclass(frozen=True)
class Site:
    """One sampled site in u.

    Args:
        name: the name of the Pyro site.
        kind: population coefficients, group standard deviations, Cholesky factors of correlations, raw coefficients of
            a block's groups, or whole coefficients of groups that are not pooled.
        shape: the shape of the site's value.
        start: index in u of the site's first coordinate.
        prior: the distribution of each element; None of correlations and of raw coefficients.
        support: what the values are constrained to; None: they are the coordinates themselves.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    start: int
    prior: td.Distribution | None
    support: td.constraints.Constraint | None

    @cached_property
    def size(self) -> int:
        """Number of coordinates."""
        return int(np.prod(self.free_shape, dtype=np.int64))

    @property
    def slice(self) -> slice:
        """Coordinates in u."""
        return slice(self.start, self.start + self.size)

    @property
    def coordinates(self) -> IntArray:
        """Coordinates in u, as an array."""
        return np.arange(self.start, self.start + self.size)

    def constrain(self, u: FloatArray) -> FloatArray:
        """The value, (..., *shape), from its coordinates, (..., size)."""
        u = np.reshape(u, (*u.shape[:-1], *self.free_shape))
        value = u if self.support is None else td.biject_to(self.support)(torch.as_tensor(u)).numpy()
        return np.asarray(value)

    def unconstrain(self, value: FloatArray) -> FloatArray:
        """The coordinates, (..., size), from the value, (..., *shape)."""
        batch = value.shape[: value.ndim - len(self.shape)]
        at = torch.tensor(value, dtype=torch.float64)
        u = value if self.support is None else td.biject_to(self.support).inv(at).numpy()
        return np.reshape(u, (*batch, self.size))

    @property
    def free_shape(self) -> tuple[int, ...]:
        """The shape of the coordinates: of Cholesky factors one row of partial correlations for each stratum."""
        if self.kind != "correlation":
            return self.shape
        k = self.shape[-1]
        return (*self.shape[:-2], k * (k - 1) // 2)

    def labels(self) -> list[str]:
        """A label for each coordinate, such as ``subject_raw[3,0]``."""
        return [self.name + (f"[{','.join(map(str, at))}]" if at else "") for at in np.ndindex(*self.free_shape)]


@dataclass(frozen=True)
class Layout:
    """All sites of a model in the order of u; build it with ``Layout.of(spec)``.

    Args:
        sites: in their order.
        blocks: the group effects.
        apart: the group terms without pooling.
    """

    sites: tuple[Site, ...]
    blocks: tuple[GroupBlock, ...]
    apart: tuple[GroupTerm, ...]

    @classmethod
    def of(cls, spec: ModelSpec) -> Layout:
        """The layout of a model."""
        blocks, apart = blocks_of(spec), apart_terms(spec)
        sites: list[Site] = []
        for name, kind, shape, prior, support in _sites(spec, blocks, apart):
            start = sites[-1].slice.stop if sites else 0
            sites.append(Site(name, kind, shape, start, prior, support))
        return cls(tuple(sites), blocks, apart)

    @property
    def ndim(self) -> int:
        """Length of u."""
        return self.sites[-1].slice.stop if self.sites else 0

    @cached_property
    def n_common(self) -> int:
        """Number of population coefficients: the first coordinates."""
        return sum(site.size for site in self.sites if site.kind == "common")

    @cached_property
    def n_group(self) -> int:
        """Number of the groups' coefficients: the last coordinates."""
        return sum(site.size for site in self.sites if site.kind in ("raw", "apart"))

    @property
    def n_coefficients(self) -> int:
        """Number of coefficients, of the population and of groups."""
        return self.n_common + self.n_group

    @property
    def shift(self) -> int:
        """From a group coefficient's place among the coefficients to its coordinate: what lies between in u."""
        return self.ndim - self.n_coefficients

    @property
    def names(self) -> tuple[str, ...]:
        """A label for each coordinate, for diagnostics."""
        return tuple(name for site in self.sites for name in site.labels())

    @cached_property
    def _by_name(self) -> dict[str, Site]:
        return {site.name: site for site in self.sites}

    def site(self, name: str) -> Site:
        """The site called ``name``; KeyError if there is none."""
        return self._by_name[name]

    def places(self, term: GroupTerm) -> IntArray:
        """The coordinates of a group term's coefficients, shape (groups, columns)."""
        if term.sd_prior is None:
            return self.site(term.apart_site).coordinates.reshape(term.groups.n, term.n_columns)
        block = next(block for block in self.blocks if block.groups.key == term.groups.key)
        at = next(at for one, at in zip(block.terms, block.slices, strict=True) if one.site == term.site)
        return self.site(block.site).coordinates.reshape(block.groups.n, block.n_effects)[:, at]

    def sd_at(self, block: GroupBlock) -> IntArray:
        """The coordinate of the standard deviation of each stratum and effect, shape (strata, k)."""
        parts = []
        for term in block.terms:
            own = self.site(term.sd_site).coordinates.reshape(block.n_strata, -1)
            parts.append(own[:, term.sd_columns])
        return np.concatenate(parts, axis=1)

    def correlations_at(self, one: CorrelatedSet) -> IntArray:
        """The coordinates of a set's partial correlations, shape (strata, K (K - 1) / 2), row by row of the factor."""
        return self.site(one.correlation.site).coordinates.reshape(-1, one.n_partial)

    def common_at(self, term: GroupTerm) -> IntArray:
        """The coordinate of each column's population coefficient, (columns,); ndim without one."""
        if term.common is None:
            return np.full(term.n_columns, self.ndim)
        return self.site(term.common).coordinates

    def pack(self, values: Mapping[str, npt.ArrayLike]) -> FloatArray:
        """u of shape (..., ndim) from the sites' values, each of shape (..., *site shape)."""
        parts = [site.unconstrain(np.asarray(values[site.name], dtype=np.float64)) for site in self.sites]
        return np.concatenate(parts, axis=-1) if parts else np.zeros(0)

    def unpack(self, u: npt.ArrayLike) -> dict[str, FloatArray]:
        """The sites' values, each of shape (..., *site shape), from u of shape (..., ndim)."""
        u = np.asarray(u, dtype=np.float64)
        return {site.name: site.constrain(u[..., site.slice]) for site in self.sites}

    def coefficients(self, values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """What results are made of, by the names of the posterior's variables, from the sites' values.

        Population coefficients, group standard deviations, correlation matrices and the groups' deviations, each on the
        link scale and of shape (..., *shape).
        """
        result = {site.name: values[site.name] for site in self.sites if site.kind in ("common", "sd")}
        for block in self.blocks:
            result |= block.correlations(values) | block.deviations(values)
        for term in self.apart:
            whole = values[term.apart_site]
            if term.common is not None:
                whole = whole - np.expand_dims(values[term.common], -1 if term.levels is None else -2)
            result[term.site] = whole
        return result


def coefficients(spec: ModelSpec, u: npt.ArrayLike) -> dict[str, FloatArray]:
    """``Layout.coefficients`` at u, of shape (..., ndim)."""
    layout = Layout.of(spec)
    return layout.coefficients(layout.unpack(u))


_Site = tuple[str, Kind, tuple[int, ...], td.Distribution | None, "td.constraints.Constraint | None"]


def _sites(spec: ModelSpec, blocks: tuple[GroupBlock, ...], apart: tuple[GroupTerm, ...]) -> Iterator[_Site]:
    for _, common in spec.common_terms():
        yield common.site, "common", _columns(common), common.prior, common.prior.support
    for _, term in spec.group_terms():
        if term.sd_prior is not None:
            yield term.sd_site, "sd", term.sd_shape, term.sd_prior, term.sd_prior.support
    for block in blocks:
        strata = (block.n_strata,) if block.groups.strata else ()
        for one in block.sets:
            shape = (*strata, one.size, one.size)
            yield one.correlation.site, "correlation", shape, None, td.constraints.corr_cholesky
    for block in blocks:
        yield block.site, "raw", (block.groups.n, block.n_effects), None, None
    for term in apart:
        assert term.prior is not None
        yield term.apart_site, "apart", (term.groups.n, *_columns(term)), term.prior, term.prior.support


def _columns(term: CommonTerm | GroupTerm) -> tuple[int, ...]:
    return () if term.levels is None else (len(term.levels),)
