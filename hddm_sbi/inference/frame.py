"""Where the coordinates of ``preconditioner`` come from: the curvature at a point, and what is known of the sds."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.curvature import groups_of, likelihood_precision, prior_precision
from hddm_sbi.inference.potential import Potential
from hddm_sbi.likelihoods.native.records import FLOATS, FLOATS2, INT, INTS, record_type

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Least share of its own precision that a coordinate of the core keeps when the groups' part is subtracted.
LEAST_SHARE = 1e-3
# Largest precision of the likelihood in units of the prior's: far beyond, the prior would be lost in rounding.
LARGEST_RATIO = 1e10
# Where the width at the centre is a lesser proportion of its room the ridge is not bent: its slope there says nothing.
LEAST_WIDTH = 0.1
# Least information on a log standard deviation for which it counts as known: to a factor of 1.5, its standard error.
LEAST_INFORMATION = 6.0


class Frame(NamedTuple):
    """The change of coordinates as arrays, then working memory with one row for each slot.

    Args:
        centre: the point x = 0.
        core_at: coordinates of the core; a width of a range of starting points is the last.
        bent: 1 if it moves the others by its square, else 0.
        core: K^-T.
        bounds: first coordinate in ``block_at`` of each block, and the end of the last.
        block_at: coordinates of the blocks.
        factors: L^-T of each block, one after the other.
        couplings: D^-1 B of each block, one after the other.
        signed_at: coordinates of the standard deviations that are moved as signed numbers.
        raw_bounds, raw_at: the raw coefficients that each of them scales, as ``bounds`` and ``block_at``.
        function, record: the density of u, 0 where it is not compiled.
        busy, u, by_u, moved, signed, slope: which slots are claimed; u, the derivatives by it, the core of u without
            the centre, the signed numbers, and the derivative of psi.
    """

    centre: FloatArray
    core_at: IntArray
    bent: int
    core: FloatArray
    bounds: IntArray
    block_at: IntArray
    factors: FloatArray
    couplings: FloatArray
    signed_at: IntArray
    raw_bounds: IntArray
    raw_at: IntArray
    function: int
    record: int
    busy: IntArray
    u: FloatArray
    by_u: FloatArray
    moved: FloatArray
    signed: FloatArray
    slope: FloatArray


FRAME = record_type(
    Frame, centre=FLOATS, core_at=INTS, bent=INT, core=FLOATS2, bounds=INTS, block_at=INTS, factors=FLOATS,
    couplings=FLOATS,
    signed_at=INTS, raw_bounds=INTS, raw_at=INTS,
    function=INT, record=INT, busy=INTS, u=FLOATS2, by_u=FLOATS2, moved=FLOATS2, signed=FLOATS2, slope=FLOATS,
)  # fmt: skip


def make_frame(potential: Potential, centre: FloatArray, slots: int) -> Frame:
    """The change of coordinates at a point."""
    likelihood, prior = likelihood_precision(potential, centre), prior_precision(potential, centre)
    n_core, bent = potential.ndim - potential.layout.n_raw, _bent(potential, centre)
    core_at = np.array([*(at for at in range(n_core) if at not in bent), *bent], dtype=np.int64)
    everything = sparse.csr_array(likelihood + prior)
    core = everything[core_at][:, core_at].toarray()
    own, blocks = np.diag(core).copy(), groups_of(potential)
    precisions = [precision_of(prior[at][:, at].toarray(), likelihood[at][:, at].toarray()) for at in blocks]
    reliable = _reliable(potential, blocks, precisions)[core_at]
    factors, couplings = [np.zeros(0)], [np.zeros(0)]
    for at, precision in zip(blocks, precisions, strict=True):
        with_core = everything[at][:, core_at].toarray()
        coupling = np.linalg.solve(precision, with_core)
        core -= with_core.T @ coupling
        factors.append(np.linalg.inv(np.linalg.cholesky(precision)).T.ravel())
        couplings.append((coupling * reliable).ravel())
    whole, native = core, potential.native
    core = _root_of_inverse(np.where(np.outer(reliable, reliable), whole, np.diag(own)), own)
    if bent:  # how others move with the width hardly depends on the sds, which scale slopes and curvature alike
        core[:, -1] = _root_of_inverse(whole, own)[:, -1]
    centre, signed = np.array(centre, dtype=np.float64), _signed(potential)
    for sd_at, _ in signed:  # at log sd so far; y is about as uncertain as it is large
        centre[sd_at], place = np.exp(centre[sd_at]), int(np.argmax(core_at == sd_at))
        core[place, :] = core[:, place] = 0.0
        core[place, place] = centre[sd_at]
    return Frame(
        centre=centre,
        core_at=core_at,
        bent=len(bent),
        core=core,
        bounds=np.cumsum([0, *(len(at) for at in blocks)]).astype(np.int64),
        block_at=np.concatenate([np.zeros(0, dtype=np.int64), *blocks]),
        factors=np.concatenate(factors),
        couplings=np.concatenate(couplings),
        signed_at=np.array([at for at, _ in signed], dtype=np.int64),
        raw_bounds=np.cumsum([0, *(len(raw) for _, raw in signed)]).astype(np.int64),
        raw_at=np.concatenate([np.zeros(0, dtype=np.int64), *(raw for _, raw in signed)]),
        function=0 if native is None else native.function,
        record=0 if native is None else native.record,
        busy=np.zeros(slots, dtype=np.int64),
        u=np.zeros((slots, potential.ndim)),
        by_u=np.zeros((slots, potential.ndim)),
        moved=np.zeros((slots, n_core)),
        signed=np.ones((slots, len(signed))),
        slope=np.ones(slots),
    )


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


def _reliable(potential: Potential, blocks: list[IntArray], precisions: list[FloatArray]) -> npt.NDArray[np.bool_]:
    """Which coordinates of the core the groups are adjusted for: fixed effects, and population terms of certain sds.

    What a population term has to do with its groups depends on their standard deviation, of which log sd has the
    information 2 sum w^2 (see ``choose_centring``), w being the share of the variation between groups that the data
    resolve. Where that is little, one point says nothing of the whole, and to turn the coordinates by it would do harm.
    """
    plan, layout = potential.plan, potential.layout
    beside = {term.common for _, term in potential.spec.group_terms()}
    core = [block for block in layout.blocks if block.kind != "raw"]
    kinds = [np.full(block.size, block.kind == "common" and block.site not in beside) for block in core]
    resolved = np.zeros(layout.ndim)
    for at, precision in zip(blocks, precisions, strict=True):
        # of a coefficient that is not centred: the prior variance is 1
        resolved[at] = 1.0 - np.diag(np.linalg.inv(precision))
    resolved[plan.around_at] = np.where(plan.around_w > 0.0, plan.around_w, resolved[plan.around_at])
    information = np.bincount(plan.around_beta, 2.0 * resolved[plan.around_at] ** 2, layout.ndim + 1)
    known = information[: layout.ndim - layout.n_raw] >= LEAST_INFORMATION
    return np.concatenate([np.zeros(0, dtype=bool), *kinds]) | known


def _signed(potential: Potential) -> list[tuple[int, IntArray]]:
    """Coordinates of the standard deviations that may pass through zero, and of the raw coefficients they scale."""
    plan, result = potential.plan, []
    for block in potential.layout.blocks:
        if block.kind != "sd" or not np.allclose(block.constrain(np.array([-1.0, 0.0, 1.0])), np.exp([-1.0, 0.0, 1.0])):
            continue
        for at in block.coordinates:
            scaled = plan.around_sd == at
            if (plan.around_w[scaled] == 0.0).all():
                result.append((int(at), plan.around_at[scaled]))
    return result


def precision_of(prior: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Prior and likelihood together, positive definite and invertible.

    Away from the mode the likelihood may curve upwards, or so sharply that the prior is lost in rounding.
    """
    scale = np.sqrt(np.maximum(np.diag(prior), 1.0 / LARGEST_RATIO))
    values, vectors = np.linalg.eigh(0.5 * (likelihood + likelihood.T) / np.outer(scale, scale))
    values = np.clip(values, 0.0, LARGEST_RATIO)
    return np.asarray(prior + (vectors * values) @ vectors.T * np.outer(scale, scale))


def _root_of_inverse(precision: FloatArray, own: FloatArray) -> FloatArray:
    """An upper triangular K^-T with K K' the precision, which is kept positive relative to its ``own`` diagonal."""
    scale = np.sqrt(np.maximum(own, LEAST_SHARE))
    values, vectors = np.linalg.eigh(0.5 * (precision + precision.T) / np.outer(scale, scale))
    root = np.linalg.cholesky((vectors * np.maximum(values, LEAST_SHARE)) @ vectors.T) * scale[:, None]
    return np.ascontiguousarray(np.linalg.inv(root).T)
