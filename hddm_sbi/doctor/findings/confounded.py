"""Factors that are the same as something else: a person, people, or another factor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.recording import IntArray

_NAMED = 3
_WHY_PEOPLE = (
    "The effect of a factor that varies between participants alone is a difference between people: each counts once, "
    "however many trials there are, and there is no effect within a person to estimate."
)


def confounded(experiment: Experiment) -> Iterator[Finding]:
    """Factors of which each participant has one level, and pairs of factors that divide the trials in the same way."""
    if experiment.recording.subjects:
        for name in experiment.conditions:
            yield from _with_people(experiment, name)
    for first, second in combinations(experiment.conditions, 2):
        a, b = experiment.codes(first), experiment.codes(second)
        if a is None or b is None or a.max() < 1:
            continue
        both = len(np.unique(a * (b.max() + 2) + b + 1))
        if both == len(np.unique(a)) == len(np.unique(b)):
            yield Finding(
                "two factors in one",
                "warning",
                f"'{first}' and '{second}' divide the trials in the same way: each level of one goes with one level of "
                "the other.",
                "No data can tell the effects of two factors that always change together.",
                f"The model refuses a formula with both: keep one, and say that it stands for '{first}' and '{second}' "
                "together.",
                np.ones(experiment.n, dtype=np.bool_),
            )


def _with_people(experiment: Experiment, name: str) -> Iterator[Finding]:
    codes = experiment.codes(name)
    if codes is None or codes.max(initial=-1) < 1:
        return
    n_levels = int(codes.max()) + 1
    occurs = np.zeros((experiment.people, n_levels), dtype=np.bool_)
    known = codes >= 0
    occurs[experiment.subject[known], codes[known]] = True
    if (occurs.sum(axis=1) > 1).any():
        return
    people: IntArray = occurs.sum(axis=0)
    levels = experiment.levels(name)
    single = np.flatnonzero(people == 1)
    counts = enumerated([f"{count} with {levels[k]!r}" for k, count in enumerate(people[:_NAMED])])
    more = f" and {n_levels - _NAMED} more levels" if n_levels > _NAMED else ""
    between = f"'{name}' varies between participants alone, never within one: {counts}{more}"
    if len(single):
        alone = enumerated([f"{levels[k]!r}" for k in single[:_NAMED]]) + (" ..." if len(single) > _NAMED else "")
        yield Finding(
            "confounded with participants",
            "warning",
            f"{between}, and {alone} {'is' if len(single) == 1 else 'are'} one person's only.",
            _WHY_PEOPLE + " Where one person is all there is of a level, the effect and the person are the same.",
            "The model can only tell them apart by its priors: leave the factor out, or collect more people.",
            np.isin(codes, single),
        )
        return
    yield Finding(
        "between participants",
        "note",
        f"{between}.",
        _WHY_PEOPLE,
        "The model gives it no slope by participant, and compares the groups of people: report it as a difference "
        "between groups.",
        np.ones(experiment.n, dtype=np.bool_),
    )
