"""A small experiment: 6 participants in 2 groups, 3 stimuli and a covariate within participants."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import Design, build_design
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials


@pytest.fixture
def experiment() -> pd.DataFrame:
    rng, n = np.random.default_rng(1), 240
    subject = np.repeat(["s1", "s2", "s3", "s4", "s5", "s6"], 40)
    return pd.DataFrame(
        {
            "subject": subject,
            "group": np.where(np.isin(subject, ["s1", "s2", "s3"]), "control", "patient"),
            "age": np.repeat([20.0, 31.0, 45.0, 28.0, 60.0, 52.0], 40),
            "stim": np.tile(["LL", "WL", "WW", "LL"], 60),
            "conf": np.tile(["HC", "LC"], 120),
            "theta": rng.normal(1.0, 2.0, n).round(2),
            "code": np.tile([0, 1, 1, 0], 60),
            "item": np.tile(np.arange(8), 30),
            "old": np.tile([True, False], 120),
            "rt": rng.uniform(0.4, 2.0, n).round(2),
            "response": rng.integers(0, 2, n),
        }
    )


@pytest.fixture
def trials(experiment: pd.DataFrame) -> Trials:
    return read_trials(experiment, groupby="subject")


@pytest.fixture
def design_of(trials: Trials) -> Callable[..., Design]:
    """Design of one parameter ``v`` with a right-hand side, and of ``a`` without a formula."""
    return lambda rhs, **options: build_design(trials, {"v": rhs}, ("v", "a"), **options)
