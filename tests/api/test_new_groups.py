"""Predictions for participants and items that were not in the data, and draws from the prior."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, HDDMWarning, ModelError
from hddm_sbi.plots import plot_predictive
from hddm_sbi.results.to_arviz import group

QUICK = {"draws": 150, "tune": 150, "chains": 2, "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def crossed(_experiment: pd.DataFrame) -> tuple[HierarchicalDDM, Any]:
    """Participants crossed with items."""
    table = _experiment.assign(item=np.arange(len(_experiment)) % 5)
    formula = "v ~ conf + (1 + conf | subject) + (1 | item)"
    model = HierarchicalDDM(table, groupby="subject", formula=formula, likelihood="exact")
    return model, model.sample(**QUICK)


def rows(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"subject": "new", "conf": "HC", "item": 0} | columns, index=range(len(columns["conf"])))


def test_new_participants_have_the_population_around_the_typical_one(crossed) -> None:
    model, idata = crossed
    names = [f"person {k}" for k in range(400)]
    new = pd.DataFrame({"subject": names, "conf": "HC", "item": 0})
    found = np.log(model.parameters(idata, new, new_groups="sample")["a"].values)
    posterior = group(idata, "posterior")
    typical = posterior["a_Intercept"].values[..., np.newaxis]
    standard = (found - typical) / posterior["a_Intercept_subject_sd"].values[..., np.newaxis]
    n = standard.size
    assert abs(standard.mean()) < 4.0 / np.sqrt(n)
    assert abs(standard.var() - 1.0) < 4.0 * np.sqrt(2.0 / n)
    # persons are independent of each other, given the draw
    flat = standard.reshape(-1, len(names))
    assert abs(np.corrcoef(flat[:, 0], flat[:, 1])[0, 1]) < 4.0 / np.sqrt(len(flat))


def test_a_new_group_is_the_same_in_all_rows_and_calls(crossed) -> None:
    model, idata = crossed
    one = rows(conf=["HC", "LC", "HC"], item=[0, 0, 99], subject=["new", "new", "s1"])
    found = model.parameters(idata, one, new_groups="sample", seed=3)
    known = model.parameters(idata, rows(conf=["HC"], subject=["s1"]))
    np.testing.assert_array_equal(found["a"][..., 0], found["a"][..., 1])
    np.testing.assert_array_equal(found["a"][..., 2], known["a"][..., 0])  # items are about v alone
    assert (found["v"][..., 2] != known["v"][..., 0]).all()
    # other rows and groups beside it change nothing, another seed and another name do
    again = model.parameters(idata, rows(conf=["HC", "HC"], subject=["another", "new"]), new_groups="sample", seed=3)
    xr.testing.assert_equal(found.isel(trial=0), again.isel(trial=1).assign_coords(found.isel(trial=0).coords))
    assert (again["a"][..., 0] != again["a"][..., 1]).all()
    other = model.parameters(idata, one, new_groups="sample", seed=4)
    assert (other["a"][..., 0] != found["a"][..., 0]).all()


def test_predicted_trials_of_a_new_participant(crossed) -> None:
    model, idata = crossed
    new = rows(conf=["HC", "LC"] * 10, item=np.arange(20))
    found = model.predict(idata, new, seed=3, new_groups="sample")
    assert found["rt"].shape == (2, 150, 20)
    xr.testing.assert_identical(found, model.predict(idata, new, seed=3, new_groups="sample"))
    t0 = model.parameters(idata, new, "sample", seed=3)["t0"].values
    window = model.lapse
    assert window is not None
    rt = found["rt"].values
    assert np.mean(rt > t0) > 0.9  # the others are lapses
    xr.testing.assert_identical(model.predict(idata, seed=2, new_groups="sample"), model.predict(idata, seed=2))


@pytest.mark.filterwarnings("ignore:with 2 levels of 'site'")
def test_groups_within_groups(_experiment: pd.DataFrame) -> None:
    table = _experiment.assign(site=np.where(_experiment["subject"] == "s1", "A", "B"))
    formula = "v ~ 1 + (1 | site) + (1 | site:subject)"
    model = HierarchicalDDM(table, formula=formula, likelihood="exact", shared=())
    idata = model.sample(**QUICK)
    new = pd.DataFrame({"site": ["A", "A", "C", "C"], "subject": ["s1", "x", "s1", "y"]})
    v = model.parameters(idata, new, new_groups="sample")["v"].values
    posterior = group(idata, "posterior")
    np.testing.assert_allclose(v[..., 0], model.parameters(idata, table.iloc[[0]])["v"].values[..., 0])
    sd_site, sd_subject = (posterior[f"v_Intercept_{name}_sd"].values for name in ("site", "site:subject"))
    within = (v[..., 2] - v[..., 3]) / (np.sqrt(2.0) * sd_subject)  # the same new site
    assert abs(within.var() - 1.0) < 4.0 * np.sqrt(2.0 / within.size)
    site = (v[..., 2] - posterior["v_Intercept"].values) / np.hypot(sd_site, sd_subject)
    assert abs(site.var() - 1.0) < 4.0 * np.sqrt(2.0 / site.size)


def test_new_groups_are_refused_unless_asked_for(crossed, build) -> None:
    model, idata = crossed
    one = rows(conf=["HC"])
    for ask in (model.predict, model.parameters):
        with pytest.raises(DataError, match=r"the group new of 'subject' was not .*new_groups=\"sample\""):
            ask(idata, one)
    with pytest.raises(DataError, match=r"the groups 'x', 'y' of 'subject' were not"):
        model.predict(idata, rows(conf=["HC", "LC"], subject=["x", "y"]))
    with pytest.raises(ModelError, match="new_groups is 'draw'; choose 'refuse', or 'sample'"):
        model.predict(idata, new_groups="draw")
    with pytest.raises(DataError, match="1 of 2 labels missing in the column 'subject'"):
        model.predict(idata, rows(conf=["HC", "LC"], subject=["x", None]), new_groups="sample")
    with pytest.warns(
        HDDMWarning, match="the group 0 of 'item' is text in the new data and a number in .*; it is taken"
    ):
        model.predict(idata, rows(conf=["HC"], item=["0"]), new_groups="sample")
    with pytest.raises(DataError, match="no column 'item'"):
        model.predict(idata, one.drop(columns="item"), new_groups="sample")
    apart = build(pooling="none")
    draws = apart.sample(draws=5, tune=20, chains=1, progress=False)
    for choice in ("refuse", "sample"):
        with pytest.raises(DataError, match="with pooling 'none' there is no population to draw from"):
            apart.predict(draws, one, new_groups=choice)


def test_what_the_priors_expect(build) -> None:
    model = build(formula="v ~ conf", p_outlier=0)
    found = model.prior_predictive(draws=400, seed=2)
    prior, trials = group(found, "prior"), group(found, "prior_predictive")
    assert trials["rt"].sizes == {"chain": 1, "draw": 400, "trial": model.trials.n}
    assert set(prior.data_vars) == set(model._expected["posterior"].data_vars)
    assert list(prior["condition"].values) == ["conf=HC", "conf=LC"]
    # each draw's trials are those of its participants
    first = model.trials.subject == 0
    t0 = prior["t0_subject"].values[0, :, [0]].T
    assert (trials["rt"].values[0][:, first] >= t0).all()
    assert np.isclose(trials["rt"].values[0][:, first].min(1), t0[:, 0], rtol=0.2).any()
    upper = (trials["choice"].values[0][:, first & (model.trials.frame["conf"] == "HC").to_numpy()] == 1).mean(1)
    drift = prior["v_subject"].values[0, :, 0, 0]
    assert np.corrcoef(drift, upper)[0, 1] > 0.5
    # the prior itself, not one that the data have moved
    table = model.priors.set_index("variable")["prior"]
    assert table["v_Intercept"].startswith("Normal(")
    loc, scale = (float(part) for part in table["v_Intercept"][len("Normal(") : -1].split(", "))
    draws = prior["v_Intercept"].values
    assert abs(draws.mean() - loc) < 4.0 * scale / 20.0 and abs(draws.std() - scale) < 4.0 * scale / np.sqrt(800.0)
    assert found.attrs["seed"] == "2"
    np.testing.assert_array_equal(group(found, "observed_data")["rt"], model.trials.rt)
    ax = plot_predictive(found, options=model.trials.options)
    assert ax.get_ylabel() == "density"
    plt.close(ax.figure)


def test_prior_draws_are_those_of_the_seed_and_of_sample(build) -> None:
    model = build()
    found, again = model.prior_predictive(draws=20, seed=3), model.prior_predictive(draws=20, seed=3)
    sampled = model.sample(draws=10, tune=20, chains=2, seed=3, groups=("prior", "prior_predictive"), progress=False)
    for name in ("prior", "prior_predictive"):
        xr.testing.assert_identical(group(found, name), group(again, name))
        xr.testing.assert_identical(group(found, name), group(sampled, name))
    other = group(model.prior_predictive(draws=20, seed=4), "prior")
    assert (other["v"] != group(found, "prior")["v"]).all()
    for wrong in ({"draws": 0}, {"draws": 2.5}, {"seed": -1}):
        with pytest.raises(ModelError, match=next(iter(wrong))):
            model.prior_predictive(**wrong)
