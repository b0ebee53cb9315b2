from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import read_trials

RT = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
RESPONSE = [0, 1, 0, 1, 1, 0]
DOUBLE, WHOLE, TEXT = (pd.ArrowDtype(kind) for kind in (pa.float64(), pa.int64(), pa.string()))
WORDS = ["NA", "n/a", "None", "", "  ", " None ", "NaN", "null"]


def _table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"subject": [1, 1, 2, 2, 3, 3], "rt": RT, "response": RESPONSE} | columns)


def _error(table: pd.DataFrame, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_trials(table, groupby="subject", **options)  # type: ignore[arg-type]
    assert "biases the estimates" in str(caught.value)
    return str(caught.value)


def _second(values: list[object], entry: object) -> list[object]:
    return [values[0], entry, *values[2:]]


@pytest.mark.parametrize(
    "rt",
    [
        pytest.param(_second(RT, np.nan), id="float"),
        pytest.param(pd.Series(_second(RT, None), dtype=object), id="object"),
        pytest.param(pd.array(_second(RT, pd.NA), dtype="Float64"), id="nullable"),
        pytest.param(pd.array(_second(RT, None), dtype=DOUBLE), id="arrow"),
        pytest.param(pd.array(pa.array(_second(RT, float("nan"))), dtype=DOUBLE), id="nan in arrow"),
        *(pytest.param(_second([str(rt) for rt in RT], word), id=f"text {word!r}") for word in WORDS),
        pytest.param(pd.array(_second([str(rt) for rt in RT], "n/a"), dtype="string"), id="string"),
        pytest.param(pd.array(_second([str(rt) for rt in RT], "None"), dtype=TEXT), id="arrow text"),
        pytest.param(pd.Categorical(_second([str(rt) for rt in RT], "NA")), id="category"),
        pytest.param(pd.Series(_second(RT, "None"), dtype=object), id="numbers and text"),
    ],
)
def test_a_missing_response_time_of_any_type(rt: object) -> None:
    trials = read_trials(_table(rt=rt), groupby="subject")
    np.testing.assert_array_equal(trials.rt, _second(RT, np.nan))
    np.testing.assert_array_equal(trials.choice, RESPONSE)
    assert "; a choice without its time on 1 trial (what is missing there is taken not to depend" in trials.reading
    omission = _error(_table(rt=rt, response=_second(RESPONSE, None)))
    assert omission.startswith("1 of 6 trials has neither a response time in column 'rt' nor a response in column 'res")


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(_second(RESPONSE, np.nan), id="float"),
        pytest.param(pd.Series(_second(RESPONSE, None), dtype=object), id="object"),
        pytest.param(pd.array(_second(RESPONSE, pd.NA), dtype="Int64"), id="nullable"),
        pytest.param(pd.array(_second(RESPONSE, None), dtype=WHOLE), id="arrow"),
        pytest.param(pd.array(pa.array(_second([float(r) for r in RESPONSE], float("nan"))), dtype=DOUBLE), id="nan"),
        pytest.param(pd.array(_second([bool(r) for r in RESPONSE], None), dtype="boolean"), id="boolean"),
        *(pytest.param(_second(["left", "right"] * 3, word), id=f"text {word!r}") for word in WORDS),
        pytest.param(pd.Categorical(_second(["left", "right"] * 3, "None")), id="category"),
        pytest.param(pd.array(_second(["left", "right"] * 3, "n/a"), dtype=TEXT), id="arrow text"),
    ],
)
def test_a_missing_response_of_any_type(response: object) -> None:
    trials = read_trials(_table(response=response), groupby="subject")
    np.testing.assert_array_equal(trials.choice_seen, np.arange(6) != 1)
    np.testing.assert_array_equal(trials.rt, RT)
    assert "; a time without its choice on 1 trial (what is missing there is taken not to depend" in trials.reading
    assert "1 of 6 trials has neither" in _error(_table(response=response, rt=_second(RT, None)))
    alone = _error(_table(response=response), observed="response")
    assert "column 'response' has 1 of 6 responses missing, of participant 1, the first in row 3" in alone


def test_words_that_choices_names_are_labels() -> None:
    table = _table(response=["None", "yes"] * 3)
    message = _error(table, observed="response")
    assert "3 of 6 responses missing, 1 of participant 1, 1 of participant 2 and 1 of participant 3" in message
    trials = read_trials(table, groupby="subject", choices=("None", "yes"))
    np.testing.assert_array_equal(trials.choice, [0, 1] * 3)


@pytest.mark.parametrize("response", [[None] * 6, ["None"] * 6, [np.nan] * 6])
def test_no_response_at_all(response: list[object]) -> None:
    with pytest.raises(DataError, match="column 'response' has 6 of 6 responses missing, so that nothing says"):
        read_trials(_table(response=response), groupby="subject")


def test_omissions_are_counted_by_participant() -> None:
    table = _table(
        rt=[0.5, None, None, None, 0.9, 1.0],
        response=[0, None, None, None, 1, 0],
    )
    message = _error(table)
    assert message.startswith(
        "3 of 6 trials have neither a response time in column 'rt' nor a response in column 'response', "
        "1 of participant 1 and 2 of participant 2, the first in row 3, counting the header as row 1: they are "
    )
    assert "a drift of 1 came out as 1.40 and a boundary of 2 as 1.74" in message
    assert "to be fitted as such with the time limit, deadline= (seconds, or a column), or go= in go/no-go" in message
    assert "remove only what was lost in recording, and report how many" in message


def test_many_participants_are_counted() -> None:
    n = 40
    table = pd.DataFrame({"subject": np.repeat(np.arange(20), 2), "rt": 0.5, "response": np.arange(n) % 2.0})
    table.loc[::2, ["rt", "response"]] = np.nan
    assert ", of 20 participants (such as 0, 1 and 2), the first in row 2," in _error(table)


@pytest.mark.parametrize("label", [np.nan, None, "", " "])
def test_missing_participants(label: object) -> None:
    with pytest.raises(DataError, match="column 'subject' has 1 of 6 participant labels missing, the first in row 3"):
        read_trials(_table(subject=_second(["a", "a", "b", "b", "c", "c"], label)), groupby="subject")


@pytest.mark.parametrize("dtype", [float, "Float64", DOUBLE, object])
def test_whole_numbers_are_integers_in_messages_and_labels(dtype: object) -> None:
    table = _table(subject=pd.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], dtype=dtype), rt=[0.5, np.nan, 0.7, 0.8, 0.9, 1.0])  # type: ignore[call-overload]
    table["response"] = [0, np.nan, 1, 0, 1, 0]
    assert "of participant 1, the first" in _error(table)
    trials = read_trials(table.assign(rt=RT, response=RESPONSE), groupby="subject")
    assert repr(trials.subjects) == "(1, 2, 3)"
    assert "at index 7:" in _error(table.set_index(pd.Index(np.arange(6.0) + 6.0)))
