"""The priors of a model as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
import torch.distributions as td

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec

COLUMNS = ["parameter", "variable", "link", "prior", "source"]
_EFFECT = "weakly informative: differences as wide as the parameter's own range"
_GROUP_SD = "weakly informative: half-normal, see hddm_sbi.spec.priors"


def prior_table(spec: ModelSpec, *, priors: Mapping[str, td.Distribution] | None = None) -> pd.DataFrame:
    """Every sampled variable with its prior.

    Args:
        spec: the model.
        priors: the user's own priors, as given to ``build_spec``.

    Returns:
        Columns ``parameter``, ``variable``, ``link``, ``prior`` (in words, on the link scale) and ``source``; a
        constant has its value in place of the prior.
    """
    own = {str(name).replace("/", "÷") for name in priors or {}}
    rows = []
    for parameter in spec.reported.parameters:
        for variable, prior, source in _variables(parameter):
            rows.append([parameter.name, variable, parameter.link, prior, "given" if variable in own else source])
    return pd.DataFrame(rows, columns=COLUMNS)


def _variables(parameter: ParameterSpec) -> Iterator[tuple[str, str, str]]:
    """Each variable of a parameter: name, prior in words, source."""
    if parameter.fixed is not None:
        yield parameter.name, f"= {parameter.fixed:g}", "constant"
        return
    if parameter.name in LAPSE_PARAMETERS:
        yield parameter.name, in_words(parameter.common[0].prior), defaults.source_of_lapses(parameter.name)
        return
    level = parameter.source
    for term in parameter.common:
        yield term.site, in_words(term.prior), level if _is_level(term.name, parameter) else _EFFECT
    for group in parameter.group:
        if group.sd_prior is not None:
            yield group.sd_site, in_words(group.sd_prior), _GROUP_SD
        elif group.prior is not None:
            yield group.site, in_words(group.prior), level if _is_level(group.name, parameter) else _EFFECT


def _is_level(name: str, parameter: ParameterSpec) -> bool:
    """Whether a term is the intercept, or the cell means that stand in its place."""
    terms: list[CommonTerm | GroupTerm] = [*parameter.common, *parameter.group]
    if any(term.name == "Intercept" for term in terms):
        return name == "Intercept"
    term = next(term for term in terms if term.name == name)
    return term.levels is not None and bool((term.matrix.sum(axis=1) == 1.0).all())
