"""The numbers behind plots of response times, against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.plots.cells import cells_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.statistics import BAND, bands, row_quantiles
from hddm_sbi.plots.tables import accuracy_table, cdf_table, delta_table, quantile_table, share_table


def rows_of(data: Predicted, **wanted: object) -> np.ndarray:
    """Which trials have these values in their columns."""
    return np.logical_and.reduce([np.asarray(data.columns[name]) == value for name, value in wanted.items()])


def test_quantiles_are_those_of_numpy(predicted: Predicted) -> None:
    table = quantile_table(predicted, cells_of(predicted, "cond"), (0.1, 0.5, 0.9))
    assert len(table) == 2 * 2 * 3
    for (cell, option), part in table.groupby(["cell", "option"]):
        rows = rows_of(predicted, cond=cell.removeprefix("cond="))
        own = rows & (predicted.choice == option)
        np.testing.assert_allclose(part["observed"], np.quantile(predicted.rt[own], (0.1, 0.5, 0.9)))
        assert part["share"].iloc[0] == pytest.approx(own.sum() / rows.sum())
        by_set = [
            np.quantile(rt[rows & (choice == option)], 0.5)
            for rt, choice in zip(predicted.predicted_rt, predicted.predicted_choice, strict=True)
        ]
        np.testing.assert_allclose(part[["low", "median", "high"]].iloc[1], np.quantile(by_set, BAND))


def test_quantiles_can_be_averaged_over_participants(predicted: Predicted) -> None:
    table = quantile_table(predicted, cells_of(predicted, None), (0.5,), average=True)
    assert predicted.subject is not None
    own = [np.median(predicted.rt[(predicted.subject == k) & (predicted.choice == 1)]) for k in range(5)]
    assert table["observed"].iloc[1] == pytest.approx(np.mean(own))
    with pytest.raises(DataError, match="average=True needs the participant"):
        quantile_table(replace(predicted, subject=None), cells_of(predicted, None), (0.5,), average=True)


def test_quantiles_of_fewer_than_five_responses_are_none() -> None:
    values = np.array([[0.1, 0.2, 0.3, 0.4, np.nan], [0.1, 0.2, 0.3, 0.4, 0.5]])
    np.testing.assert_allclose(row_quantiles(values, np.array([0.5]))[:, 0], [np.nan, 0.3])
    assert row_quantiles(np.empty((2, 0)), np.array([0.5])).shape == (2, 1)


@pytest.mark.parametrize("probabilities", [(), (0.0, 0.5), (1.5,), ("x",)])
def test_probabilities_are_checked(predicted: Predicted, probabilities: tuple[Any, ...]) -> None:
    with pytest.raises(DataError, match="give probabilities between 0 and 1"):
        quantile_table(predicted, cells_of(predicted, None), probabilities)


def test_shares_of_choices_and_omissions_sum_to_all_trials(predicted: Predicted) -> None:
    late = predicted.rt > 1.0
    data = replace(predicted, rt=np.where(late, np.nan, predicted.rt), choice=np.where(late, -1, predicted.choice))
    table = share_table(data, cells_of(data, "cond"))
    assert table["option"].tolist() == [0, 1, -1] * 2
    np.testing.assert_allclose(table.groupby("cell")["observed"].sum(), 100.0)
    rows = rows_of(data, cond="B")
    assert table["observed"].iloc[-1] == pytest.approx(100.0 * late[rows].mean())


def test_cumulated_shares_end_at_the_responses(predicted: Predicted) -> None:
    late = predicted.rt > 1.0
    data = replace(predicted, rt=np.where(late, np.nan, predicted.rt), choice=np.where(late, -1, predicted.choice))
    times = np.array([0.0, 0.6, 5.0])
    table = cdf_table(data, cells_of(data, None), times)
    for option, part in table.groupby("option"):
        expected = [((data.choice == option) & (data.rt <= t)).mean() for t in times]
        np.testing.assert_allclose(part["observed"], expected)
    assert table.groupby("option")["observed"].last().sum() == pytest.approx(1.0 - late.mean())


def test_accuracy_in_bins_of_speed() -> None:
    rt = np.array([0.5, 0.1, 0.4, 0.2, 0.3, 0.6, np.nan])
    choice = np.array([1, 0, 1, 1, 0, 1, -1])
    data = Predicted(rt, choice, rt[None][[0, 0]], choice[None][[0, 0]])
    table = accuracy_table(data, cells_of(data, None), option=1, bins=3)
    np.testing.assert_allclose(table["rt"], [0.15, 0.35, 0.55])
    np.testing.assert_allclose(table["observed"], [0.5, 0.5, 1.0])
    np.testing.assert_allclose(table[["low", "median", "high"]].to_numpy(), table[["observed"]].to_numpy().repeat(3, 1))
    with pytest.raises(DataError, match="bins is 1"):
        accuracy_table(data, cells_of(data, None), bins=1)


def test_accuracy_without_a_response_is_none() -> None:
    nothing = Predicted(np.array([0.4, 0.5]), np.array([1, 0]), np.full((2, 2), np.nan), np.full((2, 2), -1))
    table = accuracy_table(nothing, cells_of(nothing, None), bins=2)
    assert table["median"].isna().all() and table["observed"].tolist() == [1.0, 0.0]


def test_a_shift_is_the_same_at_all_quantiles() -> None:
    rng = np.random.default_rng(1)
    rt = np.concatenate([one := 0.3 + rng.gamma(2.0, 0.3, size=200), one + 0.2])
    subject = np.tile(np.repeat([0, 1], 100), 2)
    condition = np.repeat(["fast", "slow"], 200)
    ones = np.ones(400, dtype=np.int64)
    data = Predicted(rt, ones, rt[None], ones[None], subject=subject, columns={"cond": condition})
    for average in (True, False):
        table = delta_table(data, cells_of(data, "cond"), average=average)
        np.testing.assert_allclose(table["observed"], 0.2)
        np.testing.assert_allclose(table["median"], 0.2)
    assert table["rt"].iloc[4] == pytest.approx(np.median(one) + 0.1)
    own = [np.quantile(one[:100], 0.1), np.quantile(one[100:], 0.1)]
    assert delta_table(data, cells_of(data, "cond"), average=True)["rt"].iloc[0] == pytest.approx(np.mean(own) + 0.1)


def test_nobody_in_both_conditions_is_said() -> None:
    rt, ones = np.linspace(0.4, 0.8, 20), np.ones(20, dtype=np.int64)
    who = np.repeat([0, 1], 10)
    data = Predicted(rt, ones, rt[None], ones[None], subject=who, columns={"group": who})
    with pytest.raises(DataError, match="no participant has trials in both conditions, group=0 and group=1"):
        delta_table(data, cells_of(data, "group"), average=True)


def test_without_predictions_only_the_observed_are_known(predicted: Predicted) -> None:
    alone = replace(predicted, predicted_rt=np.empty((0, 400)), predicted_choice=np.empty((0, 400), dtype=np.int64))
    cells = cells_of(alone, "cond")
    for table in (
        quantile_table(alone, cells), accuracy_table(alone, cells), delta_table(alone, cells), share_table(alone, cells)
    ):  # fmt: skip
        assert table["observed"].notna().all() and table[["low", "median", "high"]].isna().all(axis=None)
    assert np.isnan(bands(np.empty((0, 3)))).all()
    assert isinstance(table, pd.DataFrame)
