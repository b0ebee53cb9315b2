"""Ridges: how a group's coefficients hang together where its likelihood is far from Gaussian.

Non-decision times are bounded by fast responses, each of which has to be a lapse where t0 is later: their posterior has
edges, sometimes several modes, and what drift and boundaries have to be changes with t0 along a curve. The ridge of a
group is that curve: for each t0 the likeliest of its other coefficients, given the population. Along the ridge, the
density of t0 is the density there, times what the others can vary (Laplace's approximation).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.between import of_columns
from hddm_sbi.inference.curvature import row_information
from hddm_sbi.inference.potential import Potential
from hddm_sbi.spec.group_block import GroupBlock

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# A ridge is followed until its log density has fallen by so much, about 4.5 standard deviations, or for so many steps.
DEEP, LONGEST = 10.0, 90
# Change of the log density by a step, as far as slope and curvature tell, and the largest step, in prior units.
CHANGE, LARGEST_STEP = 0.25, 0.15
FIRST_STEP, GROWTH, SHORTER = 0.05, 1.6, 6
# Coefficients beside t0 move by so many standard deviations at most in a step.
LARGEST_TURN = 2.0


class Ridge(NamedTuple):
    """The ridge of one group, in units of its raw coefficients.

    Args:
        along: unit vector of the functional f that is t0, shape (k,).
        points: coefficients on the ridge, in the order of f, shape (points, k).
        log_density: of t0 there, up to a constant, (points,).
        spread: covariance of the coefficients given t0, (points, k, k).
    """

    along: FloatArray
    points: FloatArray
    log_density: FloatArray
    spread: FloatArray


class _Here(NamedTuple):
    """Every group at a point: value of all, and gradient, (n, k), and precision, (n, k, k), of each."""

    value: float
    gradient: FloatArray
    precision: FloatArray


class _Point(NamedTuple):
    """Every group on its ridge: what ``Ridge`` has of one point."""

    points: FloatArray
    log_density: FloatArray
    spread: FloatArray


class _Walk:
    """All groups of a block at once, each on its own ridge, population and standard deviations as at u."""

    def __init__(self, potential: Potential, block: GroupBlock, u: FloatArray, effect: int) -> None:
        self._potential, self._block, self._u = potential, block, np.array(u, dtype=np.float64)
        self._at = potential.layout.site(block.site).coordinates.reshape(block.groups.n, block.n_effects)
        own = {term.site for term in block.terms}
        self._owners = {parameter.name for parameter, term in potential.spec.group_terms() if term.site in own}
        self._factor = block.factor(potential.layout.unpack(u))
        along = self._factor[:, effect]
        self.along = along / np.linalg.norm(along, axis=1, keepdims=True)
        basis, _ = np.linalg.qr(self.along[:, :, None], mode="complete")
        self._across = basis[:, :, 1:]

    def at(self, rho: FloatArray) -> _Here:
        u = self._u.copy()
        u[self._at] = rho
        value, gradient = self._potential.log_density_grad(u)
        by_row = row_information(self._potential, u, of=self._owners, central=False)
        information = of_columns(self._potential, self._block, by_row)
        precision = np.eye(rho.shape[1]) + self._factor.swapaxes(1, 2) @ information @ self._factor
        return _Here(value, gradient[self._at], precision)

    def start(self) -> tuple[FloatArray, _Here]:
        """The ridges near u: likelier coefficients for the t0 that there is."""
        rho = self._u[self._at]
        here = self.at(rho)
        for _ in range(3):
            there = rho + self._turn(here, np.zeros(len(rho)))
            new = self.at(there)
            if not new.value > here.value:
                break
            rho, here = there, new
        return rho, here

    def _turn(self, here: _Here, step: FloatArray) -> FloatArray:
        """How the other coefficients move when f moves by a step, towards the ridge, (n, k)."""
        across = self._across
        precision = across.swapaxes(1, 2) @ here.precision @ across
        pull = here.gradient - (here.precision @ self.along[:, :, None])[:, :, 0] * step[:, None]
        move = np.linalg.solve(precision, across.swapaxes(1, 2) @ pull[:, :, None])
        size = np.sqrt((move * (precision @ move)).sum(axis=(1, 2)))
        return np.asarray((across @ move)[:, :, 0] * np.minimum(1.0, LARGEST_TURN / np.maximum(size, 1e-9))[:, None])

    def point(self, rho: FloatArray, here: _Here, line: FloatArray) -> _Point:
        """The ridges beside rho, from the log density there, ``line``."""
        across = self._across
        precision = across.swapaxes(1, 2) @ here.precision @ across
        spread = np.linalg.inv(precision)
        own = across.swapaxes(1, 2) @ here.gradient[:, :, None]
        move = spread @ own
        gain = np.minimum(0.5 * (own * move).sum(axis=(1, 2)), 0.5 * LARGEST_TURN**2)
        _, log_det = np.linalg.slogdet(precision)
        points = rho + self._turn(here, np.zeros(len(rho)))
        return _Point(points, line + gain - 0.5 * log_det, across @ spread @ across.swapaxes(1, 2))

    def curvature(self, here: _Here) -> FloatArray:
        """Along the ridge, (n,)."""
        across, along = self._across, self.along[:, :, None]
        beside = across.swapaxes(1, 2) @ here.precision @ along
        own = (along * (here.precision @ along)).sum(axis=(1, 2))
        within = across.swapaxes(1, 2) @ here.precision @ across
        return np.asarray(np.maximum(own - (beside * np.linalg.solve(within, beside)).sum(axis=(1, 2)), 1.0))


def ridges(potential: Potential, block: GroupBlock, u: FloatArray, effect: int) -> list[Ridge]:
    """The ridge of every group of a block.

    Args:
        potential: the log density.
        block: the groups.
        u: the point whose population values and standard deviations are taken, near the mode.
        effect: the place of t0 in the block.
    """
    walk = _Walk(potential, block, u, effect)
    rho, here = walk.start()
    middle = walk.point(rho, here, np.zeros(len(rho)))
    back, ahead = (_follow(walk, rho, here, middle, sign) for sign in (-1.0, 1.0))
    result = []
    for g in range(len(rho)):
        parts = [*back[g][::-1], _Point(*(values[g] for values in middle)), *ahead[g]]
        result.append(Ridge(walk.along[g], *(np.stack(values) for values in zip(*parts, strict=True))))
    return result


def _follow(walk: _Walk, rho: FloatArray, here: _Here, middle: _Point, sign: float) -> list[list[_Point]]:
    """The points of each group's ridge to one side."""
    n = len(rho)
    found: list[list[_Point]] = [[] for _ in range(n)]
    line, top, going = np.zeros(n), middle.log_density.copy(), np.ones(n, dtype=bool)
    before, last = np.full(n, FIRST_STEP), middle.log_density
    for _ in range(LONGEST):
        slope = np.abs((here.gradient * walk.along).sum(axis=1))
        room = CHANGE * (1.0 + 0.5 * (top - last))
        step = room / (0.5 * slope + np.sqrt(0.25 * slope**2 + 0.5 * room * walk.curvature(here)))
        step = np.minimum(np.minimum(step, GROWTH * before), LARGEST_STEP) * going
        for _ in range(SHORTER):
            move = walk.along * (sign * step)[:, None]
            there = rho + move + walk._turn(here, sign * step) * going[:, None]
            new = walk.at(there)
            if np.isfinite(new.value):
                break
            step *= 0.5
        else:
            break
        line = line + 0.5 * ((here.gradient + new.gradient) * (there - rho)).sum(axis=1)
        rho, here, before = there, new, np.where(going, step, before)
        point = walk.point(rho, here, line)
        for g in np.flatnonzero(going):
            found[g].append(_Point(*(values[g] for values in point)))
        last = np.where(going, point.log_density, last)
        top = np.maximum(top, last)
        going &= last > top - DEEP
        if not going.any():
            break
    return found
