"""``hddm-sbi read``, and ``fit`` on what it reads: the table, how it was read, and what was left out."""

from __future__ import annotations

import json
from pathlib import Path

import arviz as az
import pandas as pd
import pytest

import hddm_sbi as hs

EXPORTS = Path(__file__).resolve().parent.parent / "exports"
SHORT = ("--likelihood", "exact", "--draws", "30", "--tune", "30", "--chains", "2")


def test_a_pattern_of_files_becomes_one_table(run) -> None:
    result = run("read", EXPORTS / "labjs_*.csv", "--out", "trials.csv")
    assert result.exit_code == 0, result.stderr
    assert "Read as lab.js: 2 files (labjs_1.csv, labjs_2.csv)" in result.stdout
    assert "left out     8 rows: practice (phase = training: 8)" in result.stdout
    assert result.stdout.rstrip().endswith("Written: trials.csv")
    table = pd.read_csv("trials.csv", dtype={"participant": str})
    expected = hs.read(EXPORTS / "labjs_*.csv")
    assert table.columns.tolist() == expected.columns.tolist()
    assert table["participant"].tolist() == expected["participant"].tolist()
    assert table["rt"].isna().sum() == 4


def test_what_read_wrote_is_a_plain_table(run) -> None:
    run("read", EXPORTS / "jspsych_P0*.csv", "--out", "trials.csv")
    again = hs.read("trials.csv")
    pd.testing.assert_frame_equal(
        again[["participant", "rt", "response", "correct"]],
        hs.read(EXPORTS / "jspsych_P0*.csv")[["participant", "rt", "response", "correct"]],
        check_dtype=False,
        atol=1e-6,
    )
    result = run("fit", "trials.csv", "--groupby", "participant", "--choices", "f,j", "--out", "run")
    assert "Read as" not in result.stdout
    assert "5 of 52 trials have neither a response time" in result.stderr


def test_everything_may_be_said(run) -> None:
    options = ("--source", "table", "--rt", "response_time", "--rt-unit", "ms", "--response", "response")
    options += ("--groupby", "subject_nr", "--where", "practice == 'yes'")
    result = run("read", EXPORTS / "opensesame_subject-1.csv", "--out", "trials.csv", *options)
    assert result.exit_code == 0, result.stderr
    assert pd.read_csv("trials.csv")["rt"].tolist() == [0.44, 0.363]


def test_a_question_is_one_line_and_writes_nothing(run, tmp_path: Path) -> None:
    (tmp_path / "P01.csv").write_bytes((EXPORTS / "jspsych_P01.csv").read_bytes().replace(b"practice", b"flanker"))
    result = run("read", "P01.csv", "--out", "trials.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: rows of several kinds have responses, by column 'task'")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "trials.csv").exists()


def test_no_file_is_overwritten_unasked(run, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("mine", encoding="utf-8")
    result = run("read", EXPORTS / "labjs_1.csv", "--out", "trials.csv")
    assert result.exit_code == 2
    assert (tmp_path / "trials.csv").read_text(encoding="utf-8") == "mine"
    assert run("read", EXPORTS / "labjs_1.csv", "--out", "trials.csv", "--force").exit_code == 0


@pytest.mark.slow
def test_fit_reads_exports_and_says_so_in_the_result(run) -> None:
    result = run("fit", EXPORTS / "opensesame_*.csv", "--choices", "m,z", *SHORT, "--out", "run")
    assert result.exit_code == 0, result.stderr
    assert "Read as OpenSesame 4.1.22: 2 files" in result.stdout
    assert "Taken with --groupby participant, --response response, --deadline deadline." in result.stdout
    assert "omitted on 4 trials" in result.stdout
    idata = az.from_netcdf("run/idata.nc")
    reading = json.loads(idata.attrs["reading"])
    assert reading["source"] == "opensesame"
    assert reading["left_out"] == [{"rule": "practice", "rows": 4, "counts": {"practice = yes": 4}}]
    assert "left out were 4 rows: practice (practice = yes: 4)" in idata.attrs["responses"]


@pytest.mark.slow
def test_fit_of_accuracy_counts_time_outs_as_omissions(run) -> None:
    result = run("fit", EXPORTS / "opensesame_*.csv", "--coding", "accuracy", *SHORT, "--out", "run")
    assert result.exit_code == 0, result.stderr
    assert "correct: 0 = error (lower), 1 = correct (upper)" in result.stdout
    assert "omitted on 4 trials" in result.stdout


def test_fit_applies_a_filter_to_a_plain_table(run, tmp_path: Path) -> None:
    rows = "".join(f"a,{phase},0.{k}5,{k % 2}\n" for phase in ("test", "warm") for k in range(3, 9))
    (tmp_path / "data.csv").write_text(f"subject,phase,rt,response\n{rows}", encoding="utf-8")
    result = run("fit", "data.csv", "--where", "phase == 'nowhere'", "--out", "run")
    assert result.exit_code == 2
    assert "leaves none of the 12 rows" in result.stderr
    result = run("fit", "data.csv", "--where", "phase == 'test'", "--formula", "v ~ nothing", "--out", "run")
    assert result.exit_code == 2  # the formula is refused after the table was read
    assert "6 of 12 rows" in result.stdout
    assert "nothing" in result.stderr


@pytest.mark.parametrize("option", [(), ("--source", "auto")])
def test_a_plain_table_is_taken_as_it_stands(run, tmp_path: Path, option: tuple[str, ...]) -> None:
    (tmp_path / "data.csv").write_text("subj_idx,rt,response\n1,-999,1\n1,0.5,0\n", encoding="utf-8")
    result = run("fit", "data.csv", *option, "--out", "run")
    assert result.exit_code == 2
    assert "Read as" not in result.stdout
    assert "-999" in result.stderr
