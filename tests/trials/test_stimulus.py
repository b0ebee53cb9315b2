"""Stimuli are read as the responses that they call for, or refused with what is wrong with them."""

import numpy as np
import pandas as pd
import pytest

from hddm_sbi.errors import DataError, HDDMWarning, ModelError
from hddm_sbi.trials.reading import read_trials
from hddm_sbi.trials.stimulus import read_stimulus

N = 60


def experiment(stim, responses=("left", "right")):
    """Trials whose responses follow ``right`` in four of five cases."""
    rng = np.random.default_rng(3)
    right = rng.random(N) < 0.5
    choice = np.where(rng.random(N) < 0.8, right, ~right).astype(int)
    return pd.DataFrame(
        {
            "subject": np.repeat([1, 2, 3], N // 3),
            "rt": rng.uniform(0.4, 1.5, N),
            "response": np.array(responses, dtype=object)[choice],
            "right": right,
            "stim": np.array(stim, dtype=object)[right.astype(int)],
        }
    )


def read(frame, stimulus="stim", **options):
    trials = read_trials(frame, groupby="subject", coding="stimulus", **options)
    return read_stimulus(trials, stimulus)


@pytest.mark.parametrize(
    ("stim", "responses", "stimulus"),
    [
        (("left", "right"), ("left", "right"), "stim"),
        ((0, 1), (0, 1), "stim"),
        ((-1.0, 1.0), (-1, 1), "stim"),
        (("0", "1"), (0, 1), "stim"),
        ((False, True), (0, 1), "stim"),
        (("nonword", "word"), ("left", "right"), {"stim": {"word": "right", "nonword": "left"}}),
        (("1", "2"), (0, 1), {"stim": {1: 0, 2: "1"}}),
        (("n", "w"), ("left", "right"), {"stim": {"n": "left", "w": "right", "pseudo": "left"}}),
    ],
)
def test_signs(stim, responses, stimulus):
    frame = experiment(stim, responses)
    found = read(frame, stimulus)
    assert np.array_equal(found.signs(frame), np.where(frame["right"], 1.0, -1.0))
    assert np.array_equal(found.signs(frame.iloc[[7, 3]]), np.where(frame["right"][[7, 3]], 1.0, -1.0))
    assert len(found.signs(frame.iloc[:0])) == 0


def test_several_levels_may_call_for_one_response():
    frame = experiment(("x", "word"))
    frame.loc[frame.index[::2], "stim"] = frame["stim"].replace({"x": "pseudo"})
    found = read(frame, {"stim": {"x": "left", "pseudo": "left", "word": "right"}})
    assert np.array_equal(found.signs(frame), np.where(frame["right"], 1.0, -1.0))
    assert found.reading == "stim: x = left, pseudo = left, word = right"


def test_how_they_were_read():
    assert read(experiment(("left", "right"))).reading == "stim: left or right"


NEUTRAL = "is not among the responses 'left' and 'right'; leave out trials whose stimulus calls for neither"


@pytest.mark.parametrize(
    ("change", "stimulus", "message"),
    [
        ({}, "stimm", "the table has no column 'stimm'; did you mean stimulus='stim'"),
        ({}, "rt", "stimulus and rt both name the column 'rt'"),
        ({}, "response", "stimulus and response both name the column 'response'"),
        ({}, "subject", "stimulus and groupby both name the column 'subject'"),
        ({4: None}, "stim", r"column 'stim' has no stimulus in row 6, counting .* \(1 of 60 trials\)"),
        ({4: "n/a", 5: "", 9: np.nan}, "stim", r"no stimulus in rows 6 to 7 and 11, counting"),
        ({4: "neutral"}, "stim", rf"the level 'neutral' \(in row 6, counting the header as row 1\), which {NEUTRAL}"),
        ({4: "R"}, {"stim": {"left": "left", "right": "right"}}, "which response the level 'R' of column 'stim' calls"),
        (
            {},
            {"stim": {"left": "left", "right": "up"}},
            "maps the level 'right' of column 'stim' to 'up', which is not",
        ),
        (
            {},
            {"stim": {"left": "left", "right": None}},
            "maps the level 'right' of column 'stim' to None, which is not",
        ),
        (
            {},
            {"stim": {"left": "right", "right": "right"}},
            "no level of column 'stim' to the response 'left'; each of",
        ),
    ],
)
def test_bad_columns(change, stimulus, message):
    frame = experiment(("left", "right"))
    for row, value in change.items():
        frame.loc[row, "stim"] = value
    with pytest.raises(DataError, match=message):
        read(frame, stimulus)


def test_levels_that_are_no_responses_are_named_with_the_mapping():
    frame = experiment(("nonword", "word"))
    mapping = r"stimulus=\{'stim': \{'nonword': 'left', 'word': 'right'\}\}"
    with pytest.raises(DataError, match=rf"levels 'nonword' and 'word', which are not among .* such as {mapping}"):
        read(frame)
    with pytest.raises(DataError, match=r"level -1 .*such as stimulus=\{'stim': \{-1: 0, 1: 1\}\}"):
        read(experiment((-1, 1), (0, 1)))


@pytest.mark.parametrize("stimulus", [None, 3, {}, {"stim": "left"}, {"stim": {}}, {"a": {}, "b": {}}, ["stim"]])
def test_arguments_that_are_neither_column_nor_mapping(stimulus):
    message = r'coding="stimulus" needs stimulus, .* such as \{"stim": \{"word": \'left\', "nonword": \'right\'\}\}; '
    with pytest.raises(ModelError, match=message):
        read(experiment(("left", "right")), stimulus)


def test_new_data():
    found = read(experiment(("left", "right")))
    with pytest.raises(DataError, match="the new data has no column 'stim', the stimulus"):
        found.signs(pd.DataFrame({"x": [1]}))
    with pytest.raises(DataError, match="stimulus 'up', which the model does not know; it knows 'left' and 'right'"):
        found.signs(pd.DataFrame({"stim": ["left", "up"]}))
    with pytest.raises(DataError, match="column 'stim' has no stimulus"):
        found.signs(pd.DataFrame({"stim": ["left", None]}))


def test_a_mapping_the_wrong_way_round():
    frame = experiment(("nonword", "word"))
    with pytest.warns(HDDMWarning, match=r"only 15% of the 60 responses are those that the stimuli in column 'stim'"):
        read(frame, {"stim": {"word": "left", "nonword": "right"}})
