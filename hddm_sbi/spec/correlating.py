"""Which group effects are correlated: the user's ``correlated``, and the prior of the correlations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.design import Design
from hddm_sbi.design.grouped import GroupedTerm, said_of_independence
from hddm_sbi.errors import ModelError, warn
from hddm_sbi.spec.group_block import parameters_reversed
from hddm_sbi.spec.model_spec import Correlation, Groups, GroupTerm, ModelSpec, ParameterSpec
from hddm_sbi.spec.writing import UsersPriors

# Uniform over correlation matrices: of k effects each correlation then has the prior sd 1 / sqrt(k + 1).
DEFAULT_ETA = 1.0


def read_correlated(correlated: Any, names: Collection[str], pooling: str) -> frozenset[str]:
    """The parameters whose group effects are correlated.

    Args:
        correlated: True for all, False for none, or names of parameters.
        names: the model's parameters that are not constants.
        pooling: effects are correlated between groups of one population only.

    Raises:
        ModelError: names a parameter that the model does not have, or there is no population.
    """
    if isinstance(correlated, bool):
        chosen = frozenset(names) if correlated else frozenset()
    else:
        if not isinstance(correlated, Collection) or not all(isinstance(name, str) for name in correlated):
            raise ModelError(
                f'correlated is {correlated!r}; give True, False, or names of parameters such as ["v", "a"].'
            )
        chosen = frozenset([correlated] if isinstance(correlated, str) else correlated)
        for name in chosen:
            if name not in names:
                raise ModelError(
                    f"correlated names '{name}', which is not a parameter that is estimated here; "
                    f"{suggestion(name, list(names))}"
                )
    if chosen and pooling != "partial":
        raise ModelError(
            f"correlated needs a population of participants, which pooling '{pooling}' does not have; "
            "use pooling 'partial' or leave correlated out."
        )
    return chosen


def correlate(
    parameters: Mapping[str, ParameterSpec],
    design: Design,
    names: frozenset[str],
    stated: bool,
    chosen: UsersPriors,
) -> dict[str, ParameterSpec]:
    """The parameters, some of their group effects jointly normal, for each grouping factor apart.

    Together are the effects of the parameters that are named, but for brackets with ``||``, and those that formulas
    give one name, as in ``(1 |p| subject)``. The formula in words follows.

    Args:
        parameters: by name.
        design: what the formulas say of each group term.
        names: the parameters whose effects are correlated.
        stated: whether the user named them: each then has to have effects that vary.
        chosen: the user's priors, ``<factor>_corr`` among them.

    Raises:
        ModelError: a named parameter has no group effects, or no factor has two that could be correlated.
    """
    found: dict[str, list[GroupTerm]] = {}
    for name, parameter in parameters.items():
        pooled = [term for term in parameter.group if term.sd_prior is not None]
        if stated and name in names and not pooled:
            raise ModelError(
                f"correlated names '{name}', which does not vary by participant; leave it out, or give it group "
                f"terms: '{name} ~ 1 + (1 | participant)'."
            )
        for term, grouped in _with_design(parameter, design):
            variable = _variable(term, grouped, name in names)
            if variable is not None:
                found.setdefault(variable, []).append(term)
    if stated:
        _say_what_is_apart(found)
    by_term: dict[str, Correlation] = {}
    for variable, terms in found.items():
        in_order = parameters_reversed([(term.of, term) for term in terms])
        effects = tuple(effect for _, term in in_order for effect in term.effects)
        if len(effects) > 1:
            eta = chosen.take_eta(variable, len(effects), DEFAULT_ETA)
            if all(term.reported.is_rescaled(term.site) for term in terms):
                correlation = Correlation(variable, effects, eta)
            else:
                correlation = Correlation(f"{variable}_sampled", effects, eta, variable)
            by_term |= dict.fromkeys((term.site for term in terms), correlation)
    if names and not by_term:
        bars = any(grouped.independent for one in design.parameters.values() for grouped in one.group)
        why = (
            "apart from those that '||' keeps independent no two vary by one factor; write '|' in their place"
            if bars
            else "no two parameters or terms vary by one factor; leave correlated out"
        )
        raise ModelError(f"correlated needs two effects that vary between the same groups, but there are none: {why}.")
    return {name: _with(parameter, design, by_term) for name, parameter in parameters.items()}


def _say_what_is_apart(found: Mapping[str, list[GroupTerm]]) -> None:
    """Warn where effects that the user named together vary in different strata: they are correlated apart.

    Warns:
        HDDMWarning: names one parameter of either kind, with what to write.
    """
    by_factor: dict[str, dict[str | None, GroupTerm]] = {}
    for terms in found.values():
        by_factor.setdefault(terms[0].factor, {}).setdefault(terms[0].groups.by, terms[0])
    for factor, by_column in by_factor.items():
        strata = next((by for by in by_column if by is not None), None)
        if strata is not None and len(by_column) > 1:
            one = by_column[strata]
            other = next(term for by, term in by_column.items() if by != strata)
            warn(
                f"'{one.of}' has standard deviations by levels of '{strata}', and '{other.of}' has not: their effects "
                f"by '{factor}' are correlated apart; write gr({factor}, by={strata}) in both formulas."
            )


def _with_design(parameter: ParameterSpec, design: Design) -> list[tuple[GroupTerm, GroupedTerm]]:
    """The group terms, each with what the formulas say of it."""
    if parameter.name not in design.parameters:
        return []
    return list(zip(parameter.group, design.parameters[parameter.name].group, strict=True))


def _variable(term: GroupTerm, grouped: GroupedTerm, named: bool) -> str | None:
    """The correlation matrix that a term belongs to, None where it is independent of others."""
    if term.sd_prior is None:
        return None
    if grouped.block is not None:
        return variable_of(term.groups, grouped.block)
    return variable_of(term.groups) if named and not grouped.independent else None


def independence_in_words(spec: ModelSpec, design: Design) -> str | None:
    """A line where the user wrote ``(x | g)``, which elsewhere means a covariance, and effects are independent."""
    together = {
        id(grouped)
        for parameter in spec.reported.parameters
        for term, grouped in _with_design(parameter, design)
        if term.correlation is not None
    }
    group_of = {name: parameter.group for name, parameter in design.parameters.items()}
    return said_of_independence(group_of, lambda grouped: id(grouped) in together)


def variable_of(groups: Groups, name: str | None = None) -> str:
    """The name of a correlation matrix: ``subject_corr``, of the effects that the user called p ``subject_corr_p``."""
    stem = groups.factor if groups.by is None else f"{groups.factor}_by_{groups.by}"
    return (f"{stem}_corr" if name is None else f"{stem}_corr_{name}").replace("/", "÷")


def _with(parameter: ParameterSpec, design: Design, by_term: Mapping[str, Correlation]) -> ParameterSpec:
    if parameter.name not in design.parameters:
        return parameter
    group = tuple(replace(term, correlation=by_term.get(term.site)) for term in parameter.group)
    together = {id(grouped) for term, grouped in _with_design(parameter, design) if term.site in by_term}
    formula = design.parameters[parameter.name].in_words(lambda grouped: id(grouped) in together)
    return replace(parameter, group=group, formula=formula)
