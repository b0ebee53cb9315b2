"""How the likelihood tilts each group's prior of t0, where the group has few trials: the knots of ``tilt_kernels``.

Of a non-decision time of which a handful of trials tells, the population says about as much. The edges of its
likelihood, at the fastest responses, stay where they are when the population moves, which a bend around its mean does
not follow: it would be right for one population, and steep in the wrong place for all others.

Of the logarithm of the likelihood along the ridge the least concave majorant is taken. Between two modes, of which the
later one makes a lapse of the fastest response, the true density is then lower than that of the coordinates. Where it
was higher, because an edge is later for other boundaries, say, so that a gap is none, all of it would be a spike in x,
which traps a sampler; a gap it can leap over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.coordinates.centre import GroupAtCentre
from hddm_sbi.inference.coordinates.straight import OnRidge
from hddm_sbi.spec.group_block import GroupBlock

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Priors are tilted where the trials of most groups leave more than this share of their variances of t0; else posteriors
# are bent. In ``benchmarks.awkward`` five trials each leave 0.12 to 0.8, sixty 0.07.
LEAST_LEFT = 0.1
# Knots are put where a straight line misses l by more, weighted by the root of the density, up to so many.
MISS, MOST_KNOTS = 0.02, 40
# Least distance between points.
APART = 1e-9


class Tilts(NamedTuple):
    """``tilt_bounds``, ``tilt_knots``, ``tilt_last`` and ``tilt_common`` of ``Arrays``."""

    bounds: IntArray
    knots: FloatArray
    last: FloatArray
    common: IntArray

    @property
    def largest(self) -> int:
        """Most knots of a group."""
        return int(np.diff(self.bounds).max(initial=0))

    @property
    def tilted(self) -> npt.NDArray[np.bool_]:
        """Which groups have any."""
        return np.diff(self.bounds) > 0


def tilts(
    blocks: tuple[GroupBlock, ...], groups: list[GroupAtCentre], found: list[OnRidge | None], core_at: IntArray
) -> Tilts:
    """Those of all groups.

    Args:
        blocks: whose groups come first.
        groups: every group at the centre.
        found: the ridges there, where groups have any.
        core_at: coordinates of the core.
    """
    place = {int(at): j for j, at in enumerate(core_at)}
    tables = [np.zeros((0, 3)) for _ in groups]
    last, common = np.zeros(len(groups)), np.full(len(groups), -1)
    for i, on in _with_few_trials(blocks, found):
        group = groups[i]
        points = _points(group, on)
        slope = np.diff(points[:, 1]) / np.diff(points[:, 0])
        # beyond the ends l goes on as it ends, if that is downwards
        tables[i] = np.column_stack([points, [max(slope[0], 0.0), *slope]])
        last[i], common[i] = min(slope[-1], 0.0), place.get(int(on.common_at[0]), -1)
    bounds = np.cumsum([0, *map(len, tables)]).astype(np.int64)
    return Tilts(bounds, np.concatenate([np.zeros((0, 3)), *tables]), last, common)


def _with_few_trials(blocks: tuple[GroupBlock, ...], found: list[OnRidge | None]) -> list[tuple[int, OnRidge]]:
    """The groups of blocks whose trials tell little of t0: their places, and their ridges."""
    result, first = [], 0
    for block in blocks:
        own = [(first + g, on) for g, on in enumerate(found[first : first + block.groups.n]) if on is not None]
        first += block.groups.n
        if own and np.median([on.moments.covariance[0, 0] for _, on in own]) > LEAST_LEFT:
            result += own
    return result


def _points(group: GroupAtCentre, on: OnRidge) -> FloatArray:
    """c and l of one group's knots, (knots, 2)."""
    r, log_density = on.ridge.points[:, 0], on.ridge.log_density
    kept = np.concatenate([[True], np.diff(r) > APART])
    table = np.column_stack([group.factor[0, 0] * r, log_density + 0.5 * r**2])[kept]
    return _fewer(_concave(table), np.exp(0.5 * (log_density[kept] - log_density.max())))


def _concave(table: FloatArray) -> FloatArray:
    """The points raised to the least concave majorant."""
    hull: list[int] = []
    for i in range(len(table)):
        while len(hull) > 1:
            (c, height), (further, higher) = table[hull[-1]] - table[hull[-2]], table[i] - table[hull[-2]]
            if c * higher < height * further:
                break
            hull.pop()
        hull.append(i)
    return np.column_stack([table[:, 0], np.interp(table[:, 0], *table[hull].T)])


def _fewer(table: FloatArray, weight: FloatArray) -> FloatArray:
    """The points between which straight lines suffice."""
    kept = [0, len(table) - 1]
    while len(kept) < MOST_KNOTS:
        miss = np.abs(np.interp(table[:, 0], *table[kept].T) - table[:, 1]) * weight
        worst = int(np.argmax(miss))
        if miss[worst] < MISS:
            break
        kept = sorted([*kept, worst])
    return np.asarray(table[kept])
