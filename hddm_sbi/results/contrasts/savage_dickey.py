"""Savage-Dickey Bayes factors of linear contrasts, at three widths of the prior.

For a null hypothesis that fixes a contrast of population coefficients at a value, and leaves all else free with the
same prior, the Bayes factor against it is the prior density of the contrast at that value over its posterior density
(Dickey 1971, Annals of Mathematical Statistics 42, 204-223; Wagenmakers, Lodewyckx, Kuriyal & Grasman 2010, Cognitive
Psychology 60, 158-189).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch.distributions as td

from hddm_sbi.errors import ModelError
from hddm_sbi.results.contrasts.asked import Asked, FloatArray
from hddm_sbi.results.contrasts.bayes_factor import WIDTHS, BayesFactor
from hddm_sbi.results.contrasts.coefficients import columns_of, flat_draws, given_groups, joint_prior, priors_of
from hddm_sbi.results.contrasts.linear import Linear
from hddm_sbi.results.contrasts.ordinate import ordinate
from hddm_sbi.results.contrasts.prior import Column, Prior
from hddm_sbi.results.contrasts.routes import Conjugate, Route, SinglePrior, Smoothed
from hddm_sbi.spec.distributions import in_words, number
from hddm_sbi.spec.implied import coefficient_prior
from hddm_sbi.trials.columns import enumerated

_BY_DRAWS = (
    "The posterior density at the null is estimated from the draws near it, since no groups hold these coefficients"
)


@dataclass(frozen=True)
class _Case:
    """A contrast whose Bayes factor can be had.

    Args:
        constant, weights: of the contrast; weights of the coefficients of ``prior``, shape (columns,).
        prior: as it was stated.
        sites: whose priors the Bayes factor depends on.
        route: to the posterior density.
        factor: the grouping factor whose groups hold the coefficients; None where none does.
    """

    constant: float
    weights: FloatArray
    prior: Prior
    sites: tuple[str, ...]
    route: Route
    factor: str | None


def bayes_factor(asked: Asked, form: Linear, null: float, text: str) -> BayesFactor:
    """The Bayes factor against a value of a linear contrast.

    Args:
        asked: the model and its draws.
        form: the contrast.
        null: the value.
        text: the contrast as it was written.

    Raises:
        ModelError: the contrast involves no coefficients, or some whose prior the user did not state, or several whose
            priors are not all Normal; or the prior excludes the null.
    """
    sites = tuple(form.involved)
    if not sites:
        raise ModelError(f"'{text}' is the same whatever the data, so there is no evidence on it to weigh.")
    _check_given(asked, sites)
    wanted = [column for column in columns_of(asked.spec, sites) if _weight(form, column) != 0.0]
    priors = priors_of(asked.spec, sites)
    others = [site for site, prior in priors.items() if not isinstance(prior, td.Normal)]
    if others and len(wanted) > 1:
        raise ModelError(
            f"'{text}' combines several coefficients, whose joint prior is known where all are Normal, but "
            f"'{others[0]}' has the prior {in_words(priors[others[0]])}; state a Normal prior, or ask for a single one."
        )
    case = _single(asked, form, wanted[0]) if others else _gaussian(asked, form, sites)
    rows = [_row(case, null, factor, asked.shape[0]) for factor in WIDTHS.values()]
    table = pd.DataFrame(rows, index=pd.Index(list(WIDTHS), name="width"))
    if table.loc["stated", "prior_density"] == 0.0:
        raise ModelError(f"the prior of {_quoted(sites)} excludes '{text}' = {null:g}, so no data can speak for it.")
    by_groups = (
        f"The posterior density at the null is exact given the groups of '{case.factor}', and averaged over draws"
    )
    return BayesFactor(table, _null_in_words(case, null, text), _BY_DRAWS if case.factor is None else by_groups)


def _weight(form: Linear, column: Column) -> float:
    return float(form.involved.get(column[0], np.zeros(column[1] + 1))[column[1]])


def _quoted(sites: Collection[str]) -> str:
    return enumerated([f"'{site}'" for site in sites])


def _check_given(asked: Asked, sites: Collection[str]) -> None:
    terms = [(parameter, term) for parameter in asked.spec.reported.parameters for term in parameter.common]
    missing = {
        term.reported.variable: coefficient_prior(term, parameter.common)
        for parameter, term in terms
        if term.site in sites and term.reported.variable not in asked.given
    }
    if missing:
        example = ", ".join(f'"{variable}": torch.distributions.Normal(0, 0.5)' for variable in missing)
        has = enumerated([f"{variable} ~ {prior}" for variable, prior in missing.items()])
        raise ModelError(
            f"a Bayes factor compares the data with a prior, and that of {_quoted(missing)} is the package's, not "
            f"yours ({has}); state yours, as in priors={{{example}}}, and sample again, or leave bayes_factor out."
        )


def _gaussian(asked: Asked, form: Linear, sites: tuple[str, ...]) -> _Case:
    """Normal priors: the other coefficients of the same parameters are averaged over, too."""
    spec = asked.spec
    normal = [term.site for _, term in spec.common_terms() if isinstance(term.prior, td.Normal)]
    # another width is one of all columns of a term, which share its prior
    whole = columns_of(spec, sites)
    given = given_groups(asked, whole, columns_of(spec, normal))
    columns = whole if given is None else given.columns
    prior, weights = joint_prior(spec, columns), np.array([_weight(form, column) for column in columns])
    if given is not None:
        route: Route = Conjugate(given, prior, form.constant, weights)
        return _Case(form.constant, weights, prior, sites, route, given.factor)
    beta = np.column_stack([flat_draws(asked.coefficients, column) for column in columns])
    return _Case(form.constant, weights, prior, sites, Smoothed(form.constant + beta @ weights, beta, prior), None)


def _single(asked: Asked, form: Linear, column: Column) -> _Case:
    """A single coefficient with a prior of another family."""
    prior, weights = joint_prior(asked.spec, (column,)), np.array([_weight(form, column)])
    given = given_groups(asked, [column], [])
    if given is not None:
        route: Route = SinglePrior(given, prior, form.constant, float(weights[0]))
        return _Case(form.constant, weights, prior, (column[0],), route, given.factor)
    assert prior.single is not None and prior.single.support is not None
    if not all(bool(prior.single.support.check(number(end))) for end in (-1e6, 1e6)):
        raise ModelError(
            f"no groups hold '{column[0]}', and the bounds of its prior {in_words(prior.single)} cut its posterior, so "
            "that its density there cannot be told from the draws; state a prior without bounds, such as Normal."
        )
    beta = flat_draws(asked.coefficients, column)[:, np.newaxis]
    route = Smoothed(form.constant + beta @ weights, beta, prior)
    return _Case(form.constant, weights, prior, (column[0],), route, None)


def _row(case: _Case, null: float, factor: float, chains: int) -> dict[str, Any]:
    """One row of the table: with the priors of the contrast's terms wider by a factor."""
    names = ("prior_density", "posterior_density", "bf10", "mc_error")
    row: dict[str, Any] = {"prior": "", **dict.fromkeys(names, math.nan), "is_bound": False}
    prior = case.prior.widened(case.sites, factor)
    if prior is None:
        return row
    density = prior.density(case.constant, case.weights, null)
    row |= {"prior": prior.in_words(case.constant, case.weights), "prior_density": density}
    found = ordinate(case.route, prior, null, chains) if density > 0.0 else None
    if found is None:
        return row
    values = (density, found.value, density / found.value, found.error)
    return row | dict(zip(names, values, strict=True)) | {"is_bound": found.is_bound}


def _null_in_words(case: _Case, null: float, text: str) -> str:
    average = "the average effect is zero" if null == 0.0 else f"the average of this is {null:g}"
    people = "people may still differ" if case.factor is not None else "the same for everybody"
    return f"{average} ({text} = {null:g} on the scale of the link); {people}"
