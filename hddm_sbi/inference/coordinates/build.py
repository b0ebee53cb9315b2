"""Where the coordinates come from: the curvature at a point, and what is known of the standard deviations there."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.centring import LEAST_EVIDENCE, evidence
from hddm_sbi.inference.coordinates.arrays import Arrays
from hddm_sbi.inference.curvature import groups_of, likelihood_precision, prior_precision, site_values
from hddm_sbi.inference.potential import Potential

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Least share of its own precision that a coordinate of the core keeps when the groups' part is subtracted.
LEAST_SHARE = 1e-3
# Largest precision of the likelihood in units of the prior's: far beyond, the prior would be lost in rounding.
LARGEST_RATIO = 1e10
# Where the width at the centre is a lesser proportion of its room the ridge is not bent: its slope there says nothing.
LEAST_WIDTH = 0.1
# Least prior precision of coefficients with priors of their own: an sd of 100 on the link scale says nothing.
LEAST_PRIOR = 1e-4
# Newton steps from the centre towards the groups' most likely coefficients, given the population.
NEWTON_STEPS = 4
# Least information on a log standard deviation for which it counts as known: to a factor of 1.5, its standard error.
LEAST_INFORMATION = 6.0


class _Group(NamedTuple):
    """One group at the centre, in units of its raw coefficients.

    Args:
        at: coordinates of its k raw coefficients, (k,).
        sd_at: places of the standard deviations that scale them, (k,); -1 where the scale does not change.
        scale: these standard deviations at the centre, 1 for coefficients with priors of their own, (k,).
        prior: precision of the prior, shape (k,).
        precision: precision of prior and likelihood together, shape (k, k).
        with_core: of the likelihood, between the coefficients and the core, (k, core).
    """

    at: IntArray
    sd_at: IntArray
    scale: FloatArray
    prior: FloatArray
    precision: FloatArray
    with_core: FloatArray

    @property
    def resolved(self) -> FloatArray:
        """The share of each coefficient's prior variance that the data take away, (k,)."""
        return np.asarray(1.0 - np.diag(np.linalg.inv(self.precision)) * self.prior)


def build_arrays(potential: Potential, centre: FloatArray, slots: int) -> Arrays:
    """The change of coordinates at a point u.

    Args:
        potential: the log density, whose group coefficients are not centred.
        centre: the point, shape (ndim,), near the mode.
        slots: threads that may use it at a time.
    """
    if (potential.plan.around_w != 0.0).any():
        raise ValueError("the coordinates are those of coefficients that are not centred.")
    n_core, bent = potential.ndim - potential.layout.n_raw, _bent(potential, centre)
    core_at = np.array([*(at for at in range(n_core) if at not in bent), *bent], dtype=np.int64)
    likelihood, prior = likelihood_precision(potential, centre), prior_precision(potential, centre)
    groups = _groups(potential, centre, core_at, likelihood, prior)
    for group in groups:  # what the groups say of the logarithms of their standard deviations, see ``choose_centring``
        scaled = group.sd_at >= 0
        np.add.at(prior, group.sd_at[scaled], 2.0 * group.resolved[scaled] ** 2)
    core = likelihood[core_at][:, core_at].toarray() + np.diag(prior[core_at])
    own = np.diag(core).copy()
    for group in groups:
        core -= group.with_core.T @ np.linalg.solve(group.precision, group.with_core)
    known, signed = _known(potential, groups)[core_at], _near_zero(groups)
    root = _root_of_inverse(np.where(np.outer(known, known), core, np.diag(own)), own)
    if bent:  # how others move with the width hardly depends on the sds, which scale slopes and curvature alike
        root[:, -1] = _root_of_inverse(core, own)[:, -1]
    centre = _group_mode(potential, centre, groups)
    for at in signed:  # at log sd so far; y is about as uncertain as it is large
        centre[at], place = np.exp(centre[at]), int(np.argmax(core_at == at))
        root[place, :] = root[:, place] = 0.0
        root[place, place] = centre[at]
    return _arrays(potential, centre, core_at, len(bent), root, groups, signed, slots)


def _groups(
    potential: Potential,
    centre: FloatArray,
    core_at: IntArray,
    likelihood: sparse.csr_array,
    prior: FloatArray,
) -> list[_Group]:
    plan, values, prior = potential.plan, site_values(potential, centre), np.maximum(prior, LEAST_PRIOR)
    sd_at, scale = np.full(potential.ndim, -1), np.ones(potential.ndim)
    scale[plan.around_at] = values[plan.around_sd]
    sd_at[plan.around_at] = np.where(_on_log_scale(potential)[plan.around_sd], plan.around_sd, -1)
    result = []
    for at in groups_of(potential):
        precision = precision_of(prior[at], likelihood[at][:, at].toarray())
        with_core = likelihood[at][:, core_at].toarray()
        result.append(_Group(at, sd_at[at], scale[at], prior[at], precision, with_core))
    return result


def _group_mode(potential: Potential, centre: FloatArray, groups: list[_Group]) -> FloatArray:
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
    for block in potential.layout.blocks:
        if block.kind == "sd":
            result[block.slice] = np.allclose(block.constrain(np.array([-1.0, 0.0, 1.0])), np.exp([-1.0, 0.0, 1.0]))
    return result


def _bent(potential: Potential, centre: FloatArray) -> list[int]:
    """The coordinate of a width that all groups share, none or one."""
    for parameter in potential.spec.parameters:
        if parameter.within is None or parameter.link != "logit" or parameter.group or len(parameter.common) != 1:
            continue
        block = potential.layout.block(parameter.common[0].site)
        own_scale = np.array_equal(block.constrain(np.array([-0.5, 0.5])), [-0.5, 0.5])
        if block.size == 1 and own_scale and centre[block.start] > math.log(LEAST_WIDTH / (1.0 - LEAST_WIDTH)):
            return [block.start]
    return []


def _known(potential: Potential, groups: list[_Group]) -> npt.NDArray[np.bool_]:
    """Which coordinates of the core are turned by what groups say of them: fixed effects, and terms of certain sds.

    How population terms hang together through their groups depends on their standard deviations, of which log sd has
    the information 2 sum w^2 (see ``choose_centring``), w being the share of the variation between groups that the data
    resolve. Where that is little, one point says nothing of the whole, and to turn the coordinates by it would do harm.
    """
    plan, layout = potential.plan, potential.layout
    beside = {term.common for _, term in potential.spec.group_terms()}
    kinds = [np.full(b.size, b.kind == "common" and b.site not in beside) for b in layout.blocks if b.kind != "raw"]
    resolved = np.zeros(layout.ndim)
    for group in groups:
        resolved[group.at] = group.resolved
    information = np.bincount(plan.around_beta, 2.0 * resolved[plan.around_at] ** 2, layout.ndim + 1)
    known = information[: layout.ndim - layout.n_raw] >= LEAST_INFORMATION
    return np.concatenate([np.zeros(0, dtype=bool), *kinds]) | known


def _near_zero(groups: list[_Group]) -> list[int]:
    """Coordinates of the standard deviations that may be next to zero: they are moved as signed numbers."""
    shares: dict[int, list[float]] = {}
    for group in groups:
        for at, share in zip(group.sd_at, group.resolved, strict=True):
            shares.setdefault(int(at), []).append(float(share))
    return [at for at, w in shares.items() if at >= 0 and evidence(np.array(w)[:, None])[0] < LEAST_EVIDENCE]


def _arrays(
    potential: Potential,
    centre: FloatArray,
    core_at: IntArray,
    bent: int,
    core: FloatArray,
    groups: list[_Group],
    signed: list[int],
    slots: int,
) -> Arrays:
    sizes = [len(group.at) for group in groups]
    group_at = np.concatenate([np.zeros(0, dtype=np.int64), *(group.at for group in groups)])
    sd_at = np.concatenate([np.zeros(0, dtype=np.int64), *(group.sd_at for group in groups)])
    scale_at = np.unique(sd_at[sd_at >= 0])
    # at the centre x is zero: its raw coefficients are the mean there, on which the standard deviation acts, if any
    weighted = [group.precision @ centre[group.at] for group in groups]
    pull = [np.where(g.sd_at >= 0, m / g.scale, 0.0) for g, m in zip(groups, weighted, strict=True)]
    rest = [np.where(g.sd_at >= 0, 0.0, m) for g, m in zip(groups, weighted, strict=True)]
    information = [(g.precision - np.diag(g.prior)) / np.outer(g.scale, g.scale) for g in groups]
    shifting = (
        np.flatnonzero(np.any([(g.with_core != 0.0).any(axis=0) for g in groups], axis=0)) if groups else core_at[:0]
    )
    shifts = [g.with_core[:, shifting] / g.scale[:, None] for g in groups]
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
        bounds=np.cumsum([0, *sizes]).astype(np.int64),
        group_at=group_at,
        group_scale=np.where(sd_at >= 0, np.searchsorted(scale_at, sd_at), -1),
        still=_joined([group.scale for group in groups]),
        prior=_joined([group.prior for group in groups]),
        rest=_joined(rest),
        information=_joined(information),
        pull=_joined(pull),
        shifts=_joined(shifts),
        function=0 if native is None else native.function,
        record=0 if native is None else native.record,
        busy=np.zeros(slots, dtype=np.int64),
        u=memory(potential.ndim),
        by_u=memory(potential.ndim),
        moved=memory(len(core_at)),
        slope=np.ones(slots),
        scale=memory(len(scale_at)),
        by_scale=memory(len(scale_at)),
        s=memory(sum(sizes)),
        pulled=memory(sum(sizes)),
        factor=memory(sum(k * k for k in sizes)),
        mean=memory(sum(sizes)),
        raw=memory(sum(sizes)),
        by_s=memory(max(sizes, default=0)),
        by_mean=memory(max(sizes, default=0)),
        by_factor=memory(max(sizes, default=0) ** 2),
    )


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate([np.zeros(0), *(part.ravel() for part in parts)])


def precision_of(prior: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Prior, (k,), and likelihood, (k, k), together, positive definite and invertible.

    Away from the mode the likelihood may curve upwards, or so sharply that the prior is lost in rounding.
    """
    scale = np.sqrt(np.maximum(prior, 1.0 / LARGEST_RATIO))
    values, vectors = np.linalg.eigh(0.5 * (likelihood + likelihood.T) / np.outer(scale, scale))
    values = np.clip(values, 0.0, LARGEST_RATIO)
    return np.asarray(np.diag(prior) + (vectors * values) @ vectors.T * np.outer(scale, scale))


def _root_of_inverse(precision: FloatArray, own: FloatArray) -> FloatArray:
    """An upper triangular K^-T with K K' the precision, which is kept positive relative to its ``own`` diagonal."""
    scale = np.sqrt(np.maximum(own, LEAST_SHARE))
    values, vectors = np.linalg.eigh(0.5 * (precision + precision.T) / np.outer(scale, scale))
    root = np.linalg.cholesky((vectors * np.maximum(values, LEAST_SHARE)) @ vectors.T) * scale[:, None]
    return np.ascontiguousarray(np.linalg.inv(root).T)
