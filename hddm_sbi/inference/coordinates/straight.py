"""Groups at the centre as their ridges have them: means and covariances of the posterior instead of mode and curvature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.between import fit, sites_of
from hddm_sbi.inference.coordinates.bends import Moments, bend, moments
from hddm_sbi.inference.coordinates.centre import GroupAtCentre, edge_of, order_of, precision_of
from hddm_sbi.inference.coordinates.ridges import Ridge, ridges
from hddm_sbi.inference.potential import Potential

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
    likelihood = np.linalg.inv(on.moments.covariance) - np.diag(group.prior)
    precision = precision_of(group.prior, likelihood)
    place = {int(at): j for j, at in enumerate(core_at)}
    own = [(i, place[int(at)]) for i, at in enumerate(on.common_at) if int(at) in place]
    effects, columns = np.array([i for i, _ in own], dtype=np.int64), np.array([j for _, j in own], dtype=np.int64)
    # how the likeliest coefficients follow the rest of the core stays the same
    new = precision @ np.linalg.solve(group.precision, group.with_core)
    new[:, columns] = np.linalg.solve(group.factor.T, (precision - np.diag(group.prior)).T).T[:, effects]
    core += new.T @ np.linalg.solve(precision, new) - group.with_core.T @ np.linalg.solve(group.precision, group.with_core)
    by_deviation = group.over_factor(new)  # derivatives of the pull by deviations
    before = group.over_factor(group.with_core)
    for i, j in own:
        core[j, :] += by_deviation[i] - before[i] - _schur(new, precision, j) + _schur(group.with_core, group.precision, j)
    others = np.setdiff1d(np.arange(len(core_at)), columns)
    core[np.ix_(others, columns)] = core[np.ix_(columns, others)].T
    return group._replace(precision=precision, with_core=new)


def _schur(with_core: FloatArray, precision: FloatArray, j: int) -> FloatArray:
    return np.asarray(with_core[:, j] @ np.linalg.solve(precision, with_core))


def bends(groups: list[GroupAtCentre], found: list[OnRidge | None], signed: list[int]) -> tuple[FloatArray, ...]:
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
    return np.array(at, dtype=np.int64), np.concatenate([np.zeros(0), *own_sd]), np.concatenate(nodes)


def lower_factor(precision: FloatArray) -> FloatArray:
    """The lower triangular L with L' L the precision."""
    return np.asarray(np.linalg.cholesky(precision[::-1, ::-1]).T[::-1, ::-1])


def settled(potential: Potential, u: FloatArray) -> FloatArray:
    """The point with population values and standard deviations that suit the groups' means rather than their modes."""
    layout = potential.layout
    for _ in range(ROUNDS):
        found, first = on_ridges(potential, u), 0
        values = layout.unpack(u)
        result = dict(values)
        for block in layout.blocks:
            n = block.groups.n
            own, first = found[first : first + n], first + n
            if own[0] is None:
                continue
            back = np.argsort(order_of(potential, block))
            factor = block.factor(values)
            b = np.stack([f @ on.moments.mean[back] for f, on in zip(factor, own, strict=True)])
            inverse = np.linalg.inv(factor)
            information = np.stack([
                i.T @ (precision_of(np.ones(len(i)), np.linalg.inv(on.moments.covariance[np.ix_(back, back)]) - np.eye(len(i))) - np.eye(len(i))) @ i
                for i, on in zip(inverse, own, strict=True)
            ])
            covariance, centre = fit(block, information, b, values)
            result |= sites_of(block, layout, covariance)
            for term, at in zip(block.terms, block.slices, strict=True):
                if term.common is not None:
                    result[term.common] = result[term.common] + centre[at].reshape(np.shape(result[term.common]))
            factor = block.factor(result)
            result[block.site] = np.stack([np.linalg.solve(f, own) for f, own in zip(factor, b - centre, strict=True)])
        u = layout.pack(result)
    return u
