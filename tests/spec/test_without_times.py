"""Choices without their times: what only times tell leaves the model, and something must set the scale."""

from dataclasses import replace

import numpy as np
import pytest
import torch.distributions as td

from hddm_sbi.errors import FormulaError, ModelError
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.without_times import leaving, scales
from hddm_sbi.ssm.base import Symmetries
from hddm_sbi.ssm.registry import get_model
from tests.observing import untimed


@pytest.mark.parametrize(
    ("model", "left", "names"),
    [
        ("ddm", {"t0": 0}, ("v", "a")),
        ("full_ddm", {"t0": 0, "sv": 0, "sz": 0, "st0": 0}, ("v", "a")),
        ("angle", {"t0": 0}, ("v", "a")),
        ("weibull", {"t0": 0}, ("v", "a")),
        ("ornstein", {"t0": 0}, ("v", "a")),
        ("levy", {"t0": 0}, ("v", "a")),
        ("rdm", {"t0": 0}, ("v0", "v1", "B", "A")),
        ("lba", {"t0": 0}, ("B", "A")),  # drifts vary with an sd of 1, which sets the unit of time in that of length
    ],
)
def test_what_leaves_and_what_sets_the_scale(model, left, names):
    assert leaving(get_model(model)) == left and scales(get_model(model)) == names


def test_a_model_without_times(trials, full_ddm):
    spec, _ = build_spec(full_ddm, untimed(trials), fixed={"a": 1})
    assert {p.name: p.fixed for p in spec.parameters} == {
        "v": None, "a": 1.0, "z": None, "t0": 0.0, "sv": 0.0, "sz": 0.0, "st0": 0.0,
    }  # fmt: skip
    # with a deadline choices and omissions tell of time
    spec, _ = build_spec(full_ddm, untimed(trials, deadline=np.full(trials.n, 2.0)))
    assert len(spec.free) == 8
    # the user's own constants and lapses come first
    spec, _ = build_spec(full_ddm, untimed(trials), fixed={"a": 1, "sv": 0.5}, p_outlier=0.05)
    assert spec.parameter("sv").fixed == 0.5 and spec.parameter("p_outlier").fixed == 0.05
    lapse = td.Beta(1.0, 30.0)
    assert build_spec(full_ddm, untimed(trials), fixed={"a": 1}, p_outlier=lapse)[0].free[-1].common


@pytest.mark.parametrize(
    "options",
    [
        {"fixed": {"v": 1.0}},
        {"priors": {"a_Intercept": td.Normal(0.5, 0.2)}},
        {"priors": {"v_conf": td.Normal(1.0, 0.2)}, "formula": "v ~ 0 + conf"},
        {"priors": {"a_Intercept_subject": td.Normal(0.5, 0.2)}, "pooling": "none"},
        {"priors": {"v_Intercept": td.Normal(1.0, 0.2)}, "coding": "stimulus", "stimulus": "response_called"},
    ],
)
def test_what_is_known_of_the_scale(ddm, trials, options):
    trials.frame["response_called"] = trials.choice[::-1]
    spec, _ = build_spec(ddm, untimed(trials), **options)
    assert [parameter.name for parameter in spec.parameters] == ["v", "a", "z", "t0"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fixed": {"z": 0.5}},
        {"fixed": {"v": 0}},
        {"priors": {"a_Intercept_subject_sd": td.HalfNormal(0.1)}},
        {"priors": {"v_conf": td.Normal(1.0, 0.2)}, "formula": "v ~ conf"},
        {"coding": "accuracy"},
        {"ssm": get_model("full_ddm"), "fixed": {"sv": 0.5}},
    ],
)
def test_a_scale_that_nothing_tells(ddm, trials, options):
    message = r"leave the scale of .*'a' open, .* such as fixed=\{\"a\": 1\}, or .* priors=\{\"a_Intercept\": \.\.\.\}"
    with pytest.raises(ModelError, match=message):
        build_spec(options.pop("ssm", ddm), untimed(trials), **options)


def test_races_and_models_of_the_users_own(trials, own):
    rdm = get_model("rdm")
    with pytest.raises(ModelError, match=r"the scale of 'v0', 'v1', 'B', 'A' open, .* fixed=\{\"B\": 1\}"):
        build_spec(rdm, untimed(trials))
    assert build_spec(rdm, untimed(trials), fixed={"v0": 1})[0].parameter("t0").fixed == 0.0
    # nothing is known of a model that declares no symmetries
    assert len(build_spec(own, untimed(trials))[0].free) == 4
    delayed = replace(own, symmetries=Symmetries(shift="tail", scale="bound"))  # a tail is 1 at least
    spec, _ = build_spec(delayed, untimed(trials), fixed={"bound": 2})
    assert spec.parameter("tail").fixed == 1.0


def test_formulas_of_what_has_left(ddm, trials):
    with pytest.raises(FormulaError, match="'t0' leaves the model, since choices without their times say nothing"):
        build_spec(ddm, untimed(trials), formula="t0 ~ conf", fixed={"a": 1})
