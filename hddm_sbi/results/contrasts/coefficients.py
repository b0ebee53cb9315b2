r"""What the draws of groups say of population coefficients: the one place that knows how group effects are structured.

On the trials of group s a parameter's linear predictor is X_s beta + Z_s d_s, with the group's deviations
d_s ~ N(0, Sigma) in all effects of the grouping factor, of all parameters. Where columns of X_s are combinations of
those of Z_s, X_s = Z_s H_s, the likelihood depends on these coefficients through the group's whole effects
c_s = d_s + H_s beta alone. H_s is the identity for terms that vary by group; for a factor between groups it carries the
group's level to its intercept (and, in an interaction with a factor within groups, to that factor's effect). Then

    beta | c, Sigma, the rest  ~  prior(beta) x prod_s N(c_s; H_s beta, Sigma),

which in beta is Gaussian with precision A = sum_s H_s' Sigma^-1 H_s and precision times mean sum_s H_s' Sigma^-1 c_s,
before its prior (Gelfand & Smith 1990, JASA 85, 398-409). Of a group that never saw some condition the likelihood
depends on part of c_s alone, R_s c_s with orthonormal rows R_s that span those of Z_s; that part has the mean
R_s H_s beta and the covariance R_s Sigma R_s', and takes the place of c_s. Other structures of Sigma change
``_precisions`` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch.distributions as td

from hddm_sbi.results.contrasts.asked import Asked, FloatArray
from hddm_sbi.results.contrasts.prior import Column, Prior
from hddm_sbi.spec.group_block import GroupBlock, blocks_of
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec

IntArray = npt.NDArray[np.int64]

# Columns count as combinations of others if they differ by less than this share of their size.
_SAME = 1e-8


@dataclass(frozen=True)
class GivenGroups:
    """The likelihood of population coefficients given the whole effects of the groups of one factor, for each draw.

    Args:
        factor: the grouping factor.
        columns: the coefficients, beta.
        beta: their draws, shape (draws, columns).
        precision: A, shape (draws, columns, columns).
        shift: sum_s H_s' Sigma^-1 c_s, shape (draws, columns).
    """

    factor: str
    columns: tuple[Column, ...]
    beta: FloatArray
    precision: FloatArray
    shift: FloatArray


def priors_of(spec: ModelSpec, sites: Collection[str]) -> dict[str, td.Distribution]:
    """The priors of population coefficients by site, each that of every column."""
    return {term.site: term.prior for _, term in spec.common_terms() if term.site in sites}


def joint_prior(spec: ModelSpec, columns: tuple[Column, ...]) -> Prior:
    """The joint prior of coefficients that are Gaussian, or of a single one."""
    priors = priors_of(spec, {site for site, _ in columns})
    if len(columns) == 1 and not isinstance(priors[columns[0][0]], td.Normal):
        return Prior(columns, np.zeros(1), np.eye(1), priors[columns[0][0]])
    mean = np.array([float(priors[site].mean) for site, _ in columns])
    variance = np.array([float(priors[site].variance) for site, _ in columns])
    return Prior(columns, mean, np.diag(variance))


def flat_draws(coefficients: Mapping[str, FloatArray], column: Column) -> FloatArray:
    """The draws of one coefficient, shape (chains * draws,)."""
    site, at = column
    value = np.asarray(coefficients[site], dtype=np.float64)
    return value.reshape(-1) if value.ndim == 2 else value[..., at].reshape(-1)


def columns_of(spec: ModelSpec, sites: Collection[str]) -> tuple[Column, ...]:
    """All coefficients of some sites."""
    return tuple(
        (term.site, k) for _, term in spec.common_terms() if term.site in sites for k in range(term.matrix.shape[1])
    )


def given_groups(asked: Asked, wanted: Collection[Column], among: Collection[Column]) -> GivenGroups | None:
    """The coefficients ``wanted`` given the groups of a factor; None where no factor's groups hold all of them.

    Of several factors the one is taken whose groups say least: the conditional distributions are then widest, and their
    average over draws most precise.

    Args:
        asked: the model and its draws.
        wanted: the coefficients that have to be there.
        among: others that may be there, too; those that are not are held at their draws.
    """
    parameters = [
        parameter
        for parameter in asked.spec.parameters
        if any((term.site, k) in wanted for term in parameter.common for k in range(term.matrix.shape[1]))
    ]
    found = [_given(asked, block, parameters, set(wanted) | set(among)) for block in blocks_of(asked.spec)]
    complete = [one for one in found if one is not None and set(wanted) <= set(one.columns)]
    return min(complete, key=lambda one: float(np.trace(one.precision.mean(axis=0))), default=None)


def _given(
    asked: Asked, block: GroupBlock, parameters: Collection[ParameterSpec], among: Collection[Column]
) -> GivenGroups | None:
    """The coefficients of ``parameters`` that a block's groups hold, of those in ``among``."""
    starts = {term.site: at.start for term, at in zip(block.terms, block.slices, strict=True)}
    index, n_groups, n_effects = block.groups.index, block.groups.n, block.n_effects
    columns: list[Column] = []
    parts: list[FloatArray] = []
    seen = np.tile(np.eye(n_effects), (n_groups, 1, 1))
    for parameter in parameters:
        own = [term for term in parameter.group if term.site in starts]
        if not own:
            continue
        carried, held = _carried(parameter.common, own, index, n_groups)
        effects = np.concatenate([starts[t.site] + np.arange(t.matrix.shape[1]) for t in own])
        seen[:, effects[:, np.newaxis], effects] = _seen(own, index, n_groups)
        for k, column in enumerate((t.site, j) for t in parameter.common for j in range(t.matrix.shape[1])):
            if held[k] and column in among:
                whole = np.zeros((n_groups, n_effects))
                whole[:, effects] = carried[:, :, k]
                columns.append(column)
                parts.append(whole)
    if not columns:
        return None
    design = np.stack(parts, axis=-1)  # H, (groups, effects, columns)
    beta = np.column_stack([flat_draws(asked.coefficients, column) for column in columns])
    deviations = block.stacked(asked.coefficients)
    deviations = deviations.reshape(-1, *deviations.shape[2:])
    precision, shift = np.zeros((len(beta), len(columns), len(columns))), np.zeros(beta.shape)
    for members, rows, inverse in _precisions(asked.coefficients, block, seen):
        of_members = rows @ design[members]
        products = np.einsum("skp,slq->kplq", of_members, of_members)
        precision += np.einsum("dkl,kplq->dpq", inverse, products, optimize=True)
        weighted = np.einsum("dkl,dsl->dsk", inverse, deviations[:, members] @ rows.T, optimize=True)
        shift += np.einsum("skp,dsk->dp", of_members, weighted, optimize=True)
    shift += np.einsum("dpq,dq->dp", precision, beta)
    return GivenGroups(block.groups.factor, tuple(columns), beta, precision, shift)


def _carried(
    common: Collection[CommonTerm], own: Collection[GroupTerm], index: IntArray, n_groups: int
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """H of one parameter, shape (groups, effects, columns), and which columns it reproduces in every group."""
    x, z = np.hstack([term.matrix for term in common]), np.hstack([term.matrix for term in own])
    carried, held = np.zeros((n_groups, z.shape[1], x.shape[1])), np.ones(x.shape[1], dtype=np.bool_)
    size = np.abs(x).max(axis=0)
    for s in range(n_groups):
        rows = index == s
        carried[s] = np.linalg.lstsq(z[rows], x[rows], rcond=None)[0]
        held &= np.abs(z[rows] @ carried[s] - x[rows]).max(axis=0, initial=0.0) <= _SAME * size
    return carried, held


def _seen(own: Collection[GroupTerm], index: IntArray, n_groups: int) -> FloatArray:
    """The projection on the effects that each group's trials depend on, shape (groups, effects, effects)."""
    z, found = np.hstack([term.matrix for term in own]), []
    for s in range(n_groups):
        distinct = np.unique(z[index == s], axis=0)
        found.append(np.round(np.linalg.pinv(distinct, rcond=_SAME) @ distinct, 9))
    return np.stack(found)


def _precisions(
    coefficients: Mapping[str, FloatArray], block: GroupBlock, seen: FloatArray
) -> Iterator[tuple[IntArray, FloatArray, FloatArray]]:
    """Groups that share Sigma and R, R, and draws of the inverse of R Sigma R', shape (chains * draws, rows, rows)."""
    kinds, kind = np.unique(seen.reshape(len(seen), -1), axis=0, return_inverse=True)
    cholesky = block.population_cholesky(coefficients)
    for stratum in range(block.n_strata):
        factor = cholesky[..., stratum, :, :]
        factor = factor.reshape(-1, *factor.shape[2:])
        for k, projection in enumerate(kinds):
            members = np.flatnonzero((block.groups.of_group == stratum) & (kind.reshape(-1) == k))
            if len(members):
                rows = _basis(projection.reshape(seen.shape[1:]))
                part = rows @ factor
                yield members, rows, np.asarray(np.linalg.inv(part @ part.swapaxes(-1, -2)), dtype=np.float64)


def _basis(projection: FloatArray) -> FloatArray:
    """Orthonormal rows that span what a projection projects on."""
    if np.array_equal(projection, np.eye(len(projection))):
        return projection
    values, vectors = np.linalg.eigh(projection)
    return np.asarray(vectors[:, values > 0.5].T)
