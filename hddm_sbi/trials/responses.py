"""Responses: any column with as many classes as the model has options, in known or named order -> option index."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import labels_of, listed, plain
from hddm_sbi.trials.missing import is_missing
from hddm_sbi.trials.wanted import Wanted

IntArray = npt.NDArray[np.int64]
Labels = tuple[object, ...]

CODINGS = ("response", "accuracy", "stimulus")

# In place of an option index.
MISSING = -1

# Lower first. False and True compare equal to 0 and 1.
_ACCURACY_NUMBERS = (0, 1)
_KNOWN_NUMBERS = (_ACCURACY_NUMBERS, (-1, 1))
_ACCURACY_WORDS = (("error", "correct"), ("incorrect", "correct"))
_KNOWN_WORDS = (*_ACCURACY_WORDS, ("left", "right"), ("lower", "upper"))


def response_codes(column: pd.Series, choices: Sequence[object] | None, go: object = None) -> tuple[IntArray, Labels]:
    """Which response each trial has, shape (n,), ``MISSING`` where none, and the responses in order of appearance.

    Args:
        column: of any type; text such as "None" or "n/a" is a response only if ``choices`` or ``go`` names it.
        choices: the labels, if the user names them.
        go: the label of the go response, in go/no-go.

    Raises:
        DataError: the column holds values that cannot be labels, such as lists.
    """
    named = tuple(choices) if isinstance(choices, (list, tuple, np.ndarray)) else ()
    seen = ~is_missing(column, (*named, go))
    codes = np.full(len(column), MISSING, dtype=np.int64)
    codes[seen], labels = labels_of(column[seen])
    return codes, labels


def read_responses(
    codes: IntArray,
    labels: Labels,
    name: object,
    *,
    coding: str,
    choices: Sequence[object] | None,
    counts: Collection[int] = (2,),
) -> tuple[IntArray, Labels, str]:
    """Option index of each trial, the labels of the options in order, and how they were read, in words.

    Args:
        codes: which response each trial has, shape (n,), ``MISSING`` where none.
        labels: as many responses as there are options, or fewer if ``choices`` names them all.
        name: of the column, for messages.
        coding: ``"response"``, ``"stimulus"``: the classes are the options; ``"accuracy"``: they are error and correct.
        choices: the labels, lower first; in a race of accumulators in their order. Text matches numbers that it reads
            as.
        counts: the numbers of options that the model may have; one of two alone has a lower and an upper one.

    Raises:
        DataError: there are not so many classes, or their order is not known.
    """
    if coding not in CODINGS:
        raise DataError(f"coding must be {', '.join(map(repr, CODINGS[:-1]))} or {CODINGS[-1]!r}, not {coding!r}.")
    wanted = Wanted(tuple(sorted(counts)))
    withheld = bool((codes == MISSING).any())
    options = (
        _known_order(labels, name, coding, wanted, withheld)
        if choices is None
        else match_choices(choices, labels, name, wanted)
    )
    if coding == "accuracy" and not _may_be_accuracy(options, named=choices is not None):
        raise DataError(_not_accuracy(options, name))
    index_of_code = np.array([*(options.index(label) for label in labels), MISSING], dtype=np.int64)
    return index_of_code[codes], options, _in_words(name, options, coding, wanted)


def _known_order(labels: Labels, name: object, coding: str, wanted: Wanted, withheld: bool) -> Labels:
    """The labels in order, where the field or arithmetic orders them; ``withheld``: whether some trials have none."""
    if len(labels) == 1 and 1 not in wanted.counts:
        every = "both" if wanted.boundaries else "all"
        go = (
            f"if the others were withheld, as in go/no-go, pass go={labels[0]!r}; "
            if withheld and 2 in wanted.counts
            else ""
        )
        raise DataError(
            f"all responses in column '{name}' are {labels[0]!r}; {go}if that is right, name {every} options, "
            f'{wanted.order}, with choices, such as choices=("error", "correct") or choices=(0, 1).'
        )
    if len(labels) not in wanted.counts:
        raise DataError(_wrong_number(labels, name, wanted))
    if len(labels) == 2:
        for pair in (*_KNOWN_NUMBERS, *_KNOWN_WORDS):
            for options in (labels, labels[::-1]):
                if _comparable(options) == pair:
                    return options
    elif set(labels) == set(range(len(labels))):
        return tuple(sorted(labels, key=float))  # type: ignore[arg-type]  # they equal integers
    if coding == "accuracy":
        raise DataError(_not_accuracy(labels, name))
    ordered = tuple(sorted(labels, key=str))
    if wanted.boundaries:
        first, second = ordered
        raise DataError(
            f"which of the responses {first!r} and {second!r} in column '{name}' is the lower boundary is not known; "
            f"name both, lower first: choices=({first!r}, {second!r}) or choices=({second!r}, {first!r})."
        )
    raise DataError(
        f"the order of the responses {listed(ordered)} in column '{name}' is not known; name all options, also those "
        f"that nobody chose, {wanted.order}, such as choices={ordered!r}."
    )


def _wrong_number(labels: Labels, name: object, wanted: Wanted) -> str:
    if len(labels) < wanted.counts[0]:
        return (
            f"column '{name}' has {len(labels)} different responses ({listed(labels)}) and the model {wanted.number} "
            f"options; name all of them, {wanted.order}, with choices, if some were never chosen."
        )
    return (
        f"column '{name}' has {len(labels)} different responses ({listed(labels)}) and the model {wanted.number} "
        f"options; recode it to {wanted.number}: what stands for no response set to missing, in the response times "
        "too, and name the time limit with deadline= (or go= where responses were withheld on purpose), because "
        "leaving out omissions biases the estimates."
        + (" Races (rdm, lba) take up to four." if wanted.boundaries and len(labels) in (3, 4) else "")
    )


def _comparable(options: Sequence[object]) -> tuple[object, ...]:
    return tuple(option.lower() if isinstance(option, str) else option for option in options)


def _may_be_accuracy(options: Labels, *, named: bool) -> bool:
    """Whether options say error and correct, in that order; named by the user, labels of any language may."""
    pair = _comparable(options)
    if pair in (_ACCURACY_NUMBERS, *_ACCURACY_WORDS):
        return True
    known = (_ACCURACY_NUMBERS, *_KNOWN_WORDS)
    return named and pair not in known and pair[::-1] not in known


def _not_accuracy(labels: Sequence[object], name: object) -> str:
    return (
        'coding="accuracy" needs responses that say error or correct, in that order (0 and 1, False and True, '
        f"'error' and 'correct'), but those in column '{name}' are {listed(labels)}; name both with "
        'choices, error first, such as choices=("wrong", "right"), or use coding="response" if they are the options.'
    )


def match_choices(choices: Sequence[object], labels: Labels, name: object, wanted: Wanted) -> Labels:
    """The data's own labels in the order of ``choices``."""
    named = _distinct(choices, wanted)
    found = [next((label for label in labels if same_label(label, choice)), None) for choice in named]
    unnamed = [label for label in labels if label not in found]
    if unnamed:
        raise DataError(
            f"column '{name}' has responses that choices={named!r} does not name: {listed(unnamed)}; choices must name "
            f"the {wanted.number} responses as they stand in the data, {wanted.order}."
        )
    if len({label for label in found if label is not None}) < sum(label is not None for label in found):
        raise DataError(
            f"choices={named!r} names the same response of column '{name}' twice; name {wanted.number}, {wanted.order}."
        )
    # Options that nobody chose are known from choices alone.
    like = next(label for label in found if label is not None)
    return tuple(_like(choice, like) if label is None else label for choice, label in zip(named, found, strict=True))


def _distinct(choices: Sequence[object], wanted: Wanted) -> Labels:
    ordered = not isinstance(choices, (str, bytes, dict, set, frozenset)) and hasattr(choices, "__len__")
    values = [value.item() if isinstance(value, np.generic) else value for value in choices] if ordered else []
    repeated = any(same_label(value, other) for i, value in enumerate(values) for other in values[:i])
    if len(values) not in wanted.counts or repeated:
        raise DataError(
            f"choices must be {wanted.number} different labels, {wanted.order}, such as {wanted.example}, not "
            f"{choices!r}."
        )
    return tuple(values)


def same_label(label: object, choice: object) -> bool:
    """Whether a choice names a label: equal, or text that reads as the other's number or truth value."""
    if isinstance(label, str) == isinstance(choice, str):
        return bool(label == choice)
    text, value = (label, choice) if isinstance(label, str) else (choice, label)
    parsed = _parsed(str(text), value)
    return parsed is not None and parsed == value


def _like(choice: object, label: object) -> object:
    """The choice as the kind of value that the data hold."""
    if isinstance(choice, str) and not isinstance(label, str):
        parsed = _parsed(choice, label)
        return choice if parsed is None else parsed
    return choice


def _parsed(text: str, like: object) -> object:
    """The number or truth value that text reads as, of the kind of ``like``, or None."""
    if isinstance(like, bool) and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return None
    if isinstance(like, int) and number.is_integer() and type(like)(number) == number:
        return type(like)(number)
    return number


def _in_words(name: object, options: Labels, coding: str, wanted: Wanted) -> str:
    meanings = [wanted.meaning(index) for index in range(len(options))]
    if coding == "accuracy":
        meanings = [f"{word} ({meaning})" for word, meaning in zip(("error", "correct"), meanings, strict=True)]
    read = (f"{_short(label)} = {meaning}" for label, meaning in zip(options, meanings, strict=True))
    return f"{name}: {', '.join(read)}"


def _short(label: object) -> str:
    return f"{label:g}" if isinstance(label, float) and not label.is_integer() else str(plain(label))
