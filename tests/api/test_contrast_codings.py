"""What is reported by ``contrasts`` is another view of one and the same model."""

from __future__ import annotations

import numpy as np
import pytest
import torch.distributions as td

from hddm_sbi.design.contrasts import CODINGS
from hddm_sbi.errors import ModelError
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.results.to_arviz import to_inference_data

FORMULA = ["v ~ stim + theta", "a ~ conf"]
pytestmark = pytest.mark.filterwarnings("ignore:participant s2 has no trials in conf=LC")


def results(model, draws: int = 6):
    """Draws of the prior as results."""
    variables, coords = model._variables(prior_coefficients(model.spec, draws, seed=1))
    groups = {name: (("chain", "draw", *dims), values) for name, (dims, values) in variables.items()}
    return to_inference_data({"posterior": groups}, coords, {})


def test_all_codings_are_one_model(build) -> None:
    models = [build(formula=FORMULA, contrasts=word, correlated=True) for word in CODINGS]
    u = 0.3 * np.random.default_rng(0).normal(size=models[0].potential.ndim)
    assert [model.log_density(u) for model in models] == pytest.approx([models[0].log_density(u)] * 4, rel=1e-9)
    natural = [results(model).posterior for model in models]
    for name in ("v", "v_mean", "v_subject", "a", "a_subject"):
        for other in natural[1:]:
            np.testing.assert_allclose(other[name], natural[0][name], rtol=1e-8)
    treated, summed = natural[0], natural[1]
    cells = treated["v_Intercept"].values[..., None] + np.insert(treated["v_stim"].values, 0, 0.0, axis=-1)
    np.testing.assert_allclose(summed["v_stim"], (cells - cells.mean(-1, keepdims=True))[..., :2], atol=1e-9)


@pytest.mark.parametrize("word", CODINGS)
def test_draws_that_come_back_are_the_same(build, experiment, word: str) -> None:
    model = build(formula=FORMULA, contrasts={"stim": word}, correlated=["v"])
    sampled = prior_coefficients(model.spec, 6, seed=1)
    for name, values in model._coefficients(results(model)).items():
        np.testing.assert_allclose(values, sampled[name], rtol=1e-6, atol=1e-9, err_msg=name)
    rows = experiment.iloc[[7, 3, 100]]
    new, own = (model.parameters(results(model), frame)["v"].values for frame in (rows, None))
    np.testing.assert_allclose(new, own[..., [7, 3, 100]], rtol=1e-9)


def test_what_is_printed(build) -> None:
    lines = str(build(formula=FORMULA, contrasts={"stim": "sum"})).splitlines()
    assert any(line.split()[:2] == ["v_stim", "a"] and "mean of all levels" in line for line in lines)
    assert any(line.startswith("  v, each cell ") and line.endswith("mean 0, sd 2.309") for line in lines)
    assert any("each difference of two levels of stim" in line and line.endswith("sd 2") for line in lines)
    at = lines.index("Priors of covariates sit at their mean, and scale with their sd")
    assert lines[at + 1].split()[:2] == ["theta", "mean"]


def test_stated_priors_are_kept(build) -> None:
    model = build(formula="v ~ stim*conf", priors={"v_stim": td.Normal(0.5, 0.25)}, contrasts="helmert")
    row = model.priors.set_index("variable").loc["v_stim"]
    assert row["prior"] == "Normal(0.5, 0.25)" and row["source"] == "given"
    assert model.priors.set_index("variable").loc["v_conf", "meaning"] == "LC - HC, averaged over the levels of stim"


@pytest.mark.parametrize(
    ("contrasts", "message"),
    [
        ("effects", "contrasts is 'effects', which is no coding; there are treatment, sum, helmert, orthonormal"),
        (
            {"theta": "sum"},
            r"names 'theta', which is no factor in any formula \(a number is one in C\(theta\)",
        ),
        ({"stim": ("treatment", "z")}, "contrasts names 'z', which is no level of 'stim'; there are 'a', 'b', 'c'"),
        (3, "contrasts must be one of treatment, sum, helmert, orthonormal, or a dictionary by column, not 3"),
    ],
)
def test_what_cannot_be_coded(build, contrasts, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(formula=FORMULA, contrasts=contrasts)
