"""A toy likelihood with an easy gradient, and models of a small experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.spec.build import build_spec
from hddm_sbi.ssm.base import SSM
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials


class ToyLikelihood:
    """rt ~ N(t0 + a, 1), choice ~ N(v, 1) and a penalty on z and the rest: smooth in every parameter."""

    n_choices = 2

    def __init__(self, parameters: tuple[str, ...]) -> None:
        self.parameters = parameters

    def log_prob(self, rt, choice, theta, row):
        with np.errstate(all="ignore"):
            v, a, z, t0, *_ = theta[row].T
            return -0.5 * (rt - t0 - a) ** 2 - 0.5 * (choice - v) ** 2 - (z - 0.4) ** 2

    def log_prob_grad(self, rt, choice, theta, row):
        with np.errstate(all="ignore"):
            v, a, z, t0, *rest = theta[row].T
            by_t0 = rt - t0 - a
            by = [choice - v, by_t0, -2 * (z - 0.4), by_t0, *(np.zeros_like(v) for _ in rest)]
            return self.log_prob(rt, choice, theta, row), np.stack(by, axis=-1)


def toy_simulate(theta, seed):
    rng = np.random.default_rng(seed)
    return 0.01 + np.abs(theta[:, 3] + theta[:, 1] + rng.normal(size=len(theta))), rng.integers(0, 2, len(theta))


def _no_simulator(theta, n, seed):
    raise AssertionError("plate models draw trials with their own function")


@pytest.fixture
def ddm() -> SSM:
    return replace(get_model("ddm"), simulator=_no_simulator)


@pytest.fixture
def trials() -> Trials:
    rng, n = np.random.default_rng(3), 60
    frame = pd.DataFrame(
        {
            "subject": np.repeat([1, 2, 3], 20),
            "conf": np.tile(["HC", "LC"], 30),
            "stim": np.tile(["LL", "LL", "WL", "WL", "WW"], 12),
            "theta": rng.normal(size=n),
            "trial": np.tile([4, 5, 6], 20),
            "rt": rng.uniform(0.4, 2.0, n),
            "response": rng.integers(0, 2, n),
        }
    )
    return read_trials(frame, groupby="subject")


@pytest.fixture
def build(ddm: SSM, trials: Trials) -> Callable:
    return lambda formula=None, **options: build_spec(ddm, trials, formula=formula, **options)


@pytest.fixture
def toy() -> Callable[..., ToyLikelihood]:
    return lambda spec: ToyLikelihood(tuple(parameter.name for parameter in spec.parameters))


@pytest.fixture
def simulate() -> Callable:
    return toy_simulate
