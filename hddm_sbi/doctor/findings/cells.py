"""Conditions with no trials, or with few, for some participants or for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import bdtr

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.trials.columns import enumerated
from hddm_sbi.trials.recording import BoolArray, IntArray

# Cells that so many participants have are part of the design.
_NEARLY_ALL = 0.75
# More cells than this are no design.
_MOST_CELLS = 200
# Fewer trials than this part of what is typical, of a person or a cell, and in number.
_PART = 0.25
_LITTLE = 0.4
_RATIO = 8.0
_FEW = 20
_NAMED = 3

_WHY = (
    "An effect is told from the trials of its conditions: where there are none it comes from the other participants "
    "and the prior, and where there are few it is drawn to these."
)


def cells(experiment: Experiment) -> Iterator[Finding]:
    """Participants with few trials; combinations of factors that nobody saw; those that some lack or have few of."""
    yield from _short(experiment)
    factors = {name: codes for name in experiment.conditions if (codes := _within(experiment, name)) is not None}
    if not factors:
        return
    cell, names = _crossed(experiment, factors)
    if len(names) < 2 or len(names) > _MOST_CELLS:
        return
    yield from _never(experiment, factors, len(names))
    known = cell >= 0
    counts = np.bincount(experiment.subject[known] * len(names) + cell[known], minlength=experiment.people * len(names))
    counts = counts.reshape(experiment.people, len(names))
    design = (counts > 0).mean(axis=0) >= _NEARLY_ALL
    if "missing cells" not in experiment.known:
        lacking = (counts == 0) & design
        if lacking.any():
            yield _of_some(experiment, cell, names, lacking, counts, "empty cells")
    if design.sum() > 1:
        yield from _unbalanced(experiment, cell, names, counts, design)


def _short(experiment: Experiment) -> Iterator[Finding]:
    typical = float(np.median(experiment.trials))
    few = np.flatnonzero((experiment.trials < _PART * typical) & (experiment.trials > 1)).tolist()
    if few and experiment.people > 2:
        counts = experiment.trials[few]
        have = f"{counts[0]}" if len(few) == 1 else f"{counts.min()} to {counts.max()}"
        yield Finding(
            "few trials",
            "warning",
            f"{experiment.recording.who(few)} in column '{experiment.recording.groupby}' "
            f"{'has' if len(few) == 1 else 'have'} {have} trials, where the typical participant has {typical:g}.",
            "The fewer trials, the more a participant's estimates are the population's: a session that was broken off "
            "or trials that were removed by their outcome are not missing at random.",
            "The model keeps them, and weighs them by what they tell: find out why, and report it.",
            experiment.whose(few),
        )


def _within(experiment: Experiment, name: str) -> IntArray | None:
    """Codes of a factor that varies within most participants; None where it is between them."""
    codes = experiment.codes(name)
    if codes is None:
        return None
    size = int(codes.max(initial=0)) + 2
    levels = np.bincount(pd.unique(experiment.subject * size + codes + 1) // size, minlength=experiment.people)
    return codes if 2 * (levels > 1).sum() > experiment.people else None


def _crossed(experiment: Experiment, factors: dict[str, IntArray]) -> tuple[IntArray, list[str]]:
    """The cell of each row, -1 where a factor is missing, and names such as ``cond=a, stim=b``."""
    key, missing = np.zeros(experiment.n, dtype=np.int64), np.zeros(experiment.n, dtype=np.bool_)
    for codes in factors.values():
        key, missing = key * (codes.max(initial=0) + 1) + codes, missing | (codes < 0)
    codes, _ = pd.factorize(np.where(missing, -1, key), sort=True)
    first = pd.Series(np.arange(experiment.n)).groupby(codes).first()
    levels = {name: experiment.levels(name) for name in factors}
    names = [", ".join(f"{name}={levels[name][own[row]]}" for name, own in factors.items()) for row in first.to_numpy()]
    if missing.any():
        return np.asarray(codes - 1, dtype=np.int64), names[1:]
    return np.asarray(codes, dtype=np.int64), names


def _never(experiment: Experiment, factors: dict[str, IntArray], found: int) -> Iterator[Finding]:
    """Combinations that nobody saw, of factors that are not nested in each other."""
    possible = int(np.prod([codes.max() + 1 for codes in factors.values()]))
    if len(factors) < 2 or found >= possible or found <= max(codes.max() + 1 for codes in factors.values()):
        return
    yield Finding(
        "empty cells",
        "warning",
        f"{possible - found} of the {possible} combinations of {enumerated([repr(name) for name in factors])} have no "
        "trials at all.",
        "An interaction is the difference between differences: without one of its cells there is none to estimate.",
        "The model refuses interactions with an empty cell: leave the interaction out, or make one factor of the "
        "combinations that occur.",
        np.ones(experiment.n, dtype=np.bool_),
    )


def _unbalanced(
    experiment: Experiment, cell: IntArray, names: list[str], counts: IntArray, design: BoolArray
) -> Iterator[Finding]:
    """Cells with far fewer trials than the participant's others lead to expect, or than the others of all."""
    total = counts[:, design].sum(axis=1, keepdims=True)
    typical = np.median(counts / np.maximum(total, 1), axis=0)
    expected = typical * total
    chance = bdtr(counts, np.maximum(total, 1), np.clip(typical, 1e-9, 1.0 - 1e-9))
    few = (counts > 0) & design & (counts < _LITTLE * expected) & (chance < ALARM / counts.size)
    if few.any():
        yield _of_some(experiment, cell, names, few, counts, "unbalanced cells")
    middle = np.median(counts, axis=0)
    thin = np.flatnonzero(design & (middle < _FEW) & (_RATIO * middle < middle.max())).tolist()
    if thin:
        told = enumerated([f"{middle[k]:g} in {names[k]}" for k in thin[:_NAMED]])
        most = int(np.argmax(middle))
        yield Finding(
            "unbalanced cells",
            "warning",
            f"conditions differ much in their trials: a typical participant has {told}, and {middle[most]:g} in "
            f"{names[most]}.",
            _WHY,
            "The model copes with unequal numbers, and is as uncertain as the smallest: compare with the interval, not "
            "with the point estimate.",
            np.isin(cell, thin),
        )


def _of_some(
    experiment: Experiment, cell: IntArray, names: list[str], which: BoolArray, counts: IntArray, kind: str
) -> Finding:
    people = np.flatnonzero(which.any(axis=1)).tolist()
    where = np.flatnonzero(which.any(axis=0)).tolist()
    none = kind == "empty cells"
    few = counts[which]
    have = "no trials" if none else f"{few.min()} to {few.max()} trials" if len(few) > 1 else f"{few[0]} trials"
    shown = enumerated([names[k] for k in where[:_NAMED]]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")
    others = float(np.median(counts[:, where][~which[:, where]])) if (~which[:, where]).any() else 0.0
    who = experiment.recording.who(people) if experiment.recording.subjects else "the data"
    rows = experiment.whose(people) if none else experiment.whose(people) & np.isin(cell, where)
    return Finding(
        kind,
        "warning",
        f"{who} {'has' if len(people) == 1 else 'have'} {have} in {shown}, where the others have {others:g}.",
        _WHY,
        "The model keeps them and is as uncertain there as the population lets it: find out where the trials went, and "
        "report it.",
        rows,
    )
