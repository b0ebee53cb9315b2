"""Models of many kinds on small made-up data, and results whose draws are those of the prior: nothing is sampled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.likelihoods.formulas import get_exact
from hddm_sbi.likelihoods.observation.observation_model import ObservationModel
from hddm_sbi.results.to_arviz import Results, group, to_inference_data
from hddm_sbi.ssm.registry import one_of_each

SUBJECTS, TRIALS, CHAINS, DRAWS = 4, 30, 2, 60
SAMPLED = {
    "sampler": "nutpie",
    "seed": "7",
    "tune": "300",
    "draws_asked": "auto",
    "ended_because": "every quantity is known well enough",
}


def experiment(model: str = "ddm", theta: tuple[float, ...] = (1.0, 1.5, 0.5, 0.3)) -> pd.DataFrame:
    """Four participants of 30 trials, in two conditions with two stimuli."""
    rt, choice = hs.simulate(model, [theta] * SUBJECTS, TRIALS, seed=3)
    n = SUBJECTS * TRIALS
    return pd.DataFrame(
        {
            "subject": np.repeat([f"s{k}" for k in range(SUBJECTS)], TRIALS),
            "rt": rt.ravel(),
            "response": choice.ravel(),
            "conf": np.tile(["HC", "LC"], n // 2),
            "stim": np.tile(["face", "face", "house", "house"], n // 4),
            "theta": np.tile(np.linspace(-1.0, 1.0, TRIALS), SUBJECTS),
        }
    )


def late(limit: float = 1.0) -> pd.DataFrame:
    """The same where responses later than a limit are omissions."""
    df = experiment()
    return df.assign(rt=df["rt"].mask(df["rt"] > limit), response=df["response"].mask(df["rt"] > limit))


def withheld() -> pd.DataFrame:
    """Go/no-go: choice 0 leaves nothing."""
    df = experiment()
    return df.assign(rt=df["rt"].mask(df["response"] == 0), response=df["response"].map({1: "press", 0: None}))


def _accuracy() -> pd.DataFrame:
    return experiment().rename(columns={"response": "correct"})


def own_model() -> hs.SSM:
    """A process with a simulator of the user's own, the ddm under another name, and its formula."""
    ddm = hs.get_model("ddm")
    return hs.SSM("mine", ddm.parameters, ddm.simulator, symmetries=ddm.symmetries, description="evidence adds up",
                  exact=_Formula())  # fmt: skip


class _Formula:
    """The exact ddm as an object that satisfies ``hs.Likelihood``."""

    parameters, n_choices = ("v", "a", "z", "t0"), 2

    def bind(self, trials: Any) -> Any:
        return ObservationModel(get_exact("ddm"), simulator=one_of_each(hs.get_model("ddm"))).bind(trials)


KINDS: dict[str, Callable[[], HierarchicalDDM]] = {
    "ddm": lambda: _model(experiment(), formula="v ~ conf + theta"),
    "network": lambda: _model(experiment(), likelihood="nle", fixed={"z": 0.5}, p_outlier=0.05),
    "full_ddm": lambda: _model(experiment(), model="full_ddm", fixed={"sz": 0, "st0": 0}),
    "rdm": lambda: _model(experiment("rdm", (2.0, 1.5, 1.0, 1.0, 0.4, 0.2)), model="rdm"),
    "lba": lambda: _model(experiment("lba", (3.0, 2.0, 0.8, 0.5, 0.2)), model="lba"),
    "own": lambda: _model(experiment(), model=own_model(), likelihood="exact"),
    "deadline": lambda: _model(late(), deadline=1.0),
    "go": lambda: _model(withheld(), go="press", deadline=3.0, formula="v ~ stim"),
    "truncated": lambda: _model(experiment(), truncate=(0.1, 5.0)),
    "stimulus": lambda: _model(
        experiment(), coding="stimulus", stimulus={"stim": {"face": 0, "house": 1}}, formula="v_bias ~ 1"
    ),
    "accuracy": lambda: _model(_accuracy(), coding="accuracy", response="correct"),
    "apart": lambda: _model(experiment(), pooling="none"),
    "complete": lambda: _model(experiment(), pooling="complete"),
    "correlated": lambda: _model(experiment(), formula="v ~ conf", contrasts="sum", correlated=["v", "a"]),
    "choices": lambda: _model(experiment(), observed="response", fixed={"a": 1.5}),
    "alone": lambda: _model(experiment(), groupby=None, formula="v ~ conf"),
}


def _model(df: pd.DataFrame, **options: Any) -> HierarchicalDDM:
    return HierarchicalDDM(df, **{"groupby": "subject", "likelihood": "exact", **options})


@cache
def model_of(kind: str) -> HierarchicalDDM:
    """The model of a kind."""
    return KINDS[kind]()


@cache
def results_of(kind: str) -> Results:
    """Its results."""
    return as_results(model_of(kind))


def as_results(model: HierarchicalDDM, attrs: dict[str, str] | None = None) -> Results:
    """Draws of the prior in the place of a posterior's, with what a sampler would have recorded."""
    made = model.prior_predictive(draws=CHAINS * DRAWS, seed=1)
    posterior = {
        str(name): (values.dims, values.to_numpy().reshape(CHAINS, DRAWS, *values.shape[2:]))
        for name, values in group(made, "prior").data_vars.items()
    }
    groups: dict[str, Any] = {
        "posterior": posterior,
        "sample_stats": {"diverging": (("chain", "draw"), np.arange(CHAINS * DRAWS).reshape(CHAINS, DRAWS) == 0)},
    }
    for name in ("observed_data", "constant_data"):
        groups[name] = {str(key): (value.dims, value.to_numpy()) for key, value in group(made, name).data_vars.items()}
    labels = {str(dim): values.to_numpy() for dim, values in group(made, "prior").coords.items()}
    coords = {dim: values for dim, values in labels.items() if dim not in ("chain", "draw")}
    return to_inference_data(groups, coords, {**made.attrs, **SAMPLED, **(attrs or {})})
