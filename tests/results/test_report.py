from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from hddm_sbi.inference.density_check import DensityCheck
from hddm_sbi.results.certificate import certificate
from hddm_sbi.results.quantities import quantities
from hddm_sbi.results.report import print_report
from hddm_sbi.results.shifts import SCORE, Shifts
from hddm_sbi.results.to_arviz import to_inference_data
from hddm_sbi.results.verdict import BoxReport


def _printed(idata: object, encoding: str = "utf-8") -> str:
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding=encoding)
    print_report(idata, console=Console(file=file, width=80))
    file.flush()
    return buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_fits_80_columns_of_any_terminal(make_results, encoding: str) -> None:
    text = _printed(make_results(), encoding)
    assert max(map(len, text.splitlines())) <= 80
    assert "4 chains of 250 draws; posterior mean, sd and equal-tailed 95% interval" in text
    for words in ("the typical participant", "v[conf=HC]", "v_mean[conf=LC]", "v_Intercept_subject_sd", "Lapses: "):
        assert words in text
    assert "The sampler converged." in text
    tables = text.split("The sampler converged.")[0]
    assert "v_subject" not in tables  # participants are in the summary table
    assert "p_outlier" not in tables  # reported as lapses


def test_says_where_numbers_are(make_results) -> None:
    idata = make_results()
    assert "On the natural scale" not in _printed(idata)
    idata.attrs["model"] = '{"values_at": {"x": "its mean, 0.5", "age": "its mean, 30; participants at their own"}}'
    expected = "On the natural scale x is at its mean, 0.5; age is at its mean, 30; participants at their own."
    assert expected in " ".join(_printed(idata).split())


def test_long_names_fold(make_results) -> None:
    name = "v_a_very_long_covariate_name_for_a_terminal"
    text = _printed(make_results({name: np.random.default_rng(0).normal(size=(4, 250))}))
    assert max(map(len, text.splitlines())) <= 80
    assert name[:30] in text
    assert name[30:] in text


def test_shows_participants_where_there_is_no_population() -> None:
    def results(subjects: int) -> object:
        draws = np.random.default_rng(0).normal(size=(4, 50, subjects))
        posterior = {"v_subject": (("chain", "draw", "subject"), draws)}
        return to_inference_data({"posterior": posterior}, {"subject": range(subjects)}, {})

    assert "v_subject[2]" in _printed(results(3))
    many = _printed(results(60))
    assert "60 values, all in the summary table" in many
    assert len(many.split("The sampler")[0].splitlines()) < 10


def test_of_many_participants_the_lowest_and_the_highest_are_named() -> None:
    means = np.linspace(-1.0, 2.0, 60)[np.random.default_rng(0).permutation(60)]
    draws = means + np.array([[[-0.1], [0.1]]] * 4)
    posterior = {"v_subject": (("chain", "draw", "subject"), draws)}
    labels = [f"p{k}" for k in range(60)]
    many = _printed(to_inference_data({"posterior": posterior}, {"subject": labels}, {}))
    low, high = labels[int(np.argmin(means))], labels[int(np.argmax(means))]
    assert f"v_subject: -1.000 ({low}), 0.500, 2.000 ({high})" in many


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_shows_the_certificate(make_results, encoding: str) -> None:
    idata = make_results()
    found = quantities(idata)
    shift = np.linspace(0.0, 0.05, len(found.labels))
    check = DensityCheck(0.004, 0.006, np.zeros(4), 1, 3, 100_000)
    few = BoxReport(0.003, np.array([0.003]), np.array([0.003]), "0.3% of the draws lie outside the range.")
    made = certificate(found, Shifts(shift, shift, SCORE, 500), check, few, 0.1, has_exact=False)
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding=encoding)
    print_report(idata, certificate=made, console=Console(file=file, width=80))
    file.flush()
    text = buffer.getvalue().decode(encoding)
    assert max(map(len, text.splitlines())) <= 80
    after = " ".join(text.split("The sampler converged.")[1].split())
    assert made.sentence in after
    assert "- Its probabilities of choices" in after
    assert f"- {few.sentence}" in after  # be the share ever so small
