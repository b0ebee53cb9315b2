"""Which terms vary by group of themselves: the automatic random intercepts and slopes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from hddm_sbi.design.rank import rank
from hddm_sbi.design.terms import Term

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def varying_terms(common: Sequence[Term], index: IntArray) -> tuple[Term, ...]:
    """Population terms that a group can have its own coefficients of.

    The intercept, and every term that within at least one group adds something to the terms before it: a factor that
    only differs between participants adds nothing within any of them, nor does its interaction with a within factor
    once that factor is there (Barr, Levy, Scheepers & Tily 2013: slopes for what is manipulated within units).

    Args:
        common: population terms, in order.
        index: group of each trial, shape (trials,).
    """
    kept: list[Term] = []
    blocks = _blocks(common, index)
    for position, term in enumerate(common):
        chosen = [*(common.index(other) for other in kept), position]
        if term.name == "Intercept" or any(_adds(block, chosen) for block in blocks):
            kept.append(term)
    return tuple(kept)


def spans_constant(terms: Sequence[Term]) -> bool:
    """Whether the terms can give every trial the same value: an intercept, or a cell for every trial."""
    if not terms:
        return False
    if any((term.matrix == 1.0).all(axis=0).any() for term in terms):
        return True
    matrix = np.hstack([term.matrix for term in terms])
    return rank(np.hstack([matrix, np.ones((len(matrix), 1))])) == rank(matrix)


def _blocks(common: Sequence[Term], index: IntArray) -> list[list[FloatArray]]:
    """For each group, the distinct rows of all terms, cut into the terms' columns."""
    if not common:
        return []
    widths = np.cumsum([term.matrix.shape[1] for term in common])[:-1]
    stacked = np.hstack([index[:, np.newaxis], *(term.matrix for term in common)])
    rows = pd.DataFrame(stacked).drop_duplicates().to_numpy()
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    starts = np.flatnonzero(np.diff(rows[:, 0])) + 1
    return [np.split(group[:, 1:], widths, axis=1) for group in np.split(rows, starts)]


def _adds(block: list[FloatArray], chosen: Sequence[int]) -> bool:
    """Whether the last chosen term varies in this group and is not a combination of the chosen terms before it."""
    last = block[chosen[-1]]
    if (last == last[0]).all():
        return False
    before = [block[position] for position in chosen[:-1]]
    if not before:
        return True
    return rank(np.hstack([*before, last])) > rank(np.hstack(before))
