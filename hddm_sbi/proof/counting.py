"""What is said of the fits of any proof: how many, which failed, and whether there are enough for a claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from hddm_sbi.errors import ModelError
from hddm_sbi.proof.experiment import R_HAT_BELOW, FloatArray
from hddm_sbi.tasks.job import TASK

# Reasons of failures that are quoted.
_QUOTED = 3


def check_n(n: object, least: int, why: str) -> int:
    """The number of data sets.

    Args:
        n: as the user gave it.
        least: that a claim needs.
        why: what cannot be said with fewer, a clause.

    Raises:
        ModelError: it is no whole number, or too small for the claim.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ModelError(f"n is {n!r}; give the number of data sets, a whole number of at least {least}.")
    if n < least:
        raise ModelError(f"n is {n}, but {why}; give at least {least}.")
    return int(n)


def how_fits_went(rows: pd.DataFrame, failed: pd.DataFrame) -> list[str]:
    """Sentences on failures and on chains that disagree; none where all is well."""
    said = []
    if len(failed):
        reasons = failed["reason"].value_counts()
        quoted = "; ".join(f"{reason} ({count})" for reason, count in reasons.head(_QUOTED).items())
        n = len(failed) + rows[TASK].nunique()
        said.append(f"{len(failed)} of {n} data sets could not be simulated or fitted, and are missing: {quoted}")
    fits = rows.drop_duplicates(TASK)
    apart = int((fits["worst_r_hat"] >= R_HAT_BELOW).sum())
    if apart:
        said.append(
            f"In {apart} of {len(fits)} fits the chains disagreed to the end (R-hat above {R_HAT_BELOW:g}); they are "
            "counted like the others."
        )
    diverging = int((fits["divergences"] > 0).sum())
    if diverging:
        said.append(f"Draws diverged in {diverging} of {len(fits)} fits.")
    return said


def share_error(share: FloatArray | float, n: FloatArray | int) -> FloatArray:
    """Monte Carlo standard error of a share of n; also where it is 0 or 1 (Agresti & Coull 1998)."""
    centre = (np.asarray(share) * n + 2.0) / (np.asarray(n) + 4.0)
    return np.sqrt(centre * (1.0 - centre) / (np.asarray(n) + 4.0))


def binomial_p(count: int, n: int, share: float) -> float:
    """Two-sided p-value that so many of n happen with this probability."""
    return float(stats.binomtest(count, n, share).pvalue)
