"""Counts as users write them, and what a model is made of."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from hddm_sbi.errors import ModelError
from hddm_sbi.ssm import get_model
from hddm_sbi.ssm.base import whole


@pytest.mark.parametrize(
    "value", [1_000_000, 1e6, np.float64(1e6), np.float32(1e6), np.int32(1e6), np.array(1_000_000)]
)
def test_counts(value) -> None:
    found = whole("n", value)
    assert found == 1_000_000 and type(found) is int


@pytest.mark.parametrize(
    ("value", "least", "message"),
    [
        (-1, 0, "^n is -1; it must be a non-negative integer.$"),
        (0, 1, "^n is 0; it must be a positive integer.$"),
        (np.float64(2.5), 2, "^n is 2.5; it must be an integer of at least 2.$"),
        (float("nan"), 0, "^n is nan; it"),
        (float("inf"), 0, "^n is inf; it"),
        ("7", 0, "^n is '7'; it"),
        (None, 0, "^n is None; it"),
        (True, 0, "^n is True; it"),
        ([1], 0, r"^n is \[1\]; it"),
        (Fraction(5), 0, "^n is Frac"),
    ],
)
def test_what_is_no_count(value, least: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        whole("n", value, least)


@pytest.mark.parametrize("n_choices", [0, -1, 1.5])
def test_a_model_has_response_options(n_choices) -> None:
    with pytest.raises(ModelError, match=f"n_choices is {n_choices}; it must be a positive integer"):
        replace(get_model("ddm"), n_choices=n_choices)
    assert type(replace(get_model("ddm"), n_choices=2.0).n_choices) is int
