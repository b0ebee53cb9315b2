"""A small experiment and short fits of it, shared by the tests of comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi import HierarchicalDDM, simulate

PEOPLE, TRIALS = 11, 20
SHORT = {"draws": 150, "tune": 150, "chains": 2, "cores": 1, "progress": False}


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    """Participants who differ in drift, in two conditions that differ much."""
    rng = np.random.default_rng(2)
    n = PEOPLE * TRIALS
    frame = pd.DataFrame({"subject": np.repeat(np.arange(PEOPLE), TRIALS), "cond": np.tile(["easy", "hard"], n // 2)})
    frame["item"] = np.tile(["x", "x", "y", "y"], n // 4)
    frame["stim"] = rng.choice(["left", "right"], n)
    drift = rng.normal(1.2, 0.4, PEOPLE)[frame["subject"]] - 1.2 * (frame["cond"] == "hard")
    rt, choice = simulate("ddm", np.column_stack([drift, np.tile([1.4, 0.5, 0.3], (n, 1))]), 1, seed=3)
    correct, right = choice[:, 0], (frame["stim"] == "right").to_numpy()
    frame["rt"], frame["correct"] = rt[:, 0], correct
    frame["response"] = np.where(correct == 1, right, ~right).astype(int)
    return frame


@pytest.fixture(scope="session")
def build(table: pd.DataFrame) -> Callable[..., HierarchicalDDM]:
    """A model of the experiment in which drift alone varies between participants."""

    def make(**options: Any) -> HierarchicalDDM:
        standard = {
            "groupby": "subject", "likelihood": "exact", "response": "correct", "shared": ("a", "t0"),
            "p_outlier": 0.02, "fixed": {"z": 0.5}, "random_slopes": False,
        }  # fmt: skip
        return HierarchicalDDM(options.pop("df", table), **{**standard, **options})

    return make


@pytest.fixture(scope="session")
def fits(build: Callable[..., HierarchicalDDM]) -> dict[str, Any]:
    """A model with the condition's effect and one without, and draws of each."""
    models = {"condition": build(formula="v ~ cond"), "none": build()}
    return {name: (model, model.sample(seed=1, **SHORT)) for name, model in models.items()}
