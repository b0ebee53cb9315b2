"""Writing the terms of a parameter: their sites, and the user's priors or the default ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch.distributions as td

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.design import Design
from hddm_sbi.design.parameter import GroupedTerm, ParameterDesign
from hddm_sbi.design.terms import Term
from hddm_sbi.errors import ModelError
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.distributions import check_within, checked_prior, eta_of
from hddm_sbi.spec.links import UNIT
from hddm_sbi.spec.model_spec import CommonTerm, Groups, GroupTerm, ParameterSpec
from hddm_sbi.ssm.base import Parameter, Prior


class UsersPriors:
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

    def take_eta(self, variable: str, size: int, default: float) -> float:
        """The user's shape of the prior of a correlation matrix, or the default."""
        self._variables.append(variable)
        if variable not in self._given:
            return default
        return eta_of(variable, self._given[variable], size)

    def about(self, variable: str) -> bool:
        """Whether the user has a prior of a variable, or of what its groups vary by."""
        return any(name == variable or name.startswith(f"{variable}_") for name in self._given)

    @property
    def given(self) -> frozenset[str]:
        """The variables that the user has priors for."""
        return frozenset(self._given)

    def check_used(self) -> None:
        """Refuse priors of variables that the model does not have."""
        for name in self._given:
            if name not in self._variables:
                close = suggestion(name, self._variables)
                if close.startswith("did"):
                    close += f" The variables are {', '.join(self._variables)}."
                raise ModelError(f"priors names '{name}', but the model has no such variable; {close}")


class Writer:
    """Writes one parameter's terms, with site names and priors."""

    def __init__(
        self, parameter: Parameter, link: str, prior: Prior, design: Design, chosen: UsersPriors, *, apart: bool
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
            self.name, self.link, None, common, group, formula=design.formula, ends=ends, within=self.of.within,
            source=self.prior.source,
        )  # fmt: skip

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
            of=self.name,
            groups=Groups(grouping.factor, grouping.groups, grouping.index[self.first]),
            matrix=matrix,
            levels=term.levels,
            common=self._site(term.name) if grouped.linked else None,
            sd_prior=sd_prior,
            prior=prior,
        )
