"""The priors of a model as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
import torch.distributions as td

from hddm_sbi.likelihoods.observation.lapses import LAPSE_PARAMETERS
from hddm_sbi.spec import priors as defaults
from hddm_sbi.spec.correlation_priors import CorrelationPrior
from hddm_sbi.spec.distributions import in_words
from hddm_sbi.spec.implied import coefficient_prior, moments_in_words, sd_prior
from hddm_sbi.spec.model_spec import CommonTerm, GroupTerm, ModelSpec, ParameterSpec

COLUMNS = ["parameter", "variable", "link", "prior", "source", "meaning"]
CELL, DIFFERENCE = "implied: a cell", "implied: a difference of two cells"
_EFFECT = "weakly informative: differences as wide as the parameter's own range"
_CORRELATION = "uniform over correlation matrices of the effects that are sampled"
_GROUP_SD = "weakly informative: half-normal, see hddm_sbi.spec.priors"


def prior_table(
    spec: ModelSpec,
    *,
    priors: Mapping[str, td.Distribution] | None = None,
    cells: pd.DataFrame | None = None,
    correlations: Mapping[str, CorrelationPrior] | None = None,
) -> pd.DataFrame:
    """Every variable of the posterior that has a prior of its own, and what follows for cells.

    Args:
        spec: the model.
        priors: the user's own priors, as given to ``build_spec``.
        cells: the priors of cells and their differences, see ``cell_priors``.
        correlations: those of correlation matrices by variable, see ``correlation_priors``.

    Returns:
        Columns ``parameter``, ``variable``, ``link``, ``prior`` (in words, on the link scale), ``source`` and
        ``meaning``, what the coefficient is; a constant has its value in place of the prior. Rows of ``cells`` come
        last; their source is ``CELL`` or ``DIFFERENCE``.
    """
    own = {str(name).replace("/", "÷") for name in priors or {}}
    rows: list[list[str]] = []
    for parameter in spec.reported.parameters:
        for variable, prior, source, meaning in _variables(parameter):
            source = "given" if variable in own else source
            rows.append([parameter.name, variable, parameter.link, prior, source, meaning])
    for variable, of in (correlations or {}).items():
        source = "given" if variable in own else _CORRELATION
        rows.append(["", variable, "", of.in_words(), source, "between effects on the scale of the link"])
    if cells is not None:
        links = {parameter.name: parameter.link for parameter in spec.reported.parameters}
        for row in cells.itertuples():
            source, words = CELL if row.cells == 1 else DIFFERENCE, moments_in_words(row.mean, row.sd)
            rows.append([row.parameter, row.of, links[row.parameter], words, source, ""])
    return pd.DataFrame(rows, columns=COLUMNS)


def stated_priors(table: pd.DataFrame) -> dict[str, str]:
    """The priors of the posterior's variables, in words, without what follows from them."""
    own = table[~table["source"].isin([CELL, DIFFERENCE])]
    return dict(zip(own["variable"], own["prior"], strict=True))


def _variables(parameter: ParameterSpec) -> Iterator[tuple[str, str, str, str]]:
    """Each variable of a parameter: name, prior in words, source, meaning."""
    if parameter.fixed is not None:
        yield parameter.name, f"= {parameter.fixed:g}", "constant", ""
        return
    if parameter.name in LAPSE_PARAMETERS:
        prior = in_words(parameter.common[0].prior)
        yield parameter.name, prior, defaults.source_of_lapses(parameter.name), "probability"
        return
    for term in parameter.common:
        yield term.reported.variable, coefficient_prior(term, parameter.common), _source(term, parameter), _means(term)
    for group in parameter.group:
        beside = [other for other in parameter.group if other.groups.key == group.groups.key]
        if group.sd_prior is not None:
            yield group.sd_variable, sd_prior(group, beside), _GROUP_SD, f"between {group.factor}: {_means(group)}"
        elif group.prior is not None:
            prior = coefficient_prior(group, beside)
            yield group.reported.variable, prior, _source(group, parameter), f"of each {group.factor}: {_means(group)}"


def _source(term: CommonTerm | GroupTerm, parameter: ParameterSpec) -> str:
    return parameter.source if term.reported.is_level else _EFFECT


def _means(term: CommonTerm | GroupTerm) -> str:
    """What a term's coefficients are: one text where all of them are the same, else one for each level."""
    levels, meanings = term.reported.levels, term.reported.meanings
    if levels is None or len(set(meanings)) <= 1:
        return meanings[0] if meanings else ""
    return "; ".join(dict.fromkeys(meanings))
