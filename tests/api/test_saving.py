"""A fit that was saved and loaded is the same model with the same draws, and is refused on other data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch.distributions as td

import hddm_sbi as hs
from hddm_sbi.errors import DataError, HDDMWarning, OutputError
from hddm_sbi.results.saving.fit_file import KeptFit
from hddm_sbi.results.to_arviz import Results, arviz, group, group_names
from hddm_sbi.ssm import get_model
from hddm_sbi.weights.checkpoint import save_checkpoint
from tests.likelihoods.networks import DDM, network

Fitted = tuple[hs.HierarchicalDDM, Results]


@pytest.fixture(scope="module")
def small(_experiment: pd.DataFrame) -> Fitted:
    """A model with one predictor, and a few draws."""
    model = hs.HierarchicalDDM(_experiment.copy(), groupby="subj/id", formula="v ~ conf", likelihood="exact")
    return model, model.sample(draws=10, tune=10, chains=2, progress=False)


@pytest.fixture(scope="module")
def saved(small: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, idata = small
    path = tmp_path_factory.mktemp("saved") / "fit.nc"
    model.save(idata, path)
    return path


def _changed(path: Path, to: Path, **attrs: str | None) -> Path:
    """A copy of a file with other attributes; None takes one away."""
    to.write_bytes(path.read_bytes())
    with h5py.File(to, "r+") as file:
        for name, value in attrs.items():
            if value is None:
                del file.attrs[name]
            else:
                file.attrs[name] = value
    return to


def test_a_fit_comes_back_whole(fitted: Fitted, experiment: pd.DataFrame, tmp_path: Path) -> None:
    model, idata = fitted
    model.save(idata, tmp_path / "fit.nc")
    again, draws = hs.load_fit(tmp_path / "fit.nc", experiment.assign(note="a column that the model does not use"))
    assert set(group_names(draws)) == set(group_names(idata))
    for name in group_names(idata):
        pd.testing.assert_frame_equal(
            group(draws, name).to_dataframe(), group(idata, name).to_dataframe(), check_dtype=False
        )
    assert draws.attrs == idata.attrs
    assert again._options == model._options and repr(again) == repr(model)
    pd.testing.assert_frame_equal(again.priors, model.priors)
    u = np.random.default_rng(0).normal(size=model.potential.ndim)
    assert again.log_density(u) == model.log_density(u)
    effect = "v[conf=LC] - v[conf=HC]"
    np.testing.assert_array_equal(again.contrast(draws, effect).draws, model.contrast(idata, effect).draws)
    np.testing.assert_array_equal(again.predict(draws, seed=3)["rt"], model.predict(idata, seed=3)["rt"])


OPTIONS: dict[str, dict[str, Any]] = {
    "priors": {
        "formula": "v ~ conf",
        "priors": {"v_Intercept": td.Normal(0.5, 0.3), "v_conf": td.StudentT(4.0, 0.0, 1.0)},
        "p_outlier": td.Beta(2.0, 50.0),
    },
    "links": {"links": {"a": "identity"}, "fixed": {"z": 0.5}, "p_outlier": 0.05, "lapse": (0.0, 9.5)},
    "accuracy": {"coding": "accuracy", "shared": {"t0"}, "choices": [np.int64(0), np.int64(1)]},
    "deadline": {"deadline": 9.0, "truncate": (None, 20.0), "rt_unit": "s", "pooling": "none"},
    "contrasts": {"formula": {"v": "stim", "a": "conf"}, "contrasts": {"stim": ("treatment", "b"), "conf": "sum"}},
    "correlated": {"correlated": ["v", "a"], "priors": {"subject_corr": 2.0}, "random_slopes": False},
    "go": {"go": 1, "lapse_omission": 0.2},
    "stimulus": {
        "formula": "v_bias ~ 1", "coding": "stimulus", "stimulus": {"conf": {"HC": 0, "LC": 1}}, "pooling": "complete"
    },
    "choices alone": {"observed": "response", "fixed": {"a": 1.5, "z": 0.5}},
    "a race": {"model": "rdm", "likelihood": "nle"},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:there is a deadline, 9 s, and not one omission")
@pytest.mark.parametrize("name", OPTIONS)
def test_all_options_come_back(experiment: pd.DataFrame, name: str) -> None:
    if "go" in OPTIONS[name]:
        experiment["rt"] = experiment["rt"].where(experiment["response"] == 1)
    model = hs.HierarchicalDDM(experiment, **{"groupby": "subject", "likelihood": "exact", **OPTIONS[name]})
    kept = KeptFit(Path("fit.nc"), None, json.loads(json.dumps(model._options["arguments"])))
    again = hs.HierarchicalDDM(experiment, **kept.given(None, None))
    assert json.dumps(again._options, default=str) == json.dumps(model._options, default=str)
    pd.testing.assert_frame_equal(again.priors, model.priors)
    u = 0.1 * np.random.default_rng(0).normal(size=model.potential.ndim)
    assert again.log_density(u) == model.log_density(u)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda df: df.iloc[:-2], "is of other data: of 120 trials, and the table has 118"),
        (
            lambda df: df.assign(rt=df["rt"].where(df.index != 57, 0.75)),
            r"'rt' differs in 1 of 120 trials, first in trial 58 \(participant s2\), where it was .* and is 0.75;",
        ),
        (lambda df: df.iloc[::-1], "from the same trials in another order"),
        (lambda df: df.assign(**{"subj/id": "s1"}), "'subj÷id' differs in 80 of 120 trials, first in trial 41"),
        (lambda df: df.rename(columns={"conf": "conflict"}), "cannot be built from what is given: .*conf"),
        (lambda df: df["rt"].to_dict(), "must be a pandas DataFrame"),
    ],
    ids=["fewer trials", "another rt", "another order", "other people", "a column less", "no table"],
)
@pytest.mark.filterwarnings("ignore::hddm_sbi.HDDMWarning")
def test_other_data_are_refused(saved: Path, experiment: pd.DataFrame, change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        hs.load_fit(saved, change(experiment))


def test_labels_of_another_type_are_matched_and_said(experiment: pd.DataFrame, tmp_path: Path) -> None:
    numbered = experiment.assign(subject=np.repeat([11, 2, 3], 40))
    model = hs.HierarchicalDDM(numbered, groupby="subject", likelihood="exact")
    idata = model.sample(draws=5, tune=5, chains=2, progress=False)
    model.save(idata, tmp_path / "fit.nc")
    with pytest.warns(HDDMWarning, match="'subject' were numbers in the fit and are text in the table"):
        again, draws = hs.load_fit(tmp_path / "fit.nc", numbered.assign(subject=numbered["subject"].astype(str)))
    ours, theirs = model.parameters(idata), again.parameters(draws)
    np.testing.assert_array_equal(theirs["v"], ours["v"])  # each person's own, though they are in another order


def test_a_file_of_arviz_and_one_without_a_format_are_read(small: Fitted, saved: Path, experiment, tmp_path) -> None:
    model, idata = small
    arviz.from_netcdf(saved).to_netcdf(tmp_path / "arviz.nc")
    again, _ = hs.load_fit(tmp_path / "arviz.nc", experiment)
    assert again._options == model._options
    old = {name: value for name, value in json.loads(idata.attrs["model"]).items() if name != "arguments"}
    path = _changed(saved, tmp_path / "old.nc", fit_format=None, model=json.dumps(old))
    again, _ = hs.load_fit(path, experiment)
    before, after = (json.dumps({**one._options, "arguments": None}, default=str) for one in (model, again))
    assert after == before
    with pytest.raises(DataError, match="written before distributions were kept, and p_outlier was one"):
        hs.load_fit(_changed(path, tmp_path / "p.nc", model=json.dumps({**old, "p_outlier": "Beta(2, 9)"})), experiment)


def test_files_that_are_no_fit_are_refused_in_a_sentence(saved: Path, experiment: pd.DataFrame, tmp_path: Path) -> None:
    def refused(path: Path, message: str) -> None:
        with pytest.raises(DataError, match=message):
            hs.load_fit(path, experiment)

    content = saved.read_bytes()
    for length in (9, len(content) // 3, len(content) - 7):
        (tmp_path / "cut.nc").write_bytes(content[:length])
        refused(tmp_path / "cut.nc", "is cut off or damaged")
    (tmp_path / "table.nc").write_text("rt,response\n", encoding="utf-8")
    refused(tmp_path / "table.nc", "is no netCDF file")
    refused(tmp_path / "none.nc", "there is no file")
    refused(_changed(saved, tmp_path / "a.nc", created_by="pymc"), "holds results, but not of hddm_sbi")
    later = _changed(saved, tmp_path / "b.nc", fit_format="7", hddm_sbi_version="3.1")
    refused(later, "written by hddm_sbi 3.1 in format 7, and this version reads formats up to 1; please update")
    assert hs.load_fit(saved, experiment)


def test_a_file_that_is_there_is_replaced_only_when_asked(small: Fitted, tmp_path: Path) -> None:
    model, idata = small
    (tmp_path / "fit.nc").write_bytes(b"somebody's")
    with pytest.raises(OutputError, match="exists; choose another name, or replace it with overwrite=True"):
        model.save(idata, tmp_path / "fit.nc")
    assert (tmp_path / "fit.nc").read_bytes() == b"somebody's"
    model.save(idata, tmp_path / "fit.nc", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fit.nc"]


@pytest.mark.filterwarnings("ignore:the prior TransformedDistribution has no compiled form")
def test_draws_of_another_model_and_priors_that_cannot_be_written_are_not_saved(
    small: Fitted, build: Any, tmp_path: Path
) -> None:
    _, idata = small
    with pytest.raises(DataError, match="belong to another model"):
        build(formula="v ~ stim").save(idata, tmp_path / "fit.nc")
    bent: td.Distribution = td.TransformedDistribution(td.Normal(0.0, 1.0), [td.AffineTransform(0.0, 2.0)])
    model = build(priors={"v_Intercept": bent}, pooling="complete")
    drawn = model.sample(draws=2, tune=2, chains=1, progress=False)
    with pytest.raises(DataError, match="priors holds a TransformedDistribution, which cannot be written"):
        model.save(drawn, tmp_path / "fit.nc")
    assert not list(tmp_path.iterdir())


def test_a_simulator_of_ones_own_is_asked_for_again_and_compared(experiment: pd.DataFrame, tmp_path: Path) -> None:
    ddm, exact = get_model("ddm"), get_model("ddm").exact.likelihood  # type: ignore[attr-defined]

    def mine(delay: float) -> hs.SSM:
        def simulator(theta, n, seed):
            rt, choice = ddm.simulator(theta, n, seed)
            return rt + delay, choice

        return replace(ddm, name="mine", simulator=simulator, ratio_simulator=None, exact=exact)

    model = hs.HierarchicalDDM(experiment, model=mine(0.0), likelihood="exact")
    model.save(model.sample(draws=3, tune=3, chains=1, progress=False), tmp_path / "fit.nc")
    with pytest.raises(DataError, match="a model of your own, 'mine' with the parameters v, a, z, t0; give it again"):
        hs.load_fit(tmp_path / "fit.nc", experiment)
    with pytest.raises(DataError, match="the simulator is not the one of the fit in"):
        hs.load_fit(tmp_path / "fit.nc", experiment, model=mine(0.01))
    fewer = replace(mine(0.0), parameters=ddm.parameters[:3])
    with pytest.raises(DataError, match="parameters v, a, z, t0 and 2 choices, but the one given is 'mine' with"):
        hs.load_fit(tmp_path / "fit.nc", experiment, model=fewer)
    again, _ = hs.load_fit(tmp_path / "fit.nc", experiment, model=mine(0.0))
    assert again.ssm.name == "mine"


class Later:
    """The exact density of the ddm for trials that are later by a delay: a likelihood, and its bound form."""

    def __init__(self, delay: float, trials: Any = None) -> None:
        ddm = get_model("ddm")
        self.parameters, self.n_choices, self._exact = ddm.parameter_names, 2, ddm.exact.likelihood  # type: ignore[attr-defined]
        self._delay, self._trials = delay, trials

    def bind(self, trials: Any) -> Later:
        return Later(self._delay, trials)

    def log_prob(self, theta: np.ndarray) -> np.ndarray:
        return self._with_grad(theta)[0]

    def sum_grad(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        log, by_trial = self._with_grad(theta)
        by_row = np.zeros_like(theta)
        np.add.at(by_row, self._trials.row, by_trial)
        return float(log.sum()), by_row

    def simulate(self, theta: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rt, choice = hs.simulate("ddm", theta[self._trials.row], seed=seed)
        return rt[:, 0] + self._delay, choice[:, 0]

    def _with_grad(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        trials = self._trials
        return self._exact.log_prob_grad(trials.rt - self._delay, trials.choice, theta, trials.row)


@pytest.mark.filterwarnings("ignore:the likelihood has no compiled form")
def test_a_likelihood_of_ones_own_is_asked_for_again_and_compared(experiment: pd.DataFrame, tmp_path: Path) -> None:
    model = hs.HierarchicalDDM(experiment, likelihood=Later(0.0))
    model.save(model.sample(draws=3, tune=3, chains=1, progress=False), tmp_path / "fit.nc")
    with pytest.raises(DataError, match="a likelihood of your own, of the class Later; give it again"):
        hs.load_fit(tmp_path / "fit.nc", experiment)
    with pytest.raises(DataError, match="the likelihood is not the one of the fit"):
        hs.load_fit(tmp_path / "fit.nc", experiment, likelihood=Later(0.001))
    again, idata = hs.load_fit(tmp_path / "fit.nc", experiment, likelihood=Later(0.0))
    assert again.predict(idata)["rt"].shape == (1, 3, 120)


def test_a_network_is_known_by_its_weights(experiment: pd.DataFrame, tmp_path: Path) -> None:
    model = hs.HierarchicalDDM(experiment, likelihood=network(DDM, seed=1))
    idata = model.sample(draws=3, tune=3, chains=1, progress=False)
    model.save(idata, tmp_path / "fit.nc")
    with pytest.raises(DataError, match="another network"):
        hs.load_fit(tmp_path / "fit.nc", experiment, likelihood=network(DDM, seed=2))
    hs.load_fit(tmp_path / "fit.nc", experiment, likelihood=network(DDM, seed=1))
    path = tmp_path / "mine.safetensors"
    save_checkpoint(network(DDM, seed=1), path, {"model": "ddm"})
    model = hs.HierarchicalDDM(experiment, likelihood=path)
    model.save(model.sample(draws=3, tune=3, chains=1, progress=False), tmp_path / "by_path.nc")
    hs.load_fit(tmp_path / "by_path.nc", experiment)
    for file in tmp_path.glob("mine.*"):
        file.rename(tmp_path / f"moved{file.suffix}")
    with pytest.raises(DataError, match="mine\\.safetensors', is not there any more"):
        hs.load_fit(tmp_path / "by_path.nc", experiment)
    hs.load_fit(tmp_path / "by_path.nc", experiment, likelihood=tmp_path / "moved.safetensors")
