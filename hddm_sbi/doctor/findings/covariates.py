"""Numbers in formulas: far from 0, or with values far from all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hddm_sbi.doctor.experiment import Experiment
from hddm_sbi.doctor.finding import Finding
from hddm_sbi.doctor.odds import ALARM
from hddm_sbi.doctor.text import counted
from hddm_sbi.trials.plausibility.codes import extra_nines
from hddm_sbi.trials.recording import FloatArray

# Standard deviations by which 0 is outside of all values.
_OUTSIDE = 1.0
# Values that may be apart from the others, and differences between the following ones that tell how dense they are.
_MOST = 3
_FOLLOWING = 8
_FEWEST = 7
# Quartile skewness from which values have a long tail; of the exponential distribution it is 0.26.
_SKEWED = 0.15
# Values further from the rest than so many times what that spans are no part of any tail.
_FAR = 10.0


def covariates(experiment: Experiment) -> Iterator[Finding]:
    """Covariates whose intercept is at a value that nobody has, and those with outliers."""
    for name in experiment.covariates:
        numbers = experiment.numbers(name)
        if numbers is None:
            continue
        values = np.unique(numbers[np.isfinite(numbers)])
        if len(values) < 2:
            continue
        apart = _outliers(values)
        if len(apart):
            yield _with_outliers(experiment, name, numbers, values, apart)
        rest = numbers[np.isfinite(numbers) & ~np.isin(numbers, apart)]
        distance = max(float(rest.min()), -float(rest.max()))
        if name in experiment.uncentred and distance > _OUTSIDE * float(rest.std()):
            yield _off_centre(experiment, name, rest)


def _outliers(values: FloatArray) -> FloatArray:
    """Values at either end that are apart from the rest; as logarithms where positive values have a long upper tail.

    The differences between consecutive values of an exponential tail, multiplied by how many are beyond, are
    independent and have one exponential distribution (Renyi 1953); tails of measurements are shorter, or exponential
    as logarithms.
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    skewed = values[0] > 0.0 and high + low - 2.0 * middle > _SKEWED * (high - low)
    scale = np.log(values) if skewed else values
    top = max(_apart_above(scale), _far_above(values))
    bottom = max(_apart_above(-scale[::-1]), _far_above(-values[::-1]))
    return np.concatenate((values[:bottom], values[len(values) - top :]))


def _apart_above(ordered: FloatArray) -> int:
    """How many of the largest values are apart from all others; 0 where none is."""
    gaps = np.diff(ordered)[::-1]  # from the largest value down
    scaled = gaps * np.arange(1, len(ordered))
    spread = float(np.subtract(*np.quantile(ordered, [0.75, 0.25])))
    for number in range(min(_MOST, len(ordered) - _FEWEST), 0, -1):
        following = scaled[number : number + _FOLLOWING]
        if following.mean() > 0.0 and gaps[number - 1] > spread:
            chance = (1.0 + scaled[number - 1] / following.mean() / len(following)) ** -float(len(following))
            if chance < ALARM:
                return number
    return 0


def _far_above(ordered: FloatArray) -> int:
    """How many of the largest values are further away than any tail reaches, or are codes of nines; 0 where none is."""
    for number in range(min(_MOST, len(ordered) - _FEWEST), 0, -1):
        rest = ordered[:-number]
        gap, span = float(ordered[-number] - rest[-1]), float(np.ptp(rest))
        coded = all(extra_nines(abs(value)) > 0 for value in ordered[-number:].tolist())
        if gap > span * (1.0 if coded else _FAR):
            return number
    return 0


def _with_outliers(
    experiment: Experiment, name: str, numbers: FloatArray, values: FloatArray, apart: FloatArray
) -> Finding:
    rows = np.isin(numbers, apart)
    rest = values[~np.isin(values, apart)]
    shown = ", ".join(f"{value:g}" for value in apart)
    return Finding(
        "outliers of a covariate",
        "warning",
        f"'{name}' is {shown} in {counted(int(rows.sum()), 'row')}{experiment.recording.whose(rows)} "
        f"({experiment.at(rows)}), and elsewhere {rest[0]:g} to {rest[-1]:g}.",
        "A slope is drawn to the values that are far from the mean: a code for a missing value or a slip of a digit "
        "can make or hide an effect.",
        "The model takes the number as it is: correct it, or set it to missing and choose the rows to fit.",
        rows,
    )


def _off_centre(experiment: Experiment, name: str, rest: FloatArray) -> Finding:
    return Finding(
        "a covariate to be centred",
        "warning",
        f"'{name}' is {rest.min():g} to {rest.max():g} (mean {rest.mean():.4g}, sd {rest.std():.3g}), so that 0 is no "
        "value of anybody.",
        "The intercept is the parameter where the covariate is 0: an extrapolation, which is uncertain, and which "
        "nobody asks about.",
        f"The model fits it as it is, with priors that are centred; write center({name}) or scale({name}) in the "
        "formula, and the intercept is the parameter at the mean.",
        np.ones(experiment.n, dtype=np.bool_),
    )
