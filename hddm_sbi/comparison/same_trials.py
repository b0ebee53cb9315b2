"""Whether models are of the same trials, seen in the same way: densities of other data cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.comparison.fitted import Fitted, FloatArray
from hddm_sbi.errors import DataError
from hddm_sbi.results.to_arviz import recorded_model
from hddm_sbi.trials.columns import listed

# Times that were written as text and read again are the same to many more digits.
_RELATIVE = 1e-9


def check_same_trials(fits: Mapping[str, Fitted], stimulus: str | None = None) -> None:
    """Refuse models whose densities are of different events.

    Densities of (rt, choice) in seconds are comparable where each is that of the same event. Labels may differ where
    they are one to one, for all trials or for those of each stimulus: a correct response and an answer "left" are the
    same event on a trial of which the stimulus said before that left is correct. Where the label also depends on the
    response made, the densities are of different events, and nothing follows from their ratio.

    Args:
        fits: the models by name.
        stimulus: a column that says, before the response, what the labels of each trial mean.

    Raises:
        DataError: what differs, and what to do.
    """
    (first, one), *others = fits.items()
    for second, other in others:
        for what in _differences(one, other, stimulus):
            raise DataError(f"the models '{first}' and '{second}' cannot be compared: {what}.")


def _differences(one: Fitted, other: Fitted, stimulus: str | None) -> Iterator[str]:
    """What differs, in words; trials of another number first, since nothing else is then comparable."""
    if one.trials.n != other.trials.n:
        yield f"they have {one.trials.n:,} and {other.trials.n:,} trials; build both on the same rows of the table"
    for name, (yes, no) in _WAYS.items():
        values = [bool(getattr(fit.trials, name)) for fit in (one, other)]
        if values[0] != values[1]:
            yield f"the first {yes if values[0] else no}, but the second {yes if values[1] else no}; build both alike"
    yield from _of_numbers(one.trials.rt, other.trials.rt, "the response times differ")
    yield from _of_choices(one, other, stimulus)
    for name, words in _LIMITS.items():
        yield from _of_numbers(getattr(one.trials, name), getattr(other.trials, name), words)
    yield from _of_lapses(one, other)


_WAYS = {
    "times": ("explains choices and times", "explains choices alone (observed)"),
    "go": ("is of go/no-go", "is not of go/no-go (go)"),
    "truncated": ("takes it that trials were removed by their rt (truncate)", "takes it that none were (truncate)"),
}
_LIMITS = {
    "deadline": "the deadlines differ",
    "low": "trials were removed below different times (truncate)",
    "high": "trials were removed above different times (truncate)",
}


def _of_numbers(a: FloatArray, b: FloatArray, words: str) -> Iterator[str]:
    differ = np.flatnonzero(~np.isclose(a, b, rtol=_RELATIVE, atol=0.0, equal_nan=True))
    if len(differ):
        at = differ[0]
        yield (
            f"{words} in {len(differ):,} of {len(a):,} trials, first in row {at} ({a[at]:g} s and {b[at]:g} s); build "
            "both on the same table, in the same order, with the same options"
        )


def _of_choices(one: Fitted, other: Fitted, stimulus: str | None) -> Iterator[str]:
    seen = one.trials.choice_seen
    differ = np.flatnonzero(seen != other.trials.choice_seen)
    if len(differ):
        yield f"the response of row {differ[0]} is known to one of them only; build both on the same table"
        return
    labels = pd.DataFrame({"one": _labels(one)[seen], "other": _labels(other)[seen]})
    if (labels["one"] == labels["other"]).all() or _one_to_one(labels):
        return
    if stimulus is None:
        a, b = (recorded_model(fit.idata).get("response", "response") for fit in (one, other))
        yield (
            f"the responses of one are in '{a}' and of the other in '{b}', and their labels do not always go together; "
            "where a column says before the response which one is correct, they are the same event: give it, "
            'compare(..., stimulus="its name"), else choose the same coding for both'
        )
        return
    levels = _column(stimulus, one, other)[seen]
    for level, of_level in labels.groupby(levels, sort=False):
        if not _one_to_one(of_level):
            yield (
                f"where '{stimulus}' is {level!r}, the responses of one are not one to one with those of the other, so "
                "that they are different events; choose the same coding for both"
            )


def _labels(fit: Fitted) -> npt.NDArray[Any]:
    options = np.array([str(option) for option in fit.trials.options])
    return options[fit.trials.choice]  # of a choice that was not seen any: nobody asks


def _one_to_one(labels: pd.DataFrame) -> bool:
    pairs = labels.drop_duplicates()
    return not (pairs["one"].duplicated().any() or pairs["other"].duplicated().any())


def _column(name: str, *fits: Fitted) -> npt.NDArray[Any]:
    for fit in fits:
        if name in fit.trials.frame.columns:
            return fit.trials.frame[name].to_numpy()
    raise DataError(f"stimulus is {name!r}, but the tables have the columns {listed(fits[0].trials.frame.columns)}.")


def _of_lapses(one: Fitted, other: Fitted) -> Iterator[str]:
    """Windows of lapses; a model without lapses says nothing of a window, and may be compared."""
    mine, yours = one.bound.lapses, other.bound.lapses
    if mine is None or yours is None:
        return
    a, b = mine.ends(one.bound.trials), yours.ends(other.bound.trials)
    if mine.low != yours.low or not np.allclose(a, b, rtol=_RELATIVE):
        at = int(np.argmax(np.abs(a - b)))
        yield (
            f"the windows of their lapses differ, from {mine.low:g} to {a[at]:g} s and from {yours.low:g} to {b[at]:g} "
            "s; build both with the same lapse=(low, high)"
        )
