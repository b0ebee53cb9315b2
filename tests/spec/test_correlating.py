"""Which group effects are correlated, what is printed of it, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributions as td

from hddm_sbi.errors import HDDMWarning, ModelError
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.correlating import independence_in_words
from hddm_sbi.spec.correlation_priors import correlation_priors
from hddm_sbi.spec.group_block import blocks_of
from hddm_sbi.spec.model_spec import ModelSpec
from hddm_sbi.ssm.registry import get_model
from hddm_sbi.trials.reading import read_trials


def built(formula: Any = None, groupby: str | None = "subject", **options: Any) -> tuple[ModelSpec, Any]:
    n, rng = 240, np.random.default_rng(2)
    subject = np.repeat(np.arange(8), 30)
    table = pd.DataFrame(
        {
            "subject": subject,
            "patient": np.where(subject < 4, "yes", "no"),
            "item": rng.integers(0, 5, n).astype(str),
            "cond": np.resize(["fast", "slow"], n),
            "rt": rng.uniform(0.5, 2.0, n),
            "response": rng.integers(0, 2, n),
        }
    )
    return build_spec(get_model("ddm"), read_trials(table, groupby=groupby), formula=formula, **options)


def sets(spec: ModelSpec) -> dict[str, tuple[str, ...]]:
    """The effects of each correlation matrix of the posterior."""
    return {
        one.correlation.posterior_variable: tuple(block.reported_effects[place] for place in one.shown)
        for block in blocks_of(spec)
        for one in block.sets
    }


FOUR = tuple(f"{name}_Intercept" for name in ("v", "a", "z", "t0"))


@pytest.mark.parametrize(
    ("formula", "options", "expected"),
    [
        (None, {}, {}),
        (None, {"correlated": True}, {"subject_corr": FOUR}),
        (None, {"correlated": ["a", "v"]}, {"subject_corr": FOUR[:2]}),
        (None, {"correlated": True, "shared": ("z", "t0")}, {"subject_corr": FOUR[:2]}),
        ("v ~ cond", {"correlated": "v"}, {"subject_corr": ("v_Intercept", "v_cond[slow]")}),
        ("v ~ 1 + (1 | subject) + (1 | item)", {"correlated": True}, {"subject_corr": FOUR}),
        (
            ["v ~ 1 + (1 |p| subject)", "a ~ 1 + (1 |p| subject)"],
            {},
            {"subject_corr_p": ("v_Intercept", "a_Intercept")},
        ),
        (
            ["v ~ 1 + (1 |p| subject)", "a ~ 1 + (1 |p| subject)"],
            {"correlated": True},
            {"subject_corr_p": FOUR[:2], "subject_corr": FOUR[2:]},
        ),
        ("v ~ cond + (cond || subject)", {"correlated": True}, {"subject_corr": FOUR[1:]}),
        (
            "v ~ cond + (cond | gr(subject, by=patient))",
            {"correlated": "v"},
            {"subject_by_patient_corr": ("v_Intercept", "v_cond[slow]")},
        ),
    ],
)
def test_what_is_correlated(formula: Any, options: dict[str, Any], expected: dict[str, tuple[str, ...]]) -> None:
    spec, _ = built(formula, **options)
    assert sets(spec) == expected


def test_formulas_say_what_is_correlated() -> None:
    spec, design = built("v ~ cond + (cond | subject)", correlated=True)
    assert spec.parameter("v").formula == "1 + cond + (1 + cond | subject)"
    assert independence_in_words(spec, design) is None
    spec, design = built("v ~ cond + (cond | subject)")
    assert spec.parameter("v").formula == "1 + cond + (1 + cond || subject)"
    said = independence_in_words(spec, design)
    assert said is not None and "(1 + cond | subject) of v are taken as independent" in said
    spec, design = built("v ~ cond")  # nobody wrote a bar
    assert independence_in_words(spec, design) is None


def test_effects_of_a_set_lie_beside_each_other() -> None:
    """A set takes the place of its first effect, whatever else varies by the factor, the last parameter's first."""
    spec, _ = built(["v ~ cond + (cond |p| subject)", "t0 ~ 1 + (1 |p| subject)"])
    (block,) = blocks_of(spec)
    assert block.reported_effects == ("t0_Intercept", "v_Intercept", "v_cond[slow]", "a_Intercept", "z_Intercept")
    assert block.first.tolist() == [0, 0, 0, 3, 4]
    (one,) = block.sets
    assert one.shown == (1, 2, 0)


@pytest.mark.parametrize("eta", [2.0, td.LKJCholesky(4, torch.tensor(2.0))])
def test_the_prior_of_correlations(eta: Any) -> None:
    spec, _ = built(correlated=True, priors={"subject_corr": eta})
    prior = correlation_priors(spec)["subject_corr"]
    # of k effects 1 / sqrt(2 eta + k - 1)
    assert prior.eta == 2.0 and prior.sd[0, 1] == pytest.approx(1.0 / np.sqrt(7.0)) and prior.mean[0, 1] == 0.0
    assert prior.in_words() == "LKJ(2), each correlation mean 0, sd 0.38"


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        (None, {"correlated": ["v", "w"]}, "correlated names 'w', which is not a parameter that is estimated here"),
        (None, {"correlated": "drift"}, "correlated names 'drift'"),
        (None, {"correlated": 1.5}, "correlated is 1.5; give True, False, or names of parameters"),
        (None, {"correlated": ["z"], "fixed": {"z": 0.5}}, "correlated names 'z'"),
        (None, {"correlated": ["v", "z"], "shared": "z"}, "correlated names 'z', which does not vary by participant"),
        (None, {"correlated": "v"}, "correlated needs two effects that vary between the same groups"),
        (None, {"correlated": True, "pooling": "none"}, "needs a population of participants, which pooling 'none'"),
        (None, {"correlated": True, "pooling": "complete"}, "pooling 'complete'"),
        (None, {"priors": {"subject_corr": 2.0}}, "priors names 'subject_corr', but the model has no such variable"),
        (None, {"correlated": True, "priors": {"subject_corr": 0.0}}, "eta = 0, which must be positive"),
        (None, {"correlated": True, "priors": {"subject_corr": td.Normal(0.0, 1.0)}}, "'subject_corr', a correlation"),
        (None, {"correlated": True, "priors": {"subject_corr": td.LKJCholesky(3, 1.0)}}, "for 3 effects, but 4"),
    ],
)
def test_what_is_refused(formula: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as raised:
        built(formula, **options)
    assert str(raised.value).count("\n") == 0


def test_effects_of_different_strata_are_correlated_apart_and_that_is_said() -> None:
    formula = "v ~ 1 + (1 | gr(subject, by=patient))"
    with pytest.warns(HDDMWarning, match="'v' has standard deviations by levels of 'patient', and 'a' has not"):
        spec, _ = built([formula, "a ~ cond"], correlated=["v", "a"])
    assert sets(spec) == {"subject_corr": ("a_Intercept", "a_cond[slow]")}
