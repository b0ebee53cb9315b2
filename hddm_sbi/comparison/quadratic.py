r"""A participant's log likelihood as a quadratic function of its effects, around a point that the data speak for.

With eta the linear predictors of a design row, g and I the gradient and minus the second derivatives of its log
likelihood by them at eta0, and A the derivatives of eta by the participant's deviations b from the predictors eta1 of
the population,

    log p(y | b) = const + b' h - b' H b / 2,    H = sum A' I A,    h = sum A' (g + I (eta0 - eta1)),

summed over the participant's rows. H is the same for all draws of the population, h is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hddm_sbi.comparison.effects import Effects, IntArray
from hddm_sbi.comparison.fitted import Coefficients, Fitted, FloatArray, count, flat
from hddm_sbi.inference.curvature import STEP, RowSlopes
from hddm_sbi.spec.linear import common_predictor, group_predictor, natural_parameters
from hddm_sbi.spec.model_spec import ModelSpec


@dataclass(frozen=True)
class Quadratic:
    """The log likelihoods of participants as quadratic functions of their deviations.

    Args:
        spec: the model's structure.
        effects: the participants' effects.
        wanted: places of the parameters whose predictors matter, shape (k,).
        rows: the design rows on which participants have effects of their own, shape (rows,).
        unit: participant of each of these, shape (rows,).
        moved: A' I, shape (rows, k, size).
        slope: sum of A' (g + I eta0), shape (participants, size).
        precision: H, shape (participants, size, size).
    """

    spec: ModelSpec
    effects: Effects
    wanted: IntArray
    rows: IntArray
    unit: IntArray
    moved: FloatArray
    slope: FloatArray
    precision: FloatArray

    def at(self, coefficients: Coefficients) -> FloatArray:
        """h given draws of the population, shape (draws, participants, size).

        Args:
            coefficients: draws by site, each of shape (draws, *site shape).
        """
        n, size = self.effects.n_units, self.effects.size
        none = np.zeros((count(coefficients), n, size))
        eta = _predictors(self.spec, self.effects.replaced(coefficients, none), self.wanted)[:, self.rows]
        result = np.empty_like(none)
        for draw, of_rows in enumerate(eta):
            for place in range(size):
                taken = np.einsum("rk,rk->r", self.moved[:, :, place], of_rows)
                result[draw, :, place] = self.slope[:, place] - np.bincount(self.unit, taken, n)
        return result


def quadratic_of(fitted: Fitted, effects: Effects, unit: IntArray) -> Quadratic:
    """The functions around the mean of the linear predictors over the draws.

    Args:
        fitted: the model and its draws.
        effects: the participants' effects.
        unit: participant of each trial, shape (trials,).
    """
    spec, n = fitted.spec, effects.n_units
    mean = {site: value.mean(axis=0, keepdims=True) for site, value in flat(fitted.coefficients).items()}
    theta = np.ascontiguousarray(
        np.broadcast_to(natural_parameters(spec, mean)[0], (spec.n_rows, len(spec.parameters)))
    )
    slopes = RowSlopes(spec, theta, lambda at: fitted.bound.sum_grad(at)[1])
    # a probability of lapses that is the same for all lies too near its bound for steps of this size
    of_process = fitted.ssm.parameter_names
    wanted = [k for k, p in enumerate(spec.parameters) if p.fixed is None and (p.name in of_process or p.group)]
    information = slopes.information(wanted, np.full(len(spec.parameters), STEP))[:, wanted][:, :, wanted]
    with np.errstate(all="ignore"):
        gradient = np.nan_to_num(slopes.at()[:, wanted], posinf=0.0, neginf=0.0)
    derivatives, of_row = _derivatives(spec, effects, wanted, unit)
    rows = np.flatnonzero(of_row >= 0)
    owner, by_effects = of_row[rows], derivatives[rows]
    moved = np.einsum("rkl,rls->rks", information[rows], by_effects)
    eta = _predictors(spec, mean, np.array(wanted))[0, rows]
    slope = np.empty((n, effects.size))
    precision = np.empty((n, effects.size, effects.size))
    for i in range(effects.size):
        pull = np.einsum("rk,rk->r", by_effects[:, :, i], gradient[rows]) + np.einsum("rk,rk->r", moved[:, :, i], eta)
        slope[:, i] = np.bincount(owner, pull, n)
        for j in range(effects.size):
            precision[:, i, j] = np.bincount(owner, np.einsum("rk,rk->r", by_effects[:, :, i], moved[:, :, j]), n)
    return Quadratic(spec, effects, np.array(wanted), rows, owner, moved, slope, _positive(precision))


def _predictors(spec: ModelSpec, coefficients: Coefficients, wanted: Iterable[int]) -> FloatArray:
    """Linear predictors of some parameters on the design rows, shape (draws, rows, k)."""
    shape = (count(coefficients), spec.n_rows)
    of = [spec.parameters[k] for k in wanted]
    columns = [
        common_predictor(p, coefficients, spec.n_rows) + group_predictor(p, coefficients, spec.n_rows) for p in of
    ]
    return np.stack([np.broadcast_to(column, shape) for column in columns], axis=-1)


def _derivatives(spec: ModelSpec, effects: Effects, wanted: list[int], unit: IntArray) -> tuple[FloatArray, IntArray]:
    """A, (rows, k, size), and the participant of each row, (rows,), -1 where it is nobody's own."""
    result, of_row = np.zeros((spec.n_rows, len(wanted), effects.size)), np.full(spec.n_rows, -1)
    parameter = {term.site: k for k, p in enumerate(spec.parameters) for term in p.group}
    for own in effects.own:
        index = own.block.groups.index
        place = np.full(own.block.groups.n + 1, -1)  # the last is that of rows without a group
        place[own.group] = np.arange(len(own.group))
        rows = np.flatnonzero(place[index] >= 0)
        which = place[index[rows]]
        of_row[rows] = own.unit[which]
        for term, at in zip(own.block.terms, own.block.slices, strict=True):
            k = wanted.index(parameter[term.site])
            result[rows[:, np.newaxis], k, own.places[which][:, at]] += term.matrix[rows]
    return result, of_row


def _positive(precision: FloatArray) -> FloatArray:
    """The nearest matrices that are positive semi-definite."""
    values, vectors = np.linalg.eigh(0.5 * (precision + precision.swapaxes(-1, -2)))
    return np.asarray((vectors * np.maximum(values, 0.0)[..., np.newaxis, :]) @ vectors.swapaxes(-1, -2))
