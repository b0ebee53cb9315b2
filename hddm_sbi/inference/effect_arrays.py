"""The group effects of a model as flat arrays for compiled code: where each raw coefficient is, and what scales it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.inference.layout import Layout

IntArray = npt.NDArray[np.int64]


class EffectArrays(NamedTuple):
    """The raw coefficients of all blocks, group by group, then the correlated sets, once for each stratum.

    Args:
        at: coordinate of each raw coefficient.
        sd: coordinate of its standard deviation.
        row: where in the memory of Cholesky factors the row of L that makes its deviation begins; -1 outside of sets.
        before: number of effects of its set before its own; their raw coefficients lie before its own in u.
        set_at: coordinate of each set's first partial correlation.
        set_size: number of its effects.
        set_factor: where in the memory its L begins, row by row.
        n_factor: length of that memory.
    """

    at: IntArray
    sd: IntArray
    row: IntArray
    before: IntArray
    set_at: IntArray
    set_size: IntArray
    set_factor: IntArray
    n_factor: int


def effects_of(layout: Layout) -> EffectArrays:
    """The arrays of a model's group effects."""
    at, sd, row, before = [_NONE], [_NONE], [_NONE], [_NONE]
    set_at: list[int] = []
    set_size: list[int] = []
    set_factor: list[int] = []
    n_factor = 0
    for block in layout.blocks:
        own_row = np.full((block.n_strata, block.n_effects), -1)
        for one in block.sets:
            for stratum, places in enumerate(layout.correlations_at(one)):
                own_row[stratum, one.slice] = n_factor + one.size * np.arange(one.size)
                set_at.append(int(places[0]))
                set_size.append(one.size)
                set_factor.append(n_factor)
                n_factor += one.size**2
        of_group = block.groups.of_group
        at.append(layout.site(block.site).coordinates)
        sd.append(layout.sd_at(block)[of_group].ravel())
        row.append(own_row[of_group].ravel())
        before.append(np.tile(np.arange(block.n_effects) - block.first, block.groups.n))
    return EffectArrays(
        at=np.concatenate(at),
        sd=np.concatenate(sd),
        row=np.concatenate(row),
        before=np.concatenate(before),
        set_at=np.array(set_at, dtype=np.int64),
        set_size=np.array(set_size, dtype=np.int64),
        set_factor=np.array(set_factor, dtype=np.int64),
        n_factor=n_factor,
    )


_NONE = np.zeros(0, dtype=np.int64)
