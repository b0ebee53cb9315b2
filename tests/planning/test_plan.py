"""Plans of an experiment whose power is known, and one that is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.distributions as td

import hddm_sbi as hs
from hddm_sbi.planning import plan as planning
from hddm_sbi.planning.design import PlannedDesign
from hddm_sbi.planning.goals import Goal
from hddm_sbi.planning.plan import plan
from hddm_sbi.planning.population import Population
from hddm_sbi.planning.task import PlanTask, plan_one
from hddm_sbi.proof.experiment import Settings
from hddm_sbi.tasks import run
from tests.planning import fakes
from tests.tasks.in_this_process import InThisProcess

CONTRAST = "v[cond=a] - v[cond=b]"
DESIGN = {
    "within": {"cond": ["a", "b"]}, "formula": "v ~ cond", "likelihood": "exact", "p_outlier": 0,
    "fixed": {"a": 1.5, "t0": 0.3},
}  # fmt: skip
ASKED: dict[str, Any] = {
    "design": DESIGN, "effects": {CONTRAST: fakes.EFFECT}, "goal": "direction > 0.95",
    "n_participants": range(4, 101), "n_trials": [10, 40], "progress": False,
}  # fmt: skip


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run, "pool_of", InThisProcess)
    monkeypatch.setattr(planning, "plan_one", fakes.known_one)
    yield


@pytest.mark.usefixtures("known")
def test_a_plan_agrees_with_the_exact_power_of_a_test(tmp_path: Path) -> None:
    found = plan(**ASKED, n=250, seed=1)
    assert found.ok and list(found.answers["trials"]) == [10, 40]
    for row in found.answers.itertuples():
        exact = next(n for n in range(4, 101) if fakes.power(n, row.trials) >= 0.8)
        assert row.low <= exact <= row.high
        assert fakes.power(row.participants, row.trials) == pytest.approx(row.power, abs=3.0 * row.power_error)
    assert found.answers["power_error"].max() < 0.05
    power = np.array([fakes.power(*size) for size in found.fits[["participants", "trials"]].to_numpy()])
    assert ((power > 0.6) & (power < 0.92)).mean() > 0.6  # most are spent where the answer is open


@pytest.mark.usefixtures("known")
def test_an_interrupted_plan_goes_on_to_the_same_answer(tmp_path: Path) -> None:
    whole = plan(**ASKED, n=60, seed=2)
    plan(**ASKED, n=40, seed=2, out=tmp_path / "plan")
    for kept in sorted((tmp_path / "plan" / "rows").glob("*.parquet"))[25:30]:
        kept.unlink()
    again = plan(**ASKED, n=60, seed=2, out=tmp_path / "plan")
    assert again.curve.equals(whole.curve) and str(again) == str(whole)


@pytest.mark.usefixtures("known")
def test_a_folder_of_another_plan_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    plan(**ASKED, n=40, out=tmp_path / "plan")
    before = sorted((tmp_path / "plan" / "rows").iterdir())
    with pytest.raises(hs.HDDMError, match=r"results of another run, of goal \"direction > 0.95\" where this one has"):
        plan(**{**ASKED, "goal": "direction > 0.9"}, n=40, out=tmp_path / "plan")
    assert sorted((tmp_path / "plan" / "rows").iterdir()) == before


@pytest.mark.usefixtures("known")
def test_a_goal_that_no_size_reaches_says_what_was_reached() -> None:
    found = plan(**{**ASKED, "n_participants": [4, 8], "n_trials": 10}, n=60)
    assert not found.ok and found.answers["participants"].isna().all()
    assert "No size in the range reaches it: with 8 participants and 10 trials a cell" in str(found)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"effects": {}}, "there is no default"),
        ({"effects": {"v[other=a] - v[other=b]": 0.4}}, "'v' does not depend on 'other'|'other'"),
        ({"effects": {"a[cond=a] - a[cond=b]": 0.4}}, "'a'"),
        ({"effects": {CONTRAST: 0.0}}, "has no direction"),
        ({"effects": {CONTRAST: "large"}}, "give a number or a distribution"),
        (
            {"effects": {"a - v": 0.1}, "design": DESIGN | {"typical": {"z": 0.7}}},
            "typical values are those of no model",
        ),
        ({"goal": "power"}, "write 'interval < 0.3'"),
        ({"goal": "direction > 1.5"}, "a number between 0.5 and 1"),
        ({"goal": "interval > 0.5"}, "is to be < a number"),
        ({"goal": "bayes factor > 10"}, "that of 'v_cond' is the package's, not yours"),
        ({"n": 10}, "fewer than 40 fits"),
        ({"power": 1.0}, "power is 1.0"),
        ({"n_participants": []}, r"n_participants is \[\]"),
        ({"n_participants": [1, 20]}, "n_participants"),
        ({"n_trials": range(10, 40)}, "at most 8"),
        ({"design": DESIGN | {"coding": "response"}}, "typical drift of 0"),
        ({"design": DESIGN | {"sd": {"w": 0.1}}}, "the sd of 'w'"),
        ({"design": DESIGN | {"sd": {"v": -0.1}}}, "a number of at least 0"),
        ({"design": DESIGN | {"pooling": "none"}}, "pooling 'none'"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_fitted(
    changed: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: object) -> None:
        pytest.fail("something was fitted")

    monkeypatch.setattr(planning, "plan_one", fit)
    with pytest.raises(hs.HDDMError, match=words) as caught:
        plan(**{**ASKED, **changed})
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("known")
def test_an_uncertain_effect_is_said() -> None:
    found = plan(**{**ASKED, "effects": {CONTRAST: td.Normal(0.4, 0.1)}, "n_trials": 40}, n=40)
    assert f"{CONTRAST} = Normal(0.4, 0.1)" in str(found)
    assert "where they are not yours, the medians of the priors" in str(found)


def test_a_planned_experiment_is_simulated_and_fitted() -> None:
    design = PlannedDesign.of(DESIGN | {"priors": {"v_cond": td.Normal(0.0, 1.0)}})
    population = Population({}, {CONTRAST: 1.0}, {"v": 0.3, "v_cond": 0.1})
    values = {}
    for goal in ("bayes factor > 3", "interval < 0.9"):
        task = PlanTask(design, population, CONTRAST, Goal.of(goal), Settings(200, 200), ((6, 60),))
        with np.errstate(all="ignore"):
            row = plan_one(task, 0, np.random.SeedSequence(1)).iloc[0]
        values[goal] = row["measure"]
        assert row["truth"] == pytest.approx(1.0) and row["low"] < row["mean"] < row["high"]
        assert abs(row["mean"] - 1.0) < 4.0 * row["sd"]
    assert values["interval < 0.9"] == pytest.approx(row["high"] - row["low"])
    assert values["bayes factor > 3"] > 3.0
