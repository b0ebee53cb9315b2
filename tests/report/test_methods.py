"""What a methods paragraph says is true of the model, and it cites what was used and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import hddm_sbi as hs
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.report.methods import Methods, methods
from hddm_sbi.report.references import REFERENCES, Citations
from tests.report.made import KINDS, as_results, experiment, model_of, results_of

# What each kind of model must say, and must not.
SAID: dict[str, tuple[list[str], list[str]]] = {
    "ddm": (
        ["120 trials of 4 participants (30 each)", "(Ratcliff, 1978; Ratcliff & McKoon, 2008)", "evaluated exactly",
         "v ~ 1 + conf + theta + (1 + conf + theta || subject)", "treatment coding", "independently of each other",
         "Navarro & Fuss, 2009", "p_outlier ~ Beta(1, 20)", "seed 7", "300 warm-up draws", "1 draw diverged",
         "2 chains of 60 draws", "NOT to be reported", "nutpie", "upper boundary stands for the response '1'"],
        ["network", "SHA-256", "LKJ", "deadline", "was fixed", "Brown", "Boelts", "Pyro", "Cavanagh", "taken out"],
    ),
    "network": (
        ["5,242,880,000 simulated trials", "Papamakarios et al., 2019", "Boelts et al., 2022", "Fengler et al., 2021",
         "z was fixed at 0.5", "p_outlier, fixed at 0.05, a trial was a lapse"],
        ["evaluated exactly", "Navarro", "p_outlier ~"],
    ),
    "full_ddm": (["with variability across trials in drift (", "Tuerlinckx, 2004", "sz was fixed at 0, st0 at 0",
                  "sv did not vary by participant"], ["starting point and non-decision time ("]),
    "rdm": (["racing diffusion model (Tillman et al., 2020)", "Accumulators 0, 1 and 2", "the 3 choices"],
            ["boundary", "Ratcliff, 1978", "Wiecki"]),
    "lba": (["linear ballistic accumulator with drifts truncated at zero (Brown & Heathcote, 2008)"],
            ["Tillman", "boundary"]),
    "own": (["a model of our own, 'mine' (evidence adds up)", "formula of our own"], ["Ratcliff, 1978", "Navarro"]),
    "deadline": (["On 21 trials no response came by the deadline (1 s)", "lapse_omission (estimated)", "Blurton",
                  "from 0 to 1 s"], ["withheld"]),
    "go": (["withheld on 20 trials", "go/no-go", "by the deadline (3 s)", "with the go response"], ["omission is the"]),
    "truncated": (["Trials with a response before 0.1 s or after 5 s had been taken out", "Blurton"], ["deadline"]),
    "stimulus": (["s v + v_bias", "(column stim)", "drift criterion (Ratcliff, 1985)"], ["was fixed"]),
    "accuracy": (["coded by accuracy: the upper boundary stands for correct responses", "z was fixed at 0.5"], []),
    "apart": (["estimated apart, without a population", "v_Intercept_subject ~ Normal(0, 2.236)"],
              ["partial pooling", "typical participant", "half-normal"]),
    "complete": (["pooled, as if they were one participant's"], ["partial pooling", "typical participant"]),
    "correlated": (["jointly normal", "LKJ(1)", "Lewandowski et al., 2009", "sum coding"], ["independently of each"]),
    "choices": (["analysed without their times", "Choices were modelled", "a was fixed at 1.5, t0 at 0",
                 "No lapses were assumed"], ["Response times ranged", "Tuerlinckx"]),
    "alone": (["120 trials, which were not told apart by participant"], ["participants (", "typical participant"]),
}  # fmt: skip


def test_every_kind_has_its_facts_here() -> None:
    assert set(SAID) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_paragraph_says_what_is_true_of_the_model(kind: str) -> None:
    found = methods(model_of(kind), results_of(kind))
    present, absent = SAID[kind]
    assert [text for text in present if text not in found.paragraph] == []
    assert [text for text in absent if text in found.paragraph] == []
    assert "  " not in found.paragraph and ".." not in found.paragraph and " ." not in found.paragraph
    _check_references(found)


def _check_references(found: Methods) -> None:
    """What is cited is listed, what is listed is cited, and BibTeX has the same entries."""
    cited = {
        part.strip()
        for bracket in re.findall(r"\(([^()]*\d{4}[^()]*)\)", found.paragraph)
        for part in bracket.split(";")
        if re.search(r", \d{4}$", part.strip())
    }
    keys = [key for key, one in REFERENCES.items() if str(one) in found.references]
    assert len(keys) == len(found.references)
    assert {REFERENCES[key].in_text for key in keys} == cited
    entries = _parsed(found.bibtex)
    assert set(entries) == set(keys)
    for key, fields in entries.items():
        assert fields["year"] == str(REFERENCES[key].year) and ("doi" in fields or "url" in fields)


def _parsed(bibtex: str) -> dict[str, dict[str, str]]:
    """The fields of each entry, by a reader of balanced braces."""
    entries = {}
    for entry in re.split(r"(?m)^@", bibtex)[1:]:
        assert entry.count("{") == entry.count("}")
        assert not re.search(r"(?<!\\)[&%]", entry.replace("https://", ""))
        head, body = entry.split(",", 1)
        kind, key = head.split("{")
        assert kind in ("article", "misc")
        fields = dict(re.findall(r"(?m)^  (\w+) = \{(.*)\},?$", body))
        assert {"author", "title", "year"} <= set(fields)
        entries[key] = fields
    return entries


def test_references_are_told_apart_in_a_text() -> None:
    in_text = [one.in_text for one in REFERENCES.values()]
    assert len(set(in_text)) == len(in_text)
    assert all(one.doi or one.url for one in REFERENCES.values())
    cite = Citations()
    assert cite("vehtari2021", "brown2008") == "(Brown & Heathcote, 2008; Vehtari et al., 2021)"
    assert [one.key for one in cite.cited] == ["brown2008", "vehtari2021"]


def test_the_bundled_experiment_is_cited_where_it_was_analysed_and_nowhere_else() -> None:
    df = hs.load_data("cavanagh_theta")
    late = df["rt"] > 3.0
    for table, options in ((df, {}), (df.assign(rt=df["rt"].mask(late), response=df["response"].mask(late)), {
        "deadline": 3.0})):  # fmt: skip
        model = HierarchicalDDM(table, groupby="participant_id", likelihood="exact", pooling="complete", **options)
        assert "The data (Cavanagh et al., 2011; Wiecki et al., 2013) were 3,988 trials" in _paragraph(model)
    half = HierarchicalDDM(df[: len(df) // 2], groupby="participant_id", likelihood="exact", pooling="complete")
    assert "Cavanagh" not in _paragraph(half)


def _paragraph(model: HierarchicalDDM) -> str:
    draws = {name: (("chain", "draw"), np.random.default_rng(0).normal(size=(4, 50))) for name in ("v", "v_Intercept")}
    from hddm_sbi.results.to_arviz import to_inference_data

    return methods(model, to_inference_data({"posterior": draws}, {}, {"likelihood": "exact"})).paragraph


def test_own_priors_and_pyro_are_said() -> None:
    from torch.distributions import Normal

    model = HierarchicalDDM(
        experiment(), groupby="subject", likelihood="exact", priors={"v_Intercept": Normal(0.5, 0.25)}
    )
    found = methods(model, as_results(model, {"sampler": "pyro"})).paragraph
    assert "we chose the priors v_Intercept ~ Normal(0.5, 0.25)" in found
    assert "All other priors were the weakly informative defaults" in found
    assert "Pyro" in found and "Bingham et al., 2019" in found and "nutpie" not in found


def test_rows_that_were_left_out_of_files_are_said() -> None:
    df = experiment()
    df.attrs["reading"] = {"rows_in_words": "120 of 130 rows that were read as jsPsych are trials"}
    model = HierarchicalDDM(df, groupby="subject", likelihood="exact")
    assert "Of the files, 120 of 130 rows that were read as jsPsych are trials." in methods(
        model, as_results(model)
    ).paragraph  # fmt: skip


def test_sound_chains_come_without_a_warning() -> None:
    from hddm_sbi.results.verdict import Verdict

    kind = "complete"
    good = Verdict(True, ("The sampler converged.",), "good", ())
    partial = replace(good, ok=False, degree="partial", unusable=("t0_subject[s1]", "t0_subject[s2]"))
    assert "NOT" not in methods(model_of(kind), results_of(kind), judged=good).paragraph
    assert "2 quantities of participants fell short" in methods(
        model_of(kind), results_of(kind), judged=partial
    ).paragraph  # fmt: skip
