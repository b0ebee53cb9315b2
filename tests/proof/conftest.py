"""A small experiment that is fitted in no time, and tasks that are done in this process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch.distributions as td

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.ssm import simulate
from hddm_sbi.tasks import run
from tests.tasks.in_this_process import InThisProcess

# narrow enough for most simulated experiments to be real ones
PRIORS = {"v_Intercept": td.Normal(1.0, 0.5), "a_Intercept": td.Normal(0.4, 0.2), "t0_Intercept": td.Normal(-1.2, 0.2)}
SDS = {"v_Intercept_subject_sd": td.HalfNormal(0.5), "a_Intercept_subject_sd": td.HalfNormal(0.2)}


@pytest.fixture(scope="module")
def in_this_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "pool_of", InThisProcess)
        yield


def experiment(subjects: int = 4, trials: int = 30, seed: int = 1) -> pd.DataFrame:
    """Trials of participants who differ, half of them in each of two conditions."""
    rng = np.random.default_rng(seed)
    theta = np.column_stack(
        [rng.normal(1.0, 0.5, subjects), rng.normal(1.5, 0.2, subjects), np.full(subjects, 0.5), np.full(subjects, 0.3)]
    )
    rt, choice = simulate("ddm", theta, trials, seed=seed)
    return pd.DataFrame(
        {
            "subject": np.repeat([f"s{k}" for k in range(subjects)], trials),
            "cond": ["A", "B"] * (subjects * trials // 2), "rt": rt.ravel(), "response": choice.ravel(),
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def small() -> HierarchicalDDM:
    """v and a vary between participants, z is known, and there are no lapses."""
    return HierarchicalDDM(
        experiment(), groupby="subject", likelihood="exact", fixed={"z": 0.5}, shared="t0", p_outlier=0,
        priors=PRIORS | SDS,
    )  # fmt: skip


@pytest.fixture(scope="session")
def posterior(small: HierarchicalDDM) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return small.sample(draws=200, tune=200, chains=2, seed=1, cores=1, progress=False)
