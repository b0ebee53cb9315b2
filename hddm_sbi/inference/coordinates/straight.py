"""Groups at the centre as their ridges have them: means and covariances instead of modes and curvatures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.between import fit, sites_of
from hddm_sbi.inference.coordinates.bends import Moments, bend, moments
from hddm_sbi.inference.coordinates.centre import GroupAtCentre, edge_of, order_of, precision_of
from hddm_sbi.inference.coordinates.ridges import Ridge, ridges
from hddm_sbi.inference.potential import Potential
from hddm_sbi.spec.group_block import GroupBlock

# How often population and standard deviations follow the groups, and the groups them.
ROUNDS = 3

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class OnRidge(NamedTuple):
    """A group with its ridge.

    Args:
        ridge: the ridge.
        moments: mean and covariance of its raw coefficients.
        common_at: coordinates of the population's coefficients of each effect; ndim without one.
    """

    ridge: Ridge
    moments: Moments
    common_at: IntArray


class Bends(NamedTuple):
    """``ridge_at``, ``ridge_signed`` and ``ridge_nodes`` of ``Arrays``."""

    at: IntArray
    signed: FloatArray
    nodes: FloatArray


def on_ridges(potential: Potential, u: FloatArray) -> list[OnRidge | None]:
    """Every group of blocks, in their order, at the population values of u."""
    found: list[OnRidge | None] = []
    for block in potential.layout.blocks:
        effect = edge_of(potential, block)
        if effect is None:
            found += [None] * block.groups.n
            continue
        order = order_of(potential, block)
        common_at = np.concatenate([potential.layout.common_at(term) for term in block.terms])[order]
        for one in ridges(potential, block, u, effect):
            spread = one.spread[:, order][:, :, order]
            ridge = Ridge(one.along[order], one.points[:, order], one.log_density, spread)
            found.append(OnRidge(ridge, moments(ridge), common_at))
    return found


def with_moments(group: GroupAtCentre, on: OnRidge, core: FloatArray, core_at: IntArray) -> GroupAtCentre:
    """The group with the precision of its moments; the core's precision is changed to go with it."""
    likelihood = np.asarray(np.linalg.inv(on.moments.covariance), dtype=np.float64) - np.diag(group.prior)
    precision = precision_of(group.prior, likelihood)
    place = {int(at): j for j, at in enumerate(core_at)}
    own = [(i, place[int(at)]) for i, at in enumerate(on.common_at) if int(at) in place]
    effects, columns = np.array([i for i, _ in own], dtype=np.int64), np.array([j for _, j in own], dtype=np.int64)
    # how the likeliest coefficients follow the rest of the core stays the same
    new = precision @ np.linalg.solve(group.precision, group.with_core)
    new[:, columns] = np.linalg.solve(group.factor.T, (precision - np.diag(group.prior)).T).T[:, effects]
    change = new.T @ np.linalg.solve(precision, new)
    change -= group.with_core.T @ np.linalg.solve(group.precision, group.with_core)
    # the population's coefficients add to the deviations: their curvature is that of the deviations
    change[columns] = (group.over_factor(new) - group.over_factor(group.with_core))[effects]
    core += change
    others = np.setdiff1d(np.arange(len(core_at)), columns)
    core[np.ix_(others, columns)] = core[np.ix_(columns, others)].T
    return group._replace(precision=precision, with_core=new)


def bends(groups: list[GroupAtCentre], found: list[OnRidge | None], signed: list[int]) -> Bends:
    """``ridge_at``, ``ridge_signed`` and ``ridge_nodes`` of all groups."""
    at, nodes, size = [], [np.zeros(0)], 0
    own_sd = [np.where(np.isin(group.sd_at, signed), group.scale, 0.0) for group in groups]
    for i, (group, sd) in enumerate(zip(groups, own_sd, strict=True)):
        on = found[i] if i < len(found) else None
        if on is None or sd[0] > 0.0:
            at.append(-1)
            continue
        at.append(size)
        nodes.append(bend(on.ridge, on.moments, lower_factor(group.precision)).ravel())
        size += nodes[-1].size
    return Bends(np.array(at, dtype=np.int64), np.concatenate([np.zeros(0), *own_sd]), np.concatenate(nodes))


def lower_factor(precision: FloatArray) -> FloatArray:
    """The lower triangular L with L' L the precision."""
    return np.asarray(np.linalg.cholesky(precision[::-1, ::-1]).T[::-1, ::-1])


def settled(potential: Potential, u: FloatArray) -> FloatArray:
    """The point with population values and standard deviations that suit the groups' means rather than their modes."""
    layout = potential.layout
    for _ in range(ROUNDS if layout.blocks else 0):
        found, values = on_ridges(potential, u), layout.unpack(u)
        result, first = dict(values), 0
        for block in layout.blocks:
            own = [on for on in found[first : first + block.groups.n] if on is not None]
            first += block.groups.n
            if own:
                result |= _with_spread(potential, block, own, values)
        u = layout.pack(result)
    return u


def _with_spread(
    potential: Potential, block: GroupBlock, own: list[OnRidge], values: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """The sites of a block, and of its population values, that suit its groups' means and covariances."""
    back, factor = np.argsort(order_of(potential, block)), block.factor(values)
    mean = np.stack([on.moments.mean[back] for on in own])
    covariance = np.stack([on.moments.covariance[np.ix_(back, back)] for on in own])
    prior, inverse = np.ones(block.n_effects), np.linalg.inv(factor)
    likelihood = np.stack([precision_of(prior, np.linalg.inv(one) - np.diag(prior)) for one in covariance])
    information = inverse.swapaxes(1, 2) @ (likelihood - np.diag(prior)) @ inverse
    deviations = (factor @ mean[:, :, None])[:, :, 0]
    between, centre = fit(block, information, deviations, values)
    result = dict(sites_of(block, potential.layout, between))
    for term, at in zip(block.terms, block.slices, strict=True):
        if term.common is not None:
            result[term.common] = values[term.common] + centre[at].reshape(np.shape(values[term.common]))
    whole = block.factor(values | result)
    result[block.site] = np.asarray(np.linalg.solve(whole, (deviations - centre)[:, :, None])[:, :, 0], np.float64)
    return result
