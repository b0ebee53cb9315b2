"""Ranks of calibrated posteriors are uniform, those of others are found, and the verdict errs as seldom as it says."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from hddm_sbi import plots
from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError, ModelError
from hddm_sbi.proof.calibration import calibration, holm
from hddm_sbi.proof.ranks import UniformRanks
from hddm_sbi.proof.sbc_task import rank
from tests.proof.made import ranks

FITS: dict[str, Any] = {"draws": 100, "tune": 100, "progress": False}
NO_FAILURES = pd.DataFrame({"task": [], "reason": []})


@pytest.fixture(scope="module")
def found(small: HierarchicalDDM, posterior: Any, in_this_process: None) -> Any:
    return small.sbc(20, posterior, seed=5, **FITS)


def test_ranks_of_all_that_counts(found: Any) -> None:
    assert found.failed.empty
    kinds = found.table["kind"].value_counts().to_dict()
    assert kinds == {"participant": 6, "coefficient": 3, "of new trials": 3, "sd": 2, "log likelihood": 1}
    assert found.ranks["rank"].between(0, 99).all() and found.ranks["task"].nunique() == 20
    assert found.ok and found.table["p_of_all"].min() > 0.01  # a fixed seed
    assert "No departure from calibration was found about this posterior" in str(found)
    assert (found.ranks["least_ess"] >= 99).all()


def test_simulated_trials_stand_beside_the_observed_ones(found: Any, posterior: Any) -> None:
    # twice the data: a posterior narrower than that of the observed trials alone
    alone = posterior["posterior"]["t0_Intercept"].values.std()
    assert found.ranks.query("quantity == 't0_Intercept'")["sd"].median() < 0.9 * alone


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"shift": 0.6}, "q0: posteriors lie too high, by 0.[4-7]"),
        ({"shift": -0.6}, "q0: posteriors lie too low"),
        ({"width": 0.5}, "q0: posteriors are too narrow"),
        ({"width": 2.0}, "q0: posteriors are too wide"),
    ],
    ids=str,
)
def test_a_fault_is_found_and_described(fault: dict, words: str) -> None:
    found = calibration(ranks(**fault), NO_FAILURES, "the prior", False)
    assert not found.ok
    assert list(found.table.index[found.table["p_of_all"] <= 0.05]) == ["q0"]
    text = "\n".join(found.sentences)
    assert "Posteriors are NOT calibrated over the prior: the ranks of 1 of 20 quantities in 200 data sets" in text
    assert pd.Series([text]).str.contains(words).all()


def test_the_verdict_errs_as_seldom_as_it_says() -> None:
    null = UniformRanks(50, 100)
    wrong = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        wrong += holm(np.array([null.p_value(rng.integers(0, 100, 50)) for _ in range(10)])).min() <= 0.05
    assert wrong <= 300 * 0.05 + 3 * np.sqrt(300 * 0.05 * 0.95)


def test_what_would_be_found_is_found_as_often() -> None:
    null = UniformRanks(100, 100)
    shift, width = null.found_with(0.8, 0.05)
    rng = np.random.default_rng(7)
    for z in (rng.standard_normal((500, 100)) + shift, rng.standard_normal((500, 100)) / width):
        power = null._power(z, 0.05)
        assert 0.75 < power < 0.97


def test_the_band_holds_whole_curves_as_often_as_it_says() -> None:
    null = UniformRanks(100, 100)
    low, high = null.band(0.95)
    rng = np.random.default_rng(1)
    curves = np.array([null.ecdf(rng.integers(0, 100, 100)) for _ in range(2000)])
    inside = ((curves >= low - 1e-9) & (curves <= high + 1e-9)).all(axis=1).mean()
    assert 0.94 < inside < 0.975


def test_failures_are_counted_and_leave_the_question_open() -> None:
    lost = pd.DataFrame({"task": range(30), "reason": "no response."})
    found = calibration(ranks(), lost, "the prior", False)
    assert not found.ok
    text = "\n".join(found.sentences)
    assert "13% of the data sets have no fit: whether the model is calibrated is open." in text
    assert "30 of 230 data sets could not be simulated or fitted, and are missing: no response. (30)" in text


def test_ties_get_a_rank_at_random() -> None:
    rng = np.random.default_rng(0)
    found = [rank(np.array([0.0, 1.0, 1.0, 1.0, 2.0]), 1.0, rng) for _ in range(4000)]
    shares = np.bincount(found, minlength=6) / 4000
    np.testing.assert_allclose(shares, [0.0, 0.25, 0.25, 0.25, 0.25, 0.0], atol=0.03)


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])


def test_too_few_data_sets_are_refused(small: HierarchicalDDM) -> None:
    with pytest.raises(ModelError, match="n is 19, but ranks of fewer than 20 data sets do not show"):
        small.sbc(19)


def test_the_plot_shows_curves_and_bands(found: Any) -> None:
    axes = plots.ranks(found)
    assert len(axes) == 4 and axes[-1].get_title() == "likelihood and new trials"
    found_ranks = found.ranks.query("quantity == 'v_Intercept'")["rank"].to_numpy()
    (line,) = (line for line in axes[0].lines if line.get_label() == "v_Intercept")
    expected = [(found_ranks < 100 * at - 0.5).mean() - at for at in found.null.points]
    np.testing.assert_allclose(line.get_ydata(), expected, atol=1e-12)
    with pytest.raises(DataError, match=r"found is str; give what model.sbc returned"):
        plots.ranks("ranks")
    plt.close("all")
