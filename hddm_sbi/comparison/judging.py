"""Which differences rank models, and which do not.

The standard error of a sum over units is that of independent participants: with d_c the sum over the units of one of C
participants, se = sqrt(C var(d_c)). Trials of a participant have a person in common, so that counting them as
independent would make it too small. Where differences are below 4 or units few, the normal approximation that standard
errors stand for does not hold (Sivula, Magnusson, Matamoros & Vehtari 2020, arXiv:2008.10296).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.comparison.units import Units

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A difference in elpd that ranks; how many participants it takes, or trials, where no participants are known; and how
# many standard errors.
LEAST_DIFFERENCE, FEWEST_PARTICIPANTS, FEWEST_TRIALS, ERRORS = 4.0, 10, 100, 2.0

BEST, WORSE, EQUAL, OPEN = "best", "worse", "about equal", "open"


class Difference(NamedTuple):
    """By how much a model is behind the best one.

    Args:
        behind: difference in elpd, 0 or positive.
        se: its standard error.
        verdict: ``WORSE``, ``EQUAL`` or ``OPEN``.
        worse: number of participants, or of trials where none are known, that the model predicts worse.
        hangs: whether the verdict hangs on units whose weights cannot be relied on.
    """

    behind: float
    se: float
    verdict: str
    worse: int
    hangs: bool


def by_cluster(values: FloatArray, units: Units) -> FloatArray:
    """Sums over the units of each participant, shape (participants,)."""
    return np.asarray(np.bincount(units.cluster, values, units.n_clusters), dtype=np.float64)


def standard_error(values: FloatArray, units: Units) -> float:
    """Of the sum of values, (units,), by participants; NaN of a single one, or where a value is not finite."""
    sums = by_cluster(values, units)
    if len(sums) < 2 or not np.isfinite(sums).all():
        return np.nan
    return float(np.sqrt(len(sums) * sums.var(ddof=1)))


def too_few(units: Units) -> bool:
    """Whether there are too few participants, or trials, to rank models by."""
    return units.n_clusters < (FEWEST_PARTICIPANTS if units.of_people else FEWEST_TRIALS)


def difference(best: FloatArray, other: FloatArray, mc_error: float, unreliable: BoolArray, units: Units) -> Difference:
    """By how much a model is behind the best one.

    Args:
        best: elpd of each unit by the best model, shape (units,).
        other: the same by the other model.
        mc_error: Monte Carlo standard error of the difference.
        unreliable: the units whose weights cannot be relied on, for either model, shape (units,).
        units: what was left out.
    """
    with np.errstate(invalid="ignore"):  # both impossible
        values = best - other
    verdict = _verdict(values, mc_error, units)
    hangs = bool(unreliable.any()) and _verdict(np.where(unreliable, 0.0, values), mc_error, units) != verdict
    worse = int((by_cluster(values, units) > 0.0).sum())
    return Difference(float(values.sum()), standard_error(values, units), OPEN if hangs else verdict, worse, hangs)


def _verdict(values: FloatArray, mc_error: float, units: Units) -> str:
    behind = float(values.sum())
    if not np.isfinite(behind) or too_few(units):
        return OPEN
    error = float(np.hypot(standard_error(values, units), mc_error))
    if abs(behind) < LEAST_DIFFERENCE:
        return EQUAL
    return WORSE if behind > ERRORS * error else OPEN
