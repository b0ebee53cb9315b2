"""Equations are well-formed, say what the model has, and name nothing that it has not."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

import hddm_sbi as hs
from hddm_sbi.report.equations import equations
from hddm_sbi.report.processes import equations_of_process
from hddm_sbi.spec.in_words import equation as regression
from tests.report.made import KINDS, experiment, model_of

MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_has_an_equation_that_browsers_can_read(kind: str) -> None:
    model = model_of(kind)
    found = equations(model)
    for words, mathml in found:
        root = ElementTree.fromstring(mathml)
        assert root.tag == f"{MATHML}math" and root.attrib["alttext"] == words and len(root)
        assert words.endswith(".")
    text = " ".join(one.in_words for one in found)
    for parameter in model.spec.reported.parameters:
        if parameter.fixed is not None:
            assert f"is fixed at {parameter.fixed:g}" in text
        elif parameter.name not in ("p_outlier", "lapse_omission"):
            assert " ".join(regression(parameter)) in text


def test_what_is_fixed_at_zero_does_not_vary_across_trials() -> None:
    text = " ".join(one.in_words for one in equations(model_of("full_ddm")))
    assert "drift is normal around v" in text and "starting point is uniform" not in text


def test_group_effects_are_independent_or_correlated() -> None:
    text = " ".join(one.in_words for one in equations(model_of("correlated")))
    assert "deviations in z_Intercept and t0_Intercept are normal and independent" in text
    assert "v_conf[HC] and a_Intercept are jointly normal" in text and "LKJ(1)" in text
    assert "has the prior Normal(0, 2.236), whatever" in " ".join(one.in_words for one in equations(model_of("apart")))


def test_what_was_seen_of_trials_has_its_equation() -> None:
    said = {kind: " ".join(one.in_words for one in equations(model_of(kind))) for kind in KINDS}
    assert [kind for kind, text in said.items() if "an omission" in text] == ["deadline"]
    assert [kind for kind, text in said.items() if "withheld response" in text] == ["go"]
    assert [kind for kind, text in said.items() if "being kept" in text] == ["truncated"]
    assert [kind for kind, text in said.items() if "drift criterion" in text] == ["stimulus"]
    assert [kind for kind, text in said.items() if "is a lapse" not in text] == ["choices"]


@pytest.mark.parametrize("name", hs.list_models())
def test_every_process_of_the_registry_has_equations(name: str) -> None:
    found = equations_of_process(hs.get_model(name))
    assert len(found) >= 3
    for one in found:
        ElementTree.fromstring(one.mathml)


def test_labels_of_the_data_are_escaped() -> None:
    df = experiment().rename(columns={"conf": "a<b & c"})
    df = pd.DataFrame(df).assign(**{"x": df["a<b & c"].map({"HC": "<i>", "LC": "&"})})
    model = hs.HierarchicalDDM(df, groupby="subject", likelihood="exact", formula="v ~ x")
    for one in equations(model):
        ElementTree.fromstring(one.mathml)
