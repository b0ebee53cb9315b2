from __future__ import annotations

import warnings

import numpy as np
import pytest

from hddm_sbi.errors import HDDMWarning
from hddm_sbi.results.lapses import check_lapses
from hddm_sbi.results.variables import Variables


def _variables(share: float) -> Variables:
    return {"v": ((), np.ones((2, 50))), "p_outlier": ((), np.full((2, 50), share))}


def test_more_than_a_fifth_is_said() -> None:
    with pytest.warns(HDDMWarning, match="41% of the trials are put down to lapses .* time-outs") as caught:
        check_lapses(_variables(0.41))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("variables", [_variables(0.05), _variables(0.2), {"v": ((), np.ones((2, 50)))}])
def test_fewer_or_none_are_not(variables: Variables) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_lapses(variables)
