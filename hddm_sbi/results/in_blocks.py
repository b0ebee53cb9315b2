"""From a sampler's draws to the variables of the posterior, some draws at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hddm_sbi._room import room_for
from hddm_sbi.inference.sampler import RawDraws
from hddm_sbi.results.variables import Coordinates, FloatArray, Variables


def variables_in_blocks(
    raw: RawDraws, variables_of: Callable[[FloatArray], tuple[Variables, Coordinates]]
) -> tuple[Variables, Coordinates]:
    """The variables of all draws, in memory or, where they do not fit, in temporary files.

    Args:
        raw: the draws.
        variables_of: the variables, and the labels of their dimensions, of some draws of u, (chains, draws, ndim).

    Returns:
        The variables by name, and the labels by dimension.

    Raises:
        OutputError: the variables fit neither in memory nor on the disk.
    """
    result: Variables = {}
    coords: Coordinates = {}
    start = 0
    for u in raw.blocks():
        found, coords = variables_of(u)
        stop = start + u.shape[1]
        if not result:
            size = sum(values.nbytes for _, values in found.values()) // u.shape[1] * raw.length
            array = room_for(size, "the draws")
            for name, (dims, values) in found.items():
                result[name] = (dims, array((len(values), raw.length, *values.shape[2:]), np.float64))
        for name, (_, values) in found.items():
            result[name][1][:, start:stop] = values
        start = stop
    return result, coords
