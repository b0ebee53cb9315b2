"""A small experiment and one fit of it, shared by the tests of ``HierarchicalDDM``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.results.further_groups import GROUPS
from hddm_sbi.ssm import simulate

TRIALS = 40


def pytest_itemcollected(item: pytest.Item) -> None:
    """What the model says of the participant who never saw a condition has its own test."""
    item.add_marker(pytest.mark.filterwarnings("ignore:participant s2 has no trials in conf=LC"))


@pytest.fixture(scope="session")
def _experiment() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    theta = [(1.0, 1.5, 0.5, 0.3), (0.6, 1.8, 0.45, 0.25), (1.4, 1.3, 0.55, 0.35)]
    rt, choice = simulate("ddm", theta, TRIALS, seed=4)
    table = pd.DataFrame(
        {
            "subj/id": np.repeat(["s1", "s2", "s3"], TRIALS),
            "rt": rt.ravel(),
            "response": choice.ravel(),
            "conf": np.tile(["HC", "LC"], 3 * TRIALS // 2),
            "stim": rng.choice(["a", "b", "c"], 3 * TRIALS),
            "theta": rng.normal(size=3 * TRIALS).round(1),
        }
    )
    table["subject"] = table["subj/id"]
    table.loc[table["subject"] == "s2", "conf"] = "HC"  # one participant never saw a condition
    return table


@pytest.fixture
def experiment(_experiment: pd.DataFrame) -> pd.DataFrame:
    """Three participants of 40 trials; s2 never saw conf=LC. A copy for each test."""
    return _experiment.copy()


@pytest.fixture
def build(experiment: pd.DataFrame) -> Any:
    """A model of the experiment with the exact likelihood."""

    def make(**options: Any) -> HierarchicalDDM:
        return HierarchicalDDM(experiment, **{"groupby": "subject", "likelihood": "exact", **options})

    return make


@pytest.fixture(scope="session")
def fitted(_experiment: pd.DataFrame) -> tuple[HierarchicalDDM, Any]:
    """A model with a factor and a covariate, and its results with all groups."""
    model = HierarchicalDDM(
        _experiment.copy(), groupby="subj/id", formula=["v ~ conf + I(theta / 2)", "a ~ 0 + stim"], likelihood="exact"
    )
    return model, model.sample(draws=60, tune=100, chains=2, seed=1, groups=GROUPS, progress=False)
