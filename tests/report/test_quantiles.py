"""Predictive quantiles: observed numbers by hand, predictions that hold them, new people apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.report.quantiles import COLUMNS, predictive_quantiles
from tests.report.made import CHAINS, DRAWS, KINDS, experiment, model_of, results_of, withheld


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_shares_that_sum_to_all_trials(kind: str) -> None:
    found = predictive_quantiles(model_of(kind), results_of(kind))
    assert tuple(found.columns) == COLUMNS
    shares = found[found["what"] == "share"]
    totals = shares.groupby(["people", "cell"])["observed"].sum()
    np.testing.assert_allclose(totals, 100.0)
    assert (shares["low"] <= shares["median"]).all() and (shares["median"] <= shares["high"]).all()
    new = kind not in ("apart", "complete", "alone")
    assert list(dict.fromkeys(found["people"])) == (["same", "new"] if new else ["same"])
    assert (found.attrs["without_new"] == "") == new
    assert set(found.attrs["data_sets"].values()) == {CHAINS * DRAWS}
    assert ("quantile" in set(found["what"])) == (kind != "choices")


def test_observed_quantiles_are_those_of_the_cell_and_response() -> None:
    found = predictive_quantiles(model_of("ddm"), results_of("ddm"))
    df = experiment()
    for cell in ("HC", "LC"):
        rt = df.loc[(df["conf"] == cell) & (df["response"] == 1), "rt"]
        rows = found[(found["people"] == "same") & (found["cell"] == f"conf={cell}") & (found["response"] == "1")]
        rows = rows[rows["what"] == "quantile"]
        assert rows["probability"].tolist() == [0.1, 0.3, 0.5, 0.7, 0.9]
        np.testing.assert_allclose(rows["observed"], np.quantile(rt, rows["probability"]))


def test_trials_without_a_response_are_a_share() -> None:
    found = predictive_quantiles(model_of("go"), results_of("go"))
    df = withheld()
    share = found[(found["what"] == "share") & (found["response"] == "withheld") & (found["people"] == "same")]
    expected = 100.0 * df["rt"].isna().groupby(df["stim"]).mean()
    np.testing.assert_allclose(share.set_index("cell")["observed"].to_numpy(), expected.to_numpy())
    assert set(found["response"]) == {"withheld", "press"}
    late = predictive_quantiles(model_of("deadline"), results_of("deadline"))
    assert "no response" in set(late["response"])


def test_cells_are_divided_by_the_stimulus_that_turns_the_drift() -> None:
    found = predictive_quantiles(model_of("stimulus"), results_of("stimulus"))
    assert set(found["cell"]) == {"stim=face", "stim=house"}


def test_the_same_seed_gives_the_same_table_and_new_people_are_others() -> None:
    model, results = model_of("ddm"), results_of("ddm")
    one, other = (predictive_quantiles(model, results, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    by = {people: rows.reset_index(drop=True) for people, rows in one.groupby("people")}
    assert not np.allclose(by["same"]["median"], by["new"]["median"], equal_nan=True)
