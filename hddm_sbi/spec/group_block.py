r"""The effects that vary between the groups of one factor: the one place that says how deviations are made.

A block has k effects: the columns of all pooled terms of one grouping factor, over all parameters. Of a group with raw
coefficients rho ~ N(0, 1), independently, the deviations from the population are

    b = diag(s) L rho,    L L' = R,

with standard deviations s and correlations R, those of the group's stratum. R has a block for each set of correlated
effects, whose Cholesky factor is sampled, and is the identity elsewhere. The effects of a set lie beside each other, so
that a row of L begins at the first effect of its set.

From a block follow the sites of the plate model, the layout of u, draws from the prior, the compiled density, its
curvature and the coordinates in which it is sampled. Coefficients that are not pooled are in no block, see
``apart_terms``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hddm_sbi.spec.model_spec import CommonTerm, Correlation, FloatArray, Groups, GroupTerm, IntArray, ModelSpec

# An eigenvalue of a correlation matrix that rounding leaves positive.
_LEAST = 1e-12

Values = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class CorrelatedSet:
    """The effects of a block that share a correlation matrix.

    Args:
        correlation: its prior and names.
        start: place of the first of its effects in the block.
        size: their number, at least two.
        shown: places in the block of the effects as results show them, in the formulas' order.
    """

    correlation: Correlation
    start: int
    size: int
    shown: tuple[int, ...]

    @property
    def slice(self) -> slice:
        """Their places in the block."""
        return slice(self.start, self.start + self.size)

    @property
    def n_partial(self) -> int:
        """Number of partial correlations that make up the matrix."""
        return self.size * (self.size - 1) // 2


@dataclass(frozen=True)
class GroupBlock:
    """All pooled group effects of one grouping factor.

    Args:
        groups: the groups.
        terms: in the order of the effects; those of a correlated set follow each other.
        site: name of the sampled site of the raw coefficients, shape (groups, effects).
    """

    groups: Groups
    terms: tuple[GroupTerm, ...]
    site: str

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The effects of each term."""
        ends = np.cumsum([term.n_columns for term in self.terms]).tolist()
        return tuple(slice(end - term.n_columns, end) for end, term in zip(ends, self.terms, strict=True))

    @property
    def n_effects(self) -> int:
        """Number of effects, k."""
        return self.slices[-1].stop

    @property
    def n_strata(self) -> int:
        """Number of strata, at least one."""
        return max(len(self.groups.strata), 1)

    @cached_property
    def sets(self) -> tuple[CorrelatedSet, ...]:
        """The sets of correlated effects."""
        found: dict[Correlation, list[tuple[str, slice]]] = {}
        for term, at in zip(self.terms, self.slices, strict=True):
            if term.correlation is not None:
                found.setdefault(term.correlation, []).append((term.of, at))
        sets = []
        for correlation, members in found.items():
            start, stop = members[0][1].start, members[-1][1].stop
            shown = [place for _, at in parameters_reversed(members) for place in range(at.start, at.stop)]
            sets.append(CorrelatedSet(correlation, start, stop - start, tuple(shown)))
        return tuple(one for one in sets if one.size > 1)

    @property
    def effects(self) -> tuple[str, ...]:
        """A name for each effect: ``v_Intercept``, ``v_conf[LC]``."""
        return tuple(effect for term in self.terms for effect in term.effects)

    @property
    def reported_effects(self) -> tuple[str, ...]:
        """A name for each effect as it is reported."""
        return tuple(effect for term in self.terms for effect in term.reported_effects)

    @cached_property
    def first(self) -> IntArray:
        """The first effect of each effect's set, shape (k,): itself outside of sets."""
        first = np.arange(self.n_effects)
        for one in self.sets:
            first[one.slice] = one.start
        return first

    def sds(self, values: Values) -> FloatArray:
        """The standard deviations s of each stratum, shape (..., strata, k)."""
        parts = [term.sds(np.asarray(values[term.sd_site], dtype=np.float64)) for term in self.terms]
        return np.concatenate(parts, axis=-1)

    def joined(self, of_set: Callable[[CorrelatedSet], npt.ArrayLike]) -> FloatArray:
        """One matrix over all effects from one of each set: the identity elsewhere, shape (..., strata, k, k).

        Args:
            of_set: the matrix of a set, (..., K, K), after the strata where there are any.
        """
        matrices = [np.asarray(of_set(one), dtype=np.float64) for one in self.sets]
        matrices = [matrix if self.groups.strata else matrix[..., np.newaxis, :, :] for matrix in matrices]
        batch = np.broadcast_shapes(*(matrix.shape[:-3] for matrix in matrices))
        whole: FloatArray = np.tile(np.eye(self.n_effects), (*batch, self.n_strata, 1, 1))
        for one, matrix in zip(self.sets, matrices, strict=True):
            whole[..., one.slice, one.slice] = matrix
        return whole

    def by_stratum(self, values: Values) -> FloatArray:
        """diag(s) L of each stratum, shape (..., strata, k, k), from the sites."""
        return np.asarray(self.sds(values)[..., np.newaxis] * self.joined(lambda one: values[one.correlation.site]))

    def factor(self, values: Values) -> FloatArray:
        """diag(s) L of each group, shape (..., groups, k, k)."""
        return np.asarray(self.by_stratum(values)[..., self.groups.of_group, :, :])

    def population_cholesky(self, coefficients: Values) -> FloatArray:
        """The same of each stratum, (..., strata, k, k), from standard deviations and correlation matrices."""
        cholesky = self.joined(lambda one: _root(np.asarray(coefficients[one.correlation.variable], dtype=np.float64)))
        return np.asarray(self.sds(coefficients)[..., np.newaxis] * cholesky)

    def deviations(self, values: Values) -> dict[str, FloatArray]:
        """The groups' deviations by the terms' sites, each (..., groups) or (..., groups, columns)."""
        raw = np.asarray(values[self.site], dtype=np.float64)
        if self.sets:
            together = np.einsum("...gij,...gj->...gi", self.factor(values), raw)
        else:
            together = self.sds(values)[..., self.groups.of_group, :] * raw
        return cut(self.terms, together)

    def stacked(self, deviations: Values) -> FloatArray:
        """All deviations beside each other, (..., groups, k), from those by the terms' sites."""
        return stacked(self.terms, deviations)

    def raw(self, values: Values, deviations: Values) -> FloatArray:
        """The raw coefficients that make these deviations, shape (..., groups, k)."""
        solved = np.linalg.solve(self.factor(values), self.stacked(deviations)[..., np.newaxis])
        return np.asarray(solved[..., 0])

    def correlations(self, values: Values) -> dict[str, FloatArray]:
        """The correlation matrices by variable, (..., K, K) or (..., strata, K, K), from the sites of the sets."""
        found = {one.correlation: np.asarray(values[one.correlation.site], dtype=np.float64) for one in self.sets}
        return {c.variable: correlations_of(factor @ factor.swapaxes(-1, -2)) for c, factor in found.items()}


def stacked(terms: Sequence[CommonTerm | GroupTerm], values: Values) -> FloatArray:
    """The columns of all terms beside each other, (..., columns), from values by the terms' sites."""
    parts = [np.asarray(values[term.site], dtype=np.float64) for term in terms]
    parts = [x[..., np.newaxis] if term.levels is None else x for x, term in zip(parts, terms, strict=True)]
    return np.concatenate(parts, axis=-1)


def cut(terms: Sequence[CommonTerm | GroupTerm], columns: FloatArray) -> dict[str, FloatArray]:
    """The inverse of ``stacked``: by site (..., columns of the term), or (...) where a term has no levels."""
    ends = np.cumsum([term.matrix.shape[1] for term in terms])[:-1]
    parts = zip(terms, np.split(columns, ends, axis=-1), strict=True)
    return {term.site: x[..., 0] if term.levels is None else x for term, x in parts}


def _root(correlations: FloatArray) -> FloatArray:
    """The Cholesky factors of correlation matrices, also of those that rounding has made singular."""
    try:
        return np.asarray(np.linalg.cholesky(correlations))
    except np.linalg.LinAlgError:
        lift = np.maximum(_LEAST - np.linalg.eigvalsh(correlations)[..., :1, np.newaxis], 0.0)
        return np.asarray(np.linalg.cholesky((correlations + lift * np.eye(correlations.shape[-1])) / (1.0 + lift)))


def correlations_of(covariance: FloatArray) -> FloatArray:
    """The correlation matrices of covariance matrices, (..., k, k), with a diagonal of exactly 1."""
    scale = np.sqrt(np.einsum("...ii->...i", covariance))
    result = np.asarray(covariance / (scale[..., :, np.newaxis] * scale[..., np.newaxis, :]))
    at = np.arange(result.shape[-1])
    result[..., at, at] = 1.0  # rounding would make it draws of a quantity that hardly moves
    return result


def blocks_of(spec: ModelSpec) -> tuple[GroupBlock, ...]:
    """The blocks of a model, one for each grouping factor and its division into strata, in the formulas' order."""
    terms: dict[tuple[str, str | None], list[GroupTerm]] = {}
    for _, term in spec.group_terms():
        if term.sd_prior is not None:
            terms.setdefault(term.groups.key, []).append(term)
    blocks = []
    for (factor, by), of_block in terms.items():
        site = f"{factor}_raw" if by is None else f"{factor}_by_{by}_raw"
        blocks.append(GroupBlock(of_block[0].groups, _by_set(of_block), site.replace("/", "÷")))
    return tuple(blocks)


def apart_terms(spec: ModelSpec) -> tuple[GroupTerm, ...]:
    """The group terms without pooling, whose whole coefficients have priors of their own."""
    return tuple(term for _, term in spec.group_terms() if term.sd_prior is None)


def _by_set(terms: list[GroupTerm]) -> tuple[GroupTerm, ...]:
    """The terms, those of a correlated set in its order at the place of the first of them."""
    sets = [term.correlation for term in terms]

    def place(i: int) -> tuple[int, int]:
        correlation = sets[i]
        return (
            (i, 0) if correlation is None else (sets.index(correlation), correlation.effects.index(terms[i].effects[0]))
        )

    return tuple(terms[i] for i in sorted(range(len(terms)), key=place))


def parameters_reversed(members: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Things of parameters, the last parameter's first; those of one parameter keep their order.

    A correlated set is sampled in this order. Models have their non-decision time last, which trials tell best. Of
    effects whose partial correlations come first, the raw coefficients go on meaning the same whatever the others are.
    """
    names = list(dict.fromkeys(name for name, _ in members))
    return [member for name in reversed(names) for member in members if member[0] == name]
