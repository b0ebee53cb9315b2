"""Draws as a table: every number where its name says, as R's posterior reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from hddm_sbi.errors import ModelError, OutputError
from hddm_sbi.results.tidy import tidy_draws, write_draws
from hddm_sbi.results.to_arviz import group
from tests.results.conftest import CHAINS, DRAWS, MakeResults


def test_wide_has_a_row_a_draw(make_results: MakeResults) -> None:
    idata = make_results()
    table, posterior = tidy_draws(idata), group(idata, "posterior")
    assert list(table.columns[:3]) == [".chain", ".iteration", ".draw"]
    assert len(table) == CHAINS * DRAWS
    for row in (0, 1, DRAWS, 3 * DRAWS + 17):
        chain, draw = divmod(row, DRAWS)
        assert table.loc[row, [".chain", ".iteration", ".draw"]].to_list() == [chain + 1, draw + 1, row + 1]
        at = posterior.isel(chain=chain, draw=draw)
        assert table.loc[row, "v[conf=LC]"] == at["v"].sel(condition="conf=LC")
        assert table.loc[row, "v_subject[10, conf=LC]"] == at["v_subject"].sel(subject=10, condition="conf=LC")
        assert table.loc[row, "p_outlier"] == at["p_outlier"]
    assert not any("v_Intercept_subject[" in name for name in table)  # deviations
    assert "v_subject[2, conf=HC]" not in table  # who never saw the condition
    assert not table.isna().to_numpy().any()


def test_long_has_a_row_a_draw_and_quantity(make_results: MakeResults) -> None:
    wide, long = tidy_draws(make_results()), tidy_draws(make_results(), form="long")
    assert list(long.columns) == [".chain", ".iteration", ".draw", "variable", "value"]
    assert len(long) == len(wide) * (wide.shape[1] - 3)
    again = long.pivot(index=".draw", columns="variable", values="value")
    np.testing.assert_array_equal(again[wide.columns[3:]].to_numpy(), wide.iloc[:, 3:].to_numpy())


def test_a_file_has_no_more_than_the_most_numbers(make_results, tmp_path: Path, monkeypatch) -> None:
    idata = make_results()
    write_draws(idata, tmp_path / "draws.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "draws.parquet"), tidy_draws(idata))
    columns = tidy_draws(idata).shape[1] - 3
    monkeypatch.setattr("hddm_sbi.results.tidy.MOST_NUMBERS", CHAINS * columns * 20)
    write_draws(idata, tmp_path / "draws.parquet")
    few = pd.read_parquet(tmp_path / "draws.parquet")
    assert few[".chain"].value_counts().to_list() == [20] * CHAINS
    assert few[".iteration"].agg(["min", "max"]).to_list() == [1, DRAWS]
    whole = tidy_draws(idata).set_index(".draw").loc[few[".draw"]].reset_index()
    pd.testing.assert_frame_equal(whole[few.columns], few, check_dtype=False)
    assert parquet.read_schema(tmp_path / "draws.parquet").names[:3] == [".chain", ".iteration", ".draw"]


def test_what_cannot_be_done_is_said(make_results: MakeResults, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="form is 'broad'; choose 'wide' or 'long'"):
        tidy_draws(make_results(), form="broad")  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="cannot be written to"):
        write_draws(make_results(), tmp_path / "none" / "draws.parquet")
