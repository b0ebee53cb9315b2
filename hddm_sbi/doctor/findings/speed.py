"""People, or one of them, who speed up or slow down from the first trial to the last."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import ndtri

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.trials.recording import BoolArray, FloatArray, IntArray

# Smaller changes from the first trial to the last, of all and of one person against the others, do little.
_SMALLEST = 0.1
_SMALLEST_OWN = 0.25
_FEWEST = 20
# Trials of a cell, on average, below which no more columns make cells.
_OF_A_CELL = 8
# Times outside so many standard deviations of the logarithm count as being at their border.
_BORDER = 3.0
# A table in which so many times follow a shorter one is sorted by them.
_SORTED = 0.9

_TIME = re.compile(r"(block|session|run|trial|trl|part|day|time|index|order|n)[\W_]?\w*", re.I)


def speed(experiment: Experiment) -> Iterator[Finding]:
    """A change over the trials, in the order of the table, that conditions do not explain."""
    usable = experiment.usable & experiment.recording.choice_seen
    if usable.sum() < _FEWEST or is_sorted(experiment):
        return
    subject = experiment.subject[usable]
    cell = _cells(experiment, usable)
    place = (experiment.place / np.maximum(experiment.trials[experiment.subject] - 1, 1))[usable]
    place = place - _mean(place, cell)[cell]
    log_rt = np.log(experiment.seconds[usable])
    rest = log_rt - _mean(log_rt, cell)[cell]
    border = _BORDER * np.sqrt(np.bincount(cell, rest**2) / np.maximum(np.bincount(cell), 1))[cell]
    rest = np.clip(rest, -border, border)
    slope, variance = _slopes(place, rest, subject, experiment.people)
    known = np.isfinite(slope) & (variance > 0.0) & (np.bincount(subject, minlength=experiment.people) >= _FEWEST)
    if not known.any():
        return
    mean, error = _pooled(slope[known], variance[known])
    common = abs(mean) > _z(ALARM) * error and abs(np.expm1(mean)) > _SMALLEST
    if common:
        yield _finding(experiment, list(range(experiment.people)), mean, everybody=True)
    apart = slope - (mean if known.sum() > 2 else 0.0)
    far = known & (np.abs(apart) > _z(ALARM / experiment.people) * np.sqrt(np.where(known, variance, 1.0)))
    own = np.flatnonzero(far & (np.abs(np.expm1(slope)) > _SMALLEST_OWN)).tolist()
    if own and not (common and experiment.people == 1):
        for people in ([i for i in own if slope[i] > 0.0], [i for i in own if slope[i] < 0.0]):
            if people:
                yield _finding(experiment, people, float(np.median(slope[people])), everybody=False)


def is_sorted(experiment: Experiment) -> bool:
    """Whether the rows of participants are in order of their times, so that theirs is not the order of the trials."""
    times, subject = experiment.seconds[experiment.order], experiment.subject[experiment.order]
    both = np.isfinite(times[1:]) & np.isfinite(times[:-1]) & (subject[1:] == subject[:-1])
    steps = np.diff(times)[both]
    return bool(len(steps)) and max((steps >= 0.0).mean(), (steps <= 0.0).mean()) > _SORTED


def _cells(experiment: Experiment, usable: BoolArray) -> IntArray:
    """A number for each participant, response and condition, as far as columns say, of the usable rows."""
    cell = experiment.subject[usable] * (len(experiment.options) + 1) + experiment.recording.choice[usable]
    cell = pd.factorize(cell)[0]
    for name, codes in experiment.factors.items():
        if _TIME.fullmatch(name) and experiment.numbers(name) is not None and name not in experiment.conditions:
            continue
        finer = pd.factorize(cell * (codes.max() + 2) + codes[usable] + 1)[0]
        if (finer.max() + 1) * _OF_A_CELL <= len(finer):
            cell = finer
    return np.asarray(cell, dtype=np.int64)


def _mean(values: FloatArray, cell: IntArray) -> FloatArray:
    return np.bincount(cell, values) / np.maximum(np.bincount(cell), 1)


def _slopes(place: FloatArray, rest: FloatArray, subject: IntArray, people: int) -> tuple[FloatArray, FloatArray]:
    """Change of log rt from the first trial to the last, and its sampling variance, of each participant."""

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(subject, values, people).astype(np.float64)

    squares, counts = total(place**2), np.bincount(subject, minlength=people)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = total(place * rest) / squares
        residual = total((rest - slope[subject] * place) ** 2) / np.maximum(counts - 2, 1)
        return slope, residual / squares


def _pooled(slope: FloatArray, variance: FloatArray) -> tuple[float, float]:
    """The mean slope of people who differ, and its standard error (DerSimonian and Laird's)."""
    weight = 1.0 / variance
    fixed = float((weight * slope).sum() / weight.sum())
    excess = float((weight * (slope - fixed) ** 2).sum()) - (len(slope) - 1)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    between = max(0.0, excess / scale) if scale > 0.0 else 0.0
    weight = 1.0 / (variance + between)
    return float((weight * slope).sum() / weight.sum()), float(weight.sum() ** -0.5)


def _z(chance: float) -> float:
    return float(-ndtri(chance / 2.0))


def _finding(experiment: Experiment, people: list[int], change: float, *, everybody: bool) -> Finding:
    percent = 100.0 * abs(np.expm1(change))
    direction = "shorter" if change < 0.0 else "longer"
    whose = "" if everybody else experiment.of(people)
    unlike = "" if everybody else ", unlike those of the others"
    return Finding(
        "drift of speed",
        "warning",
        f"the times{whose} in column '{experiment.recording.rt_name}' become {percent:.0f}% {direction} from the first "
        f"trial to the last, in the order of the table{unlike}.",
        "The model takes all trials of a condition for alike: practice or fatigue is then a spread of drift or "
        "boundary, and a condition that comes late differs from an early one by it.",
        "The model does not see the order: add the trial number, or the block, as a covariate (a ~ trial, v ~ trial), "
        "or leave out practice trials by a rule that you report.",
        experiment.whose(people),
    )
