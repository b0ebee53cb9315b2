"""Estimates and ranks made up, whose faults are known without a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd


def estimates(bias: float = 0.0, narrow: float = 1.0, spread: float = 1.0, error: float = 0.3) -> pd.DataFrame:
    """Estimates of 60 data sets of 20 participants, normal with known errors."""
    rng = np.random.default_rng(0)
    parts = []
    for task in range(60):
        truth = rng.normal(0.0, spread, 20)
        mean = truth + rng.normal(0.0, error, 20)
        own = {"quantity": [f"v_subject[{k}]" for k in range(20)], "family": "v", "kind": "participant", "task": task}
        parts.append(pd.DataFrame({**own, "truth": truth, "mean": mean, "sd": error}))
        one = {"quantity": "v_Intercept", "family": "v_Intercept", "kind": "coefficient", "truth": 1.0, "task": task}
        parts.append(pd.DataFrame([{**one, "mean": 1.0 + bias + rng.normal(0.0, 0.25), "sd": 0.25 * narrow}]))
        sd = {**one, "quantity": "v_Intercept_subject_sd", "family": "v_Intercept_subject_sd", "kind": "sd"}
        parts.append(pd.DataFrame([{**sd, "truth": spread, "mean": spread, "sd": 0.1}]))
    rows = pd.concat(parts, ignore_index=True)
    rows["low"], rows["high"] = rows["mean"] - 1.96 * rows["sd"], rows["mean"] + 1.96 * rows["sd"]
    partner = np.where(rows["kind"] == "coefficient", "a_Intercept", "")
    r = np.where(rows["kind"] == "coefficient", -0.9, np.nan)
    return rows.assign(partner=partner, partner_r=r, worst_r_hat=1.0, divergences=0)


def ranks(sets: int = 200, shift: float = 0.0, width: float = 1.0, quantities: int = 20, seed: int = 0) -> pd.DataFrame:
    """Ranks where the first posterior is off."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(quantities):
        off, wide = (shift, width) if k == 0 else (0.0, 1.0)
        truth = rng.standard_normal(sets)
        draws = off + wide * rng.standard_normal((sets, 99))
        parts.append(pd.DataFrame({"task": range(sets), "quantity": f"q{k}", "kind": "coefficient", "truth": truth,
                                   "rank": (draws < truth[:, None]).sum(1), "mean": off, "sd": wide}))  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(worst_r_hat=1.0, divergences=0)
