"""What is sampled and what is reported are the same model, in both directions."""

from __future__ import annotations

import numpy as np
import pytest
import torch.distributions as td

from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.spec.linear import common_predictor, group_predictor, group_variance
from hddm_sbi.spec.recoding import to_reported, to_sampled

FORMULAS = [
    "v ~ conf",
    "v ~ stim*conf",
    "v ~ stim*theta",
    "v ~ 0 + stim",
    "v ~ 0 + stim*conf",
    "v ~ conf/theta",
    "v ~ poly(theta, 2) + stim",
    "v ~ group*conf + theta",
    "v ~ stim + (1 | subject) + (stim | item)",
]
OPTIONS = [
    {},
    {"correlated": True},
    {"contrasts": "sum", "correlated": ["v"]},
    {"contrasts": "helmert", "priors": {"v_Intercept": td.Normal(1.0, 0.5)}},
    {"pooling": "complete", "contrasts": {"stim": ("treatment", "WL")}},
    {"contrasts": "orthonormal", "priors": {"v_Intercept_subject_sd": td.HalfNormal(0.3)}},
    {"pooling": "none", "contrasts": "sum"},
]


def _possible(formula, options):
    words = str(options)
    if ("stim" in words and "stim" not in formula) or ("Intercept" in words and "0 +" in formula):
        return False
    if options.get("pooling") == "none" and "group" in formula:
        return False
    return not ("|" in formula and ("pooling" in options or "subject_sd" in words))


CASES = [(formula, options) for formula in FORMULAS for options in OPTIONS if _possible(formula, options)]


@pytest.fixture
def crossed(trials):
    rng = np.random.default_rng(3)
    trials.frame["conf"] = rng.choice(["HC", "LC"], trials.n)
    trials.frame["stim"] = rng.choice(["LL", "WL", "WW"], trials.n)
    return trials


def by_hand(spec, design, reported):
    """The linear predictor of v from the reported coefficients and columns."""
    parameter = spec.parameter("v")
    common, group = design.matrices(design.frame)["v"]
    total = np.zeros(spec.n_rows)
    for term, columns in zip(parameter.common, common, strict=True):
        beta = reported[term.reported.variable]
        total = total + (beta[..., None] if term.levels is None else beta) @ columns.T
    for term, columns in zip(parameter.group, group, strict=True):
        deviation = reported[term.reported.variable]
        deviation = deviation[..., None] if term.levels is None else deviation
        total = total + (deviation[..., term.groups.index, :] * columns).sum(axis=-1)
    return total


def _without_sds(values):
    return {name: value for name, value in values.items() if "_sd" not in name and "_corr" not in name}


@pytest.mark.parametrize(("formula", "options"), CASES)
def test_reported_coefficients_say_the_same(crossed, build, formula, options):
    spec, design = build(formula, **options)
    sampled = prior_coefficients(spec, draws=7, seed=1)
    reported = to_reported(spec, sampled)
    v = spec.parameter("v")
    predictor = common_predictor(v, sampled, spec.n_rows) + group_predictor(v, sampled, spec.n_rows)
    assert np.allclose(by_hand(spec, design, reported), predictor, rtol=1e-9, atol=1e-9)
    back = to_sampled(spec, reported)
    assert back.keys() == sampled.keys()
    for name, values in sampled.items():
        assert np.allclose(back[name], values, rtol=1e-7, atol=1e-7), name


@pytest.mark.parametrize(("formula", "options"), [case for case in CASES if "pooling" not in case[1]])
def test_reported_spread_is_that_of_reported_deviations(crossed, build, formula, options):
    spec, design = build(formula, **options)
    sampled = prior_coefficients(spec, draws=5, seed=2)
    reported = to_reported(spec, sampled)
    v, columns = spec.parameter("v"), design.matrices(design.frame)["v"][1]
    # the variance of the predictor, from reported sds and correlations where they are known, where effects are alone
    variance = group_variance(v, sampled, spec.n_rows)
    for term, matrix in zip(v.group, columns, strict=True):
        own = reported[term.sd_variable]
        own = own[..., None] if term.levels is None else own
        assert own.shape[-1] == matrix.shape[1] and (own > 0.0).all()
    if "correlated" in options and "item" not in formula:
        name = "subject_corr"
        matrix = reported[name]
        assert np.allclose(np.diagonal(matrix, axis1=-2, axis2=-1), 1.0)
        assert (np.linalg.eigvalsh(matrix) > -1e-9).all()
        k = sum(term.matrix.shape[1] for term in v.group)
        sds = np.concatenate(
            [x[..., None] if t.levels is None else x for t in v.group for x in [reported[t.sd_variable]]], axis=-1
        )
        scaled = np.hstack(columns) * sds[..., None, :]
        first = 0  # v is the first parameter
        together = (scaled @ matrix[..., first:k, first:k] * scaled).sum(axis=-1)
        assert np.allclose(together, variance)


def test_cells_vary_alike_between_people(crossed, build):
    for formula in ("v ~ stim", "v ~ stim*conf", "v ~ 1 + stim + (stim | subject)"):
        for contrasts in ("treatment", "sum"):
            spec, _ = build(formula, contrasts=contrasts)
            v = spec.parameter("v")
            sampled = prior_coefficients(spec, draws=1, seed=3)
            variance = group_variance(v, sampled, spec.n_rows)
            assert np.allclose(variance, variance[..., :1])


def test_stated_priors_are_of_what_is_reported(crossed, build):
    priors = {
        "v_stim": td.Normal(0.3, 0.1),
        "v_Intercept": td.StudentT(3.0, 1.0, 0.2),
        "v_stim_subject_sd": td.Gamma(2, 4),
    }
    spec, _ = build("v ~ stim*conf", priors=priors)
    reported = to_reported(spec, prior_coefficients(spec, draws=20_000, seed=4))
    assert reported["v_stim"].mean(axis=(0, 1)) == pytest.approx(0.3, abs=0.005)
    assert reported["v_stim"].std(axis=(0, 1)) == pytest.approx(0.1, abs=0.005)
    assert np.median(reported["v_Intercept"]) == pytest.approx(1.0, abs=0.01)
    assert reported["v_stim_subject_sd"].mean(axis=(0, 1)) == pytest.approx(0.5, abs=0.015)
    assert np.corrcoef(reported["v_stim"][0, :, 0], reported["v_stim"][0, :, 1])[0, 1] == pytest.approx(0.0, abs=0.03)
    sites = [term.site for _, term in spec.common_terms()]
    assert {"v_stim", "v_Intercept", "v_conf_sampled"} <= set(sites)


def test_default_priors_of_differences_are_what_they_were(crossed, build):
    spec, _ = build("v ~ stim")
    reported = to_reported(spec, prior_coefficients(spec, draws=20_000, seed=5))
    effects = reported["v_stim"][0]
    assert effects.std(axis=0) == pytest.approx([2.0, 2.0], rel=0.03)
    assert (effects[:, 0] - effects[:, 1]).std() == pytest.approx(2.0, rel=0.03)
    cells = np.column_stack([reported["v_Intercept"][0], reported["v_Intercept"][0][:, None] + effects])
    assert cells.std(axis=0) == pytest.approx(np.sqrt(4.0 + 4.0 / 3.0), rel=0.03)
