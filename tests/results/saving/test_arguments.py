"""Arguments that were written as JSON are the same arguments."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch.distributions as td

from hddm_sbi.errors import DataError
from hddm_sbi.results.saving.arguments import read, unwritable, written, written_arguments
from hddm_sbi.ssm import get_model


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1,
        float("inf"),
        "v ~ conf",
        ["v ~ conf", "a ~ stim"],
        {"v": "conf", "a": "0 + stim"},
        {"stim": {1: "left", 2: "right"}},
        {"$tuple": "a name of the user's"},
        {"cond": ("treatment", "b")},
        (None, 1.5),
        Path("weights") / "mine.safetensors",
    ],
    ids=repr,
)
def test_a_value_comes_back_with_its_type(value: Any) -> None:
    again = read(json.loads(json.dumps(written(value))))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.array([1, 2]), [1, 2]),
        (pd.Index(["a", "b"]), ["a", "b"]),
        ({"z", "a"}, ["a", "z"]),
        (np.str_("left"), "left"),
    ],
)
def test_arrays_and_sets_come_back_as_lists_of_plain_values(value: Any, expected: Any) -> None:
    again = read(json.loads(json.dumps(written(value))))
    assert again == expected and type(again) is type(expected)


def test_distributions_come_back_wherever_they_are() -> None:
    again = read(json.loads(json.dumps(written({"p_outlier": td.Beta(2.0, 9.0), "v": 2.0}))))
    assert isinstance(again["p_outlier"], td.Beta) and float(again["p_outlier"].concentration0) == 9.0


def test_what_cannot_be_written_is_named() -> None:
    mixed = td.TransformedDistribution(td.Normal(0.0, 1.0), [td.ExpTransform()])
    found = {"priors": written({"v_Intercept": td.Normal(0.0, 1.0), "a": mixed}), "go": written(object())}
    assert list(unwritable(found)) == [("priors", "TransformedDistribution"), ("go", "object")]


def test_a_model_of_the_registry_is_its_name_and_one_with_other_priors_is_not() -> None:
    ddm = get_model("ddm")
    rest = {"self": None, "df": None, "likelihood": "exact"}
    assert written_arguments({**rest, "model": ddm}) == {"model": "ddm", "likelihood": "exact"}
    other = type(ddm)("ddm", ddm.parameters[:3], ddm.simulator)
    declared = {"name": "ddm", "parameters": ["v", "a", "z"], "n_choices": 2}
    assert written_arguments({**rest, "model": other})["model"] == {"$model": declared}


def test_a_kind_of_value_that_is_not_known_is_refused() -> None:
    with pytest.raises(DataError, match="a value of the unknown kind 'quaternion'"):
        read({"$quaternion": [1, 2, 3, 4]})
