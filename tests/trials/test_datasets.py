from __future__ import annotations

import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import load_data, read_trials


def test_cavanagh_theta_is_the_published_experiment(cavanagh: pd.DataFrame) -> None:
    assert list(cavanagh.columns) == ["participant_id", "stim", "rt", "response", "theta", "dbs", "conf"]
    assert len(cavanagh) == 3988
    assert cavanagh["participant_id"].nunique() == 14


def test_cavanagh_theta_reads_as_trials(cavanagh: pd.DataFrame) -> None:
    trials = read_trials(cavanagh, groupby="participant_id")
    assert trials.n == 3988
    assert trials.subjects == tuple(range(14))
    assert trials.options == (-1, 1)
    assert trials.reading == "rt in seconds; response: -1 = lower, 1 = upper."


def test_unknown_name_lists_the_names() -> None:
    with pytest.raises(DataError, match=r"no bundled data set 'cavanagh'; choose one of .*cavanagh_theta"):
        load_data("cavanagh")


def test_name_is_no_path() -> None:
    with pytest.raises(DataError, match="no bundled data set"):
        load_data("../data/cavanagh_theta")
