"""What plots are divided by, and where it is read from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.api import HierarchicalDDM
from hddm_sbi.errors import DataError
from hddm_sbi.plots.cells import cells_of
from hddm_sbi.plots.observed import Predicted
from hddm_sbi.plots.predictive import predictive
from hddm_sbi.plots.reading import read_source
from hddm_sbi.results.to_arviz import HAS_INFERENCE_DATA
from tests.plots.made import SUBJECTS, TRIALS, as_results, predicted_trials

N = SUBJECTS * TRIALS


def test_columns_and_their_combinations(predicted: Predicted) -> None:
    cells = cells_of(predicted, "cond")
    assert cells.labels == ("cond=A", "cond=B")
    np.testing.assert_array_equal(cells.rows(1), predicted.columns["cond"] == "B")
    both = cells_of(predicted, ["side", "cond"])
    assert both.labels == ("side=1, cond=A", "side=1, cond=B", "side=2, cond=A", "side=2, cond=B")
    assert [int(both.rows(k).sum()) for k in range(4)] == [N // 4] * 4


def test_participants_go_by_their_labels(predicted: Predicted) -> None:
    data = read_source(as_results(predicted))
    assert cells_of(data, "subject").labels == ("a", "b", "c", "d", "e")
    named = replace(data, groupby="who", columns={"who": data.columns["subject"]})
    assert cells_of(named, "who").labels == cells_of(named, "subject").labels == ("a", "b", "c", "d", "e")


def test_labels_by_trial_keep_the_order_of_categories(predicted: Predicted) -> None:
    speed = pd.Series(pd.Categorical(np.tile(["slow", "fast"], N // 2), categories=["slow", "none", "fast"]))
    assert cells_of(predicted, speed).labels == ("slow", "fast")
    assert cells_of(predicted, np.tile([10, 9], N // 2)).labels == ("9", "10")
    assert cells_of(predicted, predicted.columns["cond"].tolist()).labels == ("A", "B")
    parts = pd.qcut(pd.Series(predicted.rt), 4)
    assert len(cells_of(predicted, parts).labels) == 4


def test_a_missing_label_is_a_cell_of_its_own(predicted: Predicted) -> None:
    values = np.tile(["A", "B"], N // 2).astype(object)
    values[:3] = None
    cells = cells_of(replace(predicted, columns={"cond": values}), "cond")
    assert cells.labels == ("cond=A", "cond=B", "cond=missing") and cells.rows(2).sum() == 3


def test_what_cannot_divide_is_said(predicted: Predicted) -> None:
    with pytest.raises(DataError, match=r"no column 'conf', only 'cond', 'side'; pass the table that has it as df"):
        cells_of(predicted, "conf")
    with pytest.raises(DataError, match="'x' has 400 different numbers, too many for panels; divide it first"):
        cells_of(replace(predicted, columns={"x": predicted.rt}), "x")
    with pytest.raises(DataError, match="by has 3 labels, but there are 400 trials"):
        cells_of(predicted, np.array([1, 2, 3]))
    with pytest.raises(DataError, match="by is 5; give the name of a column, several names, or a label for each"):
        cells_of(predicted, 5)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="by='subject' needs the participant of each trial"):
        cells_of(replace(predicted, subject=None), "subject")


def test_columns_that_the_model_did_not_use_come_from_the_table(predicted: Predicted) -> None:
    df = pd.DataFrame({"block": np.repeat([1, 2], N // 2)})
    panels = predictive(as_results(predicted), by="block", df=df)
    assert [panel.get_title().split(":")[0] for panel in panels] == ["block=1", "block=2"]
    with pytest.raises(DataError, match="df has 10 rows, but there are 400 trials"):
        predictive(as_results(predicted), by="block", df=df[:10])
    with pytest.raises(DataError, match="df must be a pandas DataFrame"):
        predictive(as_results(predicted), by="block", df={"block": [1]})


@pytest.mark.parametrize("given", ["labels", "text", "places"])
def test_participants_may_be_given_in_any_way(given: str) -> None:
    trials = predicted_trials()
    assert trials.subject is not None
    alone = as_results(replace(trials, subject=None), {"groupby": None})
    codes = trials.subject
    subject, subjects = {
        "labels": (pd.Series(codes + 101), ()),
        "text": (np.array(["101", "102", "103", "104", "105"])[codes], (101, 102, 103, 104, 105)),
        "places": (codes, (101, 102, 103, 104, 105)),
    }[given]
    panels = predictive(alone, by="subject", subject=subject, subjects=subjects)
    assert [panel.get_title().split(":")[0] for panel in panels] == ["101", "102", "103", "104", "105"]


def test_participants_that_do_not_fit_are_said(predicted: Predicted) -> None:
    idata = as_results(replace(predicted, subject=None), {"groupby": None})
    with pytest.raises(DataError, match="subject has 50 labels, but there are 400 trials"):
        predictive(idata, by="subject", subject=np.zeros(50))
    with pytest.raises(DataError, match="subject names '9', who is not among subjects"):
        predictive(idata, by="subject", subject=np.full(N, 9), subjects=("a", "b"))


def test_both_kinds_of_results_are_drawn(predicted: Predicted, monkeypatch: pytest.MonkeyPatch) -> None:
    """InferenceData, and the DataTree that took its place in ArviZ 1."""
    for inference_data in (HAS_INFERENCE_DATA, False):
        monkeypatch.setattr("hddm_sbi.results.to_arviz.HAS_INFERENCE_DATA", inference_data)
        panels = predictive(as_results(predicted), by="cond")
        assert [panel.get_title().split(":")[0] for panel in panels] == ["cond=A", "cond=B"]


def test_options_are_those_of_the_data(predicted: Predicted) -> None:
    assert read_source(as_results(predicted)).options == ("HH", "LL")
    assert read_source(as_results(predicted), options=("x", "y")).options == ("x", "y")


def test_choices_become_errors_and_correct_responses(predicted: Predicted) -> None:
    right = np.where(predicted.columns["cond"] == "A", "HH", "LL")
    data = read_source(predicted, correct=right)
    assert data.options == ("error", "correct")
    code = (right == "LL").astype(np.int64)
    np.testing.assert_array_equal(data.choice, predicted.choice == code)
    np.testing.assert_array_equal(data.predicted_choice, predicted.predicted_choice == code)
    stated = as_results(predicted, {"stimulus": {"cond": {"A": "HH", "B": "LL"}}})
    np.testing.assert_array_equal(read_source(stated, correct="cond").choice, data.choice)
    with pytest.raises(DataError, match="correct names 'A', which is no option; the options are 'HH', 'LL'"):
        read_source(predicted, correct="cond")
    with pytest.raises(DataError, match="no column 'target'"):
        read_source(predicted, correct="target")


def test_trials_of_a_model_are_drawn_without_predictions(cavanagh: pd.DataFrame) -> None:
    model = HierarchicalDDM(cavanagh, groupby="participant_id", likelihood="exact")
    ax = predictive(model.trials)
    assert ax.get_legend_handles_labels()[1] == ["observed"]
    share = 100.0 * (cavanagh["response"] == 1).mean()
    assert ax.get_title(loc="right") == f"1: {share:.1f}% observed"
    panels = predictive(model.trials, by=["stim", "conf"])
    assert [panel.get_title().split(":")[0] for panel in panels] == [
        "stim=LL, conf=HC", "stim=WL, conf=LC", "stim=WW, conf=HC"
    ]  # fmt: skip


def test_a_table_or_a_model_is_no_result(cavanagh: pd.DataFrame) -> None:
    model = HierarchicalDDM(cavanagh, groupby="participant_id", likelihood="exact")
    for given, what in ((cavanagh, "a table"), (model, "a model")):
        with pytest.raises(DataError, match=f"the trials of a model, model.trials; this is {what}"):
            predictive(given)


def test_no_more_predictions_are_read_than_are_drawn(predicted: Predicted) -> None:
    many = replace(
        predicted, predicted_rt=np.tile(predicted.predicted_rt, (30, 1)),
        predicted_choice=np.tile(predicted.predicted_choice, (30, 1)),
    )  # fmt: skip
    assert read_source(as_results(many)).sets == read_source(many).sets == 400


def test_predictions_of_other_trials_are_refused(predicted: Predicted) -> None:
    idata = as_results(predicted)
    observed = idata["observed_data"].isel(trial=slice(0, 10))
    idata["observed_data"] = observed.to_dataset() if hasattr(observed, "to_dataset") else observed
    with pytest.raises(DataError, match="10 observed trials and 400 predicted ones"):
        predictive(idata)
