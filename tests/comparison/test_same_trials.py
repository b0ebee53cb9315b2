"""Models of other trials, or that were told other things of them, are not compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hddm_sbi import HierarchicalDDM
from hddm_sbi.comparison.fitted import Fitted
from hddm_sbi.comparison.same_trials import check_same_trials
from hddm_sbi.comparison.units import units_of
from hddm_sbi.errors import DataError, HDDMError, ModelError


def unfitted(model: HierarchicalDDM) -> Fitted:
    recorded = SimpleNamespace(attrs={"model": json.dumps({"response": model._options["response"]})})
    return Fitted(model.spec, model._bound, model.trials, model.ssm, {}, "exact", None, recorded)


@pytest.fixture
def pair(build: Callable[..., HierarchicalDDM]) -> Callable[..., dict[str, Fitted]]:
    """Two models without draws, the second with other options."""

    def make(first: dict[str, Any] | None = None, **options: Any) -> dict[str, Fitted]:
        return {"a": unfitted(build(**(first or {}))), "b": unfitted(build(**options))}

    return make


Change = Callable[[pd.DataFrame], pd.DataFrame]
OTHER_DATA: dict[str, tuple[Change, str]] = {
    "fewer": (lambda df: df.iloc[:-5], "they have 220 and 215 trials"),
    "one rt": (lambda df: df.assign(rt=df["rt"].mask(df.index == 4, 0.7)), "differ in 1 of 220 trials, first in row 4"),
    "another order": (lambda df: df.iloc[::-1].reset_index(drop=True), "the response times differ"),
    "one response": (
        lambda df: df.assign(correct=df["correct"].where(df.index != 7, 1 - df["correct"])),
        "do not always go together",
    ),
}


@pytest.mark.parametrize("change", OTHER_DATA)
def test_other_data_are_refused(change: str, pair: Callable[..., dict[str, Fitted]], table: pd.DataFrame) -> None:
    make, sentence = OTHER_DATA[change]
    with pytest.raises(DataError, match=sentence) as said:
        check_same_trials(pair(df=make(table)))
    assert str(said.value).startswith("the models 'a' and 'b' cannot be compared: ")


OTHER_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "deadline": ({"deadline": 9.0, "lapse": (0.0, 5.0)}, r"the deadlines differ in 220 of 220 trials, .*inf s and 9 s"),
    "truncation": (
        {"truncate": (None, 9.0)},
        "the first takes it that none were .*, but the second takes it that trials were",
    ),
    "choices alone": ({"observed": "response", "fixed": {"z": 0.5, "a": 1.4}}, "the second explains choices alone"),
    "window": ({"lapse": (0.1, 9.0)}, r"the windows of their lapses differ, from 0 to .* s and from 0.1 to 9 s"),
    "responses": ({"response": "response"}, "in 'correct' and of the other in 'response'"),
}


@pytest.mark.filterwarnings("ignore:there is a deadline, 9 s, and not one omission")
@pytest.mark.parametrize("option", OTHER_OPTIONS)
def test_other_views_of_the_trials_are_refused(option: str, pair: Callable[..., dict[str, Fitted]]) -> None:
    options, sentence = OTHER_OPTIONS[option]
    first = {"lapse": (0.0, 5.0)} if option == "deadline" else {}
    with pytest.raises(DataError, match=sentence):
        check_same_trials(pair(first, **options))


def test_what_may_differ(pair: Callable[..., dict[str, Fitted]], table: pd.DataFrame) -> None:
    named = table.assign(correct=table["correct"].map({0: "error", 1: "correct"}))
    for same in (
        {"p_outlier": 0.0},  # no lapses, no window
        {"df": named},  # the same responses by other names
        {"df": table.assign(rt=1000.0 * table["rt"]), "rt_unit": "ms"},
        {"pooling": "complete", "shared": ()},
        {"model": "rdm", "fixed": None, "shared": ()},
    ):
        check_same_trials(pair(**same))


def test_accuracy_and_responses_are_the_same_events_given_the_stimulus(
    pair: Callable[..., dict[str, Fitted]], table: pd.DataFrame
) -> None:
    both = pair(response="response")
    check_same_trials(both, stimulus="stim")
    with pytest.raises(DataError, match="where 'cond' is 'easy', the responses of one are not one to one"):
        check_same_trials(both, stimulus="cond")
    with pytest.raises(DataError, match="stimulus is 'side', but the tables have the columns 'subject'"):
        check_same_trials(both, stimulus="side")


def test_participants_are_those_that_any_model_knows(pair: Callable[..., dict[str, Fitted]]) -> None:
    units = units_of(pair({"groupby": None, "pooling": "complete", "shared": ()}), "participant")
    assert units.labels == tuple(range(11)) and units.n_clusters == 11
    trials = units_of(pair(), "trial")
    assert trials.n == 220 and trials.n_clusters == 11


def test_participants_that_cannot_be_left_out(
    pair: Callable[..., dict[str, Fitted]], build: Callable[..., HierarchicalDDM], table: pd.DataFrame
) -> None:
    nobody = unfitted(build(groupby=None, shared=()))
    with pytest.raises(ModelError, match="do not know which trials are whose"):
        units_of({"a": nobody, "b": nobody}, "participant")
    assert units_of({"a": nobody, "b": nobody}, "trial").n_clusters == 220
    with pytest.raises(ModelError, match=r"'b' fits participants apart \(pooling 'none'\)"):
        units_of(pair(pooling="none"), "participant")
    halves = table.assign(other=table["subject"] // 2)
    with pytest.raises(DataError, match=r"divide the trials among other participants \('subject' and 'other'\)"):
        units_of(pair(df=halves, groupby="other"), "trial")
    with pytest.raises(HDDMError, match="by is 'subject'; choose 'participant' or 'trial'"):
        units_of(pair(), "subject")


def test_missing_trials_are_compared_as_they_are(pair: Callable[..., dict[str, Fitted]], table: pd.DataFrame) -> None:
    late = table.assign(rt=table["rt"].mask(table["rt"] > 1.0), correct=table["correct"].mask(table["rt"] > 1.0))
    options = {"df": late, "deadline": 1.0}
    check_same_trials(pair(options, **options, formula="v ~ cond"))
    unknown = late.assign(correct=late["correct"].mask(np.arange(len(late)) == 3))
    with pytest.raises(DataError, match="the response of row 3 is known to one of them only"):
        check_same_trials(pair(options, **{**options, "df": unknown}))
