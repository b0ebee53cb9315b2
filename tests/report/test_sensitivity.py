"""Reweighted draws are held to posteriors that are known on a grid, under another prior, likelihood or window."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch.distributions as td

import hddm_sbi as hs
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError
from hddm_sbi.report.sensitivity import COLUMNS, Sensitivity, sensitivity
from hddm_sbi.results.to_arviz import Results, to_inference_data
from tests.report.made import model_of, results_of

FloatArray = npt.NDArray[np.float64]
CHAINS, DRAWS = 4, 500
FIXED = {"a": 1.5, "z": 0.5, "t0": 0.3}


def _experiment(lapses: int) -> pd.DataFrame:
    """150 trials of the ddm with v = 1, and lapses that are uniform over 5 s."""
    rt, choice = hs.simulate("ddm", [1.0, *FIXED.values()], 150, seed=5)
    rng = np.random.default_rng(0)
    at = rng.choice(len(rt), lapses, replace=False)
    rt[at], choice[at] = rng.uniform(0.0, 5.0, lapses), rng.integers(0, 2, lapses)
    return pd.DataFrame({"rt": rt, "response": choice})


def _model(df: pd.DataFrame, **options: Any) -> HierarchicalDDM:
    return HierarchicalDDM(df, likelihood="exact", fixed=FIXED, **options)


def _log_likelihoods(model: HierarchicalDDM, v: FloatArray, p: FloatArray | None = None) -> FloatArray:
    """Of the data at each v, and p where there is one."""
    bound = model.likelihood.bind(model.trials.seen(model.spec.row, model.spec.n_rows))
    fixed = list(FIXED.values())
    points = [[one, *fixed] if p is None else [one, *fixed, p[k]] for k, one in enumerate(v)]
    return np.array([bound.log_prob(np.array([point])).sum() for point in points])


def _as_results(model: HierarchicalDDM, v: FloatArray, p: FloatArray | None = None) -> Results:
    variables = dict.fromkeys(("v", "v_mean", "v_Intercept"), v) | ({} if p is None else {"p_outlier": p})
    posterior = {name: (("chain", "draw"), x.reshape(CHAINS, DRAWS)) for name, x in variables.items()}
    return to_inference_data({"posterior": posterior}, {}, {"likelihood": "exact"})


def _moments(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean and ends of the interval of a distribution on a grid."""
    order = np.argsort(x)
    reached = np.cumsum(weights[order]) - 0.5 * weights[order]
    return np.array([weights @ x, *np.interp([0.025, 0.975], reached, x[order])])


def _normalised(log_density: FloatArray) -> FloatArray:
    weights = np.exp(log_density - log_density.max())
    return weights / weights.sum()


def _row(found: Sensitivity, change: str, quantity: str = "v") -> pd.Series:
    table = found.table
    return table[(table["change"] == change) & (table["quantity"] == quantity)].iloc[0]


@pytest.fixture(scope="module")
def one_drift() -> tuple[Sensitivity, FloatArray, FloatArray, FloatArray]:
    """A drift whose prior disagrees with the data: the analysis, a grid, log likelihood and log prior on it."""
    prior = td.Normal(0.0, 0.25)
    model = _model(_experiment(0), p_outlier=0, priors={"v_Intercept": prior})
    grid = np.linspace(0.0, 2.0, 2001)
    likelihood = np.interp(grid, grid[::20], _log_likelihoods(model, grid[::20]))
    log_prior = -0.5 * (grid / 0.25) ** 2
    reached = np.cumsum(_normalised(likelihood + log_prior))
    draws = np.interp((np.arange(CHAINS * DRAWS) + 0.5) / (CHAINS * DRAWS), reached, grid)
    found = sensitivity(model, _as_results(model, np.random.default_rng(0).permutation(draws)))
    return found, grid, likelihood, log_prior


@pytest.mark.parametrize("exponent", [0.8, 1.25])
@pytest.mark.parametrize("what", ["prior", "likelihood"])
def test_powers_of_prior_and_likelihood_are_those_of_a_grid(
    one_drift: tuple[Sensitivity, FloatArray, FloatArray, FloatArray], what: str, exponent: float
) -> None:
    found, grid, likelihood, log_prior = one_drift
    log_density = exponent * log_prior + likelihood if what == "prior" else log_prior + exponent * likelihood
    expected = _moments(grid, _normalised(log_density))
    before = _moments(grid, _normalised(log_prior + likelihood))
    row, sd = _row(found, f"{what} ^ {exponent:g}"), 0.1
    np.testing.assert_allclose(row[["mean", "2.5%", "97.5%"]].astype(float), before, atol=0.03 * sd)
    np.testing.assert_allclose(row[["new mean", "new 2.5%", "new 97.5%"]].astype(float), expected, atol=0.1 * sd)
    assert abs(row["new mean"] - row["mean"]) > 0.1 * sd  # there is something to find
    assert row["pareto_k"] < 0.7


def test_a_prior_that_disagrees_with_the_data_is_named(
    one_drift: tuple[Sensitivity, FloatArray, FloatArray, FloatArray],
) -> None:
    found = one_drift[0]
    assert "moves v by" in found.sentences[0] and "mostly by the prior of v_Intercept" in found.sentences[0]
    assert any(sentence.startswith("Prior and data disagree on v") for sentence in found.sentences)
    assert "The model has no lapses" in str(found)
    assert [reference[:10] for reference in found.references] == ["Kallioinen", "Vehtari, A"]


def test_a_doubled_window_of_lapses_is_that_of_a_grid() -> None:
    df = _experiment(25)
    model, wider = (_model(df, lapse=(0.0, end)) for end in (5.0, 10.0))
    v, p = (x.ravel() for x in np.meshgrid(np.linspace(0.2, 1.8, 41), np.linspace(0.02, 0.5, 61), indexing="ij"))
    log_prior = 19.0 * np.log1p(-p) - 0.5 * (v / 2.0) ** 2
    old, new = (_normalised(_log_likelihoods(one, v, p) + log_prior) for one in (model, wider))
    rng = np.random.default_rng(1)
    at = rng.choice(len(v), CHAINS * DRAWS, p=old)
    smooth = v[at] + rng.uniform(-0.02, 0.02, len(at)), p[at] + rng.uniform(-0.004, 0.004, len(at))
    found = sensitivity(model, _as_results(model, *smooth))
    for quantity, x in (("v", v), ("p_outlier", p)):
        row = _row(found, "lapse window doubled", quantity)
        sd = float(np.sqrt(old @ (x - old @ x) ** 2))
        expected = (new @ x - old @ x) / sd
        assert abs(row["shift"] - expected) < 0.05 + 3.0 * row["mc_error"]
        assert row["mc_error"] < 0.05
    assert abs(_row(found, "lapse window doubled", "p_outlier")["shift"]) > 0.1


@pytest.mark.parametrize("kind", ["apart", "complete", "correlated", "network"])
def test_every_kind_of_model_has_its_changes_and_sentences(kind: str) -> None:
    model = model_of(kind)
    found = sensitivity(model, results_of(kind))
    assert tuple(found.table.columns) == COLUMNS
    names = ["prior ^ 0.8", "prior ^ 1.25", "likelihood ^ 0.8", "likelihood ^ 1.25", "lapse window doubled"]
    names += ["exact likelihood"] if kind == "network" else []
    assert list(dict.fromkeys(found.table["change"])) == names
    kinds = set(found.table["kind"])
    assert ("participant" in kinds) == (kind == "apart") and "deviation" not in kinds
    # draws of the prior are far from those of a posterior under another likelihood, and that is said
    assert any("these draws" in sentence for sentence in found.sentences)
    assert any("certify" in sentence for sentence in found.sentences) == (kind == "network")


def test_too_few_draws_are_refused() -> None:
    model = _model(_experiment(0), p_outlier=0)
    few = to_inference_data({"posterior": {
        name: (("chain", "draw"), np.linspace(0.0, 1.0, 10)[np.newaxis]) for name in ("v", "v_mean", "v_Intercept")
    }}, {}, {})  # fmt: skip
    with pytest.raises(DataError, match="10 draws"):
        sensitivity(model, few)
