"""Trials and draws made up for plots, whose numbers are known without a fit."""

from __future__ import annotations

import json

import numpy as np

from hddm_sbi.plots.observed import Predicted
from hddm_sbi.results.to_arviz import Results, to_inference_data

SUBJECTS, TRIALS, SETS = 5, 80, 30
CHAINS, DRAWS = 2, 60
CONDITIONS = ("cond=A", "cond=B")


def predicted_trials() -> Predicted:
    """Two choices of five participants in two conditions, unrelated to one another."""
    rng = np.random.default_rng(0)
    n = SUBJECTS * TRIALS
    return Predicted(
        rt=0.3 + rng.gamma(2.0, 0.4, size=n),
        choice=(rng.random(n) < 0.75).astype(np.int64),
        predicted_rt=0.3 + rng.gamma(2.0, 0.4, size=(SETS, n)),
        predicted_choice=(rng.random((SETS, n)) < 0.75).astype(np.int64),
        options=("HH", "LL"),
        subject=np.repeat(np.arange(SUBJECTS), TRIALS),
        subjects=("a", "b", "c", "d", "e"),
        columns={"cond": np.tile(["A", "B"], n // 2), "side": np.tile([1, 1, 2, 2], n // 4)},
    )


def as_results(data: Predicted, model: dict[str, object] | None = None) -> Results:
    """The trials as a result of a fit holds them, with participants in the column ``subject``."""
    sets, n = data.predicted_rt.shape
    dims, shape = ("chain", "draw", "trial"), (2, sets // 2, n)
    predicted = {"rt": data.predicted_rt, "choice": np.where(data.predicted_choice < 0, np.nan, data.predicted_choice)}
    columns = dict(data.columns)
    if data.subject is not None:
        columns["subject"] = np.array(data.subjects)[data.subject]
    groups = {
        "observed_data": {
            "rt": (("trial",), data.rt), "choice": (("trial",), np.where(data.choice < 0, np.nan, data.choice))
        },
        "posterior_predictive": {name: (dims, values.reshape(shape)) for name, values in predicted.items()},
        "constant_data": {name: (("trial",), values) for name, values in columns.items()},
    }  # fmt: skip
    recorded = {"groupby": "subject", "choices": list(data.options), **(model or {})}
    return to_inference_data(groups, {}, {"model": json.dumps(recorded)})


def draws(pooling: str = "partial", subjects: int = 6, spread: float = 0.3, seed: int = 0) -> Results:
    """Draws of v, by condition, and a; without a population where participants are apart."""
    rng = np.random.default_rng(seed)
    sample = (CHAINS, DRAWS)
    dims = ("chain", "draw")
    typical = 1.0 + 0.1 * rng.standard_normal((*sample, 2)) + np.array([0.0, 0.5])
    a = 1.5 + 0.05 * rng.standard_normal(sample)
    own = np.linspace(-1.0, 1.0, subjects)[:, None]
    v_subject = 1.0 + spread * own + np.array([0.0, 0.5]) + 0.1 * rng.standard_normal((*sample, subjects, 2))
    v_subject[..., 0, 1] = np.nan  # the first never saw the second condition
    a_subject = 1.5 + 0.2 * own[::-1, 0] + 0.05 * rng.standard_normal((*sample, subjects))
    posterior = {
        "v": ((*dims, "condition"), typical),
        "v_mean": ((*dims, "condition"), typical),
        "a": (dims, a),
        "a_mean": (dims, a),
        "v_subject": ((*dims, "subject", "condition"), v_subject),
        "a_subject": ((*dims, "subject"), a_subject),
    }
    if pooling == "none":
        posterior = {name: value for name, value in posterior.items() if name.endswith("_subject")}
        posterior["p_outlier"] = (dims, 0.02 + 0.001 * rng.standard_normal(sample))
    prior = {name: (of, values + 2.0 * rng.standard_normal(values.shape)) for name, (of, values) in posterior.items()}
    diverging = np.zeros(sample, dtype=np.bool_)
    diverging[0, :3] = True
    groups = {"posterior": posterior, "prior": prior, "sample_stats": {"diverging": (dims, diverging)}}
    labels = [f"p{k:03d}" for k in range(subjects)]
    model = {"pooling": pooling, "model": "ddm", "equations": {"z": "0.5", "t0": "1 + (1 | subject)"}}
    return to_inference_data(groups, {"subject": labels, "condition": CONDITIONS}, {"model": json.dumps(model)})
