"""Where the coordinates come from: the curvature at a point, and what is known of the standard deviations there."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.coordinates.arrays import TILT_NUMBERS, Arrays
from hddm_sbi.inference.coordinates.centre import GroupAtCentre, add_spread, group_mode, groups_at, near_zero
from hddm_sbi.inference.coordinates.straight import Bends, bends, on_ridges, with_moments
from hddm_sbi.inference.coordinates.tilts import Tilts, tilts
from hddm_sbi.inference.curvature import likelihood_precision, prior_precision
from hddm_sbi.inference.layout import Layout
from hddm_sbi.inference.potential import Potential

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Least share of its own precision that a coordinate of the core keeps when the groups' part is subtracted.
LEAST_SHARE = 1e-3
# Where the width at the centre is a lesser proportion of its room the ridge is not bent: its slope there says nothing.
LEAST_WIDTH = 0.1
# Least information on a log standard deviation for which it counts as known: to a factor of 1.5, its standard error.
LEAST_INFORMATION = 6.0


def build_arrays(potential: Potential, centre: FloatArray, slots: int) -> Arrays:
    """The change of coordinates at a point u.

    Args:
        potential: the log density.
        centre: the point, shape (ndim,), near the mode.
        slots: threads that may use it at a time.
    """
    found = on_ridges(potential, centre)
    n_core, bent = potential.ndim - potential.layout.n_group, _bent(potential, centre)
    core_at = np.array([*(at for at in range(n_core) if at not in bent), *bent], dtype=np.int64)
    likelihood, prior = likelihood_precision(potential, centre), prior_precision(potential, centre)
    groups = groups_at(potential, centre, core_at, likelihood, prior)
    core = likelihood[core_at][:, core_at].toarray()
    groups = [
        group if on is None else with_moments(group, on, core, core_at)
        for group, on in itertools.zip_longest(groups, found)
    ]
    add_spread(potential, groups, prior)
    core += np.diag(prior[core_at])
    own = np.diag(core).copy()
    for group in groups:
        core -= group.with_core.T @ np.linalg.solve(group.precision, group.with_core)
    known, signed = _known(potential, groups)[core_at], near_zero(groups)
    root = _root_of_inverse(np.where(np.outer(known, known), core, np.diag(own)), own)
    if bent:  # how others move with the width hardly depends on the sds, which scale slopes and curvature alike
        root[:, -1] = _root_of_inverse(core, own)[:, -1]
    if not any(found):
        centre = group_mode(potential, centre, groups)
    centre = np.array(centre, dtype=np.float64)
    for group, on in zip(groups, found, strict=False):
        if on is not None:
            centre[group.at] = on.moments.mean
    for at in signed:  # at log sd so far; y is about as uncertain as it is large
        centre[at], place = np.exp(centre[at]), int(np.argmax(core_at == at))
        root[place, :] = root[:, place] = 0.0
        root[place, place] = centre[at]
    tilted = tilts(potential.layout.blocks, groups, found, core_at)
    straight = [None if is_tilted else on for on, is_tilted in zip(found, tilted.tilted, strict=False)]
    ridge = bends(groups, straight, signed)
    return _arrays(potential, centre, core_at, len(bent), root, groups, signed, slots, ridge, tilted)


def _bent(potential: Potential, centre: FloatArray) -> list[int]:
    """The coordinate of a width that all groups share, none or one."""
    for parameter in potential.spec.parameters:
        if parameter.within is None or parameter.link != "logit" or parameter.group or len(parameter.common) != 1:
            continue
        site = potential.layout.site(parameter.common[0].site)
        own_scale = all(site.constrain(np.full(site.size, end)).item(0) == end for end in (-0.5, 0.5))
        if site.size == 1 and own_scale and centre[site.start] > math.log(LEAST_WIDTH / (1.0 - LEAST_WIDTH)):
            return [site.start]
    return []


def _known(potential: Potential, groups: list[GroupAtCentre]) -> npt.NDArray[np.bool_]:
    """Which coordinates of the core are turned by what groups say of them: fixed effects, and terms of certain sds.

    How population terms hang together through their groups depends on their standard deviations, of which log sd has
    the information 2 sum w^2, w being the share of the variation between groups that the data resolve. Where that is
    little, one point says nothing of the whole, and to turn the coordinates by it would do harm.
    """
    layout = potential.layout
    n_core = layout.ndim - layout.n_group
    beside = {term.common for _, term in potential.spec.group_terms()}
    known = np.zeros(n_core, dtype=bool)
    for site in layout.sites:
        known[site.slice] = site.kind == "common" and site.name not in beside
    resolved = np.zeros(layout.ndim)
    for group in groups:
        resolved[group.at] = group.resolved
    information = np.zeros(layout.ndim + 1)
    for block in layout.blocks:
        for term in block.terms:
            np.add.at(information, layout.common_at(term), 2.0 * (resolved[layout.places(term)] ** 2).sum(axis=0))
    return known | (information[:n_core] >= LEAST_INFORMATION)


def _arrays(
    potential: Potential,
    centre: FloatArray,
    core_at: IntArray,
    bent: int,
    core: FloatArray,
    groups: list[GroupAtCentre],
    signed: list[int],
    slots: int,
    ridge: Bends,
    tilted: Tilts,
) -> Arrays:
    layout, plan, sizes = potential.layout, potential.plan, [len(group.at) for group in groups]
    group_at = np.concatenate([np.zeros(0, dtype=np.int64), *(group.at for group in groups)])
    sd_at = np.concatenate([np.zeros(0, dtype=np.int64), *(group.sd_at for group in groups)])
    scale_at = np.unique(sd_at[sd_at >= 0])
    # at the centre x is zero: its raw coefficients are the mean there, on which the standard deviation acts, if any
    weighted = [group.precision @ centre[group.at] for group in groups]
    pooled = np.isin(group_at, plan.raw_at)
    pull = np.where(pooled, _joined([g.over_factor(m) for g, m in zip(groups, weighted, strict=True)]), 0.0)
    rest = np.where(pooled, 0.0, _joined(weighted))
    information = [g.over_factor(g.over_factor(g.precision - np.diag(g.prior)).T) for g in groups]
    shifting = (
        np.flatnonzero(np.any([(g.with_core != 0.0).any(axis=0) for g in groups], axis=0)) if groups else core_at[:0]
    )
    shifts = [g.over_factor(g.with_core[:, shifting]) for g in groups]
    row, before = (np.full(len(group_at), fill) for fill in (-1, 0))
    n_pooled, n_factor = len(plan.raw_at), plan.factor.shape[1]
    row[:n_pooled], before[:n_pooled] = plan.raw_row, plan.raw_before  # blocks come first
    largest = max(sizes, default=0)
    partial_at = [layout.correlations_at(one).ravel() for block in layout.blocks for one in block.sets]
    native = potential.native

    def memory(size: int) -> FloatArray:
        return np.zeros((slots, size))

    return Arrays(
        centre=centre,
        core_at=core_at,
        bent=bent,
        core=core,
        scale_at=scale_at,
        scale_signed=np.isin(scale_at, signed).astype(np.int64),
        shifting=shifting,
        partial_at=np.concatenate([group_at[:0], *partial_at]),
        partial_scales=_partial_scales(layout, scale_at),
        set_size=plan.set_size,
        set_factor=plan.set_factor,
        bounds=np.cumsum([0, *sizes]).astype(np.int64),
        group_at=group_at,
        group_scale=np.where(sd_at >= 0, np.searchsorted(scale_at, sd_at), -1),
        group_row=row,
        group_before=before,
        joint=np.array(
            [(row[end - k : end] >= 0).any() for end, k in zip(np.cumsum(sizes), sizes, strict=True)], np.int64
        ),
        still=_joined([group.scale for group in groups]),
        prior=_joined([group.prior for group in groups]),
        rest=rest,
        information=_joined(information),
        pull=pull,
        shifts=_joined(shifts),
        ridge_at=ridge.at,
        ridge_signed=ridge.signed,
        ridge_nodes=ridge.nodes,
        tilt_bounds=tilted.bounds,
        tilt_knots=tilted.knots,
        tilt_last=tilted.last,
        tilt_common=tilted.common,
        function=0 if native is None else native.function,
        record=0 if native is None else native.record,
        busy=np.zeros(slots, dtype=np.int64),
        u=memory(potential.ndim),
        by_u=memory(potential.ndim),
        moved=memory(len(core_at)),
        slope=np.ones(slots),
        scale=memory(len(scale_at)),
        by_scale=memory(len(scale_at)),
        partial=memory(sum(map(len, partial_at))),
        by_partial=memory(sum(map(len, partial_at))),
        cholesky=memory(n_factor),
        rest_of=memory(n_factor),
        by_cholesky=memory(n_factor),
        s=memory(sum(sizes)),
        pulled=memory(sum(sizes)),
        factor=memory(sum(k * k for k in sizes)),
        mean=memory(sum(sizes)),
        raw=memory(sum(sizes)),
        ridge_slope=memory(sum(sizes)),
        ridge_bend=memory(len(sizes)),
        ridge_by_s=memory(sum(sizes)),
        tilt_place=memory(tilted.largest),
        tilt_density=memory(tilted.largest),
        tilt_slope=memory(tilted.largest + 1),
        tilt_top=memory(tilted.largest + 1),
        tilt_mass=memory(tilted.largest + 1),
        tilt_moment=memory(tilted.largest + 1),
        tilt_by=memory(TILT_NUMBERS * len(sizes)),
        by_s=memory(largest),
        by_mean=memory(largest),
        by_pulled=memory(largest),
        by_factor=memory(largest**2),
        square=memory(largest**2),
        product=memory(largest**2),
    )


def _partial_scales(layout: Layout, scale_at: IntArray) -> IntArray:
    """Places in ``scale_at`` of the two standard deviations of each partial correlation; -1 where there is none."""
    places = [np.zeros((0, 2), dtype=np.int64)]
    for block in layout.blocks:
        sd_at = layout.sd_at(block)
        for one in block.sets:
            i, j = np.tril_indices(one.size, -1)
            for of_stratum in sd_at[:, one.slice]:
                places.append(np.column_stack([of_stratum[i], of_stratum[j]]))
    at = np.concatenate(places)
    return np.where(np.isin(at, scale_at), np.searchsorted(scale_at, at), -1).astype(np.int64)


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0), *(part.ravel() for part in parts)])


def _root_of_inverse(precision: FloatArray, own: FloatArray) -> FloatArray:
    """An upper triangular K^-T with K K' the precision, which is kept positive relative to its ``own`` diagonal."""
    scale = np.sqrt(np.maximum(own, LEAST_SHARE))
    values, vectors = np.linalg.eigh(0.5 * (precision + precision.T) / np.outer(scale, scale))
    root = np.linalg.cholesky((vectors * np.maximum(values, LEAST_SHARE)) @ vectors.T) * scale[:, None]
    return np.ascontiguousarray(np.linalg.inv(root).T)
