r"""Draws of the coefficients as they are sampled <-> as they are reported, over any number of draws.

Population coefficients and deviations of groups are linear in each other, beta = A gamma. Of the effects of a grouping
factor with standard deviations s and correlations R the reported covariance is A diag(s) R diag(s) A', its standard
deviations and correlations are those that are reported. Coefficients are dictionaries, see ``linear``: sampled ones by
site, reported ones by posterior variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hddm_sbi.spec.group_block import GroupBlock, blocks_of, correlations_of, cut, stacked
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, GroupTerm, IntArray, ModelSpec
from hddm_sbi.spec.reported import matrix_of

Coefficients = Mapping[str, FloatArray]
Terms = Sequence[CommonTerm | GroupTerm]


def to_reported(spec: ModelSpec, sampled: Coefficients) -> dict[str, FloatArray]:
    """The posterior variables on the link scale from the sampled coefficients.

    Args:
        spec: the model.
        sampled: population coefficients, standard deviations, correlation matrices and deviations by site, each of
            shape (..., *site shape).

    Returns:
        The same by variable.
    """
    result: dict[str, FloatArray] = {}
    for terms in _together(spec):
        if all(map(_is_same, terms)):
            result |= {term.site: _array(sampled[term.site]) for term in terms}
            continue
        values = cut(terms, stacked(terms, sampled) @ recoding_matrix(terms).T)
        for term in terms:
            result[term.reported.variable] = _array(sampled[term.site]) if _is_same(term) else values[term.site]
    for block in blocks_of(spec):
        result |= reported_spread(block, sampled)
    return result


def to_sampled(spec: ModelSpec, reported: Coefficients) -> dict[str, FloatArray]:
    """The sampled coefficients from the posterior variables: the inverse of ``to_reported``.

    A standard deviation that several columns share is that of their mean variance.

    Args:
        spec: the model.
        reported: by variable.
    """
    result: dict[str, FloatArray] = {}
    for terms in _together(spec):
        by_site = {term.site: reported[term.reported.variable] for term in terms}
        if all(map(_is_same, terms)):
            result |= {site: _array(values) for site, values in by_site.items()}
            continue
        values = cut(terms, stacked(terms, by_site) @ np.linalg.inv(recoding_matrix(terms)).T)
        for term in terms:
            result[term.site] = _array(by_site[term.site]) if _is_same(term) else values[term.site]
    for block in blocks_of(spec):
        result |= _sampled_spread(block, reported)
    return result


def _is_same(term: CommonTerm | GroupTerm) -> bool:
    """Whether a term's coefficients are reported as they are sampled."""
    return term.reported.variable == term.site


def _together(spec: ModelSpec) -> list[Terms]:
    """The terms whose coefficients hang together: each parameter's population, and its effects by grouping factor."""
    found: list[Terms] = []
    for parameter in spec.reported.parameters:
        if parameter.common:
            found.append(parameter.common)
        for key in dict.fromkeys(term.groups.key for term in parameter.group):
            found.append([term for term in parameter.group if term.groups.key == key])
    return found


def recoding_matrix(terms: Terms) -> FloatArray:
    """A of the terms together, from sampled to reported coefficients."""
    widths = [term.matrix.shape[1] for term in terms]
    return matrix_of([term.reported for term in terms], [term.site for term in terms], widths)


def _array(values: object) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def reported_spread(block: GroupBlock, sampled: Coefficients) -> dict[str, FloatArray]:
    """Standard deviations and correlations of a block's reported effects."""
    matrix, s = recoding_matrix(block.terms), block.sds(sampled)
    scaled = matrix * s[..., np.newaxis, :]
    correlations = block.joined(lambda one: sampled[one.correlation.variable])
    covariance = scaled @ correlations @ scaled.swapaxes(-1, -2)
    sds = np.sqrt(np.einsum("...ii->...i", covariance))
    result = {}
    for term, at in zip(block.terms, block.slices, strict=True):
        same = term.sd_variable == term.sd_site
        result[term.sd_variable] = _array(sampled[term.sd_site]) if same else _of_term(block, term, sds[..., at])
    for one in block.sets:
        shown, variable = np.array(one.shown), one.correlation.posterior_variable
        if one.correlation.reported is None:
            result[variable] = _reordered(_array(sampled[variable]), shown - one.start)
        else:
            found = correlations_of(_reordered(covariance, shown))
            result[variable] = found if block.groups.strata else found[..., 0, :, :]
    return result


def _reordered(matrix: FloatArray, order: IntArray) -> FloatArray:
    """Rows and columns of matrices in another order."""
    return np.asarray(matrix[..., order[:, np.newaxis], order])


def _of_term(block: GroupBlock, term: GroupTerm, sds: FloatArray) -> FloatArray:
    """A term's values, from (..., strata, columns), as its variable has them."""
    own = sds[..., 0] if term.levels is None else sds
    return own if block.groups.strata else (own[..., 0] if term.levels is None else own[..., 0, :])


def _sampled_spread(block: GroupBlock, reported: Coefficients) -> dict[str, FloatArray]:
    """Standard deviations and correlations of a block's sampled effects."""
    matrix = recoding_matrix(block.terms)
    sds = np.concatenate([_by_column(block, term, reported[term.sd_variable]) for term in block.terms], axis=-1)
    variances = _apart_variances(block, matrix, sds)
    result: dict[str, FloatArray] = {}
    in_order = {
        one: _reordered(_array(reported[one.correlation.posterior_variable]), np.argsort(one.shown))
        for one in block.sets
    }
    correlations = block.joined(lambda one: in_order[one])
    for one in block.sets:
        at = one.slice
        back = np.linalg.inv(matrix[at, at]) * sds[..., np.newaxis, at]
        covariance = back @ correlations[..., at, at] @ back.swapaxes(-1, -2)
        variances[..., at] = np.einsum("...ii->...i", covariance)
        variable = one.correlation.variable
        if one.correlation.reported is None:
            result[variable] = in_order[one]
        else:
            found = correlations_of(covariance)
            result[variable] = found if block.groups.strata else found[..., 0, :, :]
    for term, at in zip(block.terms, block.slices, strict=True):
        same = term.sd_variable == term.sd_site
        result[term.sd_site] = _array(reported[term.sd_variable]) if same else _shared(block, term, variances[..., at])
    return result


def _by_column(block: GroupBlock, term: GroupTerm, sd: object) -> FloatArray:
    """Reported standard deviations as (..., strata, columns)."""
    values = _array(sd)
    values = values[..., np.newaxis] if term.levels is None else values
    return values if block.groups.strata else values[..., np.newaxis, :]


def _apart_variances(block: GroupBlock, matrix: FloatArray, sds: FloatArray) -> FloatArray:
    """Variances of sampled effects that are independent, from reported standard deviations, (..., strata, columns)."""
    owner = _sd_owner(block)
    sharing = (owner[:, np.newaxis] == np.arange(owner.max() + 1)).astype(np.float64)
    weights = matrix**2 @ sharing
    size = np.maximum(weights.max(axis=1), 1e-300)  # rows of uncentred covariates are large
    inverse = np.linalg.pinv(weights / size[:, np.newaxis])
    found = np.maximum((sds**2 / size) @ inverse.T, 0.0)
    return np.asarray(found[..., owner])


def _sd_owner(block: GroupBlock) -> IntArray:
    """Which of all standard deviations of a block each effect has, shape (k,)."""
    owner: list[int] = []
    for term in block.terms:
        start = max(owner, default=-1) + 1
        owner += (start + term.sd_columns).tolist()
    return np.array(owner, dtype=np.int64)


def _shared(block: GroupBlock, term: GroupTerm, variances: FloatArray) -> FloatArray:
    """Standard deviations of ``sd_shape`` from the variances of the columns, (..., strata, columns)."""
    columns = term.sd_columns
    of_each = [variances[..., columns == k].mean(axis=-1) for k in range(int(columns.max()) + 1)]
    return _of_term(block, term, np.sqrt(np.stack(of_each, axis=-1)))
