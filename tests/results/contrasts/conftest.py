"""Models of a small experiment, and results made by hand: no sampler runs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.inference.prior import prior_coefficients
from hddm_sbi.results.to_arviz import Results, to_inference_data
from hddm_sbi.spec.recoding import to_reported

CHAINS, DRAWS = 4, 500

Fabricate = Callable[..., Results]


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    """Eight participants, 0 to 3 patients; participant 2 never saw conf=LC, but complete=LC."""
    rng, n = np.random.default_rng(3), 8 * 24
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(8), 24),
            "conf": np.tile(["HC", "LC"], n // 2),
            "stim": np.tile(np.repeat(["a", "b", "c"], 2), n // 6),
            "theta": rng.normal(size=n).round(2),
            "rt": rng.uniform(0.4, 1.5, n),
            "response": rng.integers(0, 2, n),
        }
    )
    frame["group"] = np.where(frame["subject"] < 4, "patient", "control")
    frame["age"] = 20.0 + 3.0 * frame["subject"]
    frame["complete"] = frame["conf"]
    frame.loc[frame["subject"] == 2, "conf"] = "HC"
    return frame


@pytest.fixture(scope="session")
def build(table: pd.DataFrame) -> Callable[..., HierarchicalDDM]:
    def make(data: pd.DataFrame = table, **options: Any) -> HierarchicalDDM:
        return HierarchicalDDM(data, **{"groupby": "subject", "likelihood": "exact", **options})

    return make


@pytest.fixture(scope="session")
def fabricate() -> Fabricate:
    """Results of a model with normal draws, where ``values`` do not say otherwise: arrays (chains, draws, ...).

    ``values`` are of coefficients as they are sampled, so that all that is reported hangs together.
    """

    def make(model: HierarchicalDDM, values: dict[str, Any] | None = None, draws: int = DRAWS) -> Results:
        rng, expected, given = np.random.default_rng(7), model._expected["posterior"], values or {}
        sampled = {}
        for name, one in prior_coefficients(model.spec, draws=1, seed=0).items():
            drawn = 0.2 * rng.normal(size=(CHAINS, draws, *one.shape[2:]))
            drawn = np.abs(drawn) + 0.1 if name.endswith("_sd") else drawn
            drawn = np.broadcast_to(one, drawn.shape) if "_corr" in name else drawn
            sampled[name] = np.broadcast_to(given.get(name, drawn), drawn.shape)
        coefficients, groups = to_reported(model.spec, sampled), {}
        for name, variable in expected.data_vars.items():
            drawn = 0.2 * rng.normal(size=(CHAINS, draws, *variable.shape[2:]))
            groups[str(name)] = (variable.dims, coefficients.get(str(name), drawn))
        coords = {str(dim): expected[dim].to_numpy() for dim in expected.dims if dim not in ("chain", "draw")}
        return to_inference_data({"posterior": groups}, coords, {})

    return make
