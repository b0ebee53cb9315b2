"""The groups at the centre of the coordinates: what the data tell of each one's coefficients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.distributions as td
from scipy import sparse

from hddm_sbi.inference.between import evidence
from hddm_sbi.inference.curvature import groups_of
from hddm_sbi.inference.potential import Potential
from hddm_sbi.spec.group_block import GroupBlock

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Largest precision of the likelihood in units of the prior's: far beyond, the prior would be lost in rounding.
LARGEST_RATIO = 1e10
# Least prior precision of coefficients with priors of their own: an sd of 100 on the link scale says nothing.
LEAST_PRIOR = 1e-4
# Newton steps from the centre towards the groups' most likely coefficients, given the population.
NEWTON_STEPS = 4
# A standard deviation is moved on its logarithm where zero is this unlikely, as a difference of log likelihoods.
LEAST_EVIDENCE = 6.0


class GroupAtCentre(NamedTuple):
    """One group at the centre, in units of its raw coefficients.

    Args:
        at: coordinates of its k raw coefficients, (k,).
        sd_at: places of the standard deviations that scale them, (k,); -1 where the scale does not change.
        scale: these standard deviations at the centre, 1 for coefficients with priors of their own, (k,).
        factor: S Lambda at the centre, shape (k, k).
        prior: precision of the prior, shape (k,).
        precision: precision of prior and likelihood together, shape (k, k).
        with_core: of the likelihood, between the coefficients and the core, (k, core).
    """

    at: IntArray
    sd_at: IntArray
    scale: FloatArray
    factor: FloatArray
    prior: FloatArray
    precision: FloatArray
    with_core: FloatArray

    @property
    def resolved(self) -> FloatArray:
        """The share of each deviation's prior variance that the data take away, (k,)."""
        left = np.diag(self.factor @ np.linalg.inv(self.precision) @ self.factor.T)
        prior = np.diag(self.factor @ np.diag(1.0 / self.prior) @ self.factor.T)
        return np.asarray(1.0 - left / prior)

    def over_factor(self, values: FloatArray) -> FloatArray:
        """(S Lambda)'^-1 values: from derivatives by raw coefficients to those by deviations."""
        return np.asarray(np.linalg.solve(self.factor.T, values))


def groups_at(
    potential: Potential,
    centre: FloatArray,
    core_at: IntArray,
    likelihood: sparse.csr_array,
    prior: FloatArray,
) -> list[GroupAtCentre]:
    """Every group at the centre: those of blocks, then those that are not pooled, see ``groups_of``.

    Args:
        potential: the log density.
        centre: the point u.
        core_at: coordinates of the core.
        likelihood: precision of the likelihood there, shape (ndim, ndim).
        prior: precision of the prior, shape (ndim,).
    """
    plan, (values, _), prior = potential.plan, potential.values(centre), np.maximum(prior, LEAST_PRIOR)
    sd_at, scale = np.full(potential.ndim, -1), np.ones(potential.ndim)
    scale[plan.raw_at] = values[plan.raw_sd]
    sd_at[plan.raw_at] = np.where(_on_log_scale(potential)[plan.raw_sd], plan.raw_sd, -1)
    sites = potential.layout.unpack(centre)
    factors, orders = [], []
    for block in potential.layout.blocks:
        order = order_of(potential, block)
        factors += [factor[np.ix_(order, order)] for factor in block.factor(sites)]
        orders += [order] * block.groups.n
    result = []
    for i, at in enumerate(groups_of(potential)):
        factor = factors[i] if i < len(factors) else np.eye(len(at))
        at = at[orders[i]] if i < len(orders) else at
        precision = precision_of(prior[at], likelihood[at][:, at].toarray())
        with_core = likelihood[at][:, core_at].toarray()
        result.append(GroupAtCentre(at, sd_at[at], scale[at], factor, prior[at], precision, with_core))
    return result


def order_of(potential: Potential, block: GroupBlock) -> IntArray:
    """The order in which a block's effects are standardised: the non-decision time first, if nothing forbids it."""
    first = edge_of(potential, block)
    rest = [i for i in range(block.n_effects) if i != first]
    return np.array(rest if first is None else [first, *rest], dtype=np.int64)


def edge_of(potential: Potential, block: GroupBlock) -> int | None:
    """The place in a block of the non-decision time, where it is one effect and may come first."""
    owner = {term.site: parameter.name for parameter, term in potential.spec.group_terms()}
    own = [(term, at) for term, at in zip(block.terms, block.slices, strict=True) if owner[term.site] == "t0"]
    if len(own) != 1 or own[0][0].n_columns != 1 or block.n_effects < 2:
        return None
    place = own[0][1].start
    return None if block.sets and place else int(place)


def group_mode(potential: Potential, centre: FloatArray, groups: list[GroupAtCentre]) -> FloatArray:
    """The centre with more likely coefficients of the groups: the mean around which they are standardised."""
    best, (value, gradient) = np.array(centre, dtype=np.float64), potential.log_density_grad(centre)
    for _ in range(NEWTON_STEPS):
        trial = best.copy()
        for group in groups:
            trial[group.at] += np.linalg.solve(group.precision, gradient[group.at])
        there, gradient = potential.log_density_grad(trial)
        if not there > value:
            break
        best, value = trial, there
    return best


def _on_log_scale(potential: Potential) -> npt.NDArray[np.bool_]:
    """Which coordinates are the logarithms of standard deviations, shape (ndim,)."""
    result = np.zeros(potential.ndim, dtype=bool)
    for site in potential.layout.sites:
        if site.kind == "sd" and site.prior is not None:
            at = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
            result[site.slice] = bool(torch.allclose(td.biject_to(site.prior.support)(at), at.exp()))
    return result


def add_spread(potential: Potential, groups: list[GroupAtCentre], precision: FloatArray) -> None:
    """Add to the precision of each coordinate what the groups say of their standard deviations and correlations.

    A group whose deviations are resolved to shares w tells 2 w^2 of log sd, and w_i w_j of a correlation on the scale
    of its inverse hyperbolic tangent, as where all correlations are zero.
    """
    layout = potential.layout
    for group in groups:
        scaled = group.sd_at >= 0
        np.add.at(precision, group.sd_at[scaled], 2.0 * group.resolved[scaled] ** 2)
    first = 0
    for block in layout.blocks:
        for g, stratum in enumerate(block.groups.of_group):
            w = groups[first + g].resolved
            for one in block.sets:
                i, j = np.tril_indices(one.size, -1)
                precision[layout.correlations_at(one)[stratum]] += w[one.slice][i] * w[one.slice][j]
        first += block.groups.n


def near_zero(groups: list[GroupAtCentre]) -> list[int]:
    """Coordinates of the standard deviations that may be next to zero: they are moved as signed numbers."""
    shares: dict[int, list[float]] = {}
    for group in groups:
        for at, share in zip(group.sd_at, group.resolved, strict=True):
            shares.setdefault(int(at), []).append(float(share))
    return [at for at, w in shares.items() if at >= 0 and evidence(np.array(w)[:, None])[0] < LEAST_EVIDENCE]


def precision_of(prior: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Prior, (k,), and likelihood, (k, k), together, positive definite and invertible.

    Away from the mode the likelihood may curve upwards, or so sharply that the prior is lost in rounding.
    """
    scale = np.sqrt(np.maximum(prior, 1.0 / LARGEST_RATIO))
    values, vectors = np.linalg.eigh(0.5 * (likelihood + likelihood.T) / np.outer(scale, scale))
    values = np.clip(values, 0.0, LARGEST_RATIO)
    return np.asarray(np.diag(prior) + (vectors * values) @ vectors.T * np.outer(scale, scale))
