from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.trials.missing import is_empty, is_missing

ENTRIES = ["left", " ", None, "n/a", "left", np.nan, "", pd.NA]
EMPTY = [False, True, True, False, False, True, True, True]


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category"])
def test_repeated_entries_are_judged_alike(dtype: str) -> None:
    column = pd.Series(ENTRIES, index=[7] * 8).astype(dtype)
    assert is_empty(column).tolist() == EMPTY
    assert is_missing(column).tolist() == [empty or entry == "n/a" for empty, entry in zip(EMPTY, ENTRIES, strict=True)]
    assert is_missing(column, labels=("n/a",)).tolist() == EMPTY


def test_entries_that_cannot_be_compared_are_judged_one_by_one() -> None:
    assert is_empty(pd.Series([[1, 2], "", None, {}, "a"], dtype=object)).tolist() == [False, True, True, False, False]


def test_no_entries() -> None:
    assert is_missing(pd.Series([], dtype=object)).shape == (0,)
