"""How the log density curves at a point: what the data tell of each row, group and coefficient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from hddm_sbi.inference.layout import Block
from hddm_sbi.inference.potential import Potential
from hddm_sbi.inference.potential.design import design_matrix
from hddm_sbi.spec.model_spec import GroupTerm
from hddm_sbi.spec.widths import by_values, to_theta, to_values

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Of a linear predictor or coordinate, for differences of gradients: their error is of the order of its square.
STEP = 1e-4


def row_information(potential: Potential, u: FloatArray) -> FloatArray:
    """Minus the second derivatives of each design row's log likelihood by its linear predictors, (rows, k, k).

    Central differences of the gradient. Rows do not depend on each other, so that one step serves them all.
    """
    spec, theta = potential.spec, potential.theta(u)
    values, parameters = to_values(spec, theta), spec.parameters
    links = [parameter.link_function for parameter in parameters]
    information = np.zeros((*theta.shape, theta.shape[1]))

    def slopes(k: int, step: float) -> FloatArray:
        """Derivatives by all linear predictors, with that of parameter k moved by a step."""
        moved = values.copy()
        moved[:, k] = links[k].inverse(links[k].forward(values[:, k]) + step)
        # the nearer boundary stays the same: where it changes, slopes jump, which is no curvature
        _, by_theta = potential.log_likelihood_grad(to_theta(spec, moved, values))
        by_moved = by_values(spec, moved, by_theta, values)
        by_eta = [by_moved[:, j] * link.slope(moved[:, j]) for j, link in enumerate(links)]
        return np.stack(by_eta, axis=1)

    free = [k for k, parameter in enumerate(parameters) if parameter.fixed is None]
    with np.errstate(all="ignore"):
        for k in free:
            information[:, k, free] = ((slopes(k, -STEP) - slopes(k, STEP)) / (2.0 * STEP))[:, free]
    information = np.where(np.isfinite(information), information, 0.0)
    return 0.5 * (information + information.swapaxes(1, 2))


def likelihood_precision(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Minus the second derivatives of the log likelihood by u, (ndim, ndim); the map to coefficients is linearised."""
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


def prior_precision(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Minus the second derivatives of the log prior density by u, (ndim, ndim), where they are surely positive.

    Raw coefficients are taken as one standard deviation away from their population value.
    """
    layout = potential.layout
    x, slope = _sites(potential, u)
    step = np.full(potential.ndim, STEP)
    own = (potential.prior_slope(u - step) - potential.prior_slope(u + step)) / (2.0 * STEP)
    diagonal = np.maximum(np.where(np.isfinite(own), own, 0.0), 0.0)
    i, j, values = [], [], []
    for block, sd_at, beta_at, w in _around(potential):
        at, sd = block.coordinates, x[sd_at]
        precision = sd ** (-2.0 * w)
        diagonal[at] += precision
        np.add.at(diagonal, sd_at, 2.0 * w * w * (slope[sd_at] / sd) ** 2)
        has = beta_at < layout.ndim
        by_beta = w[has] * slope[beta_at[has]]
        np.add.at(diagonal, beta_at[has], by_beta**2 * precision[has])
        i += [at[has], beta_at[has]]
        j += [beta_at[has], at[has]]
        values += [-by_beta * precision[has]] * 2
    everything = np.arange(potential.ndim)
    index = (np.concatenate([everything, *i]), np.concatenate([everything, *j]))
    return sparse.csr_array((np.concatenate([diagonal, *values]), index), shape=(potential.ndim, potential.ndim))


def _sites(potential: Potential, u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The sites' values, with a zero behind them, and dx/du."""
    values, step = [], STEP
    for shift in (0.0, step, -step):
        parts = [block.constrain(u[block.slice] + shift).ravel() for block in potential.layout.blocks]
        values.append(np.concatenate([*parts, np.zeros(1)]))
    return values[0], (values[1] - values[2]) / (2.0 * step)


def _around(potential: Potential) -> list[tuple[Block, IntArray, IntArray, FloatArray]]:
    """Blocks of raw coefficients around a population value: coordinates of sd and of beta (ndim for none), centring."""
    plan, result, start = potential.plan, [], 0
    for block in potential.layout.blocks:
        if block.kind == "raw" and block.prior is None:
            part = slice(start, start + block.size)
            result.append((block, plan.around_sd[part], plan.around_beta[part], plan.around_w[part]))
            start += block.size
    return result


def _coefficients_by_u(potential: Potential, u: FloatArray) -> sparse.csr_array:
    """Jacobian of the coefficients, population and deviations b - beta, (coefficients, ndim)."""
    layout, plan = potential.layout, potential.plan
    x, slope = _sites(potential, u)
    n_coefficients = layout.n_common + layout.n_raw
    shift = layout.ndim - n_coefficients  # the group sds, which are no coefficients
    common = np.arange(layout.n_common)
    i, j, values = [common], [common], [slope[: layout.n_common]]

    def add(rows: IntArray, columns: IntArray, derivatives: FloatArray) -> None:
        inside = columns < layout.ndim
        i.append(rows[inside])
        j.append(columns[inside])
        values.append(derivatives[inside])

    for block, sd_at, beta_at, w in _around(potential):
        sd, rows = x[sd_at], block.coordinates - shift
        scale = sd ** (1.0 - w)
        add(rows, block.coordinates, scale)
        add(rows, beta_at, -w * scale * slope[beta_at])
    add(plan.apart_at - shift, plan.apart_at, slope[plan.apart_at])
    add(plan.apart_at - shift, plan.apart_beta, -slope[plan.apart_beta])
    index = (np.concatenate(i), np.concatenate(j))
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
