"""From the user's options to the model's structure: formulas, links, priors, constants -> ``ModelSpec``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import torch.distributions as td

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.design import Design, GroupedTerm, ParameterDesign, Pooling, build_design
from hddm_sbi.design.formulas import Formula, read_formulas
from hddm_sbi.design.terms import Term
from hddm_sbi.errors import FormulaError, ModelError
from hddm_sbi.likelihoods.observation.lapses import LAPSE_OMISSION, LAPSE_PARAMETERS, P_OUTLIER
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.distributions import check_within, checked_prior
from hddm_sbi.spec.links import UNIT
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec
from hddm_sbi.spec.options import read_fixed, read_links, read_probability, read_shared
from hddm_sbi.ssm.base import SSM, Parameter, Prior
from hddm_sbi.trials.trials import Trials


def build_spec(
    ssm: SSM,
    trials: Trials,
    *,
    formula: Formula = None,
    random_slopes: bool = True,
    pooling: Pooling = "partial",
    shared: str | Collection[str] = (),
    coding: str = "response",
    priors: Mapping[str, td.Distribution] | None = None,
    links: Mapping[str, str] | None = None,
    fixed: Mapping[str, float] | None = None,
    p_outlier: Any = "estimate",
    lapse_omission: Any = "estimate",
) -> tuple[ModelSpec, Design]:
    """The model's structure for an experiment, and the design that applies its formulas to new data.

    Args:
        ssm: the sequential sampling model.
        trials: the experiment.
        formula: regressions of parameters, ``"v ~ conf"``, a list of such, or ``{"v": "conf"}``.
        random_slopes: whether terms that vary within participants also vary by participant.
        pooling: ``"partial"`` (hierarchical), ``"none"`` (participants apart) or ``"complete"`` (one population).
        shared: parameters that do not vary by participant.
        coding: ``"response"``, or ``"accuracy"``, which fixes ``z`` at 0.5 and expects drift to the upper boundary.
        priors: distributions by variable that replace the default priors, on the link scale.
        links: links by parameter that replace the defaults.
        fixed: constants by parameter.
        p_outlier: ``"estimate"``, a probability, or a distribution; with 0 it is not a parameter at all.
        lapse_omission: likewise, of lapses that never respond; without omissions in the data it is no parameter either.

    Returns:
        The spec, with every group term centred, and the design.

    Raises:
        FormulaError: about a formula. ModelError: about any other option.
    """
    constants = read_fixed(ssm, fixed, coding)
    link_of = read_links(ssm, links)
    lapses = {P_OUTLIER: read_probability(P_OUTLIER, p_outlier)}
    share = read_probability(LAPSE_OMISSION, lapse_omission)
    if trials.omits:
        lapses[LAPSE_OMISSION] = share
    sides = read_formulas(formula, ssm.parameter_names, model=ssm.name, fixed=constants)
    free = [name for name in ssm.parameter_names if name not in constants]
    design = build_design(
        trials,
        sides,
        free,
        pooling=pooling,
        random_slopes=random_slopes,
        shared=read_shared(ssm, shared),
        population=[parameter.name for parameter in ssm.parameters if parameter.population],
    )
    chosen = _Priors(priors)
    parameters = []
    for parameter in ssm.parameters:
        name, link = parameter.name, link_of[parameter.name]
        if name in constants:
            value = constants[name]
            parameters.append(ParameterSpec(name, link, value, formula=f"{value:g}", within=parameter.within))
        else:
            prior = defaults.default_prior(ssm, name, link, coding)
            writer = _Writer(parameter, link, prior, design, chosen, apart=pooling == "none")
            parameters.append(writer.parameter(design.parameters[name]))
    if lapses[P_OUTLIER] != 0.0:
        some = {name: value for name, value in lapses.items() if value != 0.0}
        parameters += [_of_lapses(name, value, len(design.first), chosen) for name, value in some.items()]
    spec = ModelSpec(ssm.name, tuple(parameters), design.row, len(design.first))
    chosen.check_used()
    _check_names(spec, trials.groupby)
    return spec, design


class _Priors:
    """The user's priors: each is taken once, and what is left over names no variable."""

    def __init__(self, priors: Mapping[str, td.Distribution] | None) -> None:
        if priors is not None and not isinstance(priors, Mapping):
            raise ModelError(f"priors must be a dictionary by variable, not {priors!r}.")
        self._given = {str(name).replace("/", "÷"): prior for name, prior in (priors or {}).items()}
        self._variables: list[str] = []

    def take(self, variable: str, default: td.Distribution, *, sd: bool = False) -> td.Distribution:
        """The user's prior of a variable, or its default."""
        self._variables.append(variable)
        if variable not in self._given:
            return default
        prior = checked_prior(variable, self._given[variable])
        if sd:
            check_within(variable, prior, 0.0, float("inf"), "a standard deviation")
        return prior

    def check_used(self) -> None:
        """Refuse priors of variables that the model does not have."""
        for name in self._given:
            if name not in self._variables:
                close = suggestion(name, self._variables)
                if close.startswith("did"):
                    close += f" The variables are {', '.join(self._variables)}."
                raise ModelError(f"priors names '{name}', but the model has no such variable; {close}")


class _Writer:
    """Writes one parameter's terms, with site names and priors."""

    def __init__(
        self, parameter: Parameter, link: str, prior: Prior, design: Design, chosen: _Priors, *, apart: bool
    ) -> None:
        self.of, self.name, self.link, self.prior = parameter, parameter.name, link, prior
        self.chosen, self.apart = chosen, apart
        self.first = design.first

    def parameter(self, design: ParameterDesign) -> ParameterSpec:
        """The parameter's spec from its design."""
        common = tuple(self._common(term, design.common) for term in design.common)
        group = tuple(self._group(grouped, design.group) for grouped in design.group)
        ends = self.of.support if self.link == "logit" else UNIT
        return ParameterSpec(
            self.name, self.link, None, common, group, formula=design.formula, ends=ends, within=self.of.within
        )

    def _site(self, *parts: str) -> str:
        # netCDF refuses "/" in the names of variables
        return "_".join((self.name, *parts)).replace("/", "÷")

    def _common(self, term: Term, terms: tuple[Term, ...]) -> CommonTerm:
        site = self._site(term.name)
        prior = self.chosen.take(site, self._coefficient_prior(term, terms, apart=False))
        return CommonTerm(term.name, site, term.matrix[self.first], term.levels, prior)

    def _coefficient_prior(self, term: Term, terms: Iterable[Term], *, apart: bool) -> td.Distribution:
        known, shift = self.prior, defaults.origin_shift(term, list(terms), self.prior.effect)
        if defaults.is_intercept(term):
            return defaults.intercept_prior(self.of, self.link, known, shift, apart)
        if defaults.holds_level(term):
            shift = float(np.hypot(known.loc, known.sd))  # one prior serves the level and its contrasts
        return defaults.effect_prior(known, defaults.unit_of(term), shift, apart)

    def _group(self, grouped: GroupedTerm, all_grouped: tuple[GroupedTerm, ...]) -> GroupTerm:
        term, grouping = grouped.term, grouped.grouping
        beside = [other.term for other in all_grouped if other.grouping.factor == grouping.factor]
        site = self._site(term.name, grouping.factor)
        sd_prior = prior = None
        if self.apart:
            prior = self.chosen.take(site, self._coefficient_prior(term, beside, apart=True))
        else:
            shift = defaults.origin_shift(term, beside, self.prior.group_effect)
            level = defaults.is_intercept(term) or defaults.holds_level(term)
            default = defaults.group_sd_prior(self.prior, level, defaults.unit_of(term), shift)
            sd_prior = self.chosen.take(f"{site}_sd", default, sd=True)
        matrix = term.matrix[self.first]
        return GroupTerm(
            name=term.name,
            site=site,
            factor=grouping.factor,
            groups=grouping.groups,
            index=grouping.index[self.first],
            matrix=matrix,
            levels=term.levels,
            common=self._site(term.name) if grouped.linked else None,
            sd_prior=sd_prior,
            prior=prior,
            centring=np.ones((len(grouping.groups), matrix.shape[1])),
        )


def _of_lapses(name: str, value: float | td.Distribution | None, n_rows: int, chosen: _Priors) -> ParameterSpec:
    """A probability of lapses: a constant, or one coefficient for all on its natural scale."""
    if isinstance(value, float):
        return ParameterSpec(name, "identity", fixed=value, formula=f"{value:g}")
    prior = chosen.take(name, defaults.of_lapses(name) if value is None else value)
    check_within(name, prior, 0.0, 1.0, "a probability")
    return ParameterSpec(name, "identity", common=(CommonTerm("Intercept", name, np.ones((n_rows, 1)), None, prior),))


def _check_names(spec: ModelSpec, groupby: str | None) -> None:
    """Refuse covariates whose coefficients would bear the name of another posterior variable."""
    taken: set[str] = set()
    for parameter in spec.parameters:
        taken |= {parameter.name, f"{parameter.name}_mean", f"{parameter.name}_{groupby}"} - set(LAPSE_PARAMETERS)
    sites = [(term.name, term.site) for _, term in spec.common_terms()]
    for _, group in spec.group_terms():
        sites += [(group.name, group.site), (group.name, f"{group.site}_sd")]
    for term, site in sites:
        if site in taken:
            raise FormulaError(
                f"the coefficient of '{term}' would be called '{site}', which is the name of another result; "
                "rename that column."
            )
        taken.add(site)
