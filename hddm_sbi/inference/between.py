"""How groups differ, roughly: standard deviations and correlations from the information in each group's trials."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.curvature import row_information
from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.potential import Potential
from hddm_sbi.spec.group_block import GroupBlock, correlations_of
from hddm_sbi.spec.model_spec import GroupTerm

FloatArray = npt.NDArray[np.float64]

EM_STEPS = 20
# Group sds start within these multiples of their prior mean: zero is far away for a search on the logarithm.
SD_RANGE = (0.25, 2.0)
# No correlation starts beyond: near the ends a factor has hardly any room left.
LARGEST_CORRELATION = 0.8


def with_spread(potential: Potential, u: FloatArray) -> FloatArray:
    """The same deviations with standard deviations and correlations that suit them, as a point u.

    The likelihood of a group's coefficients is taken as Gaussian around u, with the observed information G, minus the
    second derivatives of the log likelihood of the group's trials. Standard deviations and correlations come from a few
    steps of the EM algorithm under this approximation, and are kept from extremes.
    """
    layout = potential.layout
    if not layout.blocks:
        return u
    information, values = row_information(potential, u), layout.unpack(u)
    result = dict(values)
    for block in layout.blocks:
        deviations = block.deviations(values)
        covariance, _ = fit(block, of_columns(potential, block, information), block.stacked(deviations), values)
        result |= sites_of(block, layout, covariance)
        result[block.site] = block.raw(result, deviations)
    return layout.pack(result)


def of_columns(potential: Potential, block: GroupBlock, information: FloatArray) -> FloatArray:
    """G of each group, shape (groups, k, k): what its rows tell of its effects, from the information of each row."""
    names = [parameter.name for parameter in potential.spec.parameters]
    owner = {term.site: parameter.name for parameter, term in potential.spec.group_terms()}
    columns = [(names.index(owner[term.site]), column) for term in block.terms for column in term.matrix.T]
    index, n_groups = block.groups.index, block.groups.n
    result = np.zeros((n_groups, len(columns), len(columns)))
    for i, (k, left) in enumerate(columns):
        for j, (m, right) in enumerate(columns[: i + 1]):
            result[:, i, j] = result[:, j, i] = np.bincount(index, left * right * information[:, k, m], n_groups)
    # away from the mode some directions may curve upwards: they tell nothing
    values, vectors = np.linalg.eigh(result)
    return np.einsum("gik,gk,gjk->gij", vectors, np.maximum(values, 0.0), vectors)


def evidence(w: FloatArray) -> FloatArray:
    """Log likelihood of the sd over that of none, (k,), where groups, (groups, k), resolve the shares w.

    A group's estimate varies with variance e = sd^2 (1 - w) / w around its value, and sd^2 / w = e / (1 - w) around the
    population's: a normal of variance e expects log(1 - w) / 2 + w / (1 - w) / 2 less of it.
    """
    share = np.minimum(w, 1.0 - 1e-9)
    return np.asarray(0.5 * np.sum(share / (1.0 - share) + np.log1p(-share), axis=0))


def posterior_variance(information: FloatArray, factor: FloatArray) -> FloatArray:
    """(G + (T T')^-1)^-1 of each group, however large its information G is: T (1 + T' G T)^-1 T', T (..., k, k)."""
    values, vectors = np.linalg.eigh(factor.swapaxes(-1, -2) @ information @ factor)
    scaled = factor @ vectors
    return np.asarray(np.einsum("gik,gk,gjk->gij", scaled, 1.0 / (1.0 + np.maximum(values, 0.0)), scaled))


def moderate_sd(term: GroupTerm, sd: FloatArray) -> FloatArray:
    """The sd, kept within sensible multiples of its prior mean."""
    assert term.sd_prior is not None
    mean = float(term.sd_prior.mean)
    scale = mean if np.isfinite(mean) and mean > 0 else 1.0  # a half-Cauchy has no mean
    return np.asarray(np.clip(sd, SD_RANGE[0] * scale, SD_RANGE[1] * scale))


def fit(
    block: GroupBlock, information: FloatArray, b: FloatArray, values: dict[str, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """The covariance of each stratum, (strata, k, k), and the mean of the deviations, (k,), by EM.

    At a mode of the deviations b, G (b_hat - b) is what the prior pulls at b, so that b_hat, the groups' likeliest
    deviations, follow from b. The population value moves with the mean of the groups.
    """
    stratum, factor = block.groups.of_group, block.by_stratum(values)
    by_stratum: FloatArray = factor @ factor.swapaxes(-1, -2)
    pull = np.einsum("gjk,gk->gj", information, b) + np.linalg.solve(by_stratum[stratum], b[..., None])[..., 0]
    follows = np.concatenate([np.full(term.n_columns, term.common is not None) for term in block.terms])
    centre = np.zeros(block.n_effects)
    for _ in range(EM_STEPS):
        root = np.asarray(np.linalg.cholesky(by_stratum), dtype=np.float64)
        variance = posterior_variance(information, root[stratum])
        prior_pull = np.linalg.solve(by_stratum[stratum], np.broadcast_to(centre, b.shape)[..., None])[..., 0]
        b = np.einsum("gjk,gk->gj", variance, pull + prior_pull)
        centre = np.where(follows, b.mean(axis=0), 0.0)
        spread = np.einsum("gi,gj->gij", b - centre, b - centre) + variance
        by_stratum = np.stack([
            _kept(block, spread[stratum == s], before) for s, before in enumerate(by_stratum)
        ])  # fmt: skip
    return by_stratum, centre


def _kept(block: GroupBlock, spread: FloatArray, before: FloatArray) -> FloatArray:
    """The mean covariance of a stratum's groups, (k, k): sds and correlations kept from extremes; zero outside sets."""
    if not len(spread):
        return before
    mean = spread.mean(axis=0)
    sd = np.sqrt(np.diag(mean))
    correlation = np.eye(block.n_effects)
    for one in block.sets:
        # groups that are few say little of many correlations: the LKJ prior as so many further groups without any
        weight = len(spread) / (len(spread) + one.size + 2.0 * (one.correlation.eta - 1.0))
        own = np.clip(correlations_of(mean[one.slice, one.slice]), -1.0, 1.0)
        correlation[one.slice, one.slice] = np.eye(one.size) + weight * (own - np.eye(one.size))
    for term, at in zip(block.terms, block.slices, strict=True):
        for column in np.unique(term.sd_columns):
            alike = np.arange(at.start, at.stop)[term.sd_columns == column]
            sd[alike] = moderate_sd(term, np.sqrt(np.mean(sd[alike] ** 2)))
    return correlation * np.outer(sd, sd)


def sites_of(block: GroupBlock, layout: Layout, covariance: FloatArray) -> dict[str, FloatArray]:
    """The sites of sds and correlations, from the covariance of each stratum."""
    result = {}
    sd = np.sqrt(np.einsum("sii->si", covariance))
    for term, at in zip(block.terms, block.slices, strict=True):
        _, first = np.unique(term.sd_columns, return_index=True)
        result[term.sd_site] = sd[:, at][:, first].reshape(term.sd_shape)
    for one in block.sets:
        scaled = correlations_of(covariance[:, one.slice, one.slice])
        factor = np.linalg.cholesky(_definite(np.clip(scaled, -LARGEST_CORRELATION, LARGEST_CORRELATION)))
        result[one.correlation.site] = factor.reshape(layout.site(one.correlation.site).shape)
    return result


def _definite(correlation: FloatArray) -> FloatArray:
    """The correlation matrices, drawn to the identity until they are surely positive definite."""
    eye = np.eye(correlation.shape[-1])
    off = correlation * (1.0 - eye)
    while np.linalg.eigvalsh(eye + off).min() < 0.05:
        off = 0.8 * off
    return eye + off
