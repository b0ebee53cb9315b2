"""A small fit as the installed generation of ArviZ writes it; ``python -m tests.reference.arviz_generations``."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import hddm_sbi as hs
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA


def path_of(generation: int) -> Path:
    """The file of a generation: 0, ``InferenceData``, or 1, ``DataTree``."""
    return Path(__file__).with_name(f"arviz-{generation}.nc")


def model() -> hs.HierarchicalDDM:
    """The model that is fitted; the second participant never saw a condition."""
    frame = pd.DataFrame(
        {
            "subject": np.repeat(["s1", "s2"], 8),
            "conf": [*["HC", "LC"] * 4, *["HC"] * 8],
            "rt": 0.45 + 0.1 * (np.arange(16) % 7),
            "response": (np.arange(16) % 3 > 0).astype(int),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it never saw it
        return hs.HierarchicalDDM(
            frame, groupby="subject", formula="v ~ conf", fixed={"a": 1.2, "z": 0.5, "t0": 0.3}, p_outlier=0.05,
            likelihood="exact",
        )  # fmt: skip


if __name__ == "__main__":
    idata = model().sample(draws=4, tune=60, chains=2, seed=1, groups=("log_likelihood",))
    idata.to_netcdf(str(path_of(0 if HAS_INFERENCE_DATA else 1)))
