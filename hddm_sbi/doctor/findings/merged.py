"""Two people, or two sessions, under one label."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.trials.recording import BoolArray, IntArray

# What nearly all participants have in common, and how many they must be at least.
_NEARLY_ALL = 0.75
_FEWEST = 4
# A counter that repeats so much of itself has started anew, and so many more trials than typical are two sessions'.
_REPEATS = 0.1
_TWICE = 1.8
_EQUAL = 0.02

_PARTS = re.compile(r"(block|session|run|part|phase|task|day|visit|loop)[\W_]?\w*", re.I)


def merged(experiment: Experiment) -> Iterator[Finding]:
    """Participants whose trial counter starts anew, who have two files or dates, or twice as many trials as others."""
    if experiment.people < _FEWEST or "repeated rows" in experiment.known:
        return
    reasons: dict[int, list[str]] = {}
    for find in (_restarts, _two_sources, _twice_as_many):
        people, reason = find(experiment)
        for person in people:
            reasons.setdefault(person, []).append(reason)
    for reason in dict.fromkeys("; ".join(found) for found in reasons.values()):
        people = [person for person, found in reasons.items() if "; ".join(found) == reason]
        rows = experiment.whose(people)
        yield Finding(
            "two in one participant",
            "warning",
            f"{experiment.recording.who(people)} in column '{experiment.recording.groupby}' may be two people or two "
            f"sessions under one label: {reason} ({experiment.at(rows)}).",
            "Two people read as one have one drift, boundary and t0: their average, and their difference becomes "
            "variability from trial to trial.",
            'The model fits one participant: give each its own label, or name both columns, such as groupby=["session",'
            ' "subject"], if they differ there; if it is one person in two sessions, say so in the formula.',
            rows,
        )


def _restarts(experiment: Experiment) -> tuple[list[int], str]:
    """Who has values twice in a counter that counts everyone else's trials once."""
    parts = [name for name in experiment.factors if _PARTS.fullmatch(name)]
    for name in experiment.others:
        numbers = experiment.numbers(name)
        if numbers is None or not np.isfinite(numbers).all() or (numbers != np.round(numbers)).any():
            continue
        codes = experiment.codes(name)
        if codes is None or codes.max() + 1 < 0.5 * np.median(experiment.trials) or codes.max() < _FEWEST:
            continue
        for within in (None, *parts):
            part = None if within is None else experiment.codes(within)
            key = codes if part is None else part * (codes.max() + 1) + codes
            share = 1.0 - _distinct(experiment, key) / np.maximum(experiment.trials, 1)
            if (share < _EQUAL).mean() >= _NEARLY_ALL:
                people = np.flatnonzero(share > _REPEATS).tolist()
                if people:
                    where = "" if within is None else f" within '{within}'"
                    return people, f"'{name}'{where}, which counts the others' trials once, has values twice"
    return [], ""


def _two_sources(experiment: Experiment) -> tuple[list[int], str]:
    """Who has two values in a column with one for everyone else, mostly another for each: a file, a date, an age."""
    for name in experiment.others:
        codes = experiment.codes(name)
        if codes is None or (codes < 0).any():
            continue
        counts = _distinct(experiment, codes)
        one = counts == 1
        people = np.flatnonzero(counts > 1).tolist()
        if not people or one.mean() < _NEARLY_ALL:
            continue
        first = codes[experiment.order[np.cumsum(experiment.trials) - experiment.trials]]
        if 2 * len(np.unique(first[one])) >= one.sum():
            return people, f"'{name}', which has one value for each of the others, has {_few(counts[people])}"
    return [], ""


def _few(counts: IntArray) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _twice_as_many(experiment: Experiment) -> tuple[list[int], str]:
    """Who has about twice as many trials, where nearly all others have the same number."""
    typical = float(np.median(experiment.trials))
    alike: BoolArray = np.abs(experiment.trials - typical) <= _EQUAL * typical
    many = np.flatnonzero(experiment.trials >= _TWICE * typical).tolist()
    if alike.mean() < _NEARLY_ALL or not many:
        return [], ""
    counts = _few(experiment.trials[many])
    return many, f"{counts} trials, where the others have {typical:g}"


def _distinct(experiment: Experiment, codes: IntArray) -> IntArray:
    """How many different codes each participant has, shape (people,)."""
    size = int(codes.max(initial=0)) + 2
    key = pd.unique(experiment.subject * size + codes + 1)
    return np.bincount(key // size, minlength=experiment.people)
