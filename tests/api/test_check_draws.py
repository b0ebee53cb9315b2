"""Draws that a model is given are its own, in whatever type their labels came back."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError
from hddm_sbi.likelihoods.neural.canonical import Canonical
from hddm_sbi.likelihoods.neural.estimator import FirstPassageEstimator
from hddm_sbi.likelihoods.neural.network import Architecture
from hddm_sbi.results.to_arviz import Results, arviz, group, group_names, load, save
from hddm_sbi.ssm import get_model, simulate
from hddm_sbi.weights.checkpoint import save_checkpoint

FORMULA = ["v ~ conf", "a ~ 0 + stim"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Three participants, numbered, of 40 trials; each saw every condition."""
    rt, choice = simulate("ddm", [[1.0, 1.5, 0.5, 0.3], [0.6, 1.8, 0.45, 0.25], [1.4, 1.3, 0.55, 0.35]], 40, seed=4)
    return pd.DataFrame(
        {
            "subject": np.repeat([2, 3, 10], 40),
            "rt": rt.ravel(),
            "response": choice.ravel(),
            "conf": np.tile(["HC", "LC"], 60),
            "stim": np.tile(["a", "b", "b", "a"], 30),
        }
    )


def _model(table: pd.DataFrame, **options: Any) -> HierarchicalDDM:
    return HierarchicalDDM(table, **{"groupby": "subject", "formula": FORMULA, "likelihood": "nle", **options})


@pytest.fixture(scope="module")
def drawn(table: pd.DataFrame) -> tuple[HierarchicalDDM, Results]:
    model = _model(table)
    return model, model.sample(draws=40, tune=60, chains=2, seed=1, progress=False)


def _changed(
    idata: Results, to: Path, change: Callable[[str, xr.Dataset], xr.Dataset] | None = None, **attrs: object
) -> Results:
    """A copy with its groups or attributes changed."""
    groups = {
        f"/{name}": change(name, group(idata, name)) if change else group(idata, name) for name in group_names(idata)
    }
    root = xr.Dataset(attrs={**idata.attrs, **attrs})
    save(xr.DataTree.from_dict({"/": root, **groups}), to / "changed.nc")
    return load(to / "changed.nc")


def test_results_from_a_file_are_certified(drawn, table, tmp_path: Path) -> None:
    _, idata = drawn
    save(idata, tmp_path / "idata.nc")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ArviZ itself
        by_arviz = arviz.from_netcdf(str(tmp_path / "idata.nc"))
    model = _model(table.assign(conf=table["conf"].astype("category")), lapse=(0, None), p_outlier="estimate")
    for given in (load(tmp_path / "idata.nc"), by_arviz):
        assert len(model.certify(given, method="score", tolerance=1.0, seconds=1.0).table)
        xr.testing.assert_identical(model.parameters(given), drawn[0].parameters(idata))


@pytest.mark.parametrize("kind", [str, float, "category"])
def test_participants_are_found_by_label(drawn, table, kind) -> None:
    model, idata = drawn
    # as text the participants sort 10, 2, 3
    other = _model(table.assign(subject=table["subject"].astype(kind)))
    xr.testing.assert_allclose(other.parameters(idata), model.parameters(idata), rtol=1e-12)
    other.certify(idata, method="score", tolerance=1.0, seconds=1.0)


def test_levels_are_found_by_label(drawn, table) -> None:
    model, idata = drawn
    other = _model(table.assign(stim=pd.Categorical(table["stim"], categories=["b", "a"])))
    assert group(other.sample(draws=2, tune=2, chains=1, progress=False), "posterior")["a_stim_level"][0] == "b"
    xr.testing.assert_allclose(other.parameters(idata), model.parameters(idata), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:with 2 participants the standard deviations")
def test_draws_of_other_participants_are_refused(drawn, table) -> None:
    _, idata = drawn
    renamed, fewer = table.assign(subject=table["subject"] + 1), table[table["subject"] > 2]
    for data in (renamed, fewer, pd.concat([table, renamed])):
        model = _model(data)
        for use in (model.parameters, model.predict, model.outside_box, model.certify):
            with pytest.raises(DataError, match="along 'subject' they have 2, 3, 10, where this model has"):
                use(idata)


def test_an_effect_is_not_that_of_another_level(drawn, table) -> None:
    model = _model(table.assign(conf=pd.Categorical(table["conf"], categories=["LC", "HC"])))
    with pytest.raises(DataError, match="along 'v_conf_level' they have 'LC', where this model has 'HC'"):
        model.predict(drawn[1])


@pytest.mark.filterwarnings("ignore:the covariate 'rt_before'")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formula": FORMULA[1]}, r"they were drawn with 'v ~ 1 \+ conf"),
        ({"links": {"a": "identity"}}, r"they were drawn with links \{\}, but this model has \{'a': 'identity'\}"),
        ({"fixed": {"t0": 0.2}}, "they were drawn with 't0 ~ 1 .*, but this model has 't0 ~ 0.2'"),
        ({"formula": ["v ~ 0 + rt_before", FORMULA[1]]}, "no variable 'v_rt_before'"),
    ],
)
def test_draws_of_another_model_are_refused(drawn, table, options, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _model(table.assign(rt_before=np.arange(len(table)) % 7), **options).parameters(drawn[1])


def test_draws_without_their_chains_are_refused(drawn, tmp_path: Path) -> None:
    model, idata = drawn
    given = _changed(idata, tmp_path, lambda name, data: data.isel(chain=0) if name == "posterior" else data)
    with pytest.raises(DataError, match=r"'v_Intercept' has the dimensions 'draw', where this model has 'chain', 'dr"):
        model.predict(given)


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        ("rt", lambda rt: rt + 0.1, "'rt' differs in 120 of 120 trials"),
        ("response", lambda choice: np.r_[1 - choice[:3], choice[3:]], "'choice' differs in 3 of 120 trials"),
        ("conf", lambda conf: np.r_[conf[1:], conf[:1]], "'conf' differs in 120 of 120 trials"),
        ("subject", lambda subject: np.r_[subject[39:], subject[:39]], "'subject' differs in"),
    ],
)
def test_certify_refuses_draws_from_other_data(drawn, table, column: str, change, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _model(table.assign(**{column: change(table[column].to_numpy())})).certify(drawn[1])
    with pytest.raises(DataError, match="120 trials, here 240"):
        _model(pd.concat([table, table])).certify(drawn[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likelihood": "exact"}, "drawn with the likelihood 'nle', but this model has 'exact'"),
        ({"lapse": (0.0, 20.0)}, "they were drawn with lapse"),
        ({"p_outlier": 0.05}, "they were drawn with 'p_outlier ~ 1', but this model has 'p_outlier ~ 0.05'"),
        ({"p_outlier": 0}, "they were drawn with 'p_outlier', which this model does not have"),
    ],
)
def test_certify_refuses_draws_from_another_posterior(drawn, table, options, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _model(table, **options).certify(drawn[1])


def test_certify_refuses_draws_by_another_network(drawn, table, tmp_path: Path) -> None:
    network = FirstPassageEstimator(Canonical.of(get_model("ddm")), Architecture(hidden=8, layers=1, choice_hidden=4))
    path = tmp_path / "spoiled.safetensors"
    save_checkpoint(network.eval(), path, {"model": "ddm"})
    with pytest.raises(DataError, match=r"drawn with another network, 'nle' .* than this model's, '.*spoiled"):
        _model(table, likelihood=path).certify(drawn[1])


def test_a_network_is_known_by_its_weights_wherever_it_lies(drawn, tmp_path: Path) -> None:
    model, idata = drawn
    given = _changed(idata, tmp_path, likelihood="elsewhere/ddm.safetensors")
    model.certify(given, method="score", tolerance=1.0, seconds=1.0)


def test_what_results_do_not_say_is_not_asked(drawn, tmp_path: Path) -> None:
    model, idata = drawn
    recorded = json.loads(idata.attrs["model"])
    recorded["lapse"] = [str(end) for end in recorded["lapse"]]  # a number in another notation
    for record in ("no JSON", "[1]", json.dumps(recorded)):
        xr.testing.assert_identical(model.parameters(_changed(idata, tmp_path, model=record)), model.parameters(idata))


def test_a_model_without_a_parameter_of_the_draws_is_another(drawn, table) -> None:
    _, idata = drawn
    with pytest.raises(DataError, match=r"they were drawn with 'p_outlier', which this model does not have"):
        _model(table, p_outlier=0).predict(idata)


def test_other_priors_are_named_alone(drawn, table) -> None:
    _, idata = drawn
    model = _model(table, priors={"v_Intercept": torch.distributions.Normal(0.0, 1.0)})
    told = r"with priors \{'v_Intercept': 'Normal\([^']*'\}, but this model has \{'v_Intercept': 'Normal\(0, 1\)'\};"
    with pytest.raises(DataError, match=told):
        model.certify(idata, seconds=1.0)


def test_no_rows_have_no_trials(drawn, table) -> None:
    model, idata = drawn
    sizes = {name: idata.posterior.sizes[name] for name in ("chain", "draw")}
    for result in (model.predict(idata, table.iloc[:0]), model.parameters(idata, table.iloc[:0])):
        assert dict(result.sizes) == sizes | {"trial": 0}


def test_what_is_no_new_data(drawn, table) -> None:
    model, idata = drawn
    with pytest.raises(DataError, match="newdata must be a pandas DataFrame, one row a trial, not list"):
        model.predict(idata, [1, 2])
