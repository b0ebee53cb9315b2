"""Likelihoods of participants with their effects integrated out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hddm_sbi import HierarchicalDDM
from hddm_sbi.comparison.effects import effects_of
from hddm_sbi.comparison.fitted import Fitted, flat
from hddm_sbi.comparison.integrated import DRAWS, Integrator, population_draws, unit_sums
from hddm_sbi.inference.prior import prior_coefficients


def fitted_to(model: HierarchicalDDM, coefficients: dict[str, np.ndarray]) -> Fitted:
    """A model with draws that need not be those of its posterior."""
    return Fitted(model.spec, model._bound, model.trials, model.ssm, coefficients, "exact", None, None)


LIKELY = {"v_Intercept": 1.0, "a_Intercept": np.log(1.4), "t0_Intercept": np.log(0.3), "p_outlier": 0.02}


def population(model: HierarchicalDDM) -> dict[str, np.ndarray]:
    """One draw of a population that the data do not speak against, with participants at its centre."""
    found = {}
    for site, value in prior_coefficients(model.spec, 1, seed=1).items():
        constant = 0.3 if site.endswith("_sd") else LIKELY.get(site.removesuffix("_sampled"), 0.0)
        found[site] = value[0] if site.endswith("_corr") else np.full_like(value[0], constant)
    return found


def test_one_effect_is_integrated_as_by_quadrature(fits: dict[str, Any]) -> None:
    model, idata = fits["condition"]
    fit = model.fitted(idata)
    unit, n = fit.trials.subject, len(fit.trials.subjects)
    found = Integrator(fit, unit, n).log_likelihood(fit.coefficients).reshape(-1, n)
    draws, effects = flat(fit.coefficients), effects_of(fit.spec, unit, n)
    grid = np.linspace(-7.0, 7.0, 281)
    at = np.arange(0, len(found), 60)
    ratios = []
    for draw in at:
        here = {site: np.repeat(value[draw : draw + 1], len(grid), axis=0) for site, value in draws.items()}
        sd = draws["v_Intercept_subject_sd"][draw]
        whole = effects.replaced(here, np.broadcast_to(sd * grid[:, None, None], (len(grid), n, 1)))
        log_terms = unit_sums(fit.spec, fit.bound, whole, unit, n) + stats.norm.logpdf(grid)[:, None]
        exact = np.logaddexp.reduce(log_terms) + np.log(grid[1] - grid[0])
        ratios.append(exact - found[draw])
    np.testing.assert_allclose(ratios, 0.0, atol=0.15)
    # 1 / L is estimated without bias
    inverse = np.exp(np.array(ratios))
    assert inverse.mean() == pytest.approx(1.0, abs=4.0 * inverse.std() / np.sqrt(inverse.size))


# priors are what these few groups have, and the point here
pytestmark = pytest.mark.filterwarnings("ignore:with 2 levels of", "ignore:there are few participants")

DESIGNS: dict[str, dict[str, Any]] = {
    "correlated": {"shared": (), "correlated": True, "formula": "v ~ cond", "random_slopes": True},
    "nested": {"formula": "v ~ 1 + (1 | subject) + (1 | subject:cond)"},
    "crossed": {"formula": "v ~ 1 + (1 | subject) + (1 | item)"},
    "stimulus": {
        "coding": "stimulus", "stimulus": {"stim": {"left": 0, "right": 1}}, "response": "response", "fixed": None,
        "formula": ["v ~ cond", "v_bias ~ 1"], "random_slopes": True,
    },
    "strata": {"formula": "v ~ 1 + (1 | gr(subject, by=group))"},
    "lapses": {"p_outlier": "estimate", "shared": ("t0",)},
}  # fmt: skip


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_is_integrated_as_by_draws_from_the_population(
    design: str, build: Callable[..., HierarchicalDDM], table: pd.DataFrame
) -> None:
    few = table[(table["subject"] < 4) & (table.groupby("subject").cumcount() < 8)].reset_index(drop=True)
    few["group"] = np.where(few["subject"] < 2, "one", "other")
    model = build(df=few, **DESIGNS[design])
    one = population(model)
    copies, drawn = 200, 4000
    draws = {site: np.repeat(value, copies, axis=0) for site, value in one.items()}
    fit = fitted_to(model, {site: value[None] for site, value in draws.items()})
    unit, n = model.trials.subject, 4
    integrator, effects = Integrator(fit, unit, n), effects_of(model.spec, unit, n)
    # these effects are no draws from the posterior, which the nodes would otherwise be placed by
    whole = np.tile(np.eye(effects.size), (n, 1, 1))
    integrator._placement = replace(integrator._placement, mean=np.zeros((n, effects.size)), root=whole)
    own = np.stack([integrator.of_unit({site: value[None] for site, value in draws.items()}, k)[0] for k in range(n)])
    many = {site: np.repeat(value, drawn, axis=0) for site, value in one.items()}
    raw = np.random.default_rng(0).standard_normal((drawn, n, effects.size))
    deviations = np.einsum("pij,spj->spi", effects.factor(one)[0], raw)
    brute = unit_sums(model.spec, model._bound, effects.replaced(many, deviations), unit, n).T
    for mine, theirs in zip(own, brute, strict=True):
        top = theirs.max()
        (m, s), (b, e) = ((x.mean(), x.std() / np.sqrt(len(x))) for x in (np.exp(mine - top), np.exp(theirs - top)))
        assert abs(m - b) < 4.0 * np.hypot(s, e)
        assert s / m < 0.1


def test_whose_effects_are_left_out(build: Callable[..., HierarchicalDDM]) -> None:
    def of(formula: str) -> Any:
        model = build(formula=formula)
        return effects_of(model.spec, model.trials.subject, len(model.trials.subjects))

    nested, crossed = of("v ~ 1 + (1 | subject) + (1 | subject:cond)"), of("v ~ 1 + (1 | subject) + (1 | item)")
    assert nested.size == 3 and nested.used.all()  # the participant, and two conditions of it
    assert crossed.size == 1  # items are others' as well
    assert of("v ~ 0 + cond + (0 + cond | subject)").size == 2


def test_deviations_go_there_and_back(build: Callable[..., HierarchicalDDM]) -> None:
    model = build(formula="v ~ 1 + (1 | subject) + (1 | subject:cond) + (1 | item)")
    draws = flat(prior_coefficients(model.spec, 3, seed=0))
    effects = effects_of(model.spec, model.trials.subject, len(model.trials.subjects))
    again = effects.replaced(draws, effects.deviations(draws))
    assert again.keys() == draws.keys()
    for site, values in draws.items():
        np.testing.assert_array_equal(again[site], values)
    none = effects.replaced(draws, np.zeros((3, effects.n_units, effects.size)))
    assert not none["v_Intercept_subject"].any()
    np.testing.assert_array_equal(none["v_Intercept_item"], draws["v_Intercept_item"])


def test_without_effects_trials_are_summed(build: Callable[..., HierarchicalDDM]) -> None:
    model = build(pooling="complete", shared=())
    draws = prior_coefficients(model.spec, 5, seed=0)
    fit = fitted_to(model, draws)
    unit, n = model.trials.subject, len(model.trials.subjects)
    found = Integrator(fit, unit, n).log_likelihood(draws)
    np.testing.assert_allclose(found[0], unit_sums(model.spec, model._bound, flat(draws), unit, n))


def test_fewer_draws_of_many_trials() -> None:
    assert [population_draws(n) for n in (1_000, 25_000, 50_000, 1_000_000)] == [DRAWS, DRAWS, 500, 250]
