from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hddm_sbi.errors import DataError
from hddm_sbi.trials import Trials, read_trials


def _read(responses: object, **options: object) -> Trials:
    responses = pd.Series(responses)
    table = pd.DataFrame({"rt": np.full(len(responses), 0.5), "response": responses})
    return read_trials(table, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (0, 1, "response: 0 = lower, 1 = upper"),
        (0.0, 1.0, "response: 0 = lower, 1 = upper"),
        (-1, 1, "response: -1 = lower, 1 = upper"),
        (-1.0, 1.0, "response: -1 = lower, 1 = upper"),
        (False, True, "response: False = lower, True = upper"),
        ("error", "correct", "response: error = lower, correct = upper"),
        ("incorrect", "correct", "response: incorrect = lower, correct = upper"),
        ("left", "right", "response: left = lower, right = upper"),
        ("LEFT", "Right", "response: LEFT = lower, Right = upper"),
        ("lower", "upper", "response: lower = lower, upper = upper"),
    ],
)
def test_known_orders(lower: object, upper: object, words: str) -> None:
    # Neither the order of appearance nor that of the alphabet decides.
    for responses, choice in (([lower, upper, upper], [0, 1, 1]), ([upper, lower, upper], [1, 0, 1])):
        trials = _read(responses)
        np.testing.assert_array_equal(trials.choice, choice)
        assert trials.options == (lower, upper)
        # Integers are integers, also where a missing value once made floats of them.
        assert type(trials.options[0]) is (int if isinstance(lower, float) else type(lower))
        assert words in trials.reading


@pytest.mark.parametrize(
    ("labels", "choices"),
    [
        ((1, 2), "choices=(1, 2) or choices=(2, 1)"),
        (("old", "new"), "choices=('new', 'old') or choices=('old', 'new')"),
        (("0", "1"), "choices=('0', '1') or choices=('1', '0')"),
        (("left", "correct"), "choices=('correct', 'left')"),
        (("left", 1), "choices=(1, 'left')"),
    ],
)
def test_unknown_orders_ask_for_choices(labels: tuple[object, ...], choices: str) -> None:
    with pytest.raises(DataError, match=re.escape(choices)) as caught:
        _read([*labels, labels[0]])
    assert "'response'" in str(caught.value)


@pytest.mark.parametrize(
    ("responses", "choices", "choice", "options"),
    [
        (["old", "new", "new"], ("old", "new"), [0, 1, 1], ("old", "new")),
        (["old", "new", "new"], ["new", "old"], [1, 0, 0], ("new", "old")),
        (["old", "new", "new"], np.array(["new", "old"]), [1, 0, 0], ("new", "old")),
        ([1, 2, 1], (1, 2), [0, 1, 0], (1, 2)),
        ([1, 2, 1], ("2", "1"), [1, 0, 1], (2, 1)),
        ([1.0, 2.0, 1.0], ("1", "2"), [0, 1, 0], (1, 2)),
        (["1", "2", "1"], (1, 2), [0, 1, 0], ("1", "2")),
        ([0, 1, 1], (1, 0), [1, 0, 0], (1, 0)),
        ([False, True, True], ("true", "false"), [1, 0, 0], (True, False)),
        ([False, True, True], ("0", "1"), [0, 1, 1], (False, True)),
        (["right", "left", "left"], ("right", "left"), [0, 1, 1], ("right", "left")),
    ],
)
def test_choices_name_the_order(
    responses: list[object], choices: object, choice: list[int], options: tuple[object, object]
) -> None:
    trials = _read(responses, choices=choices)
    np.testing.assert_array_equal(trials.choice, choice)
    assert trials.options == options
    assert [type(label) for label in trials.options] == [type(label) for label in options]


@pytest.mark.parametrize(
    ("responses", "choices", "choice", "options"),
    [
        ([1, 1, 1], (0, 1), [1, 1, 1], (0, 1)),
        ([1, 1, 1], ("0", "1"), [1, 1, 1], (0, 1)),
        ([0.0, 0.0], ("0", "1"), [0, 0], (0, 1)),
        ([True, True], ("false", "true"), [1, 1], (False, True)),
        (["old", "old"], ("old", "new"), [0, 0], ("old", "new")),
        ([1, 1], ("1", "other"), [0, 0], (1, "other")),
    ],
)
def test_one_response_is_allowed_where_choices_name_both(
    responses: list[object], choices: tuple[object, object], choice: list[int], options: tuple[object, object]
) -> None:
    trials = _read(responses, choices=choices)
    np.testing.assert_array_equal(trials.choice, choice)
    assert trials.options == options
    assert [type(label) for label in trials.options] == [type(label) for label in options]


@pytest.mark.parametrize(
    ("responses", "options", "message"),
    [
        ([1, 1, 1], {}, "all responses in column 'response' are 1; if that is right, name both options, lower first"),
        ([0, 1, 2], {}, "column 'response' has 3 different responses (0, 1, 2)"),
        (pd.array([True, None, None], dtype="boolean"), {}, "all responses in column 'response' are True"),
        ([[0], [1], [1]], {}, "column 'response' holds list values, not labels"),
        (["old", "new"], {"choices": ("Old", "New")}, "choices=('Old', 'New') does not name: 'old', 'new'"),
        (["old", "new"], {"choices": ("old", "other")}, "choices=('old', 'other') does not name: 'new'"),
        (["old", "new", "none"], {"choices": ("old", "new")}, "choices=('old', 'new') does not name: 'none'"),
        (["old", "old"], {"choices": ("new", "other")}, "does not name: 'old'"),
        ([0, 1], {"choices": (0, None)}, "does not name: 1"),
        (["0", "x"], {"choices": ("0", None)}, "does not name: 'x'"),
        ([0, 1], {"choices": ("nan", "inf")}, "does not name: 0, 1"),
        ([True, False], {"choices": ("2", "0")}, "does not name: True"),
        (["old", "new"], {"choices": ("old", "old")}, "choices must be two different labels, lower first"),
        ([0, 1], {"choices": ("0", 0)}, "choices must be two different labels"),
        ([0, 1], {"choices": (0, 1, 2)}, "choices must be two different labels"),
        ([0, 1], {"choices": (0,)}, "choices must be two different labels"),
        ([0, 1], {"choices": "01"}, "choices must be two different labels"),
        ([0, 1], {"choices": {0, 1}}, "choices must be two different labels"),
        ([0, 1], {"choices": 1}, "choices must be two different labels"),
        ([1, 1], {"choices": ("1", "1.0")}, "names the same response of column 'response' twice"),
        ([0, 1], {"coding": "stimuli"}, "coding must be 'response', 'accuracy' or 'stimulus', not 'stimuli'"),
    ],
)
def test_responses_that_are_not_two_classes(responses: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        _read(responses, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("responses", [[0, 1, 2], ["left", "right", "timeout"]])
def test_no_message_simply_advises_to_drop_trials(responses: list[object]) -> None:
    with pytest.raises(DataError, match=r"with deadline= .* because leaving out omissions biases the estimates"):
        _read(responses)


@pytest.mark.parametrize(
    ("error", "correct", "words"),
    [
        (0, 1, "0 = error (lower), 1 = correct (upper)"),
        (0.0, 1.0, "0 = error (lower), 1 = correct (upper)"),
        (False, True, "False = error (lower), True = correct (upper)"),
        ("error", "correct", "error = error (lower), correct = correct (upper)"),
        ("Incorrect", "Correct", "Incorrect = error (lower), Correct = correct (upper)"),
    ],
)
def test_accuracy_coding(error: object, correct: object, words: str) -> None:
    trials = _read([correct, error, correct], coding="accuracy")
    np.testing.assert_array_equal(trials.choice, [1, 0, 1])
    assert trials.options == (error, correct)
    assert trials.reading == f"rt in seconds; response: {words}."


def test_accuracy_coding_of_an_errorless_experiment() -> None:
    trials = _read(["correct", "correct"], coding="accuracy", choices=("error", "correct"))
    np.testing.assert_array_equal(trials.choice, [1, 1])


@pytest.mark.parametrize("labels", [("falsch", "richtig"), ("Erreur", "Juste"), (7, 9), ("誤", "正")])
def test_accuracy_in_any_language_where_choices_name_its_order(labels: tuple[object, object]) -> None:
    wrong, right = labels
    trials = _read([right, wrong, right], coding="accuracy", choices=labels)
    np.testing.assert_array_equal(trials.choice, [1, 0, 1])
    assert f"{wrong} = error (lower), {right} = correct (upper)" in trials.reading


def test_codes_of_keys_print_as_integers() -> None:
    left, right = 1073741904, 1073741903
    trials = _read([float(left), float(right), np.nan], choices=(float(left), float(right)))
    assert f"{left} = lower, {right} = upper" in trials.reading


@pytest.mark.parametrize(
    ("responses", "options"),
    [
        (["left", "right"], {}),
        ([-1, 1], {}),
        (["old", "new"], {}),
        (["left", "right"], {"choices": ("left", "right")}),
        (["error", "correct"], {"choices": ("correct", "error")}),
        ([0, 1], {"choices": (1, 0)}),
    ],
)
def test_accuracy_coding_needs_error_and_correct(responses: list[object], options: dict[str, object]) -> None:
    with pytest.raises(DataError, match='coding="accuracy" needs responses that say error or correct'):
        _read(responses, coding="accuracy", **options)


def test_no_order_of_the_rows_changes_the_reading(cavanagh: pd.DataFrame) -> None:
    expected = read_trials(cavanagh, groupby="participant_id")
    order = np.random.default_rng(1).permutation(len(cavanagh))
    shuffled = read_trials(cavanagh.iloc[order], groupby="participant_id")
    assert (shuffled.options, shuffled.subjects) == (expected.options, expected.subjects)
    np.testing.assert_array_equal(shuffled.choice, expected.choice[order])
    np.testing.assert_array_equal(shuffled.subject, expected.subject[order])


@given(st.lists(st.sampled_from(["a", "b"]), min_size=2).filter(lambda labels: len(set(labels)) == 2))
def test_swapping_choices_swaps_the_boundaries(labels: list[str]) -> None:
    there, back = _read(labels, choices=("a", "b")), _read(labels, choices=("b", "a"))
    np.testing.assert_array_equal(there.choice, 1 - back.choice)
    assert there.options == back.options[::-1]


RACE = (2, 3, 4)


@pytest.mark.parametrize(
    ("responses", "options", "choice", "labels", "words"),
    [
        ([2, 0, 1, 1], {}, [2, 0, 1, 1], (0, 1, 2), "0 = choice 0, 1 = choice 1, 2 = choice 2"),
        ([3.0, 2.0, 0.0, 1.0], {}, [3, 2, 0, 1], (0, 1, 2, 3), "3 = choice 3"),
        ([1, 0, 1], {}, [1, 0, 1], (0, 1), "0 = choice 0, 1 = choice 1"),
        (["right", "left"], {}, [1, 0], ("left", "right"), "left = choice 0, right = choice 1"),
        (["b", "c", "a"], {"choices": ("c", "a", "b")}, [2, 0, 1], ("c", "a", "b"), "c = choice 0"),
        ([5, 7, 6], {"choices": ("5", "6", "7")}, [0, 2, 1], (5, 6, 7), "6 = choice 1"),
        ([0, 2, 2], {"choices": (0, 1, 2)}, [0, 2, 2], (0, 1, 2), "1 = choice 1"),  # nobody chose 1
        ([0, 0], {"choices": ("0", "1", "2", "3")}, [0, 0], (0, 1, 2, 3), "3 = choice 3"),
        ([1, 0], {"coding": "accuracy"}, [1, 0], (0, 1), "0 = error (choice 0), 1 = correct (choice 1)"),
    ],
)
def test_races_have_two_to_four_options(
    responses: list[object], options: dict[str, object], choice: list[int], labels: tuple[object, ...], words: str
) -> None:
    trials = _read(responses, counts=RACE, **options)
    np.testing.assert_array_equal(trials.choice, choice)
    assert trials.options == labels
    assert [type(label) for label in trials.options] == [type(label) for label in labels]
    assert words in trials.reading


@pytest.mark.parametrize(
    ("responses", "counts", "options", "message"),
    [
        ([0, 1, 2, 3, 4], RACE, {}, "has 5 different responses (0, 1, 2, 3, 4) and the model 2 to 4 options"),
        ([1, 1], RACE, {}, "all responses in column 'response' are 1; if that is right, name all options"),
        (["a", "c", "b"], RACE, {}, "the order of the responses 'a', 'b', 'c' in column 'response' is not known"),
        ([1, 2, 3], RACE, {}, "such as choices=(1, 2, 3)"),
        ([0, 2], RACE, {}, "also those that nobody chose, in the order of the accumulators"),
        ([0, 1, 2], RACE, {"choices": (0, 1)}, "does not name: 2"),
        ([0, 1, 2], RACE, {"choices": (0, 1, 2, 3, 4)}, "choices must be 2 to 4 different labels"),
        ([0, 1, 2], RACE, {"choices": (0, 1, 1)}, "choices must be 2 to 4 different labels"),
        ([0, 1, 2], RACE, {"coding": "accuracy"}, 'coding="accuracy" needs responses that say error or correct'),
        ([0, 1, 2], (2,), {}, "Races (rdm, lba) take up to four."),
        ([0, 1], (3,), {}, "has 2 different responses (0, 1) and the model three options; name all of them"),
        ([0, 1, 2, 3], (3,), {}, "the model three options; recode it to three"),
    ],
)
def test_responses_that_do_not_fit_the_model(
    responses: list[object], counts: tuple[int, ...], options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        _read(responses, counts=counts, **options)
