"""Writing the terms of a parameter: their sites, and the user's priors or the default ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch.distributions as td

from hddm_sbi.design.columns import suggestion
from hddm_sbi.design.design import Design
from hddm_sbi.design.grouped import GroupedTerm
from hddm_sbi.design.meanings import in_words
from hddm_sbi.design.parameter import ParameterDesign
from hddm_sbi.design.sampled import SampledTerm, sampled_coding
from hddm_sbi.design.strata import Strata
from hddm_sbi.design.terms import Term
from hddm_sbi.errors import ModelError
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.distributions import check_within, checked_prior, eta_of
from hddm_sbi.spec.links import UNIT
from hddm_sbi.spec.model_spec import CommonTerm, FloatArray, Groups, GroupTerm, ParameterSpec
from hddm_sbi.spec.reported import Reported, reported_terms, sampled_columns
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
    """Writes one parameter's terms as they are sampled, with site names and priors."""

    def __init__(
        self, parameter: Parameter, link: str, prior: Prior, design: Design, chosen: UsersPriors, *, apart: bool
    ) -> None:
        self.of, self.name, self.link, self.prior = parameter, parameter.name, link, prior
        self.chosen, self.apart = chosen, apart
        self.first = design.first

    def parameter(self, design: ParameterDesign) -> ParameterSpec:
        """The parameter's spec from its design."""
        common = self._population(design.common)
        population = {term.reported.variable: term for term in common}
        group = {
            place: term
            for places in _sets(design.group)
            for place, term in zip(places, self._groups([design.group[at] for at in places], population), strict=True)
        }
        ends = self.of.support if self.link == "logit" else UNIT
        return ParameterSpec(
            self.name, self.link, None, common, tuple(group[at] for at in sorted(group)), formula=design.formula,
            ends=ends, within=self.of.within, source=self.prior.source,
            offset=None if design.offset is None else design.offset[self.first],
        )  # fmt: skip

    def _variable(self, *parts: str) -> str:
        # netCDF refuses "/" in the names of variables
        return "_".join((self.name, *parts)).replace("/", "÷")

    def _population(self, terms: Sequence[Term]) -> tuple[CommonTerm, ...]:
        variables = [self._variable(term.name) for term in terms]
        written = self._written(terms, variables, [variable in self.chosen.given for variable in variables])
        result = []
        for at, (term, one) in enumerate(zip(terms, written, strict=True)):
            prior = self.chosen.take(variables[at], self._coefficient_prior(terms, written, at, apart=False))
            result.append(CommonTerm(term.name, one.site, one.matrix, one.levels, prior, one.reported))
        return tuple(result)

    def _written(self, terms: Sequence[Term], variables: Sequence[str], stated: Sequence[bool]) -> list[_Written]:
        """The terms as they are sampled; those with a prior of the user's as they are reported."""
        coding = sampled_coding(terms).stating([at for at, is_stated in enumerate(stated) if is_stated])
        as_is = [coding.is_as_reported(at) and _is_unshared(one.sd_of) for at, one in enumerate(coding.terms)]
        sites = [name if same else f"{name}_sampled" for name, same in zip(variables, as_is, strict=True)]
        reported = reported_terms(coding, variables, sites, [term.levels for term in terms], in_words(terms))
        matrices = sampled_columns(reported, sites, [term.matrix[self.first] for term in terms])
        return [
            _Written(site, matrix, term.levels if same else _numbered(term.levels), one, of)
            for site, matrix, term, same, one, of in zip(
                sites, matrices, terms, as_is, reported, coding.terms, strict=True
            )
        ]

    def _coefficient_prior(
        self, terms: Sequence[Term], written: Sequence[_Written], at: int, *, apart: bool
    ) -> td.Distribution:
        shift = self._shift(terms, written, at, self.prior.effect)
        if written[at].of.is_level:
            return defaults.intercept_prior(self.of, self.link, self.prior, shift, apart)
        return defaults.effect_prior(self.prior, shift, apart)

    def _shift(self, terms: Sequence[Term], written: Sequence[_Written], at: int, effect: float) -> float:
        uncentred = [term for term, one in zip(terms, written, strict=True) if not one.of.is_centred]
        return defaults.origin_shift(terms[at], written[at].of.is_level, uncentred, effect)

    def _groups(self, grouped: Sequence[GroupedTerm], population: Mapping[str, CommonTerm]) -> list[GroupTerm]:
        """The terms of one bracket."""
        terms, grouping = [one.term for one in grouped], grouped[0].grouping
        variables = [self._variable(term.name, grouping.factor) for term in terms]
        stated = [variable if self.apart else f"{variable}_sd" for variable in variables]
        written = self._written(terms, variables, [variable in self.chosen.given for variable in stated])
        groups = Groups(grouping.factor, grouping.groups, grouping.index[self.first], **_strata(grouped[0].by))
        result = []
        for at, (term, one) in enumerate(zip(terms, written, strict=True)):
            sd_prior = prior = None
            if self.apart:
                prior = self.chosen.take(stated[at], self._coefficient_prior(terms, written, at, apart=True))
            else:
                shift = self._shift(terms, written, at, self.prior.group_effect)
                default = defaults.group_sd_prior(self.prior, one.of.is_level, shift)
                sd_prior = self.chosen.take(stated[at], default, sd=True)
            common = population.get(self._variable(term.name))
            linked = grouped[at].linked and common is not None and np.allclose(common.matrix, one.matrix)
            result.append(
                GroupTerm(
                    name=term.name,
                    site=one.site,
                    of=self.name,
                    groups=groups,
                    matrix=one.matrix,
                    levels=one.levels,
                    common=common.site if linked and common is not None else None,
                    sd_prior=sd_prior,
                    prior=prior,
                    sd_of=None if _is_unshared(one.of.sd_of) else np.array(one.of.sd_of),
                    as_reported=one.reported,
                )
            )
        return result


class _Written(NamedTuple):
    """A term as it is sampled: its site, columns on the design rows, their labels, and how it is reported."""

    site: str
    matrix: FloatArray
    levels: tuple[str, ...] | None
    reported: Reported
    of: SampledTerm


def _strata(by: Strata | None) -> dict[str, Any]:
    """What ``Groups`` needs to know of strata."""
    return {} if by is None else {"by": by.column, "strata": by.labels, "stratum": by.index}


def _sets(grouped: Sequence[GroupedTerm]) -> list[list[int]]:
    """Places of the terms that are coded together: those of one bracket."""
    found: dict[tuple[str, int], list[int]] = {}
    for at, one in enumerate(grouped):
        found.setdefault((one.grouping.factor, one.bracket), []).append(at)
    return list(found.values())


def _is_unshared(sd_of: Sequence[int]) -> bool:
    return len(set(sd_of)) == len(sd_of)


def _numbered(levels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Labels of sampled columns, which are of no level."""
    return None if levels is None else tuple(str(column + 1) for column in range(len(levels)))
