from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_trials

RESPONSE = [0, 1, 1, 0, 1, 1]


@pytest.mark.parametrize("observed", ["response", ("response",), ["response"]])
@pytest.mark.parametrize("columns", [{}, {"rt": [0.5] * 6}, {"rt": ["what", "ever", -1, None, 999, 999]}])
def test_choices_alone_need_no_times_and_look_at_none(observed: object, columns: dict[str, object]) -> None:
    trials = read_trials(pd.DataFrame({"response": RESPONSE} | columns), observed=observed)  # type: ignore[arg-type]
    np.testing.assert_array_equal(trials.choice, RESPONSE)
    assert np.isnan(trials.rt).all()
    assert not (trials.times or trials.timed or trials.omitted.any())
    assert trials.reading == "choices alone, without their times; response: 0 = lower, 1 = upper."


def test_choices_alone_with_omissions_and_truncation_depend_on_time() -> None:
    table = pd.DataFrame({"response": [0, 1, None, 0, 1, 1]})
    trials = read_trials(table, observed="response", deadline=2, truncate=(0.2, None))
    np.testing.assert_array_equal(trials.omitted, [False, False, True, False, False, False])
    assert trials.timed
    assert not trials.times
    assert trials.reading == (
        "choices alone, without their times; response: 0 = lower, 1 = upper; deadline 2 s; omitted on 1 trial; trials "
        "with a response before 0.2 s were taken out of the data."
    )


def test_a_missing_choice_needs_a_deadline() -> None:
    with pytest.raises(
        DataError, match=r"column 'response' has 1 of 6 responses missing, the first in row 4.*deadline="
    ):
        read_trials(pd.DataFrame({"response": [0, 1, None, 0, 1, 1]}), observed="response")


@pytest.mark.parametrize("observed", [("rt", "response"), ["response", "rt"]])
def test_both_are_the_default(observed: object) -> None:
    table = pd.DataFrame({"rt": np.linspace(0.4, 0.9, 6), "response": RESPONSE})
    assert read_trials(table, observed=observed).reading == read_trials(table).reading  # type: ignore[arg-type]


@pytest.mark.parametrize("observed", ["rt", ("rt",), "choice", "", (), None, ("rt", "key"), {"rt": "response"}, 1])
def test_anything_else(observed: object) -> None:
    message = (
        f'observed must be ("rt", "response"), or "response" for the choices without their times, not {observed!r};'
    )
    with pytest.raises(DataError, match=re.escape(message)):
        read_trials(pd.DataFrame({"rt": [0.5, 0.6], "response": [0, 1]}), observed=observed)  # type: ignore[arg-type]
