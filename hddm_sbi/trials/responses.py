"""Responses: any column with two classes whose order is known or named -> option index, 0 = lower."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.errors import DataError
from hddm_sbi.trials.columns import first_row, labels_of, listed

IntArray = npt.NDArray[np.int64]
Pair = tuple[object, object]

# Lower first. False and True compare equal to 0 and 1.
_ACCURACY_NUMBERS = (0, 1)
_KNOWN_NUMBERS = (_ACCURACY_NUMBERS, (-1, 1))
_ACCURACY_WORDS = (("error", "correct"), ("incorrect", "correct"))
_KNOWN_WORDS = (*_ACCURACY_WORDS, ("left", "right"), ("lower", "upper"))


def read_responses(column: pd.Series, coding: str, choices: Sequence[object] | None) -> tuple[IntArray, Pair, str]:
    """Option index of each trial, the labels of the options, lower first, and how they were read, in words.

    Args:
        column: two classes, or one if ``choices`` names both.
        coding: ``"response"``: the classes are the two options; ``"accuracy"``: they are error and correct.
        choices: the labels, lower first; text matches numbers that it reads as.

    Raises:
        DataError: a response is missing, there are not two classes, or their order is not known.
    """
    if coding not in ("response", "accuracy"):
        raise DataError(f"coding must be 'response' or 'accuracy', not {coding!r}.")
    codes, labels = labels_of(column)
    missing = codes < 0
    if missing.any():
        raise DataError(
            f"column '{column.name}' has {int(missing.sum()):,} of {len(codes):,} responses missing, the first "
            f"{first_row(missing, column.index)}: find out why before removing trials, because leaving out omissions "
            "biases the estimates."
        )
    options = _known_order(labels, column.name, coding) if choices is None else _match(choices, labels, column.name)
    if coding == "accuracy" and not _is_accuracy(options):
        raise DataError(_not_accuracy(options, column.name))
    index_of_code = np.array([options.index(label) for label in labels], dtype=np.int64)
    return index_of_code[codes], options, _in_words(column.name, options, coding)


def _known_order(labels: tuple[object, ...], name: object, coding: str) -> Pair:
    """The two labels, lower first, where the field or arithmetic orders them."""
    if len(labels) == 1:
        raise DataError(
            f"all responses in column '{name}' are {labels[0]!r}; if that is right, name both options, lower first, "
            f'with choices, such as choices=("error", "correct") or choices=(0, 1).'
        )
    if len(labels) > 2:
        raise DataError(
            f"column '{name}' has {len(labels)} different responses ({listed(labels)}) and the model two options; "
            "recode it to two, and see what the others mean before removing trials, because leaving out omissions "
            "biases the estimates."
        )
    for pair in (*_KNOWN_NUMBERS, *_KNOWN_WORDS):
        for options in ((labels[0], labels[1]), (labels[1], labels[0])):
            if _comparable(options) == pair:
                return options
    if coding == "accuracy":
        raise DataError(_not_accuracy(labels, name))
    first, second = sorted(labels, key=str)
    raise DataError(
        f"which of the responses {first!r} and {second!r} in column '{name}' is the lower boundary is not known; name "
        f"both, lower first: choices=({first!r}, {second!r}) or choices=({second!r}, {first!r})."
    )


def _comparable(options: Sequence[object]) -> tuple[object, ...]:
    return tuple(option.lower() if isinstance(option, str) else option for option in options)


def _is_accuracy(options: Pair) -> bool:
    return _comparable(options) in (_ACCURACY_NUMBERS, *_ACCURACY_WORDS)


def _not_accuracy(labels: Sequence[object], name: object) -> str:
    return (
        'coding="accuracy" needs responses that say error or correct, in that order (0 and 1, False and True, '
        f"'error' and 'correct'), but those in column '{name}' are {listed(labels)}; recode them, or use "
        'coding="response" if they are the two options.'
    )


def _match(choices: Sequence[object], labels: tuple[object, ...], name: object) -> Pair:
    """The data's own labels in the order of ``choices``."""
    pair = _as_pair(choices)
    found = [next((label for label in labels if _same(label, choice)), None) for choice in pair]
    unnamed = [label for label in labels if label not in found]
    if unnamed:
        raise DataError(
            f"column '{name}' has responses that choices={pair!r} does not name: {listed(unnamed)}; choices must name "
            "the two responses as they stand in the data, lower first."
        )
    lower, upper = found
    if lower is not None and lower == upper:
        raise DataError(f"choices={pair!r} names the same response of column '{name}' twice; name two, lower first.")
    # All trials may have one response. The other option's label is then known from choices alone.
    return (
        lower if lower is not None else _like(pair[0], upper),
        upper if upper is not None else _like(pair[1], lower),
    )


def _as_pair(choices: Sequence[object]) -> Pair:
    ordered = not isinstance(choices, (str, bytes, dict, set, frozenset)) and hasattr(choices, "__len__")
    values = [value.item() if isinstance(value, np.generic) else value for value in choices] if ordered else []
    if len(values) != 2 or _same(values[0], values[1]):
        raise DataError(
            f"choices must be two different labels, lower first, such as ('left', 'right'), not {choices!r}."
        )
    return values[0], values[1]


def _same(label: object, choice: object) -> bool:
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


def _in_words(name: object, options: Pair, coding: str) -> str:
    meanings = ("lower", "upper") if coding == "response" else ("error (lower)", "correct (upper)")
    lower, upper = (f"{_short(label)} = {meaning}" for label, meaning in zip(options, meanings, strict=True))
    return f"{name}: {lower}, {upper}"


def _short(label: object) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)
