"""How the log density curves at a point: what the data tell of each row, group and coefficient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.design_matrix import design_matrix
from hddm_sbi.spec.model_spec import GroupTerm
from hddm_sbi.ssm.widths import by_proportions, to_proportions, to_theta

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Of a linear predictor or coordinate, for differences of gradients: their error is of the order of its square.
STEP = 1e-4


def row_information(potential: Potential, u: FloatArray) -> FloatArray:
    """Minus the second derivatives of each design row's log likelihood by its linear predictors, (rows, k, k).

    Central differences of the gradient. Rows do not depend on each other, so that one step serves them all.
    """
    spec, theta = potential.spec, potential.theta(u)
    values, parameters = to_proportions(theta, spec.proportions), spec.parameters
    links = [parameter.link_function for parameter in parameters]
    information = np.zeros((*theta.shape, theta.shape[1]))

    def slopes(k: int, step: float) -> FloatArray:
        """Derivatives by all linear predictors, with that of parameter k moved by a step."""
        moved = values.copy()
        moved[:, k] = links[k].inverse(links[k].forward(values[:, k]) + step)
        # the nearer boundary stays the same: where it changes, slopes jump, which is no curvature
        _, by_theta = potential.log_likelihood_grad(to_theta(moved, spec.proportions, values))
        by_moved = by_proportions(moved, by_theta, spec.proportions, values)
        by_eta = [by_moved[:, j] * link.slope(moved[:, j]) for j, link in enumerate(links)]
        return np.stack(by_eta, axis=1)

    free = [k for k, parameter in enumerate(parameters) if parameter.fixed is None]
    with np.errstate(all="ignore"):
        for k in free:
            information[:, k, free] = ((slopes(k, -STEP) - slopes(k, STEP)) / (2.0 * STEP))[:, free]
    information = np.where(np.isfinite(information), information, 0.0)
    return 0.5 * (information + information.swapaxes(1, 2))


def likelihood_precision(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Minus the second derivatives of the log likelihood by u, (ndim, ndim); the map to coefficients is linearised.

    The potential's group coefficients are not centred, and their standard deviations are held still.
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
    return sparse.csr_array(eta_by_u.T @ by_eta @ eta_by_u)


def prior_precision(potential: Potential, u: FloatArray) -> FloatArray:
    """Minus the second derivatives of the log prior density by each coordinate, (ndim,), where they are positive.

    The potential's group coefficients are not centred: none depends on another coordinate.
    """
    step = np.full(potential.ndim, STEP)
    own = (potential.prior_slope(u - step) - potential.prior_slope(u + step)) / (2.0 * STEP)
    precision = np.maximum(np.where(np.isfinite(own), own, 0.0), 0.0)
    precision[potential.plan.around_at] = 1.0
    return precision


def site_values(potential: Potential, u: FloatArray) -> FloatArray:
    """The sites' values at u, shape (ndim,)."""
    return np.concatenate([block.constrain(u[block.slice]).ravel() for block in potential.layout.blocks])


def _coefficients_by_u(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Jacobian of the coefficients that are not centred, population and deviations b - beta, (coefficients, ndim).

    The standard deviations are held still.
    """
    layout, plan = potential.layout, potential.plan
    slope = (site_values(potential, u + STEP) - site_values(potential, u - STEP)) / (2.0 * STEP)
    n_coefficients = layout.n_common + layout.n_raw
    shift = layout.ndim - n_coefficients  # the group sds, which are no coefficients
    common, beside = np.arange(layout.n_common), plan.apart_beta < layout.ndim
    rows = [common, plan.around_at - shift, plan.apart_at - shift, plan.apart_at[beside] - shift]
    columns = [common, plan.around_at, plan.apart_at, plan.apart_beta[beside]]
    sd = site_values(potential, u)[plan.around_sd]
    values = [slope[common], sd, slope[plan.apart_at], -slope[plan.apart_beta[beside]]]
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), index), shape=(n_coefficients, layout.ndim))


def groups_of(potential: Potential) -> list[IntArray]:
    """The coordinates of each group's raw coefficients, over all terms of its grouping column."""
    result: dict[tuple[str, int], list[IntArray]] = {}
    for block in potential.layout.blocks:
        if block.kind == "raw":
            assert isinstance(block.term, GroupTerm)
            for g, at in enumerate(block.coordinates.reshape(len(block.term.groups), -1)):
                result.setdefault((block.term.factor, g), []).append(at)
    return [np.concatenate(parts) for parts in result.values()]
