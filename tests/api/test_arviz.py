"""What ArviZ computes and draws from a result as ``sample`` returns it, on either of its generations.

``test_arviz_functions.py`` has the table of functions by kinds of fits.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import hddm_sbi as hs
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA, arviz, group, group_names, load, save
from tests.reference import arviz_generations

NAMES = ("rt", "choice")
QUICK = {"draws": 60, "tune": 100, "chains": 2, "progress": False}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """So few draws leave some Pareto k high; ArviZ announces what will change in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    plt.close("all")


@pytest.fixture(params=["sampled", "saved", "saved, read by ArviZ"])
def idata(request: pytest.FixtureRequest, fitted: Any, tmp_path: Any) -> Iterator[Any]:
    result = fitted[1]
    if request.param == "sampled":
        yield result
        return
    save(result, tmp_path / "idata.nc")
    if request.param == "saved":
        yield load(tmp_path / "idata.nc")
        return
    read = arviz.from_netcdf(tmp_path / "idata.nc")
    yield read
    read.close()


def elpd(loo: Any) -> float:
    return float(loo.elpd_loo if HAS_INFERENCE_DATA else loo.elpd)


def test_a_trial_has_one_log_likelihood_under_the_names_of_what_was_observed(idata: Any) -> None:
    log_likelihood, observed = group(idata, "log_likelihood"), group(idata, "observed_data")
    assert list(log_likelihood.data_vars) == ["rt"]
    for name in observed.data_vars:
        assert log_likelihood[name].dims == ("chain", "draw", *observed[name].dims)
        np.testing.assert_array_equal(log_likelihood[name], log_likelihood["rt"])


def test_loo_and_compare_count_a_trial_once(idata: Any) -> None:
    loo = arviz.loo(idata, pointwise=True)
    assert loo.n_data_points == group(idata, "observed_data").sizes["trial"]
    assert elpd(arviz.loo(idata, var_name="rt")) == elpd(loo)
    table = arviz.compare({"one": idata, "other": idata})
    assert list(table.index) == ["one", "other"]
    arviz.plot_khat(loo)


@pytest.mark.parametrize("name", NAMES)
def test_probability_integral_transforms_of_times_and_of_choices(idata: Any, name: str) -> None:
    if HAS_INFERENCE_DATA:
        found = np.asarray(arviz.loo_pit(idata, y=name))
        arviz.plot_loo_pit(idata, y=name)
    else:
        found = arviz.loo_pit(idata, var_names=name)[name].to_numpy()
        np.testing.assert_array_equal(found, arviz.loo_pit(idata)[name])
        arviz.plot_loo_pit(idata, var_names=[name])
    # weights are those of leaving out the whole trial, so that both lie between 0 and 1 around a half
    assert found.shape == group(idata, "observed_data")[name].shape
    assert ((found >= 0.0) & (found <= 1.0 + 1e-12)).all()
    assert 0.3 < found.mean() < 0.8


def plots() -> dict[str, Callable[[Any], Any]]:
    if HAS_INFERENCE_DATA:
        return {
            "ppc": arviz.plot_ppc,
            "bpv": arviz.plot_bpv,
        }
    return {
        "loo_pit": arviz.plot_loo_pit,
        "ppc_dist": arviz.plot_ppc_dist,
        "ppc_pit": arviz.plot_ppc_pit,
        "ppc_rootogram": lambda idata: arviz.plot_ppc_rootogram(idata, var_names=["choice"]),
    }


@pytest.mark.parametrize("name", plots())
def test_plots(fitted: Any, name: str) -> None:
    assert plots()[name](fitted[1]) is not None


@pytest.mark.parametrize("generation", [0, 1])
def test_files_of_either_generation_open(generation: int) -> None:
    """Written by ``to_netcdf`` of ArviZ 0.23 and 1.3, see ``tests/reference/arviz_generations.py``."""
    path, model = arviz_generations.path_of(generation), arviz_generations.model()
    found, read = load(path), arviz.from_netcdf(path)
    try:
        for idata in (found, read):
            assert group_names(idata) == group_names(found)
            assert list(group(idata, "log_likelihood").data_vars) == ["rt"]
            assert "choice" in group(idata, "log_likelihood").coords
            assert group(idata, "log_likelihood").sizes["trial"] == model.trials.n
            assert {"v[conf=HC]", "v_subject[s1, conf=LC]"} <= set(arviz.summary(idata).index)
            v = group(idata, "posterior")["v"].sel(condition="conf=LC")
            np.testing.assert_array_equal(model.contrast(idata, "v[conf=LC]").draws, v)
            assert idata.attrs["seed"] == "1"
    finally:
        read.close()


class Refitted(arviz.SamplingWrapper):
    """A model sampled again without a trial, as ``reloo`` asks for it."""

    def __init__(self, frame: pd.DataFrame, idata: Any) -> None:
        super().__init__(model=None, idata_orig=idata)
        self.frame = frame
        self.left_out: list[int] = []

    def sel_observations(self, idx: Any) -> tuple[Any, Any]:
        (at,) = np.ravel(idx)
        return self.frame.drop(index=at), self.frame.loc[[at]]

    def sample(self, modified_observed_data: pd.DataFrame) -> Any:
        model = HierarchicalDDM(modified_observed_data, likelihood="exact", p_outlier=0.05, lapse=(0.0, 5.0))
        return model, model.sample(**QUICK)

    def get_inference_data(self, fit: Any) -> Any:
        self.model, idata = fit
        return idata

    def log_likelihood__i(self, excluded_obs: pd.DataFrame, idata__i: Any) -> xr.DataArray:
        parameters = self.model.parameters(idata__i, excluded_obs)
        self.left_out += list(excluded_obs.index)
        likelihood, (rt, choice) = self.model.likelihood, excluded_obs[["rt", "response"]].iloc[0]
        theta = np.stack([parameters[name].to_numpy().ravel() for name in likelihood.parameters], axis=-1)
        n = len(theta)
        trials = hs.SeenTrials.whole(np.full(n, rt), np.full(n, int(choice)), np.arange(n))
        values = likelihood.bind(trials).log_prob(theta)
        sizes = (parameters.sizes["chain"], parameters.sizes["draw"])
        return xr.DataArray(values.reshape(sizes), dims=("chain", "draw"))


def test_reloo(experiment: pd.DataFrame) -> None:
    model = HierarchicalDDM(experiment, likelihood="exact", p_outlier=0.05, lapse=(0.0, 5.0))
    idata = model.sample(groups=("log_likelihood",), **QUICK)
    loo = arviz.loo(idata, pointwise=True)
    # refit for one trial only
    loo.pareto_k[:] = 0.1
    loo.pareto_k[7] = 0.9
    wrapper = Refitted(experiment, idata)
    again = arviz.reloo(wrapper, loo_orig=copy.deepcopy(loo))
    assert wrapper.left_out == [7]
    before, after = ((found.loo_i if HAS_INFERENCE_DATA else found.elpd_i).to_numpy() for found in (loo, again))
    np.testing.assert_array_equal(np.delete(after, 7), np.delete(before, 7))
    assert after[7] == pytest.approx(before[7], abs=0.5)


def test_trials_that_only_a_lapse_explains_are_left_out_of_loo(experiment: pd.DataFrame) -> None:
    """With a fixed share of lapses their log likelihood is a constant, of which nothing can be smoothed."""
    experiment.loc[3, "rt"] = 0.01
    model = HierarchicalDDM(experiment, likelihood="exact", p_outlier=0.05, lapse=(0.0, 5.0))
    idata = model.sample(groups=("log_likelihood",), **QUICK)
    values = group(idata, "log_likelihood")["rt"]
    assert np.unique(values[..., 3]) == pytest.approx(np.log(0.05 / 10.0), rel=1e-12)
    moves = values.max(("chain", "draw")) > values.min(("chain", "draw"))
    assert moves.to_numpy().nonzero()[0].tolist() == [at for at in range(len(experiment)) if at != 3]
    rest = {name: group(idata, name) for name in group_names(idata)}
    rest["log_likelihood"] = rest["log_likelihood"].isel(trial=moves.to_numpy())
    kept = arviz.InferenceData(**rest) if HAS_INFERENCE_DATA else xr.DataTree.from_dict(rest)
    loo = arviz.loo(kept, pointwise=True)
    assert loo.n_data_points == len(experiment) - 1
    assert np.isfinite(loo.pareto_k).all()
