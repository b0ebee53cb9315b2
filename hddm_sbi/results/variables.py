"""Draws of the coefficients -> the variables of the posterior, as users know them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hddm_sbi.design.conditions import Conditions
from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.spec.condition_specs import ConditionSpecs
from hddm_sbi.spec.group_block import CorrelatedSet, GroupBlock, blocks_of
from hddm_sbi.spec.linear import natural_values, population_means, typical_values
from hddm_sbi.spec.model_spec import CommonTerm, Groups, GroupTerm, ModelSpec, ParameterSpec
from hddm_sbi.spec.recoding import to_reported

FloatArray = npt.NDArray[np.float64]
Draws = Mapping[str, FloatArray]

# name -> (dims besides chain and draw, values of shape (chains, draws, *dims))
Variables = dict[str, tuple[tuple[str, ...], FloatArray]]
Coordinates = dict[str, tuple[object, ...]]

CONDITION = "condition"


def posterior_variables(
    spec: ModelSpec, specs: ConditionSpecs, conditions: Conditions, groupby: str | None, draws: Draws
) -> tuple[Variables, Coordinates]:
    """Every variable of the posterior, with the labels of its dimensions.

    For a parameter ``p`` first the typical participant's value ``p`` and the population mean ``p_mean``, on the natural
    scale, then its coefficients and group sds, on the link scale; then what belongs to single groups: deviations, and
    ``p_subject``, each participant's value, NaN where the participant never saw the condition, and ``p_site``, that of
    each group of another factor: the population's with the deviations of all groups that it lies in. A factor that
    divides participants further has none beside theirs, which ``(1 | subject:cond)`` makes, too, where each has one
    such group in a condition; nor has one whose name a coefficient has, ``v_block`` of ``v ~ block + (1 | block)``.
    Under stimulus coding the drift towards the response that the stimulus calls for and the drift criterion are
    parameters of their own.

    Args:
        spec: the model that was sampled.
        specs: the same model on the conditions, and on the participants in them.
        conditions: the cells of the factors, and which participants saw which.
        groupby: column of the participant, or None.
        draws: coefficients as they are sampled, by site, each of shape (chains, draws, *site shape).

    Returns:
        The variables by name, and the labels by dimension.
    """
    reported, spec, labels = to_reported(spec, draws), spec.reported, _Labels()
    of_population: Variables = {}
    of_groups: Variables = {}
    taken = {term.reported.variable for _, term in spec.common_terms()}
    for k, parameter in enumerate(spec.parameters):
        by_condition = any(one.name in conditions.by_condition for one in spec.behind(parameter))
        if parameter.fixed is None and parameter.name not in LAPSE_PARAMETERS:
            of_population |= _population(specs.population, k, by_condition, draws)
        for term in parameter.common:
            variable = term.reported.variable
            of_population[variable] = (labels.of_levels(parameter, term), reported[variable])
        for group in parameter.group:
            level = labels.of_levels(parameter, group)
            if group.sd_prior is not None:
                dims = (*labels.of_strata(group.groups), *level)
                of_population[group.sd_variable] = (dims, reported[group.sd_variable])
            variable = group.reported.variable
            of_groups[variable] = ((labels.of_groups(group), *level), reported[variable])
        for factor in _shown(spec, parameter, groupby, conditions, by_condition):
            name = f"{parameter.name}_{_safe(factor)}"
            if name not in taken:
                of_groups[name] = _of_groups(specs, k, factor, by_condition, draws)
    for block in blocks_of(spec):
        for one in block.sets:
            dims = (*labels.of_strata(block.groups), *labels.of_effects(block, one))
            variable = one.correlation.posterior_variable
            of_population[variable] = (dims, reported[variable])
    variables = of_population | of_groups
    if any(CONDITION in dims for dims, _ in variables.values()):
        labels.coordinates[CONDITION] = conditions.labels
    return variables, labels.coordinates


class _Labels:
    """Names of dimensions, and the labels along them."""

    def __init__(self) -> None:
        self.coordinates: Coordinates = {}

    def of_levels(self, parameter: ParameterSpec, term: CommonTerm | GroupTerm) -> tuple[str, ...]:
        """The dimension of a term's columns: ``p_x_level``, for its group coefficients too where they have the same."""
        levels = term.reported.levels
        if levels is None:
            return ()
        dim = f"{parameter.name}_{_safe(term.name)}_level"
        if self.coordinates.setdefault(dim, levels) != levels:
            dim = f"{term.reported.variable}_level"
            self.coordinates[dim] = levels
        return (dim,)

    def of_groups(self, term: GroupTerm) -> str:
        """The dimension of a grouping column, by its own name."""
        self.coordinates[_safe(term.factor)] = term.groups.labels
        return _safe(term.factor)

    def of_strata(self, groups: Groups) -> tuple[str, ...]:
        """The dimension of the strata, by the name of the column that divides the groups; none without them."""
        if groups.by is None:
            return ()
        self.coordinates[f"{_safe(groups.by)}_stratum"] = groups.strata
        return (f"{_safe(groups.by)}_stratum",)

    def of_effects(self, block: GroupBlock, one: CorrelatedSet) -> tuple[str, str]:
        """The two dimensions of a correlation matrix; ``_bis`` is how ArviZ calls a dimension that is there twice."""
        dim = one.correlation.posterior_variable.replace("_corr", "_effect")
        self.coordinates |= dict.fromkeys(
            (dim, f"{dim}_bis"), tuple(block.reported_effects[place] for place in one.shown)
        )
        return dim, f"{dim}_bis"


def _safe(name: str) -> str:
    return name.replace("/", "÷")  # netCDF refuses the slash


def _population(spec: ModelSpec, k: int, by_condition: bool, draws: Draws) -> Variables:
    """``p`` and ``p_mean``; none without a population."""
    parameter = spec.parameters[k]
    if not all(one.common or one.fixed is not None for one in spec.behind(parameter)):
        return {}
    typical = typical_values(spec, parameter, draws)
    mean = population_means(spec, parameter, draws)
    if by_condition:
        return {parameter.name: ((CONDITION,), typical), f"{parameter.name}_mean": ((CONDITION,), mean)}
    # without a factor in its own formula a parameter has the same value in every cell
    return {parameter.name: ((), typical[..., 0]), f"{parameter.name}_mean": ((), mean[..., 0])}


def _shown(
    spec: ModelSpec, parameter: ParameterSpec, groupby: str | None, conditions: Conditions, by_condition: bool
) -> list[str]:
    """The grouping factors whose groups have values of a parameter, the participants first."""
    factors = list(dict.fromkeys(term.factor for one in spec.behind(parameter) for term in one.group))
    parts = [factor for factor in factors if factor in conditions.parts]
    if groupby is None or not (groupby in factors or any(conditions.tells(part, by_condition) for part in parts)):
        return factors
    return [groupby, *(factor for factor in factors if factor != groupby and factor not in parts)]


def _of_groups(
    specs: ConditionSpecs, k: int, factor: str, by_condition: bool, draws: Draws
) -> tuple[tuple[str, ...], FloatArray]:
    """``p_subject``: the value of each group of a factor, by condition NaN in those that it never saw."""
    spec = (specs.by_condition if by_condition else specs.regardless)[factor]
    value = natural_values(spec, spec.parameters[k], draws)
    if not by_condition:
        return (_safe(factor),), value
    seen = specs.conditions.of(factor).seen
    return (_safe(factor), CONDITION), np.where(seen, value.reshape(*value.shape[:-1], *seen.shape), np.nan)
