"""The probability of a response between two times by quadrature of any density of (rt, choice).

The variable is the logarithm of time. Panels of it are halved until two rules agree, those of all items at once, since
a network takes hardly longer for many times than for one. Integrals are kept as logarithms: none underflows in a tail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from hddm_sbi.compiled.panels import DIFFERENCE, FINE, NODES
from hddm_sbi.likelihoods.base import ANY, FloatArray, IntArray

# Response times in seconds lie between 1 ms and 150 s. Panels are so wide there, in the logarithm, that fourteen nodes
# see times with a standard deviation of a fiftieth of their mean. Outside they double: a density bounded at zero has
# e^-63 of its mass before the first of them, and one that falls like t^-2 after the last.
_EARLY, _LATE, _WIDTH, _DOUBLED = -7.0, 5.0, 0.4, 6
_OUTSIDE = 2.0 ** np.arange(1, _DOUBLED + 1) - 1.0
_EDGES = np.concatenate(
    [_EARLY - _OUTSIDE[::-1], np.linspace(_EARLY, _LATE, round((_LATE - _EARLY) / _WIDTH) + 1), _LATE + _OUTSIDE]
)
# Splines have kinks, at which the error of a panel falls with the square of its width only, and some densities begin
# with a jump, where it falls with its width: 0.4 / 2^30 is below 1e-9.
_HALVINGS = 30
# A node with less of its item's mass than this adds nothing to the derivatives.
_NOTHING = 1e-18

# log density of an item's choice, under its theta: (index of the item, rt) -> (n,)
LogDensity = Callable[[IntArray, FloatArray], FloatArray]


class Items(NamedTuple):
    """Intervals of time, each for one choice under one theta; 0 <= t1 < t2, which may be infinite.

    Args:
        choice, t1, t2: option index and ends of the interval in seconds, each of shape (items,).
        theta: parameters of each item, shape (items, parameters).
    """

    choice: IntArray
    t1: FloatArray
    t2: FloatArray
    theta: FloatArray

    def some(self, which: IntArray) -> Items:
        """Those of these indices."""
        return Items(self.choice[which], self.t1[which], self.t2[which], self.theta[which])


class Pointwise(Protocol):
    """A density that is known point by point; see ``Density``."""

    @property
    def n_choices(self) -> int:
        """Number of response options."""
        ...

    def log_prob(self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray) -> FloatArray:
        """Log density per trial."""
        ...

    def log_prob_grad(
        self, rt: FloatArray, choice: IntArray, theta: FloatArray, row: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The same with its gradient."""
        ...


class Quadrature(NamedTuple):
    """Masses of items, and the times and weights that gave them.

    Args:
        log_mass: log probability of each item, shape (items,).
        item: index of the item that each node belongs to, shape (nodes,).
        rt: response time of each node in seconds, shape (nodes,).
        share: the node's share of its item's mass, shape (nodes,).
    """

    log_mass: FloatArray
    item: IntArray
    rt: FloatArray
    share: FloatArray


class _Panels(NamedTuple):
    """Parts of the logarithm of time over the item's scale, (panels,)."""

    item: IntArray
    low: FloatArray
    high: FloatArray


def mass_by_quadrature(log_density: LogDensity, items: Items, tolerance: float) -> Quadrature:
    """Integrate the density of each item.

    Args:
        log_density: log density of items, by index, at times in seconds.
        items: the intervals to integrate over.
        tolerance: how far two rules may differ on a panel, relative to the item's mass.
    """
    # from t1 on, so that a narrow interval keeps its width
    scale = np.where(items.t1 > 0.0, items.t1, 1.0)
    panels = _first(items, scale)
    log_mass, nodes = np.full(len(scale), -np.inf), []
    for level in range(_HALVINGS + 1):
        rt, log_part = _terms(log_density, panels, scale)
        peak = np.max(log_part, axis=1)
        part = np.exp(log_part - np.where(peak > -np.inf, peak, 0.0)[:, None])
        with np.errstate(divide="ignore"):  # log 0
            log_value, log_error = peak + np.log(part @ FINE), peak + np.log(np.abs(part @ DIFFERENCE))
            log_node = log_part + np.log(FINE)
        so_far = log_mass.copy()
        np.logaddexp.at(so_far, panels.item, log_value)
        middle = 0.5 * (panels.low + panels.high)
        halved = (log_error > np.log(tolerance) + so_far[panels.item]) & (panels.low < middle) & (middle < panels.high)
        halved &= level < _HALVINGS
        np.logaddexp.at(log_mass, panels.item[~halved], log_value[~halved])
        nodes.append((np.repeat(panels.item[~halved], len(NODES)), rt[~halved].ravel(), log_node[~halved].ravel()))
        if not halved.any():
            break
        item, low, high = (each[halved] for each in panels)
        at = middle[halved]
        panels = _Panels(np.tile(item, 2), np.concatenate([low, at]), np.concatenate([at, high]))
    item, rt, log_node = (np.concatenate(each) for each in zip(*nodes, strict=True))
    of = log_mass[item]
    share = np.exp(log_node - np.where(of > -np.inf, of, 0.0))
    kept = share > _NOTHING
    return Quadrature(log_mass, item[kept], rt[kept], share[kept])


def _first(items: Items, scale: FloatArray) -> _Panels:
    """The panels to begin with."""
    with np.errstate(divide="ignore"):  # log 0
        low = np.where(items.t1 > 0.0, 0.0, -np.inf)
        high = np.where(items.t1 > 0.0, np.log1p((items.t2 - items.t1) / scale), np.log(items.t2))
    edges = np.clip(_EDGES - np.log(scale)[:, None], low[:, None], high[:, None])
    edges[:, -1] = np.where(high < np.inf, high, edges[:, -1])
    item, at = np.nonzero(edges[:, :-1] < edges[:, 1:])
    return _Panels(item, edges[item, at], edges[item, at + 1])


def _terms(log_density: LogDensity, panels: _Panels, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Times, and the logarithm of density times panel: (panels, nodes)."""
    width = panels.high - panels.low
    rt = scale[panels.item, None] * np.exp(panels.low[:, None] + width[:, None] * NODES)
    log_f = log_density(np.repeat(panels.item, len(NODES)), rt.ravel()).reshape(rt.shape)
    with np.errstate(divide="ignore"):
        return rt, log_f + np.log(rt) + np.log(width)[:, None]


# Two rules of quadrature agree to this, relative to a mass, where densities are those of double precision.
_TOLERANCE = 1e-9


def log_mass_grad(
    density: Pointwise, choice: IntArray, t1: FloatArray, t2: FloatArray, theta: FloatArray, row: IntArray
) -> tuple[FloatArray, FloatArray]:
    """``Density.log_mass_grad`` of a density that has no closed form, by quadrature over the response time."""
    options = np.arange(density.n_choices)
    parts = [((choice == ANY) | (choice == option)) & (t1 < t2) & (t2 > 0.0) for option in options]
    trial = np.concatenate([np.flatnonzero(part) for part in parts])
    option = np.repeat(options, [np.count_nonzero(part) for part in parts])
    log_mass, gradient = np.full(len(choice), -np.inf), np.zeros((len(choice), theta.shape[1]))
    if not len(trial):
        return log_mass, gradient
    # few of these differ, so each is found once
    keys = np.column_stack([row[trial], option, t1[trial], t2[trial]])
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    place, of_row = place.reshape(-1), distinct[:, 0].astype(np.int64)
    items = Items(distinct[:, 1].astype(np.int64), distinct[:, 2], distinct[:, 3], theta[of_row])

    def log_density(item: IntArray, rt: FloatArray) -> FloatArray:
        return density.log_prob(rt, items.choice[item], theta, of_row[item])

    found, slope = mass_by_quadrature(log_density, items, _TOLERANCE), np.zeros(items.theta.shape)
    _, by_node = density.log_prob_grad(found.rt, items.choice[found.item], theta, of_row[found.item])
    np.add.at(slope, found.item, found.share[:, np.newaxis] * by_node)
    np.logaddexp.at(log_mass, trial, found.log_mass[place])
    whole = log_mass[trial]
    share = np.exp(found.log_mass[place] - np.where(whole > -np.inf, whole, 0.0))
    np.add.at(gradient, trial, share[:, np.newaxis] * slope[place])
    return log_mass, np.where(log_mass[:, np.newaxis] > -np.inf, gradient, 0.0)
