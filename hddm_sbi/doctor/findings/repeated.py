"""Rows that are there twice: a file that was read twice, or one person's data under two labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.findings.speed import is_sorted
from hddm_sbi.doctor.odds import pairs
from hddm_sbi.trials.plausibility.chance import comparable, many_ties, smallest_step
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray

# At most one clean experiment in a million is suspected.
_CHANCE = 1e-6
_SHORTEST, _LONGEST = 4, 40
# Pairs of times at one to so many steps of the clock from each other tell how many to expect at none, and ties are
# copies where there are at least twice as many.
_STEPS = 20
_MANY = 2.0

_WHY = (
    "Trials that count twice make every estimate look more certain than it is: standard errors shrink by up to the "
    "square root of two."
)
_PRIMES = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], dtype=np.uint64)


def repeated(experiment: Experiment) -> Iterator[Finding]:
    """Sequences of trials that occur twice, within a participant or in two; else single rows that are the same."""
    within, between = _sequences(experiment)
    if between:
        yield _participants(experiment, between)
    rows = within if within.any() else _copies(experiment)
    if rows.any():
        count = int(rows.sum())
        yield Finding(
            "repeated rows",
            "warning",
            f"{count:,} of {experiment.n:,} rows{experiment.recording.whose(rows)} are copies of other rows of the "
            f"same participant{'' if within.any() else ', equal in all columns'} ({experiment.at(rows)}).",
            _WHY,
            "The model counts them as trials of their own: leave them out (df.drop_duplicates() where they are equal "
            "in all columns), and see how they came in.",
            rows,
        )


def _sequences(experiment: Experiment) -> tuple[BoolArray, list[tuple[int, int]]]:
    """Rows that repeat a sequence of their participant's earlier ones, and pairs of participants who share one."""
    none: BoolArray = np.zeros(experiment.n, dtype=np.bool_)
    tokens = _tokens(experiment)
    if tokens is None or is_sorted(experiment):
        return none, []
    counts = np.bincount(tokens[experiment.usable])
    alike = 2.0 * pairs(counts) / max(1.0, float(counts.sum()) ** 2)
    # a run of so many that are the same by chance is seen with _CHANCE among all pairs of places
    length = 2.0 * np.log(experiment.n) - np.log(_CHANCE)
    length = int(np.ceil(length / -np.log(max(alike, 1e-12)))) if alike < 0.9 else _LONGEST + 1
    length = max(length, _SHORTEST)
    if length > _LONGEST or experiment.n < 2 * length:
        return none, []
    starts, group = _same(experiment, tokens, length)
    if not len(starts):
        return none, []
    subject = experiment.subject[experiment.order]
    first = pd.Series(starts).groupby(group).transform("first").to_numpy()
    later = starts != first
    own = later & (subject[starts] == subject[first])
    copies = np.zeros(experiment.n + 1, dtype=np.int64)
    np.add.at(copies, starts[own], 1)
    np.add.at(copies, np.minimum(starts[own] + length, experiment.n), -1)
    rows = none.copy()
    rows[experiment.order[np.cumsum(copies[:-1]) > 0]] = True
    other = later & (subject[starts] != subject[first])
    shared = sorted(set(zip(subject[first[other]].tolist(), subject[starts[other]].tolist(), strict=True)))
    return rows, shared


def _tokens(experiment: Experiment) -> IntArray | None:
    """A number for each row's time and response; those without a time have one of their own."""
    if not experiment.usable.any():
        return None
    times = pd.factorize(comparable(np.where(experiment.usable, experiment.seconds, -1.0)))[0].astype(np.int64)
    tokens = times * (len(experiment.options) + 1) + experiment.recording.choice + 1
    tokens = pd.factorize(tokens)[0].astype(np.int64)
    without = np.flatnonzero(~experiment.usable)
    tokens[without] = tokens.max() + 1 + np.arange(len(without))
    return tokens


def _same(experiment: Experiment, tokens: IntArray, length: int) -> tuple[IntArray, IntArray]:
    """Where sequences start that occur more than once, as places in ``order``, and which sequence each is."""
    mixed = tokens[experiment.order].astype(np.uint64)
    mixed = (mixed + np.uint64(1)) * _PRIMES[0]
    mixed ^= mixed >> np.uint64(31)
    mixed *= _PRIMES[1]
    n = experiment.n - length + 1
    key: npt.NDArray[np.uint64] = np.zeros(n, dtype=np.uint64)
    for k in range(length):
        key = key * _PRIMES[2] + mixed[k : k + n]
    subject = experiment.subject[experiment.order]
    inside = subject[:n] == subject[length - 1 :]
    keys = pd.Series(key[inside])
    twice = keys.duplicated(keep=False).to_numpy()
    return np.flatnonzero(inside)[twice], pd.factorize(keys[twice])[0].astype(np.int64)


def _copies(experiment: Experiment) -> BoolArray:
    """Later ones of rows that are equal in all columns, where the clock does not explain it."""
    none: BoolArray = np.zeros(experiment.n, dtype=np.bool_)
    group = experiment.subject.copy()
    for name in [*experiment.others, *(name for name in experiment.read if name in experiment.table.columns)]:
        codes = None if name == experiment.recording.rt_name else experiment.codes(name)
        if codes is not None:
            group, found = pd.factorize(group * (codes.max(initial=0) + 2) + codes + 1)
            if len(found) == experiment.n:  # a column that counts
                return none
    order = experiment.by_time[experiment.usable[experiment.by_time]]
    order = order[np.argsort(group[order], kind="stable")]
    times, group = comparable(experiment.seconds[order]), group[order]
    same = (group[1:] == group[:-1]) & (times[1:] == times[:-1])
    if same.sum() < 2:
        return none
    runs = np.diff(np.flatnonzero(np.concatenate(([True], ~same, [True]))))
    tied, expected = pairs(runs), _expected(times, group)
    if tied < _MANY * expected or many_ties(int(tied), max(expected, 1e-9)) > _CHANCE:
        return none
    none[order[1:][same]] = True
    return none


def _expected(times: FloatArray, group: IntArray) -> float:
    """How many pairs of a group have the same time by chance: half as many as are some number of steps apart.

    The number of steps at which there are most pairs counts: a part of the times may have a coarser clock.
    """
    step = smallest_step(times)
    if not np.isfinite(step):
        return np.inf
    width = float(np.ptp(times)) + 2.0 * (_STEPS + 1) * step
    line = times - times.min() + group * width  # groups far from each other on one line
    line.sort()
    within = [np.searchsorted(line, line + (k + 0.5) * step).sum() for k in range(_STEPS + 1)]
    return float(np.diff(within).max()) / 2.0


def _participants(experiment: Experiment, shared: list[tuple[int, int]]) -> Finding:
    people = sorted({person for pair in shared for person in pair})
    labels = experiment.recording.subjects
    told = "; ".join(f"{labels[a]!r} and {labels[b]!r}" for a, b in shared[:3])
    more = f" and {len(shared) - 3} more pairs" if len(shared) > 3 else ""
    return Finding(
        "one participant twice",
        "warning",
        f"participants {told}{more} in column '{experiment.recording.groupby}' have the same times and responses in "
        "the same order, for longer than chance allows.",
        _WHY + " Two people who are one also make people look more alike than they are.",
        "The model takes them for different people: find out whose data these are, and leave one of the two out.",
        experiment.whose(people),
    )
