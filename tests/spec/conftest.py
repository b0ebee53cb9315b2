"""A small experiment, and specs of a diffusion model on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.design import Design
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.model_spec import ModelSpec, ParameterSpec
from hddm_sbi.ssm.base import SSM, Parameter
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials


def _no_simulator(theta, n, seed):
    raise AssertionError("specs need no simulator")


@pytest.fixture
def ddm() -> SSM:
    return replace(get_model("ddm"), simulator=_no_simulator)


@pytest.fixture
def own() -> SSM:
    """A model of the user's own, whose parameters are in no table."""
    return SSM(
        name="own",
        parameters=(
            Parameter("drift", (-np.inf, np.inf), "identity", (-3.0, 5.0)),
            Parameter("bound", (0.0, np.inf), "log", (0.5, 8.0)),
            Parameter("share", (0.0, 1.0), "logit", (0.0, 1.0)),
            Parameter("tail", (1.0, 2.0), "identity", (1.0, 2.0)),
        ),
        simulator=_no_simulator,
    )


@pytest.fixture
def trials() -> Trials:
    rng, n = np.random.default_rng(2), 160
    subject = np.repeat([11, 12, 15, 20], 40)
    frame = pd.DataFrame(
        {
            "subject": subject,
            "group": np.where(subject < 13, "control", "patient"),
            "conf": np.tile(["HC", "LC"], 80),
            "stim": np.tile(["LL", "LL", "WL", "WL", "WW"], 32),
            "theta": rng.normal(10.0, 2.0, n),
            "item": rng.integers(0, 5, n).astype(str),
            "rt": rng.uniform(0.4, 2.0, n),
            "response": rng.integers(0, 2, n),
        }
    )
    return read_trials(frame, groupby="subject")


@pytest.fixture
def build(ddm: SSM, trials: Trials) -> Callable[..., tuple[ModelSpec, Design]]:
    def make(formula=None, go: bool = False, **options) -> tuple[ModelSpec, Design]:
        return build_spec(ddm, replace(trials, go=go), formula=formula, **options)

    return make


@pytest.fixture
def parameter(build) -> Callable[..., ParameterSpec]:
    """The spec of one parameter of a model."""

    def find(name: str, formula=None, **options) -> ParameterSpec:
        spec, _ = build(formula, **options)
        return next(parameter for parameter in spec.parameters if parameter.name == name)

    return find
