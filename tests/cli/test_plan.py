"""``plan``: text becomes a design, files are written, and bad input is one line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hddm_sbi.cli import plan_options
from hddm_sbi.errors import HDDMError
from hddm_sbi.planning import plan as planning
from hddm_sbi.tasks import run as running
from tests.cli.conftest import Run
from tests.planning.fakes import known_one
from tests.tasks.in_this_process import InThisProcess

OPTIONS = (
    "plan", "--within", "cond=a,b", "--between", "group=p:2,c:1", "--formula", "v ~ cond", "--likelihood", "exact",
    "--fixed", "a=1.5,t0=0.3", "--sd", "v=0.4", "--trials", "40", "--out", "plan", "-n", 40,
)  # fmt: skip


def test_plan_writes_sentences_a_table_and_a_picture(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "pool_of", InThisProcess)
    monkeypatch.setattr(planning, "plan_one", known_one)
    asked = ("--effect", "v[cond=a] - v[cond=b] = 0.4", "--goal", "direction > 0.95", "--participants", "6:90:3")
    result = run(*OPTIONS, *asked)
    assert result.exit_code == 0, result.output
    assert "participants with 40 trials a cell" in result.stdout and "v 0.4" in result.stdout
    curve = pd.read_csv(tmp_path / "plan" / "plan.csv")
    assert curve["participants"].tolist() == list(range(6, 91, 3)) and curve["fits"].sum() == 40
    assert (tmp_path / "plan" / "plan.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "plan" / "plan.txt").read_text().strip() in result.stdout
    again = run(*OPTIONS, *asked)
    assert again.exit_code == 0 and again.stdout == result.stdout


def test_values_factors_and_sizes() -> None:
    assert plan_options.factors(["cond=a,b", "g = x:3, y"], "--within") == {
        "cond": ["a", "b"],
        "g": {"x": 3.0, "y": 1.0},
    }
    found = plan_options.values(["v[c=a] - v[c=b] = normal(0.4, 0.1)", "a=1e-1"], "--effect")
    assert found["a"] == 0.1 and float(found["v[c=a] - v[c=b]"].scale) == pytest.approx(0.1)
    assert list(plan_options.sizes("10:20:5", "--participants")) == [10, 15, 20]
    assert plan_options.sizes("40,80", "--trials") == [40, 80]


@pytest.mark.parametrize("text", ["", "cond", "cond=", "cond=a:x,b"])
def test_no_factors(text: str) -> None:
    with pytest.raises(HDDMError, match="--within"):
        plan_options.factors([text], "--within")


@pytest.mark.parametrize("text", ["0.4", "v = large", "v = normal(0.4)", "v = normal(0.4, 0)"])
def test_no_values(text: str) -> None:
    with pytest.raises(HDDMError, match="--effect"):
        plan_options.values([text], "--effect")


@pytest.mark.parametrize("text", ["many", "10:", "20:10", "10:20:0"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(HDDMError, match="--trials"):
        plan_options.sizes(text, "--trials")


def test_a_plan_without_a_goal_is_one_line(run: Run) -> None:
    result = run(*OPTIONS, "--effect", "v = 0.4", "--goal", "soon", "--participants", "6:90")
    assert result.exit_code == 2 and "the goal is 'soon'" in result.output
