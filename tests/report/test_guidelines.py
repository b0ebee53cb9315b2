"""Every item of the guidelines is answered, from the fit where it can be."""

from __future__ import annotations

import pytest

from hddm_sbi.report.guidelines import AUTHOR, COLUMNS, guidelines
from hddm_sbi.report.sensitivity import Sensitivity
from hddm_sbi.results.summary import summarise
from tests.report.made import KINDS, model_of, results_of

LETTERS = {"1": "ABCDE", "2": "ABCD", "3": "ABC", "4": "ABCDE", "5": "ABCDE", "6": "ABCDE"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_item_has_an_answer(kind: str) -> None:
    found = guidelines(model_of(kind), results_of(kind))
    assert tuple(found.columns) == COLUMNS
    expected = ["A.", "B."] + [f"{step}{letter}." for step, letters in LETTERS.items() for letter in letters]
    assert found["item"].str.split(" ").str[0].tolist() == expected
    assert found["answer"].str.endswith(".").all() and (found["where"] != "").all()


def test_answers_have_the_numbers_of_the_fit() -> None:
    results = results_of("network")
    found = guidelines(model_of("network"), results).set_index("item")["answer"]
    summary = summarise(results)
    assert f"R-hat is at most {summary['r_hat'].max():.3f}" in found["2B. MCMC chain convergence"]
    assert "NOT converged" in found["2B. MCMC chain convergence"]
    least = summary[["ess_bulk", "ess_tail"]].min().min()
    assert f"at least {least:,.0f} " in found["2C. MCMC chain resolution"]
    assert "likelihood 'nle'" in found["1B. Likelihood function and parameters"]
    assert "seed 7" in found["6B. Script (code) details"]


def test_sensitivity_answers_the_items_on_priors() -> None:
    told = Sensitivity(("Priors move nothing.",), None)  # type: ignore[arg-type]
    found = guidelines(model_of("ddm"), results_of("ddm"), found=told).set_index("item")
    assert found.loc["5A. For broad priors", "answer"] == "Priors move nothing."
    assert found.loc["A. Why Bayesian", "where"] == AUTHOR
