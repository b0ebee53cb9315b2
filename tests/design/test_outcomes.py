"""Whatever is typed, the outcome is a design of full rank or one sentence of our own."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from hddm_sbi.design.design import build_design
from hddm_sbi.design.formulas import read_formulas
from hddm_sbi.errors import HDDMError
from hddm_sbi.trials.reading import read_trials

PARAMETERS = ("v", "a", "z", "t0")
# As people who come from lme4, brms, HDDM, patsy, HSSM, mgcv, SPSS or Python type them, one a line.
READ, REFUSED = (
    (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    for name in ("formulas_read.txt", "formulas_refused.txt")
)


@pytest.fixture
def trials(experiment):
    experiment["2back"] = experiment["theta"] * 2
    experiment["my col"] = experiment["age"] + experiment["theta"]
    # every stimulus in every condition
    experiment["stim"] = np.resize(["LL", "LL", "WL", "WL", "WW", "WW"], len(experiment))
    return read_trials(experiment, groupby="subject")


def design_of(trials, formula):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # codes used as numbers
        return build_design(trials, read_formulas(formula, PARAMETERS), PARAMETERS)


@pytest.mark.parametrize("formula", READ)
def test_is_read(trials, formula):
    for parameter in design_of(trials, formula).parameters.values():
        assert all(np.isfinite(term.matrix).all() for term in parameter.common)


@pytest.mark.parametrize("formula", REFUSED)
def test_is_refused_in_one_sentence(trials, formula):
    with pytest.raises(HDDMError) as caught:
        design_of(trials, formula)
    message = str(caught.value)
    assert re.match(r"(the (formula|term|column) |a formula |'\w+' has more than one)", message)
    assert re.search(r"[^.?][.?]$", message) and "\n" not in message
    # words of formulae, pandas, NumPy and Python
    for foreign in (
        "object",
        "NoneType",
        "operand",
        "parse",
        "Expect ",
        "pickle",
        "iterable",
        "dtype",
        "argument",
        "ufunc",
    ):
        assert foreign not in message
