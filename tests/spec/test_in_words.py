from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.design.conditions import find_conditions
from hddm_sbi.likelihoods.observation.lapses import Lapses
from hddm_sbi.spec.build import build_spec
from hddm_sbi.spec.in_words import describe
from hddm_sbi.spec.table import prior_table
from hddm_sbi.ssm import get_model
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.trials import Trials
from tests.observing import untimed


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


def test_the_whole_text(ddm, build, trials):
    spec, design = build(["v ~ conf"], fixed={"z": 0.5}, shared=("t0",))
    text = describe(
        spec, trials, prior_table(spec), conditions=find_conditions(design, trials).table, likelihood="exact"
    )
    lines = text.splitlines()
    assert lines[0] == "Model 'ddm', likelihood exact: 60 trials of 3 participants (subject)."
    assert lines[1] == trials.reading
    assert lines[3:9] == [
        "Equations",
        "  v         ~ 1 + conf + (1 + conf || subject)",
        "  log(a)    ~ 1 + (1 | subject)",
        "  z         = 0.5",
        "  log(t0)   ~ 1",
        "  p_outlier ~ 1",
    ]
    assert "  v_conf_subject_sd      ~ HalfNormal(1)" in lines
    assert lines[-3:] == ["Conditions", "  conf=HC", "  conf=LC"]
    text = describe(spec, trials, prior_table(spec), held=[("theta", "its mean, 0.5"), ("x", "its mean, 2")])
    places = ["Values on the natural scale are reported at", "  theta its mean, 0.5", "  x     its mean, 2"]
    assert text.splitlines()[-3:] == places


def test_accuracy_coding_is_said(ddm, build, trials):
    spec, _ = build(coding="accuracy")
    text = describe(spec, trials, prior_table(spec), coding="accuracy")
    assert "coded by accuracy: z is fixed" in text and "  z         = 0.5" in text
    assert "Conditions" not in text


def test_stimulus_coding_is_said(ddm, trials):
    trials.frame["word"] = np.where(np.arange(trials.n) % 4 < 2, "word", "nonword")
    mapping = {"word": {"word": 1, "nonword": 0}}
    for formula, drift, line in (
        (None, "s v, with", "  v_bias    = 0"),
        ("v_bias ~ conf", "s v + v_bias, with", "  v_bias    ~ 1 + conf + (1 + conf || subject)"),
    ):
        spec, design = build_spec(ddm, trials, formula=formula, coding="stimulus", stimulus=mapping)
        text = describe(spec, trials, prior_table(spec), coding="stimulus", stimulus=design.stimulus)
        said = f"stimulus (word: word = 1, nonword = 0): the drift to the upper boundary is {drift}"
        assert said in text and line in text.splitlines()


@pytest.mark.parametrize(
    ("lapses", "limits", "line"),
    [
        (Lapses(0.0, None, 2.5), {}, "Lapses are uniform from 0 to 2.5 s (the longest response time), over 2 choices."),
        (Lapses(0.1, 8.0, 2.5), {}, "Lapses are uniform from 0.1 to 8 s, over 2 choices."),
        (
            Lapses(0.0, None, 2.5, omissions=True),
            {"deadline": np.array(2.1)},
            "Lapses are uniform from 0 to 2.1 s (each trial's limit), over 2 choices; a share of them, lapse_omission, "
            "never responds.",
        ),
        (
            Lapses(0.0, None, 2.5),
            {"go": True},
            "Lapses are uniform from 0 to 2.5 s (the longest response time), all of them go responses.",
        ),
    ],
)
def test_the_window_of_lapses_is_told(ddm, trials, lapses, limits, line):
    limited = replace(trials, **limits)
    spec, _ = build_spec(ddm, limited)
    assert line in describe(spec, limited, prior_table(spec), lapses=lapses).splitlines()


def test_choices_alone_are_said(ddm, trials):
    alone = untimed(trials)
    spec, _ = build_spec(ddm, alone, fixed={"a": 1})
    text = describe(spec, alone, prior_table(spec))
    assert "Choices were seen without their times" in text and "  t0       = 0" in text


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("angle", "  logit(theta / 1.571) ~ 1 + (1 | subject)"),
        ("levy", "  logit(alpha - 1) ~ 1 + (1 | subject)"),
        ("ornstein", "  g         ~ 1 + (1 | subject)"),
        ("rdm", "  log(v0)   ~ 1 + (1 | subject)"),
    ],
)
def test_equations_of_other_models(trials, model, line):
    ssm = get_model(model)
    spec, _ = build_spec(ssm, trials)
    assert line in describe(spec, trials, prior_table(spec)).splitlines()


def test_the_equation_of_a_width(full_ddm, trials):
    spec, _ = build_spec(full_ddm, trials)
    assert "  logit(sz / (2 min(z, 1 - z))) ~ 1" in describe(spec, trials, prior_table(spec)).splitlines()
