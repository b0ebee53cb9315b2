"""``recover`` and ``sbc``: options reach the model, files are written, and bad input is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import WorkerError
from hddm_sbi.proof.calibration import calibration
from hddm_sbi.proof.recovery import Recovery, participants_table, population_table
from tests.cli.conftest import Run
from tests.proof.made import estimates, ranks

NO_FAILURES = pd.DataFrame({"task": [], "reason": []})


class FakeModel:
    """Stands in for the model: takes the options, and returns what was made up."""

    options: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[dict[str, Any]] = {}

    def __init__(self, df: pd.DataFrame, **options: Any) -> None:
        type(self).options = options

    def sample(self, seed: int) -> str:
        return f"draws of seed {seed}"

    def recover(self, n: int, truth: Any, **asked: Any) -> Recovery:
        if asked["scheduler"]:
            raise WorkerError(f"no Dask scheduler answers at '{asked['scheduler']}'.")
        type(self).asked = {"n": n, "truth": truth, **asked}
        Path(asked["out"]).mkdir()
        rows = estimates()
        prior = pd.Series({"v_Intercept": 1.0, "v_Intercept_subject_sd": 1.0})
        return Recovery(population_table(rows, prior), participants_table(rows), ("All is well.",), rows, NO_FAILURES)

    def sbc(self, n: int, truth: Any, **asked: Any) -> Any:
        type(self).asked = {"n": n, "truth": truth, **asked}
        Path(asked["out"]).mkdir()
        return calibration(ranks(), NO_FAILURES, "the prior", False)


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hddm_sbi.api.HierarchicalDDM", FakeModel)
    table = pd.DataFrame({"subject": [1, 1, 2, 2], "rt": [0.5, 0.6, 0.7, 0.8], "response": [0, 1, 1, 1]})
    table.to_csv(tmp_path / "data.csv", index=False)


def test_recover_writes_tables_sentences_and_pictures(run: Run, tmp_path: Path) -> None:
    options = ("--groupby", "subject", "--likelihood", "exact", "--fixed", "z=0.5", "--correlated", "v,a")
    result = run("recover", "data.csv", *options, "--out", "proof", "-n", 60, "--seed", 4, "--workers", 2)
    assert result.exit_code == 0, result.output
    assert "All is well." in result.stdout and "v_Intercept" in result.stdout
    chosen = {name: FakeModel.options[name] for name in ("groupby", "likelihood", "fixed", "correlated")}
    assert chosen == {"groupby": "subject", "likelihood": "exact", "fixed": {"z": 0.5}, "correlated": ["v", "a"]}
    assert FakeModel.asked["truth"] == "draws of seed 4" and FakeModel.asked["n"] == 60
    assert FakeModel.asked["workers"] == 2 and FakeModel.asked["out"] == Path("proof")
    files = {path.name for path in (tmp_path / "proof").iterdir()}
    assert files == {"recovery.csv", "participants.csv", "recovery.txt", "population.png", "participants.png"}
    table = pd.read_csv(tmp_path / "proof" / "recovery.csv", index_col="quantity")
    assert table.loc["v_Intercept", "sets"] == 60


def test_truths_from_a_table(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("v_Intercept,a_Intercept\n1.0,0.4\n")
    assert run("recover", "data.csv", "--out", "proof", "--truth", "truth.csv").exit_code == 0
    np.testing.assert_array_equal(FakeModel.asked["truth"], [[1.0, 0.4]])
    result = run("recover", "data.csv", "--out", "other", "--truth", "posteriour")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --truth is 'posteriour', which is neither prior, posterior nor a table")


def test_sbc_writes_its_verdict(run: Run, tmp_path: Path) -> None:
    result = run("sbc", "data.csv", "--out", "proof", "--n", 200)
    assert result.exit_code == 0, result.output
    assert FakeModel.asked["truth"] == "prior" and FakeModel.asked["n"] == 200
    assert {path.name for path in (tmp_path / "proof").iterdir()} == {"calibration.csv", "calibration.txt", "ranks.png"}
    said = (tmp_path / "proof" / "calibration.txt").read_text()
    assert said.startswith("No departure from calibration was found over the prior")


def test_bad_input_is_one_line(run: Run, tmp_path: Path) -> None:
    result = run("recover", "data.csv", "--out", "proof", "--scheduler", "tcp://nowhere:1")
    assert result.exit_code == 2 and result.stderr == "Error: no Dask scheduler answers at 'tcp://nowhere:1'.\n"
    result = run("sbc", "data.csv", "--out", "data.csv")
    assert result.exit_code == 2 and result.stderr.startswith("Error: the output 'data.csv' is a file")
