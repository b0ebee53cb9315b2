"""The change of coordinates as arrays that compiled code reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hddm_sbi.compiled.structs import FLOATS, FLOATS2, INT, INTS, reader, record_type

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Arrays(NamedTuple):
    """The change of coordinates, then working memory with one row for each slot.

    The groups' arrays hold one group after the other: of a group with k coefficients, k numbers, k k, or k times the
    length of ``shifting``.

    Args:
        centre: the point x = 0; standard deviations that are moved as signed numbers are there themselves, not as logs.
        core_at: coordinates of the core; a width of a range of starting points is the last.
        bent: 1 if it moves the others by its square, else 0.
        core: the matrix K^-T.
        scale_at, scale_signed: coordinates of the standard deviations that scale the groups' coefficients, and whether
            they are moved as signed numbers.
        shifting: places in the core that shift the groups' maxima: its terms, not its standard deviations.
        bounds: first coordinate in ``group_at`` of each group, and the end of the last.
        group_at: coordinates of the groups' raw coefficients.
        group_scale: place of each one's standard deviation in ``scale_at``; -1 where its scale is ``still``.
        still: the scale of each coefficient whose scale does not change.
        prior: the prior precision of each coefficient, shape (k,).
        rest: what the precision times the mean is where the standard deviations are zero, k.
        information: the information of the data, G, shape (k, k).
        pull: G b_hat, shape (k,).
        shifts: H, what a change of these takes from the pull, k times ``shifting``.
        function, record: the density of u, 0 where it is not compiled.
        busy: which slots of working memory are in use.
        u, by_u: a point u, and the derivatives of the log density by it.
        moved: the core of u less the centre, the width by psi; later the derivatives by it.
        slope: the derivative of psi, by which a width is moved.
        scale, by_scale: the standard deviations ``scale_at``, with their signs.
        s, pulled, factor, mean, raw: of the groups, for the way back: S, G (b_hat - beta) with what else shifts it, L,
            L^-1 c, and rho.
        by_s, by_mean, by_factor: of one group, on the way back.
    """

    centre: FloatArray
    core_at: IntArray
    bent: int
    core: FloatArray
    scale_at: IntArray
    scale_signed: IntArray
    shifting: IntArray
    bounds: IntArray
    group_at: IntArray
    group_scale: IntArray
    still: FloatArray
    prior: FloatArray
    rest: FloatArray
    information: FloatArray
    pull: FloatArray
    shifts: FloatArray
    function: int
    record: int
    busy: IntArray
    u: FloatArray
    by_u: FloatArray
    moved: FloatArray
    slope: FloatArray
    scale: FloatArray
    by_scale: FloatArray
    s: FloatArray
    pulled: FloatArray
    factor: FloatArray
    mean: FloatArray
    raw: FloatArray
    by_s: FloatArray
    by_mean: FloatArray
    by_factor: FloatArray


ARRAYS = record_type(
    Arrays, centre=FLOATS, core_at=INTS, bent=INT, core=FLOATS2, scale_at=INTS, scale_signed=INTS, shifting=INTS,
    bounds=INTS, group_at=INTS, group_scale=INTS, still=FLOATS, prior=FLOATS, rest=FLOATS, information=FLOATS,
    pull=FLOATS, shifts=FLOATS,
    function=INT, record=INT, busy=INTS, u=FLOATS2, by_u=FLOATS2, moved=FLOATS2, slope=FLOATS, scale=FLOATS2,
    by_scale=FLOATS2, s=FLOATS2, pulled=FLOATS2, factor=FLOATS2, mean=FLOATS2, raw=FLOATS2, by_s=FLOATS2,
    by_mean=FLOATS2, by_factor=FLOATS2,
)  # fmt: skip
read_arrays = reader(ARRAYS)
