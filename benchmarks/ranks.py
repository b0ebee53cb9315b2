"""Are ranks uniform? A test by their shares in bins, beside that by their ECDF (``hddm_sbi.proof.ranks``)."""

from __future__ import annotations

import numpy as np
from scipy import stats


def bins_for(n: int) -> int:
    """Bins for the chi-square test of n ranks: at most 20, and five ranks expected in each."""
    return max(bins for bins in (2, 4, 5, 10, 20) if bins == 2 or n >= 5 * bins)


def chi_square(ranks: np.ndarray, size: int) -> float:
    """p-value of equal shares in bins; ``size``, the number of possible ranks, must divide by 20."""
    bins = bins_for(len(ranks))
    counts = np.bincount(ranks * bins // size, minlength=bins)
    return float(stats.chisquare(counts).pvalue)
