"""``hddm-sbi check``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.cli.conftest import Run
from tests.doctor.experiments import CLEAN
from tests.doctor.faults import exact_time_outs

EXPORTS = Path(__file__).resolve().parent.parent / "exports"


def test_text_and_a_page(run: Run, tmp_path: Path) -> None:
    exact_time_outs(1)[0].table.to_csv(tmp_path / "data.csv", index=False)
    result = run("check", "data.csv", "--groupby", "subject", "--conditions", "cond", "--out", "check.html")
    assert result.exit_code == 0, result.output
    assert "1. WARNING: time-outs" in result.stdout and "deadline=2" in " ".join(result.stdout.split())
    assert result.stdout.rstrip().endswith("Written: check.html")
    assert (tmp_path / "check.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_all_options_of_reading(run: Run, tmp_path: Path) -> None:
    CLEAN["deadline"](5).table.to_csv(tmp_path / "data.csv", index=False)
    result = run(
        "check", "data.csv", "--groupby", "subject", "--deadline", "2", "--coding", "stimulus", "--stimulus", "stim",
        "--choices", "left,right", "--formula", "v ~ 1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Nothing odd was found." in result.stdout and "deadline 2 s" in result.stdout


def test_files_of_a_program_are_read_as_a_fit_reads_them(run: Run, tmp_path: Path) -> None:
    result = run("check", EXPORTS / "opensesame_*.csv", "--coding", "accuracy", "--where", "practice == 'no'")
    assert result.exit_code == 0, result.output
    assert "Read as OpenSesame 4.1.22: 2 files" in result.stdout
    assert "omitted on 4 trials" in " ".join(result.stdout.split())


def test_what_a_fit_would_refuse_is_told(run: Run, tmp_path: Path) -> None:
    table = CLEAN["two conditions"](1).table
    table.assign(rt=table["rt"].mask(table.index < 3), response=table["response"].mask(table.index < 3)).to_csv(
        tmp_path / "data.csv", index=False
    )
    result = run("check", "data.csv", "--groupby", "subject")
    assert result.exit_code == 0 and "1. ERROR: omissions" in result.stdout


def test_bad_input_is_one_line(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"rt": [0.5, 0.6], "response": [0, 1]}).to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "there.html").write_text("mine")
    for arguments in (["--groupby", "who"], ["--rt", "time"], ["--formula", "v ~"], ["--out", "there.html"]):
        result = run("check", "data.csv", *arguments)
        assert result.exit_code == 2 and result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert run("check", "none.csv").exit_code == 2
    assert (tmp_path / "there.html").read_text() == "mine"
