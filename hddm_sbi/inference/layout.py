"""The flat unconstrained vector u that the samplers move: which coordinate is which site.

Order: the population terms, then the group standard deviations, then the groups' raw coefficients, each in the order
of ``ModelSpec``. Every site is mapped by ``torch.distributions.biject_to(support)``, which is what Pyro's NUTS does,
so that the density on u is the same number here and there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td

from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """One sampled site in u.

    Args:
        site: the name of the Pyro site.
        kind: population coefficients, group standard deviations, or the groups' raw coefficients.
        term: the term it belongs to.
        shape: the shape of the site's value.
        start: index in u of the site's first coordinate.
        prior: the distribution of each element, None for raw coefficients around their population value.
    """

    site: str
    kind: Literal["common", "sd", "raw"]
    term: CommonTerm | GroupTerm
    shape: tuple[int, ...]
    start: int
    prior: td.Distribution | None

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def slice(self) -> slice:
        """Coordinates in u."""
        return slice(self.start, self.start + self.size)

    @property
    def coordinates(self) -> npt.NDArray[np.int64]:
        """Coordinates in u, as an array."""
        return np.arange(self.start, self.start + self.size)

    def constrain(self, u: FloatArray) -> FloatArray:
        """Values of the site from its coordinates, any shape."""
        return u if self.prior is None else _transform(self.prior)(torch.as_tensor(u)).numpy()

    def unconstrain(self, value: FloatArray) -> FloatArray:
        """Coordinates from values, any shape."""
        return value if self.prior is None else _transform(self.prior).inv(torch.as_tensor(value)).numpy()

    def names(self) -> list[str]:
        """A label for each coordinate, such as ``v_Intercept_subject_raw[3]``."""
        return [self.site + (f"[{','.join(map(str, at))}]" if at else "") for at in np.ndindex(*self.shape)]


@dataclass(frozen=True)
class Layout:
    """All sites of a model in the order of u; build it with ``Layout.of(spec)``."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, spec: ModelSpec) -> Layout:
        """The layout of a model."""
        blocks: list[Block] = []
        for site, kind, term, shape, prior in _sites(spec):
            start = blocks[-1].slice.stop if blocks else 0
            blocks.append(Block(site, kind, term, shape, start, prior))
        return cls(tuple(blocks))

    @property
    def ndim(self) -> int:
        """Length of u."""
        return self.blocks[-1].slice.stop if self.blocks else 0

    @property
    def n_common(self) -> int:
        """Number of population coefficients: the first coordinates."""
        return sum(block.size for block in self.blocks if block.kind == "common")

    @property
    def n_raw(self) -> int:
        """Number of raw group coefficients: the last coordinates."""
        return sum(block.size for block in self.blocks if block.kind == "raw")

    @property
    def names(self) -> tuple[str, ...]:
        """A label for each coordinate, for diagnostics."""
        return tuple(name for block in self.blocks for name in block.names())

    def block(self, site: str) -> Block:
        """The block of a site; KeyError if there is none."""
        for block in self.blocks:
            if block.site == site:
                return block
        raise KeyError(site)

    def pack(self, values: Mapping[str, npt.ArrayLike]) -> FloatArray:
        """u of shape (..., ndim) from the sites' values, each of shape (..., *site shape)."""
        parts = []
        for block in self.blocks:
            value = np.asarray(values[block.site], dtype=np.float64)
            batch = value.shape[: value.ndim - len(block.shape)]
            parts.append(block.unconstrain(value).reshape((*batch, block.size)))
        return np.concatenate(parts, axis=-1) if parts else np.zeros(0)

    def unpack(self, u: npt.ArrayLike) -> dict[str, FloatArray]:
        """The sites' values, each of shape (..., *site shape), from u of shape (..., ndim)."""
        u = np.asarray(u, dtype=np.float64)
        return {
            block.site: block.constrain(u[..., block.slice]).reshape((*u.shape[:-1], *block.shape))
            for block in self.blocks
        }


def group_coefficients(term: GroupTerm, values: Mapping[str, FloatArray]) -> FloatArray:
    """The groups' whole coefficients b from the sites' values, shape (..., groups, columns) or (..., groups).

    Without a factor in the term there is no last axis, as for the sites themselves.
    """
    raw = values[f"{term.site}_raw"]
    if term.sd_prior is None:
        return raw
    scalar = term.levels is None
    raw, sd = (raw[..., None] if scalar else raw), values[f"{term.site}_sd"]
    beta = np.zeros_like(sd) if term.common is None else values[term.common]
    sd, beta = (x[..., None, None] if scalar else x[..., None, :] for x in (sd, beta))
    b = beta + sd ** (1.0 - term.centring) * (raw - term.centring * beta)
    return b[..., 0] if scalar else b


def group_deviations(term: GroupTerm, values: Mapping[str, FloatArray]) -> FloatArray:
    """b - beta, the posterior variable ``term.site``; same shape as ``group_coefficients``."""
    b = group_coefficients(term, values)
    if term.common is None:
        return b
    return b - values[term.common][..., None] if term.levels is None else b - values[term.common][..., None, :]


def raw_coefficients(term: GroupTerm, values: Mapping[str, FloatArray], b: FloatArray) -> FloatArray:
    """The raw coefficients that ``group_coefficients`` maps to ``b``; same shape."""
    if term.sd_prior is None:
        return b
    scalar = term.levels is None
    b, sd = (b[..., None] if scalar else b), values[f"{term.site}_sd"]
    beta = np.zeros_like(sd) if term.common is None else values[term.common]
    sd, beta = (x[..., None, None] if scalar else x[..., None, :] for x in (sd, beta))
    raw = term.centring * beta + sd ** (term.centring - 1.0) * (b - beta)
    return raw[..., 0] if scalar else raw


def coefficients(spec: ModelSpec, u: npt.ArrayLike) -> dict[str, FloatArray]:
    """Population coefficients, group sds and group deviations by site, from u of shape (..., ndim).

    These are the posterior variables on the link scale, each of shape (..., *site shape).
    """
    values = Layout.of(spec).unpack(u)
    groups = [term for _, term in spec.group_terms()]
    deviations = {term.site: group_deviations(term, values) for term in groups}
    raw = {f"{term.site}_raw" for term in groups}
    return {site: value for site, value in values.items() if site not in raw} | deviations


def _transform(prior: td.Distribution) -> td.Transform:
    return td.biject_to(prior.support)


_Site = tuple[str, Literal["common", "sd", "raw"], CommonTerm | GroupTerm, tuple[int, ...], td.Distribution | None]


def _sites(spec: ModelSpec) -> Iterator[_Site]:
    for _, term in spec.common_terms():
        yield term.site, "common", term, _columns(term), term.prior
    for _, group in spec.group_terms():
        if group.sd_prior is not None:
            yield f"{group.site}_sd", "sd", group, _columns(group), group.sd_prior
    for _, group in spec.group_terms():
        prior = group.prior if group.sd_prior is None else None
        yield f"{group.site}_raw", "raw", group, (len(group.groups), *_columns(group)), prior


def _columns(term: CommonTerm | GroupTerm) -> tuple[int, ...]:
    return () if term.levels is None else (len(term.levels),)
