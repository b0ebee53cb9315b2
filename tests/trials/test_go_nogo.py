from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError
from hddm_sbi.trials import Trials, read_trials

RT = [0.5, np.nan, 0.7, np.nan, 0.6, np.nan]


def _read(response: object, rt: object = RT, **options: object) -> Trials:
    return read_trials(pd.DataFrame({"rt": rt, "response": response}), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("response", "options", "labels", "words"),
    [
        (["go", None] * 3, {"go": "go"}, ("withheld", "go"), "withheld = lower, go = upper"),
        (["go", "stay"] * 3, {"go": "go"}, ("stay", "go"), "stay = lower (withheld), go = upper"),
        (["go", "no", "go", None, "go", "no"], {"go": "go"}, ("no", "go"), "no = lower (withheld), go = upper"),
        (["a", "b", "a", "c", "a", None], {"go": "a"}, ("withheld", "a"), "withheld (b and c) = lower, a = upper"),
        ([1, np.nan] * 3, {"go": 1}, ("withheld", 1), "withheld = lower, 1 = upper"),
        ([1, 0] * 3, {"go": 1}, (0, 1), "0 = lower (withheld), 1 = upper"),
        ([0, 1] * 3, {"go": 0}, (1, 0), "1 = lower (withheld), 0 = upper"),
        ([1, 0] * 3, {"go": "1"}, (0, 1), "0 = lower (withheld), 1 = upper"),
        ([True, False] * 3, {"go": True}, (False, True), "False = lower (withheld), True = upper"),
        (["None", ""] * 3, {"go": "None"}, ("withheld", "None"), "withheld = lower, None = upper"),
        (["x", None] * 3, {"go": "x", "choices": ("o", "x")}, ("o", "x"), "o = lower (withheld), x = upper"),
        (["x", "o"] * 3, {"go": "x", "choices": ("o", "x")}, ("o", "x"), "o = lower (withheld), x = upper"),
        (["x", None] * 3, {"go": "x", "counts": (2, 3)}, ("withheld", "x"), "withheld = choice 0, x = choice 1"),
    ],
)
def test_the_go_response_is_choice_1(
    response: list[object], options: dict[str, object], labels: tuple[object, object], words: str
) -> None:
    trials = _read(response, **options)
    np.testing.assert_array_equal(trials.choice, [1, -1] * 3)
    np.testing.assert_array_equal(trials.rt, RT)
    np.testing.assert_array_equal(trials.withheld, [False, True] * 3)
    assert trials.go
    assert not trials.omitted.any()
    assert trials.options == labels
    assert [type(label) for label in trials.options] == [type(label) for label in labels]
    assert trials.reading == (
        f"rt in seconds; response: {words}; withheld on 3 trials (without a deadline: a go response is taken to count "
        "however late)."
    )


def test_with_a_deadline_and_a_go_response_without_its_time() -> None:
    rt = [0.5, None, None, None, 0.6, None]
    trials = _read(["go", None] * 3, rt, go="go", deadline=2)
    np.testing.assert_array_equal(trials.choice, [1, -1] * 3)
    np.testing.assert_array_equal(trials.rt_seen, [True, False, False, False, True, False])
    assert trials.reading == (
        "rt in seconds; response: withheld = lower, go = upper; deadline 2 s; withheld on 3 trials and a choice "
        "without its time on 1 trial (what is missing there is taken not to depend on the time itself)."
    )


@pytest.mark.parametrize(
    ("response", "options", "message"),
    [
        (
            ["go", "no"] * 3,
            {"go": "Go"},
            "go='Go' is not in column 'response', whose responses are 'go', 'no'; name the",
        ),
        ([None] * 6, {"go": "go"}, "column 'response' has no response, so that all were withheld"),
        (["go", None] * 3, {"go": "go", "coding": "accuracy"}, 'go and coding="accuracy" exclude each other'),
        (["go", None] * 3, {"go": "go", "observed": "response"}, 'go and observed="response" exclude each other'),
        (["go", "no"] * 3, {"go": "go", "choices": ("go", "no")}, "must name the go response 'go' last"),
        (["go", "no"] * 3, {"go": "go", "choices": ("go",)}, "choices must be two different labels"),
        (["go", "x"] * 3, {"go": "go", "choices": ("no", "go")}, "does not name: 'x'"),
        (["go", None] * 3, {"go": "go", "counts": (3,)}, "go takes a model of two options"),
    ],
)
def test_what_is_no_go(response: list[object], options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        _read(response, **options)


def test_data_of_go_no_go_without_go_are_told_of_it() -> None:
    told = (
        r"all responses in column 'response' are 'press'; if the others were withheld, as in go/no-go, pass go='press';"
    )
    with pytest.raises(DataError, match=told):
        _read(["press", None] * 3, deadline=2)
