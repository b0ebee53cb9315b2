"""Fits of small models whose draws are those of the prior: nothing is sampled, and all that a report reads is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import Results, group, to_inference_data

DRAWS = 60


def experiment(subjects: int = 5, trials: int = 24, seed: int = 0) -> pd.DataFrame:
    """Participants with letters for names, two conditions within and two groups between them."""
    rng = np.random.default_rng(seed)
    n = subjects * trials
    subject = np.repeat([f"p{k:03d}" for k in range(subjects)], trials)
    return pd.DataFrame(
        {
            "subject": subject,
            "cond": np.tile(["easy", "hard"], n // 2),
            "side": np.tile(["l", "l", "r", "r"], n // 4),
            "rt": 0.3 + rng.gamma(2.0, 0.25, size=n),
            "response": (rng.random(n) < 0.7).astype(int),
        }
    )


def fitted(df: pd.DataFrame, **options: Any) -> tuple[hs.HierarchicalDDM, Results]:
    """A model, and draws of its prior in two chains in the place of a posterior."""
    model = hs.HierarchicalDDM(df, **{"groupby": "subject", "likelihood": "exact", **options})
    return model, as_posterior(model)


def as_posterior(model: hs.HierarchicalDDM) -> Results:
    """Draws of a model's prior in two chains, with what results record."""
    found = model.prior_predictive(draws=DRAWS, seed=1)
    prior = group(found, "prior")
    dims = {name: (variable.dims, variable.to_numpy()) for name, variable in prior.data_vars.items()}
    halves = {name: (of, np.concatenate(np.split(values, 2, axis=1), axis=0)) for name, (of, values) in dims.items()}
    coords = {
        str(name): tuple(values.to_numpy().tolist())
        for name, values in prior.coords.items()
        if name not in ("chain", "draw")
    }
    data = {
        name: {str(key): (value.dims, value.to_numpy()) for key, value in group(found, name).data_vars.items()}
        for name in ("observed_data", "constant_data")
    }
    stats = {"diverging": (("chain", "draw"), np.zeros((2, DRAWS // 2), dtype=bool))}
    attrs = {**found.attrs, "sampler": "nutpie", "tune": "100", "draws_asked": "30", "draws_reached": "30"}
    return to_inference_data({"posterior": halves, "sample_stats": stats, **data}, coords, attrs)
