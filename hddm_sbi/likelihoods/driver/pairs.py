"""The rows and choices that a piece is asked for, for pieces that evaluate a network for each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hddm_sbi.compiled.compiling import internal
from hddm_sbi.compiled.structs import INTS, record_type
from hddm_sbi.likelihoods.base import BoolArray, IntArray


class Pairs(NamedTuple):
    """Pairs of a row and a choice, sorted.

    Args:
        first: first pair of each row, and the end of the last, (rows + 1,).
        choice: option index of each pair, shape (pairs,).
    """

    first: IntArray
    choice: IntArray

    @classmethod
    def of(cls, demand: BoolArray) -> Pairs:
        """The pairs that are demanded, (rows, choices)."""
        first = np.append(0, np.cumsum(demand.sum(axis=1))).astype(np.int64)
        return cls(first, np.nonzero(demand)[1].astype(np.int64))


PAIRS = record_type(Pairs, first=INTS, choice=INTS)


@internal
def pair_of(pairs: Pairs, row: int, choice: int) -> int:
    """The number of a pair that is demanded."""
    pair = pairs.first[row]
    while pairs.choice[pair] != choice:
        pair += 1
    return pair
