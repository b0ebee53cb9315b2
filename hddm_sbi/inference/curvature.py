"""How the log density curves at a point: what the data tell of each row, group and coefficient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.design_matrix import design_matrix
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.widths import by_proportions, to_proportions, to_theta

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Of a linear predictor or coordinate, for differences of gradients: their error is of the order of its square.
STEP = 1e-4


def row_information(
    potential: Potential, u: FloatArray, of: Collection[str] | None = None, central: bool = True
) -> FloatArray:
    """Minus the second derivatives of each design row's log likelihood by its linear predictors, (rows, k, k).

    Args:
        potential: the log density.
        u: the point.
        of: names of the parameters that it is wanted of, by default all; of others it is zero.
        central: whether to take steps to both sides; to one side costs half, with an error of the order of ``STEP``.
    """
    spec = potential.spec
    wanted = [k for k, p in enumerate(spec.parameters) if p.fixed is None and (of is None or p.name in of)]
    slopes = RowSlopes(spec, potential.theta(u), lambda theta: potential.log_likelihood_grad(theta)[1])
    return slopes.information(wanted, _steps(potential, u), central)


@dataclass(frozen=True)
class RowSlopes:
    """How each design row's log likelihood changes with its linear predictors, around a point.

    Args:
        spec: the model's structure.
        theta: the point, shape (rows, parameters).
        gradient: from theta to the derivatives of the log likelihood by it.
    """

    spec: ModelSpec
    theta: FloatArray
    gradient: Callable[[FloatArray], FloatArray]

    def at(self, k: int = 0, step: FloatArray | float = 0.0) -> FloatArray:
        """Derivatives by all linear predictors, (rows, k), with that of parameter k moved by a step."""
        spec, links = self.spec, [parameter.link_function for parameter in self.spec.parameters]
        values = to_proportions(self.theta, spec.proportions)
        moved = values.copy()
        if spec.parameters[k].fixed is None:
            moved[:, k] = links[k].inverse(links[k].forward(values[:, k]) + step)
        # the nearer boundary stays the same: where it changes, slopes jump, which is no curvature
        by_theta = self.gradient(to_theta(moved, spec.proportions, values))
        by_moved = by_proportions(moved, by_theta, spec.proportions, values)
        by_eta = [by_moved[:, j] * link.slope(moved[:, j]) for j, link in enumerate(links)]
        return np.stack(by_eta, axis=1)

    def information(self, wanted: Sequence[int], steps: FloatArray, central: bool = True) -> FloatArray:
        """Minus the second derivatives, (rows, k, k), as differences: rows do not depend on each other.

        Args:
            wanted: places of the parameters that it is wanted of; of others it is zero.
            steps: of each parameter's predictor, (k,).
            central: whether to take steps to both sides.
        """
        information = np.zeros((*self.theta.shape, self.theta.shape[1]))
        with np.errstate(all="ignore"):
            here = None if central or not wanted else self.at()
            for k in wanted:
                step = steps[k]
                change = self.at(k, -step) - self.at(k, step) if here is None else 2.0 * (here - self.at(k, step))
                information[:, k, wanted] = (change / (2.0 * step))[:, wanted]
        information = np.where(np.isfinite(information), information, 0.0)
        return 0.5 * (information + information.swapaxes(1, 2))


def _steps(potential: Potential, u: FloatArray) -> FloatArray:
    """The step of each parameter's linear predictor, (k,): that of a coordinate, where population values have bounds.

    A probability of lapses that is next to zero would otherwise be moved to the other side of it.
    """
    layout, (_, slope) = potential.layout, potential.values(u)
    own = [
        np.concatenate([[1.0], *(slope[layout.site(term.site).slice] for term in parameter.common)])
        for parameter in potential.spec.parameters
    ]
    return STEP * np.array([values.min() for values in own])


def likelihood_precision(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Minus the second derivatives of the log likelihood by u, (ndim, ndim).

    The standard deviations and correlations of groups are held still.
    """
    spec = potential.spec
    free = [k for k, parameter in enumerate(spec.parameters) if parameter.fixed is None]
    information = row_information(potential, u)[:, free][:, :, free]
    n, rows = len(free), np.arange(spec.n_rows)
    i, j, values = [], [], []
    for left in range(n):
        for right in range(n):
            i.append(left * spec.n_rows + rows)
            j.append(right * spec.n_rows + rows)
            values.append(information[:, left, right])
    shape = (n * spec.n_rows, n * spec.n_rows)
    by_eta = sparse.csr_array((np.concatenate(values), (np.concatenate(i), np.concatenate(j))), shape=shape)
    eta_by_u = design_matrix(spec, potential.layout) @ _coefficients_by_u(potential, u)
    return sparse.csr_array(eta_by_u.T @ by_eta @ eta_by_u + sparse.diags_array(_of_bounds(potential, u)))


def _of_bounds(potential: Potential, u: FloatArray) -> FloatArray:
    """What population values with bounds add, (ndim,): their own second derivatives by u, where that is positive.

    Of a probability of lapses next to zero that is nearly all there is.
    """
    n, step = potential.layout.n_common, np.full(potential.ndim, STEP)
    (_, slope), (_, left), (_, right) = (potential.values(at) for at in (u, u - step, u + step))
    bends = (right - left)[:n] / (2.0 * STEP)
    by_value = (potential.log_density_grad(u)[1] - potential.prior_slope(u))[:n] / slope[:n]
    added = np.where(np.isfinite(by_value), -by_value * bends, 0.0)
    return np.concatenate([np.maximum(added, 0.0), np.zeros(potential.ndim - n)])


def prior_precision(potential: Potential, u: FloatArray) -> FloatArray:
    """Minus the second derivatives of the log prior density by each coordinate, (ndim,), where they are positive."""
    step = np.full(potential.ndim, STEP)
    own = (potential.prior_slope(u - step) - potential.prior_slope(u + step)) / (2.0 * STEP)
    precision = np.maximum(np.where(np.isfinite(own), own, 0.0), 0.0)
    precision[potential.plan.raw_at] = 1.0
    return precision


def _coefficients_by_u(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Jacobian of the coefficients, population and deviations, (coefficients, ndim).

    Standard deviations and correlations are held still.
    """
    layout, plan = potential.layout, potential.plan
    _, slope = potential.values(u)
    common, beside = np.arange(layout.n_common), plan.apart_beta < layout.ndim
    rows = [common, plan.apart_at - layout.shift, plan.apart_at[beside] - layout.shift]
    columns = [common, plan.apart_at, plan.apart_beta[beside]]
    values = [slope[common], slope[plan.apart_at], -slope[plan.apart_beta[beside]]]
    sites = layout.unpack(u)
    for block in layout.blocks:
        at = layout.site(block.site).coordinates.reshape(block.groups.n, block.n_effects)
        factor = block.factor(sites)
        group, i, j = np.nonzero(factor)
        rows.append(at[group, i] - layout.shift)
        columns.append(at[group, j])
        values.append(factor[group, i, j])
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), index), shape=(layout.n_coefficients, layout.ndim))


def groups_of(potential: Potential) -> list[IntArray]:
    """The coordinates of each group's coefficients: of a block, or of all terms of a factor that are not pooled."""
    layout = potential.layout
    result: list[IntArray] = []
    for block in layout.blocks:
        result += list(layout.site(block.site).coordinates.reshape(block.groups.n, block.n_effects))
    for factor in dict.fromkeys(term.factor for term in layout.apart):
        places = [layout.places(term) for term in layout.apart if term.factor == factor]
        result += list(np.concatenate(places, axis=1))
    return result
