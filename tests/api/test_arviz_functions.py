"""The table of what was tried: functions of ArviZ, in the generations that have them, on fits of every kind.

What is drawn was looked at once; here each has to run, and say what the fit itself says where that can be told.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.results.summary import summarise
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA, arviz, group

GENERATION = 0 if HAS_INFERENCE_DATA else 1
DEADLINE = 1.2


@dataclass(frozen=True)
class Fit:
    """What ``sample`` returned, a parameter to look at, and the observed variables that hold anything."""

    idata: Any
    parameter: str
    observed: tuple[str, ...]


def trials(n: int = 24) -> pd.DataFrame:
    """Two participants; the second never saw conf=LC."""
    rt, choice = hs.simulate("ddm", [(1.0, 1.5, 0.5, 0.3), (0.6, 1.8, 0.45, 0.25)], n, seed=4)
    frame = pd.DataFrame({"subject": np.repeat(["s1", "s2"], n), "rt": rt.ravel(), "response": choice.ravel() * 1.0})
    frame["conf"] = np.where((np.arange(2 * n) % 2 == 0) & (frame["subject"] == "s1"), "LC", "HC")
    return frame


def with_omissions() -> pd.DataFrame:
    frame = trials()
    return frame.assign(**{name: frame[name].where(frame["rt"] <= DEADLINE) for name in ("rt", "response")})


def half_seen() -> pd.DataFrame:
    frame = trials()
    frame.loc[3, "rt"] = frame.loc[5, "response"] = np.nan
    return frame


def go_no_go() -> pd.DataFrame:
    frame = trials().replace({"response": {1.0: "go", 0.0: "no"}})
    return frame.assign(rt=frame["rt"].where(frame["response"] == "go"))


def race() -> pd.DataFrame:
    rt, choice = hs.simulate("rdm", [2.0, 1.0, 1.5, 1.0, 0.5, 0.2], 40, seed=2)
    return pd.DataFrame({"rt": rt, "response": np.array(["a", "b", "c"])[choice]})


# kind of fit -> trials, options, a parameter, the observed variables that hold anything
HIERARCHICAL, BOTH = {"groupby": "subject", "likelihood": "exact"}, ("rt", "choice")
FITS: dict[str, tuple[Callable[[], pd.DataFrame], dict[str, Any], str, tuple[str, ...]]] = {
    "factor": (trials, {**HIERARCHICAL, "formula": "v ~ conf"}, "v", BOTH),
    "no pooling": (trials, {**HIERARCHICAL, "pooling": "none"}, "v_subject", BOTH),
    "complete pooling": (trials, {"likelihood": "exact"}, "v", BOTH),
    "correlated": (trials, {**HIERARCHICAL, "correlated": ["v", "a"]}, "v", BOTH),
    "omissions": (with_omissions, {**HIERARCHICAL, "deadline": DEADLINE}, "v", BOTH),
    "half seen": (half_seen, {"likelihood": "exact", "deadline": 10.0}, "v", BOTH),
    "go/no-go": (go_no_go, {"likelihood": "exact", "go": "go", "deadline": 10.0}, "v", BOTH),
    "choices alone": (trials, {"likelihood": "exact", "observed": "response", "fixed": {"a": 1.5}}, "v", ("choice",)),
    "race": (race, {"model": "rdm", "choices": ["a", "b", "c"]}, "v0", BOTH),
}


@pytest.fixture(scope="module", params=FITS)
def fit(request: pytest.FixtureRequest) -> Fit:
    make, options, parameter, observed = FITS[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = hs.HierarchicalDDM(make(), **options)
        groups = ("log_likelihood", "posterior_predictive")
        idata = model.sample(draws=50, tune=80, chains=2, cores=1, seed=1, groups=groups, progress=False)
    return Fit(idata, parameter, observed)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """So few draws leave some Pareto k high, and labels of a plot that were never drawn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    plt.close("all")


def summary(fit: Fit) -> None:
    table, own = arviz.summary(fit.idata), summarise(fit.idata)
    population = own.index[own["kind"].isin(["typical", "mean", "coefficient", "sd", "participant"])]
    assert set(population) <= set(table.index)  # labels are ArviZ's own
    assert {"mean", "sd", "ess_bulk", "ess_tail", "r_hat"} <= set(table.columns)


def loo(fit: Fit) -> None:
    found = arviz.loo(fit.idata, pointwise=True)
    assert found.n_data_points == group(fit.idata, "observed_data").sizes["trial"]
    assert np.isfinite(found.elpd_loo if HAS_INFERENCE_DATA else found.elpd)


def compare(fit: Fit) -> None:
    assert len(arviz.compare({"one": fit.idata, "other": fit.idata})) == 2


def loo_pit(fit: Fit) -> None:
    for name in fit.observed:
        if HAS_INFERENCE_DATA:
            found = np.asarray(arviz.loo_pit(fit.idata, y=name))
        else:
            found = arviz.loo_pit(fit.idata, var_names=name)[name].to_numpy()
        observed = group(fit.idata, "observed_data")[name].to_numpy()
        assert found.shape == observed.shape
        seen = ~np.isnan(observed)
        assert ((found[seen] >= 0.0) & (found[seen] <= 1.0 + 1e-12)).all()
        # of what was not seen there is no such probability, for which ArviZ has 0
        assert (found[~seen] == 0.0).all()
        assert not seen.all() or 0.3 < found.mean() < 0.7


def ppc(fit: Fit) -> None:
    draw = arviz.plot_ppc if HAS_INFERENCE_DATA else arviz.plot_ppc_dist
    for name in fit.observed:
        assert draw(fit.idata, var_names=[name]) is not None


def trace(fit: Fit) -> None:
    draw = arviz.plot_trace if HAS_INFERENCE_DATA else arviz.plot_trace_dist
    assert draw(fit.idata, var_names=[fit.parameter]) is not None


def forest(fit: Fit) -> None:
    assert arviz.plot_forest(fit.idata, var_names=[fit.parameter]) is not None


# function -> the generations of ArviZ that have it, under this or another name, and the test
FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Fit], None]]] = {
    "summary": ((0, 1), summary),
    "loo": ((0, 1), loo),
    "compare": ((0, 1), compare),
    "loo_pit": ((0, 1), loo_pit),
    "plot_ppc": ((0,), ppc),
    "plot_ppc_dist": ((1,), ppc),
    "plot_trace": ((0,), trace),
    "plot_trace_dist": ((1,), trace),
    "plot_forest": ((0, 1), forest),
}


@pytest.mark.parametrize(
    "function", [name for name, (generations, _) in FUNCTIONS.items() if GENERATION in generations]
)
def test_functions_of_arviz(fit: Fit, function: str) -> None:
    assert callable(getattr(arviz, function))
    FUNCTIONS[function][1](fit)
