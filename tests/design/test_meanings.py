"""What coefficients are said to be is what they are: checked by the values at the cells that the words name."""

from __future__ import annotations

import pytest

from hddm_sbi.design.contrasts import read_contrasts
from hddm_sbi.design.meanings import in_words
from hddm_sbi.design.sides import evaluate_side

WORDS = {
    ("conf", "treatment"): ["the value, where conf = HC", "LC - HC"],
    ("conf", "sum"): ["the value, averaged over the levels of conf", "HC - mean of all levels"],
    ("stim", "helmert"): [
        "the value, averaged over the levels of stim",
        "WL - LL",
        "WW - mean of LL, WL",
    ],
    ("conf*theta", "treatment"): [
        "the value, where conf = HC and theta = 0",
        "LC - HC, where theta = 0",
        "for one unit of theta, where conf = HC",
        "(LC - HC) by (one unit of theta)",
    ],
    ("0 + conf", "sum"): ["the value, where conf = HC", "the value, where conf = LC"],
    ("conf/old", "treatment"): [
        "the value, where conf = HC and old = False",
        "LC - HC, where old = False",
        "True - False, where conf = HC",
        "True - False, where conf = LC",
    ],
    ("conf*stim", "orthonormal"): [
        "the value, averaged over the levels of conf and stim",
        "a contrast without a unit of its own, averaged over the levels of stim",
        *["a contrast without a unit of its own, averaged over the levels of conf"] * 2,
        *["(a contrast without a unit of its own) by (a contrast without a unit of its own)"] * 2,
    ],
    ("poly(theta, 2)", "treatment"): [
        "the value, where poly(theta, 2) = 0",
        "for one unit of column 1 of poly(theta, 2)",
        "for one unit of column 2 of poly(theta, 2)",
    ],
    ("0 + S(conf)", "treatment"): [
        "the value, averaged over the levels of S(conf)",
        "HC - mean of all levels",
    ],
}


@pytest.mark.parametrize(("rhs", "contrasts"), WORDS)
def test_words(experiment, rhs, contrasts):
    terms = evaluate_side("v", rhs, experiment, read_contrasts(contrasts)).common
    assert [text for texts in in_words(terms) for text in texts] == WORDS[rhs, contrasts]
