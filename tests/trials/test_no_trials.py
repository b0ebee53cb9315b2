"""Fixations and instructions are told from omissions where a column says what kind of row each is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_trials
from hddm_sbi.trials.no_trials import no_trials


def _table(fixations: int = 20, omissions: int = 2, trials: int = 20) -> pd.DataFrame:
    n = fixations + trials
    rt = np.linspace(0.4, 0.9, n)
    rt[: fixations + omissions] = np.nan
    response = np.where(np.isnan(rt), np.nan, np.arange(n) % 2)
    task = ["fixation"] * fixations + ["word"] * trials
    return pd.DataFrame({"subject": 1, "rt": rt, "response": response, "task": task})


def test_rows_of_a_kind_that_is_never_answered_are_no_trials() -> None:
    with pytest.raises(DataError) as caught:
        read_trials(_table())
    message = str(caught.value)
    assert message.startswith("22 of 40 rows have neither a response time in column 'rt' nor a response")
    assert "where column 'task' is 'fixation' (20 rows), so that these rows are no trials and may be left" in message
    assert "where=\"task != 'fixation'\"" in message
    assert "the other 2 are omissions, to be fitted as such" in message


def test_without_such_a_kind_missing_rows_are_omissions() -> None:
    with pytest.raises(DataError, match=r"2 of 20 trials have neither .* they are omissions"):
        read_trials(_table(fixations=0))


def test_two_rows_of_a_rare_condition_are_no_kind() -> None:
    table = _table(fixations=2, omissions=8)
    assert no_trials(table, table["rt"].isna().to_numpy()) == ()


def test_fixations_alone_need_no_deadline() -> None:
    with pytest.raises(DataError) as caught:
        read_trials(_table(omissions=0))
    assert "omission" not in str(caught.value)
