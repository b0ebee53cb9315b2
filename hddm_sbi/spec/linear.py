"""From coefficients to parameters on their natural scales, in NumPy, over any number of draws.

Coefficients are a dictionary from site to array, each with the same leading dimensions of draws ``(...)``:
population coefficients ``v_Intercept`` (...) or, where the term has levels, (..., levels); standard deviations
``v_Intercept_subject_sd`` likewise, after (..., strata) where there are any; correlation matrices ``subject_corr``
(..., effects, effects); deviations ``v_Intercept_subject`` (..., groups) or (..., groups, levels).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from hddm_sbi.spec.model_spec import FloatArray, GroupTerm, ModelSpec, ParameterSpec
from hddm_sbi.ssm.widths import room, to_theta

Coefficients = Mapping[str, npt.NDArray[np.floating]]


def natural_parameters(spec: ModelSpec, coefficients: Coefficients) -> FloatArray:
    """Every parameter on every design row, natural scale.

    Args:
        spec: the model.
        coefficients: by site, see the module.

    Returns:
        theta, shape (..., rows, parameters), in the order of ``spec.parameters``.
    """
    columns = [_values(parameter, coefficients, spec.n_rows) for parameter in spec.parameters]
    return to_theta(np.stack(np.broadcast_arrays(*columns), axis=-1), spec.proportions)


def natural_values(spec: ModelSpec, parameter: ParameterSpec, coefficients: Coefficients) -> FloatArray:
    """One parameter on the design rows, natural scale, shape (..., rows)."""

    def values(one: ParameterSpec) -> FloatArray:
        return _values(one, coefficients, spec.n_rows)

    return _in_room(spec, parameter, values, lambda start: room(values(start)))


def _in_room(
    spec: ModelSpec,
    parameter: ParameterSpec,
    values: Callable[[ParameterSpec], FloatArray],
    room_of: Callable[[ParameterSpec], FloatArray],
) -> FloatArray:
    """The parameter's values; of a width, that proportion of the room around its starting point."""
    if parameter.within is None or parameter.fixed is not None:
        return values(parameter)
    return values(parameter) * room_of(spec.parameter(parameter.within))


def _values(parameter: ParameterSpec, coefficients: Coefficients, n_rows: int) -> FloatArray:
    """One parameter on the design rows, of a width its proportion, shape (..., rows)."""
    if parameter.fixed is not None:
        return np.full(n_rows, parameter.fixed)
    return parameter.link_function.inverse(
        common_predictor(parameter, coefficients, n_rows) + group_predictor(parameter, coefficients, n_rows)
    )


def common_predictor(parameter: ParameterSpec, coefficients: Coefficients, n_rows: int) -> FloatArray:
    """The population's linear predictor, its offset included, shape (..., rows)."""
    predictor = np.zeros(n_rows) if parameter.offset is None else parameter.offset
    for term in parameter.common:
        beta = np.asarray(coefficients[term.site], dtype=np.float64)
        predictor = predictor + (beta[..., np.newaxis] if term.levels is None else beta) @ term.matrix.T
    return predictor


def group_predictor(parameter: ParameterSpec, coefficients: Coefficients, n_rows: int) -> FloatArray:
    """The groups' deviations from it, shape (..., rows); a row with a negative group index has none."""
    predictor = np.zeros(n_rows)
    for term in parameter.group:
        deviation = np.asarray(coefficients[term.site], dtype=np.float64)
        if term.levels is None:
            deviation = deviation[..., np.newaxis]
        index = term.groups.index
        known = term.matrix * (index >= 0)[:, np.newaxis]
        predictor = predictor + np.einsum("...rc,rc->...r", deviation[..., index, :], known)
    return predictor


def group_variance(parameter: ParameterSpec, coefficients: Coefficients, n_rows: int) -> FloatArray:
    """Variance of the linear predictor between groups, all grouping factors together, shape (..., rows).

    A row whose stratum is unknown has the mean over the groups.
    """
    variance = np.zeros(n_rows)
    pooled = [term for term in parameter.group if term.sd_prior is not None]
    for key in dict.fromkeys(term.groups.key for term in pooled):
        terms = [term for term in pooled if term.groups.key == key]
        groups = terms[0].groups
        by_stratum = [_variance(terms, s, coefficients) for s in range(max(len(groups.strata), 1))]
        share = np.bincount(groups.of_group, minlength=len(by_stratum)) / max(groups.n, 1)
        for s, of_stratum in enumerate(by_stratum):
            weight = np.where(groups.of_row >= 0, groups.of_row == s, share[s])
            variance = variance + weight * of_stratum
    return variance


def _variance(terms: list[GroupTerm], stratum: int, coefficients: Coefficients) -> FloatArray:
    """Variance of the predictor between the groups of a stratum, by terms of one factor, (..., rows)."""
    total: FloatArray = np.zeros(())
    for correlation in dict.fromkeys(term.correlation for term in terms):
        together = [term for term in terms if term.correlation == correlation]
        scaled = np.concatenate([_scaled(term, stratum, coefficients) for term in together], axis=-1)
        other = scaled
        if correlation is not None and correlation.variable in coefficients:
            matrix = np.asarray(coefficients[correlation.variable], dtype=np.float64)
            matrix = matrix[..., stratum, :, :] if terms[0].groups.strata else matrix
            at = np.array([correlation.effects.index(effect) for term in together for effect in term.effects])
            other = scaled @ matrix[..., at[:, np.newaxis], at]
        total = total + (scaled * other).sum(axis=-1)
    return total


def _scaled(term: GroupTerm, stratum: int, coefficients: Coefficients) -> FloatArray:
    """The columns of a term times the standard deviations of a stratum, (..., rows, columns)."""
    sd = term.sds(np.asarray(coefficients[term.sd_site], dtype=np.float64))
    return np.asarray(sd[..., stratum, np.newaxis, :] * term.matrix)


def typical_values(spec: ModelSpec, parameter: ParameterSpec, coefficients: Coefficients) -> FloatArray:
    """The typical group's value, natural scale: the median of the population, shape (..., rows).

    Of a width: the typical proportion of the room around the typical starting point.
    """

    def values(one: ParameterSpec) -> FloatArray:
        if one.fixed is not None:
            return np.full(spec.n_rows, one.fixed)
        return one.link_function.inverse(common_predictor(one, coefficients, spec.n_rows))

    return _in_room(spec, parameter, values, lambda start: room(values(start)))


# Gauss-Hermite with 31 nodes gives the mean of expit(N(m, s^2)) within 1e-7 for s up to 2, 2e-5 for s = 3.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
_WEIGHTS = _WEIGHTS / math.sqrt(2.0 * math.pi)
# Equally probable values of N(0, 1), for functions with a kink: the mean of the room within 1e-4.
_QUANTILES = ndtri((np.arange(200) + 0.5) / 200.0)


def population_means(spec: ModelSpec, parameter: ParameterSpec, coefficients: Coefficients) -> FloatArray:
    """The population's mean on the natural scale, over the distribution of the groups, shape (..., rows).

    Of a width: the mean proportion times the mean room, which are independent between groups.
    """

    def mean_room(start: ParameterSpec) -> FloatArray:
        if start.fixed is not None:
            return np.full(spec.n_rows, room(np.asarray(start.fixed)))
        inverse = start.link_function.inverse
        predictor, variance = _population(spec, start, coefficients)
        sd = np.sqrt(variance)
        return _weighted(lambda x: room(inverse(predictor + x * sd)), _QUANTILES, np.full(len(_QUANTILES), 1 / 200))

    return _in_room(spec, parameter, lambda one: _mean(spec, one, coefficients), mean_room)


def _population(spec: ModelSpec, parameter: ParameterSpec, coefficients: Coefficients) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the linear predictor over the population, each (..., rows)."""
    predictor = common_predictor(parameter, coefficients, spec.n_rows)
    return predictor, group_variance(parameter, coefficients, spec.n_rows)


def _mean(spec: ModelSpec, parameter: ParameterSpec, coefficients: Coefficients) -> FloatArray:
    """The population's mean, of a width that of its proportion, shape (..., rows)."""
    if parameter.fixed is not None:
        return np.full(spec.n_rows, parameter.fixed)
    predictor, variance = _population(spec, parameter, coefficients)
    if parameter.link == "identity":
        return predictor + np.zeros_like(variance)
    if parameter.link == "log":
        return np.exp(predictor + 0.5 * variance)
    inverse, sd = parameter.link_function.inverse, np.sqrt(variance)
    return _weighted(lambda x: inverse(predictor + x * sd), _NODES, _WEIGHTS)


def _weighted(function: Callable[[float], FloatArray], nodes: FloatArray, weights: FloatArray) -> FloatArray:
    """A weighted sum of a function's values, one at a time: they may be large."""
    total = weights[0] * function(nodes[0])
    for node, weight in zip(nodes[1:], weights[1:], strict=True):
        total = total + weight * function(node)
    return np.asarray(total)
