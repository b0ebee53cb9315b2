"""A recovery's numbers are those of a computation by hand, and its sentences say what was planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from hddm_sbi import plots
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, HDDMError, ModelError, OutputError
from hddm_sbi.proof.experiment import Experiment
from hddm_sbi.proof.recovery import participants_table, population_table
from hddm_sbi.proof.recovery_words import recovery_sentences
from tests.proof.made import estimates
from tests.tasks.in_this_process import InThisProcess

FITS: dict[str, Any] = {"draws": 100, "tune": 100, "progress": False}


@pytest.fixture(scope="module")
def found(small: HierarchicalDDM, posterior: Any, in_this_process: None, tmp_path_factory: Any) -> Any:
    return small.recover(10, posterior, seed=3, out=tmp_path_factory.mktemp("proof") / "out", **FITS)


def test_every_value_has_its_truth_and_an_estimate(found: Any, small: HierarchicalDDM) -> None:
    rows = found.estimates
    assert found.failed.empty
    coefficients = {f"{name}_Intercept" for name in ("v", "a", "t0")}
    sds = {"v_Intercept_subject_sd", "a_Intercept_subject_sd"}
    assert set(found.table.index) == {"v", "a", "t0"} | coefficients | sds
    assert list(found.participants.index) == ["v", "a"]
    assert len(rows) == 10 * (8 + 2 * 4)
    assert rows.groupby("task")["truth"].first().nunique() == 10  # another draw for each
    off = (rows["mean"] - rows["truth"]) / rows["sd"]
    assert off.abs().median() < 1.5 and off.std() < 2.0
    assert np.isfinite(found.table.drop(columns=["kind", "partner", "partner_r"])).all(axis=None)
    assert (rows["least_ess"].groupby(rows["task"]).first() >= 200).all()


def test_the_table_by_hand(found: Any) -> None:
    part = found.estimates.query("quantity == 'v_Intercept'")
    row, error = found.table.loc["v_Intercept"], part["mean"] - part["truth"]
    assert row["bias"] == pytest.approx(error.mean())
    assert row["bias_error"] == pytest.approx(error.std() / np.sqrt(10))
    assert row["coverage"] == ((part["low"] <= part["truth"]) & (part["truth"] <= part["high"])).mean()
    assert row["learned"] == pytest.approx(1.0 - (part["sd"] ** 2).mean() / 0.5**2, abs=0.05)
    own = found.estimates.query("family == 'v' and kind == 'participant'")
    r = [np.corrcoef(one["truth"], one["mean"])[0, 1] for _, one in own.groupby("task")]
    assert found.participants.loc["v", "correlation"] == pytest.approx(np.mean(r))


def test_it_says_what_the_design_tells(found: Any) -> None:
    text = str(found)
    assert "10 data sets of this design (4 participants, 120 trials), true values from a posterior." in text
    assert "Participants can be told apart" in text
    assert "95% intervals of quantities of the population held the truth in" in text
    assert "Twice the participants would make intervals of the population about 29% narrower" in text


def test_the_same_call_gives_the_same_and_more_sets_go_on(
    small: HierarchicalDDM, posterior: Any, in_this_process: None, found: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from hddm_sbi.tasks import run

    done: list[int] = []

    class Counting(InThisProcess):
        def outcomes(self, numbers: Any) -> Any:
            for number, outcome in super().outcomes(numbers):
                done.append(number)
                yield number, outcome
                if len(done) == 2 and max(done) < 5:
                    raise KeyboardInterrupt

    monkeypatch.setattr(run, "pool_of", Counting)
    with pytest.raises(KeyboardInterrupt):
        small.recover(10, posterior, seed=3, out=tmp_path / "out", **FITS)
    rows = (tmp_path / "out" / "rows").glob("*.parquet")
    part = pd.concat([pd.read_parquet(path) for path in sorted(rows)], ignore_index=True)
    same = found.estimates[found.estimates["task"] < 2].drop(columns="seconds")
    pd.testing.assert_frame_equal(part.drop(columns="seconds"), same)
    with pytest.raises(OutputError, match="holds results of another run, of seed 3 where this one has seed 4"):
        small.recover(10, posterior, seed=4, out=tmp_path / "out", **FITS)
    with pytest.raises(OutputError, match="of truth"):
        small.recover(10, "prior", seed=3, out=tmp_path / "out", **FITS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n": 5}, "n is 5, but from fewer than 10 data sets the coverage"),
        ({"n": 2.5}, "n is 2.5; give the number of data sets"),
        ({"seed": -1}, "seed"),
        ({"workers": 0}, "workers"),
    ],
    ids=str,
)
def test_bad_arguments_are_said_before_anything_is_fitted(options: dict, words: str, small: HierarchicalDDM) -> None:
    with pytest.raises(HDDMError, match=words):
        small.recover(**{"n": 10, "truth": "prior", "progress": False, **options})


def sentences(rows: pd.DataFrame, small: HierarchicalDDM, prior: float = 1.0, failed: int = 0) -> str:
    prior_sd = pd.Series({"v_Intercept": prior, "v_Intercept_subject_sd": 1.0})
    lost = pd.DataFrame({"task": range(failed), "reason": "no response."})
    tables = population_table(rows, prior_sd), participants_table(rows)
    return "\n".join(recovery_sentences(small._experiment(), *tables, rows, lost, "a table"))


def test_sentences_name_what_is_planted(small: HierarchicalDDM) -> None:
    good = sentences(estimates(), small)
    assert "Participants can be told apart well in v (0.96 ± 0.00)" in good
    assert "v_Intercept and a_Intercept trade off (their draws correlate -0.90)" in good.replace(
        "a_Intercept and v_Intercept", "v_Intercept and a_Intercept"
    )
    assert not any(words in good for words in ("too high", "too seldom", "say little", "multiple of the trials"))
    assert "v_Intercept is estimated too high, by 0.1" in sentences(estimates(bias=0.2), small)
    assert "Those of v_Intercept held it in" in sentences(estimates(narrow=0.4), small)
    assert "The data say little of v_Intercept (95% as wide)" in sentences(estimates(), small, prior=0.25 / 0.95)
    poor = sentences(estimates(spread=0.3, error=0.5), small)
    assert "not in v (0.5" in poor and "one value for all will do (shared=['v'])" in poor
    # Spearman and Brown: r^2 of .265 to .81
    assert "about: v 12" in poor or "about: v 11" in poor
    assert "3 of 63 data sets could not be simulated or fitted, and are missing: no response. (3)" in sentences(
        estimates(), small, failed=3
    )


def test_a_fit_that_fails_is_counted(small: HierarchicalDDM, in_this_process: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(Experiment, "simulate", lambda *_: 1 / 0)
    with pytest.raises(DataError, match=r"none of 10 data sets could be .*ZeroDivisionError"):
        small.recover(10, "prior", **FITS)


def test_the_plot_shows_the_estimates(found: Any) -> None:
    axes = plots.recovery(found)
    assert [one.get_title() for one in axes] == ["v", "a"]
    points = axes[0].lines[-1].get_xydata()
    own = found.estimates.query("family == 'v' and kind == 'participant'")
    np.testing.assert_allclose(points, own[["truth", "mean"]])
    population = plots.recovery(found, "population", max_panels=2, page=2)
    assert [one.get_title() for one in population] == ["t0_Intercept", "v_Intercept_subject_sd"]
    with pytest.raises(DataError, match=r"found is int; give what model.recover returned"):
        plots.recovery(3)
    with pytest.raises(DataError, match="of is 'all'; give 'participants' or 'population'"):
        plots.recovery(found, "all")
    plt.close("all")


def test_n_is_checked_before_the_posterior_is_sampled(small: HierarchicalDDM, monkeypatch: Any) -> None:
    monkeypatch.setattr(HierarchicalDDM, "sample", lambda *_, **__: pytest.fail("sampled"))
    with pytest.raises(ModelError, match="n is 3"):
        small.recover(3)
