"""What the peers themselves said (``python -m benchmarks.peers``), and ours of the same trials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.training.first_passage import density_at, is_known

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
# Boundaries that are looked at every dt are as if they stood further out by this, times sqrt(dt):
# -zeta(1/2) / sqrt(2 pi), Broadie, Glasserman & Kou 1997.
OVERSHOOT = 0.5825971579390107


def cases(name: str) -> Iterator[tuple[str, str, dict[str, float], pd.DataFrame]]:
    """The peer, its model and parameters, and the rows about them."""
    table = pd.read_csv(REFERENCE / name)
    for (peer, model, parameters), rows in table.groupby(["peer", "model", "parameters"], sort=False):
        yield peer, model, json.loads(parameters), rows


def named(peer: str, model: str, parameters: dict[str, float]) -> str:
    return f"{peer} {model} {' '.join(f'{name}={value:g}' for name, value in parameters.items())}"


def log_density(there: hs.FromPeer, rt: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Of trials, lapses included."""
    ssm = get_model(there.model)
    if is_known(ssm) and there.model not in ("ddm", "full_ddm"):
        t0 = there.array[ssm.parameter_names.index("t0")]
        passing = [density_at(ssm, there.array, time - t0)[k] for time, k in zip(rt, choice, strict=True)]
        found = np.log(passing)
    else:
        found = hs.log_likelihood(there.model, rt, choice, there.array)
    if "p_outlier" in there.options:
        p, (low, high) = there.options["p_outlier"], there.options["lapse"]
        uniform = np.where((rt >= low) & (rt <= high), 1.0 / (high - low), 0.0)
        found = np.log((1.0 - p) * np.exp(found) + p * uniform / 2.0)
    return found


def stepped(there: hs.FromPeer, step: float) -> np.ndarray:
    """Theta of the process between whose steps boundaries are not seen: further out, from the same start."""
    theta: dict[str, Any] = dict(there.theta)
    out = OVERSHOOT * np.sqrt(step)
    if "a" in theta:
        wide = theta["a"] + 2.0 * out
        theta |= {"z": (theta["a"] * theta["z"] + out) / wide, "a": wide}
        if "sz" in theta:
            theta["sz"] *= there.theta["a"] / wide
    elif there.model == "rdm":
        theta["B"] += out
    return np.array([theta[name] for name in there.theta])
